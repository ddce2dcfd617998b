"""Picking, packing and handing over, for scanners and pages."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field, StrictInt

from api.auth import principal_of
from api.deps import SessionsOf
from api.strict import Code, SafeStr, StrictBody, Weight
from db.orders.packing import PackStation, Weighed
from db.orders.warehouse import OPEN, Warehouse
from domain.orders.order import ShipmentStatus
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["warehouse"])

_OPEN: Final = tuple(OPEN)


def _actor(request: Request) -> str:
    return principal_of(request).actor


# Pages call the acts below as plain functions and name the actor themselves.
Actor = Annotated[str, Depends(_actor)]
Millimetres = Annotated[StrictInt, Field(ge=0, le=10_000)]


class PickedLine(StrictBody):
    """Units of one SKU that were found."""

    sku: Code
    picked: Annotated[StrictInt, Field(ge=0, le=1_000_000)]


class PickConfirmation(StrictBody):
    """Every SKU of the shipment with what was found; without lines everything was found."""

    lines: list[PickedLine] | None = Field(default=None, max_length=1000)


def _confirmed(body: Annotated[PickConfirmation | None, Body()] = None) -> PickConfirmation:
    return body or PickConfirmation()


class PackedBox(StrictBody):
    """Grams and millimetres; a side of 0 was not measured. `carton` is the code of a kind that the
    location has: its weight is expected, and its sides are taken for a box that was not measured.
    """

    weight_g: Weight
    length_mm: Millimetres = 0
    width_mm: Millimetres = 0
    height_mm: Millimetres = 0
    carton: SafeStr = ""


class Packing(StrictBody):
    """`reason` says why weight or scans are not as the location's rule expects them."""

    reason: SafeStr = ""
    boxes: list[PackedBox] = Field(min_length=1, max_length=50)


class ListLine(StrictBody):
    """One SKU; `picked` is there once the pick is confirmed. Grams per unit. One that asks for
    serial numbers is picked unit by unit, each by its own."""

    sku: str
    name: str
    gtin: str
    quantity: int
    picked: int | None
    weight_g: int
    asks_serial: bool = False


class ListParcel(StrictBody):
    id: str
    carrier: str
    waybill_no: str
    routing_code: str
    status: str
    weight_g: int


class PickList(StrictBody):
    """A shipment as the warehouse sees it; `waits_for` says what has to be done.

    While the order has `holds` it is not labelled or handed over. `labels_by` says who prints: us
    (`label.pdf`), the print component of a platform that hides the receiver (`print-data`), or
    elsewhere, where a person ordered the waybill. `goes_with` are other orders whose goods are in
    the same parcel: `lines` name all of it.
    """

    shipment_no: str
    order_no: str
    goes_with: list[str]
    location: str
    status: str
    waits_for: str
    holds: list[str]
    ship_by: datetime | None
    picked_at: datetime | None
    packed_at: datetime | None
    handed_over_at: datetime | None
    carrier: str
    product: str
    gift: bool
    buyer_remark: str
    seller_remark: str
    labels_by: Literal["us", "platform", "elsewhere"]
    lines: list[ListLine]
    parcels: list[ListParcel]

    @classmethod
    def of(cls, row: Any) -> "PickList":
        told = {**vars(row), "shipment_no": row.no, "location": row.location_id}
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class Done(StrictBody):
    """The act is kept; the shipment's workflow hears of it."""

    shipment_no: str


@router.get("/pick-lists")
async def pick_lists(
    sessions: SessionsOf,
    location: Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Annotated[list[ShipmentStatus], Query(max_length=len(ShipmentStatus))] = [],  # noqa: B006
    after: Annotated[str, Query(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")] = "",
) -> list[PickList]:
    """What has to be picked, packed or handed over, the most urgent first.

    Without `status` everything that is open; a page goes on after the shipment number `after`.
    """
    async with sessions.begin() as session:
        rows = await Warehouse(session).shipments(location, status or _OPEN, after, limit)
    return [PickList.of(row) for row in rows]


@router.get("/shipments/{shipment_no}")
async def get_shipment(shipment_no: Code, sessions: SessionsOf) -> PickList:
    """One shipment, whatever became of it."""
    async with sessions.begin() as session:
        return PickList.of(await Warehouse(session).shipment(shipment_no))


@router.post("/shipments/{shipment_no}/pick")
async def confirm_pick(
    shipment_no: Code,
    body: Annotated[PickConfirmation, Depends(_confirmed)],
    sessions: SessionsOf,
    actor: Actor = "system",
) -> Done:
    """Confirm a pick, all of it without a body; less than asked sends the rest from elsewhere."""
    found: dict[str, int] | None = None
    if body.lines is not None:
        found = {line.sku: line.picked for line in body.lines}
        if len(found) < len(body.lines):
            raise InvalidInput("a SKU is named twice; add its quantities up")
    async with sessions.begin() as session:
        await Warehouse(session, actor).pick(shipment_no, found)
    return Done(shipment_no=shipment_no)


@router.post("/shipments/{shipment_no}/pack")
async def pack(
    shipment_no: Code, body: Packing, sessions: SessionsOf, actor: Actor = "system"
) -> Done:
    """Close and weigh the boxes; each gets a label.

    Where the location has a rule, a weight that is off, or units that were not scanned in though
    others were, are refused without a reason.
    """
    boxes = [Weighed(**box.model_dump()) for box in body.boxes]
    async with sessions.begin() as session:
        await PackStation(session, actor).pack(shipment_no, boxes, body.reason)
    return Done(shipment_no=shipment_no)


@router.post("/shipments/{shipment_no}/hand-over")
async def hand_over(shipment_no: Code, sessions: SessionsOf, actor: Actor = "system") -> Done:
    """The carrier took the boxes; refused while the order is held."""
    async with sessions.begin() as session:
        await Warehouse(session, actor).hand_over(shipment_no)
    return Done(shipment_no=shipment_no)
