"""Units with serial numbers over the API: where each is, where it came from, who got it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import Principal
from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, SessionsOf
from api.strict import Asked, Code, Reason, SafeStr, StrictBody, clean
from db.inventory import serial_queries
from db.inventory.serial_corrections import SerialCorrections
from db.inventory.serial_queries import SerialFilter
from db.inventory.serials import SerialRegister
from domain.inventory.serials import SerialState
from domain.platform.permissions import Permission

router = APIRouter(tags=["serials"])
MOST: Final = 200
Number = Annotated[SafeStr, Field(min_length=1, max_length=40)]
State = Literal["", "in_stock", "packed", "shipped", "built_in", "gone", "sought"]
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "SerialNotFound"}}


class SerialSummary(BaseModel):
    """A unit and where it is now. `sought_by` is the paper by which it, or another one beside it,
    was not found."""

    sku: str
    name: str
    serial: str
    lot: str
    state: SerialState
    condition: str
    location: str | None
    place: str | None
    shipment_no: str | None
    order_no: str | None
    sought_by: str


class SerialList(BaseModel):
    """A page of units by SKU and number."""

    items: list[SerialSummary]
    next_cursor: str = ""


class SerialBuyer(BaseModel):
    """The order a unit went to; of its receiver only where he is."""

    order_no: str
    shop: str | None
    shipment_no: str | None
    shipment_status: str | None
    waybills: list[str]
    province: str | None
    city: str | None
    phone_last4: str | None


class SerialEvent(BaseModel):
    """What happened to a unit."""

    at: datetime
    what: str
    document_no: str
    location: str | None
    place: str | None
    order_no: str | None
    reason: str
    actor: str


class SerialView(SerialSummary):
    """A unit from the supplier to its buyer. Who may not read orders is not told the buyer."""

    supplier: str | None
    receipt_no: str | None
    source_kind: str | None
    source_no: str | None
    received_at: datetime | None
    buyer: SerialBuyer | None
    events: list[SerialEvent]


class SerialsNoted(StrictBody):
    """Numbers of units that lie at a place already, such as opening stock."""

    sku: Code
    location: Code
    lot: Annotated[SafeStr, Field(max_length=40)] = ""
    serials: list[Number] = Field(min_length=1, max_length=1000)


class SerialCorrected(StrictBody):
    """Somebody looked: the unit lies at a place, in a condition, or it is gone."""

    sku: Code
    serial: Number
    state: Literal["in_stock", "gone"]
    location: Annotated[SafeStr, Field(max_length=40)] = ""
    condition: Literal["good", "quarantine", "damaged"] = "good"
    reason: Reason


@router.get("/serials")
async def list_serials(
    sessions: SessionsOf,
    q: Asked = "",
    sku: Asked = "",
    location: Asked = "",
    state: State = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> SerialList:
    """Units by SKU and number; `q` is the beginning of a number, a lot, a SKU or a name. `sought`
    are those that have to be looked for: one of several was not found."""
    wanted = SerialFilter(q.strip(), sku, location, state)
    async with sessions.begin() as session:
        return await serials_page(session, wanted, cursor, limit)


@router.get("/serials/trace", responses=_ABSENT)
async def trace(
    context: Context,
    sku: Annotated[str, Query(min_length=1, max_length=100), AfterValidator(clean)],
    serial: Annotated[str, Query(min_length=1, max_length=40), AfterValidator(clean)],
) -> SerialView:
    """One unit: supplier, goods receipt, lot, parcel, buyer, and all that happened to it."""
    async with context.sessions.begin() as session:
        return await serial_view(session, sku, serial, context.principal)


@router.post("/serials", status_code=204)
async def note(body: SerialsNoted, context: Context) -> None:
    """Take numbers down of units that lie there without one; as many as lie there, no more."""
    async with context.sessions.begin() as session:
        register = SerialRegister(session, context.actor, context.request_id)
        await register.note(body.sku, body.location, body.lot, body.serials)


@router.post("/serials/correction", responses=_ABSENT)
async def correct(body: SerialCorrected, context: Context) -> SerialView:
    """Put the register right; stock itself is corrected by an adjustment or a count."""
    async with context.sessions.begin() as session:
        register = SerialCorrections(session, context.actor, context.request_id)
        await register.correct(
            body.sku, body.serial, SerialState(body.state), body.location, body.condition,
            body.reason,
        )  # fmt: skip
        return await serial_view(session, body.sku, body.serial, context.principal)


async def serials_page(
    session: AsyncSession, wanted: SerialFilter, cursor: str, limit: int
) -> SerialList:
    """A page of the list, from behind the cursor on. Raises InvalidInput."""
    sku, serial = parts_of(cursor, 2) or ("", "")
    rows = await serial_queries.listed(session, wanted, limit, (sku, serial))
    items = [SerialSummary.model_validate(dict(row._mapping)) for row in rows]
    last = items[-1] if len(items) == limit else None
    return SerialList(items=items, next_cursor=cursor_of(last.sku, last.serial) if last else "")


async def serial_view(
    session: AsyncSession, sku: str, serial: str, reader: Principal
) -> SerialView:
    """One unit as the reader may see it. Raises SerialNotFound."""
    row = await serial_queries.one(session, sku, serial)
    told = dict(row._mapping)
    sees = reader.may(Permission.READ_ORDERS)
    buyer = SerialBuyer.model_validate(told) if row.order_no and sees else None
    events = [
        SerialEvent.model_validate(dict(one._mapping) | ({} if sees else {"order_no": None}))
        for one in await serial_queries.events_of(session, sku, serial)
    ]
    told |= {} if sees else {"order_no": None}
    return SerialView.model_validate({**told, "buyer": buyer, "events": events})
