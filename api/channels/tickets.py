"""Tickets of tills: a whole day at once, each answered by itself, each sale once."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.channels.ports import Outside, OutsideOf
from api.channels.webhooks import problem, read, refused, response
from db.orders.tickets import not_stores
from db.shared.tickets import Outcome, TicketDesk
from domain.shared.errors import Rejected
from integrations.marketplaces.own_order import FieldProblem
from integrations.marketplaces.port import Pushed
from integrations.marketplaces.pos_ticket import ToldTicket

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_UNKNOWN_SHOP: Final = "unknown_shop"


class ProblemView(BaseModel):
    """What is wrong, and in which field of the ticket."""

    field: str
    problem: str


class TicketView(BaseModel):
    """What became of the ticket at this place of the batch; `ticket` is store/till/number."""

    index: int
    ticket: str
    outcome: Outcome
    problems: list[ProblemView] = []


class BatchView(BaseModel):
    """Every ticket in the order it was sent. All but the rejected ones are kept for good."""

    accepted: int
    duplicate: int
    conflict: int
    parked: int
    rejected: int
    tickets: list[TicketView]


@router.post(
    "/pos/{shop_id}",
    response_model=BatchView,
    responses={
        401: {"description": "Signature wrong, missing or too old"},
        404: {"description": "No such shop"},
        413: {"description": "Larger than 1 MB: send the day in several batches"},
        415: {"description": "Not JSON"},
        422: {"description": "Genuine, but no batch of tickets; nothing was kept"},
        503: {"description": "The shop's credentials are missing here; send again later"},
    },
)
async def tickets(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """A batch of tickets, as a Standard Webhook; the answer says of each what became of it."""
    source = f"pos/{shop_id}"
    body = await read(request, source)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        tills = await outside.adapters.tills(shop_id)
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return problem(404 if error.code == _UNKNOWN_SHOP else 503, error.code, str(error))
    try:
        told = tills.read_tickets(Pushed(headers, body))
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return response(tills.refuse(error))
    answer = await take(outside, shop_id, told)
    return Response(answer.model_dump_json(), media_type="application/json")


async def take(outside: Outside, shop_id: str, told: Sequence[ToldTicket]) -> BatchView:
    """Keep every ticket that can be true; a bad one keeps none of the others out."""
    stores = sorted({one.ticket.store for one in told if one.ticket is not None})
    async with outside.sessions.begin() as session:
        unknown = await not_stores(session, stores)
    desk = TicketDesk(outside.sessions, outside.vault, shop_id)
    views: list[TicketView] = []
    for index, one in enumerate(told):
        outcome, problems = Outcome.REJECTED, one.problems
        if one.ticket is not None and one.ticket.store in unknown:
            problems = (FieldProblem("store", "is no store of ours"),)
        elif one.ticket is not None:
            outcome = await desk.take(one.ticket, one.raw)
        views.append(
            TicketView(
                index=index, ticket=one.name, outcome=outcome,
                problems=[ProblemView(field=p.field, problem=p.problem) for p in problems],
            )
        )  # fmt: skip
    counts = Counter(view.outcome.value for view in views)
    return BatchView(**{outcome.value: counts[outcome.value] for outcome in Outcome}, tickets=views)
