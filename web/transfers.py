"""Transfers between our places: what waits for whom, one with its units, and what people report."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf, SettingsOf
from api.inventory import transfer_bodies, transfers
from api.strict import Asked
from db.inventory.repository import StockRepository
from db.inventory.transfer_queries import (
    QUEUES,
    TransferDetail,
    transfer_counts,
    transfer_detail,
    transfer_queue,
)
from domain.inventory.network import TRANSIT
from domain.inventory.transfers import OFFERED, Difference
from domain.shared.errors import InvalidInput
from web.input import Numbers, Short, Text, serials_typed, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page

router = APIRouter(include_in_schema=False)

Long = Annotated[str, Form(max_length=20_000)]
MOST: Final = 100
_TABS: Final = ("", *QUEUES, "closed")
_ACTIONS: Final = ("cancel", "ship", "take_back", "receive", "decide")


@router.get("/transfers")
async def queue(
    request: Request,
    sessions: SessionsOf,
    queue: Annotated[str, Query(max_length=20)] = "",
    location: Asked = "",
    q: Asked = "",
) -> Response:
    """Transfers that need somebody, the most urgent first."""
    if queue not in _TABS:
        raise InvalidInput("there is no such queue")
    async with sessions.begin() as session:
        rows = await transfer_queue(session, queue, location=location, q=q.strip(), limit=MOST)
        counts = await transfer_counts(session)
        places = await _places(session)
    return page(
        request, "transfers.html", rows=rows, queue=queue, q=q.strip(), tabs=_TABS, counts=counts,
        most=MOST, location=location, places=places,
    )  # fmt: skip


@router.get("/transfers/new")
async def new_form(
    request: Request, sessions: SessionsOf, sender: Asked = "", to: Asked = "", sku: Asked = ""
) -> Response:
    """Write a transfer down."""
    async with sessions.begin() as session:
        places = await _places(session)
    return page(request, "transfer_new.html", places=places, sender=sender, to=to, sku=sku)


@router.post("/transfers/new")
async def new(
    request: Request,
    context: Context,
    sender: Short = "",
    to: Short = "",
    lines: Long = "",
    days: Short = "3",
    remark: Text = "",
) -> Response:
    """Keep it as a draft."""
    body = body_of(
        transfer_bodies.TransferRequest, from_location=sender, to_location=to,
        lines=lines_typed(lines), days=_number(days), remark=remark,
    )  # fmt: skip
    drafted = await transfers.draft(body, context)
    return to_page(request, f"/transfers/{drafted.no}")


@router.get("/transfers/{no}")
async def one(no: str, request: Request, sessions: SessionsOf) -> Response:
    """Everything about one transfer."""
    async with sessions.begin() as session:
        detail = await transfer_detail(session, typed(no))
    return page(request, "transfer.html", detail=detail, offered=OFFERED, busy=_busy(detail))


@router.post("/transfers/{no}/approve")
async def approve(no: str, request: Request, context: Context) -> Response:
    """Promise its goods."""
    await transfers.approve(typed(no), context)
    return to_page(request, f"/transfers/{no}")


@router.get("/transfers/{no}/do/{action}")
async def form(
    no: str, action: str, request: Request, sessions: SessionsOf, difference: Asked = ""
) -> Response:
    """The form of one action."""
    if action not in _ACTIONS:
        raise InvalidInput("there is no such action")
    async with sessions.begin() as session:
        detail = await transfer_detail(session, typed(no))
    about = next((x for x in detail.differences if x.id == difference), None)
    if action == "decide" and (about is None or about.decision):
        raise InvalidInput("nobody has to decide about this now")
    choices = OFFERED[Difference(about.kind)] if about is not None else ()
    return page(
        request, "transfer_do.html", detail=detail, action=action, about=about, choices=choices
    )


@router.post("/transfers/{no}/do/cancel")
async def cancel(no: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Give its goods back."""
    body = body_of(transfer_bodies.TransferReason, reason=reason)
    await transfers.cancel(typed(no), body, context)
    return to_page(request, f"/transfers/{no}")


@router.post("/transfers/{no}/do/take_back")
async def take_back(no: str, request: Request, context: Context, reason: Text = "") -> Response:
    """It never left."""
    body = body_of(transfer_bodies.TransferReason, reason=reason)
    await transfers.take_back(typed(no), body, context)
    return to_page(request, f"/transfers/{no}")


@router.post("/transfers/{no}/do/ship")
async def ship(no: str, request: Request, context: Context) -> Response:
    """It left."""
    told = await request.form()
    lines = []
    for name, value in _numbered(told, "line-"):
        serials = serials_typed(str(told.get(f"serials-{name[5:]}", "")))
        units = _number(value) if value else len(serials)
        lines.append({"line_no": int(name[5:]), "quantity": units, "serials": serials})
    body = body_of(
        transfer_bodies.ShippingTold, lines=lines, carrier=str(told.get("carrier", "")),
        waybill_no=str(told.get("waybill_no", "")),
    )  # fmt: skip
    await transfers.ship(typed(no), body, context)
    return to_page(request, f"/transfers/{no}")


@router.post("/transfers/{no}/do/receive")
async def receive(no: str, request: Request, context: Context) -> Response:
    """Some or all of it came."""
    told = await request.form()
    lines = [_came(told, name[5:], value) for name, value in _numbered(told, "good-")]
    body = body_of(transfer_bodies.ArrivalTold, lines=lines, last=bool(told.get("last")))
    await transfers.receive(typed(no), body, context)
    return to_page(request, f"/transfers/{no}")


@router.post("/transfers/{no}/do/decide/{id}")
async def decide(
    no: str,
    id: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    decision: Short = "",
    units: Short = "",
    reason: Text = "",
    reference: Short = "",
    numbers: Numbers = "",
) -> Response:
    """What became of units that differ."""
    body = body_of(
        transfer_bodies.DifferenceDecided, decision=decision, units=_number(units), reason=reason,
        reference=reference, serials=serials_typed(numbers),
    )  # fmt: skip
    await transfers.decide(typed(no), typed(id), body, context, settings)
    return to_page(request, f"/transfers/{no}")


def lines_typed(text: str) -> list[dict[str, Any]]:
    """Lines as people type them: code, units and, where it matters, the lot.

    Raises InvalidInput for a line without a number.
    """
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        parts = line.replace(",", " ").replace("\t", " ").split()
        if not parts:
            continue
        if len(parts) not in (2, 3):
            raise InvalidInput("each line has a code, a number of units and perhaps a lot")
        lot = parts[2] if len(parts) == 3 else ""
        found.append({"sku": parts[0], "quantity": _number(parts[1]), "lot": lot})
    return found


def _number(text: Any) -> int:
    told = str(text or "0").strip()
    if not told.isdecimal() or len(told) > 9:
        raise InvalidInput("units are whole numbers")
    return int(told)


def _came(told: Any, line: str, good: str) -> dict[str, Any]:
    """What came of a line; where serial numbers were scanned, they say how many."""
    serials = serials_typed(str(told.get(f"serials-{line}", "")))
    broken = serials_typed(str(told.get(f"broken-{line}", "")))
    damaged = str(told.get(f"damaged-{line}", ""))
    return {
        "line_no": int(line), "good": _number(good) if good else len(serials),
        "damaged": _number(damaged) if damaged else len(broken),
        "missing": _number(told.get(f"missing-{line}", "")), "serials": serials,
        "damaged_serials": broken,
    }  # fmt: skip


def _numbered(told: Any, start: str) -> list[tuple[str, str]]:
    return [
        (name, str(value))
        for name, value in told.multi_items()
        if name.startswith(start) and name[len(start) :].isdecimal() and len(name) < 12
    ]


def _busy(detail: TransferDetail) -> bool:
    """Whether something was reported that the books do not show yet."""
    return any(one.posted_at is None for one in detail.reports)


async def _places(session: Any) -> list[Any]:
    return [x for x in await StockRepository(session).places() if x.kind != TRANSIT]
