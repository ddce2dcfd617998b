"""What suppliers answer: proven genuine, kept once, and only then acknowledged."""

from datetime import UTC, date, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse, Response

from api.channels.ports import Outside, OutsideOf
from api.channels.webhooks import problem, read, refused
from api.inventory.purchase_bodies import PromisedUnits
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.inventory.supplier_terms import supplier_row
from db.vault import supplier_link_context
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.inventory.purchasing.model import PurchaseState
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    PurchaseNotFound,
    Rejected,
    SupplierNotFound,
)
from integrations.marketplaces.port import Pushed
from integrations.marketplaces.standard_webhook import proven

router = APIRouter(prefix="/webhooks/suppliers", tags=["webhooks"])

_REFUSAL: Final = "purchase_order.refused"
_ANSWERS: Final = ("purchase_order.acknowledged", _REFUSAL)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "Signature wrong, missing or too old"},
    404: {"description": "No such supplier or purchase order"},
    413: {"description": "Larger than 1 MB"},
    415: {"description": "Not JSON"},
    422: {"description": "Genuine, but not an answer to a purchase order"},
    503: {"description": "The order is being sent at this moment; send it again later"},
}


class AnswerData(BaseModel):
    """Lines that are not named are promised in full. Without a revision, it is the one that the
    supplier was sent last."""

    no: str = Field(max_length=100)
    reference: str = Field(default="", max_length=100)
    reason: str = Field(default="", max_length=500)
    expected_on: date | None = None
    revision: int | None = Field(default=None, strict=True, ge=1, le=1_000_000)
    lines: list[PromisedUnits] = Field(default_factory=list, max_length=1000)


class SupplierAnswer(BaseModel):
    """What a supplier says; fields that we do not know are left alone."""

    type: str = Field(max_length=100)
    data: AnswerData


@router.post("/{code}", responses=_RESPONSES)
async def answer(code: str, request: Request, outside: OutsideOf) -> Response:
    """A supplier's answer to a purchase order, as a Standard Webhook; a message counts once."""
    source = f"supplier/{code}"
    body = await read(request, source)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        secret = await _secret(outside, code)
        if not secret:
            raise Rejected("there is no such supplier", code="unknown_supplier", system=source)
        message_id = proven(Pushed(headers, body), [secret], datetime.now(UTC), source)
        told = SupplierAnswer.model_validate_json(body)
        if told.type not in _ANSWERS:
            raise Rejected("this type is not known here", code="unreadable", system=source)
        return await _keep(outside, code, message_id, told)
    except ValidationError as error:
        refused(request, source, "unreadable", "the body is no answer to a purchase order")
        first = error.errors()[0]
        return problem(422, "unreadable", f"{first['loc']}: {first['msg']}"[:200])
    except (PurchaseNotFound, InvalidInput) as error:
        refused(request, source, type(error).__name__, str(error))
        return problem(404 if isinstance(error, PurchaseNotFound) else 422,
                       type(error).__name__, str(error))  # fmt: skip
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return problem(_STATUS.get(error.code, 401), error.code, str(error))


_STATUS: Final = {"unknown_supplier": 404, "unsupported_media_type": 415, "unreadable": 422}


async def _secret(outside: Outside, code: str) -> str:
    """What the supplier signs with; empty where there is none."""
    if not code.isprintable():
        return ""
    async with outside.sessions.begin() as session:
        try:
            row = await supplier_row(session, code)
        except SupplierNotFound:
            return ""
    link = outside.vault.open_secrets(bytes(row.link), supplier_link_context(code))
    return link.get("secret", "") if row.port == "json" else ""


async def _keep(outside: Outside, code: str, message_id: str, told: SupplierAnswer) -> Response:
    """An order that is over keeps its state; what came too late, or is about an earlier revision,
    is a line of its story."""
    data, actor = told.data, f"supplier/{code}"
    refuses = told.type == _REFUSAL
    async with outside.sessions.begin() as session:
        orders = PurchaseOrders(session)
        purchase, _ = await orders.find(data.no)
        if purchase.supplier != code:
            raise PurchaseNotFound(f"there is no purchase order {data.no[:50]!a}")
        if purchase.state is PurchaseState.APPROVED:  # faster than we wrote down that it was sent
            return problem(503, "not_yet", "send it again in a moment")
        if (data.revision or purchase.told_revision) != purchase.revision:
            await orders.tell(data.no, "answered_to_earlier", {"message_id": message_id}, actor)
            return JSONResponse({"status": "known"})
        units = {line.line_no: line.units for line in data.lines}
        if refuses:
            units = {line.line_no: 0 for line in purchase.lines}
        wish = Wish(PurchaseAction.ANSWER, units or None, data.expected_on)
        decision = Decision(wish, reason=data.reason, reference=data.reference, actor=actor)
        try:
            kept = await orders.answered(data.no, message_id, decision)
        except ActionNotAllowed:
            kept = None
            await orders.tell(data.no, "answered_too_late", {"message_id": message_id}, actor)
    return JSONResponse({"status": "kept" if kept else "known"})
