"""Picking, packing and handing over, for scanners and pages."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StrictInt

from api.deps import SessionsOf
from api.strict import Code, StrictBody
from db.orders.warehouse import Box, Warehouse

router = APIRouter(tags=["warehouse"])


class PickedLine(StrictBody):
    """Units of one SKU that were found."""

    sku: Code
    picked: Annotated[StrictInt, Field(ge=0, le=1_000_000)]


class PickConfirmation(StrictBody):
    """Without lines everything was found."""

    lines: list[PickedLine] | None = Field(default=None, max_length=1000)


class PackedBox(StrictBody):
    """Grams and millimetres."""

    weight_g: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    length_mm: Annotated[StrictInt, Field(ge=0, le=10_000)] = 0
    width_mm: Annotated[StrictInt, Field(ge=0, le=10_000)] = 0
    height_mm: Annotated[StrictInt, Field(ge=0, le=10_000)] = 0


class Packing(StrictBody):
    boxes: list[PackedBox] = Field(min_length=1, max_length=50)


class ListLine(StrictBody):
    sku: str
    name: str
    quantity: int
    picked: int | None
    weight_g: int


class ListParcel(StrictBody):
    id: str
    carrier: str
    waybill_no: str
    routing_code: str
    status: str
    weight_g: int


class PickList(StrictBody):
    """A shipment that somebody has to do something about; `waits_for` says what."""

    shipment_no: str
    order_no: str
    location: str
    status: str
    waits_for: str
    ship_by: datetime | None
    lines: list[ListLine]
    parcels: list[ListParcel]


class Done(StrictBody):
    shipment_no: str


@router.get("/pick-lists")
async def pick_lists(
    sessions: SessionsOf,
    location: Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[PickList]:
    """What has to be picked, packed or handed over, the most urgent first."""
    lists: list[PickList] = []
    async with sessions.begin() as session:
        warehouse = Warehouse(session)
        for row in await warehouse.lists(location, limit):
            lists.append(
                PickList(
                    shipment_no=row.no,
                    order_no=row.order_no,
                    location=row.location_id,
                    status=row.status,
                    waits_for=row.waits_for,
                    ship_by=row.ship_by,
                    lines=[
                        ListLine(
                            sku=line.sku,
                            name=line.name,
                            quantity=line.quantity,
                            picked=line.picked_quantity,
                            weight_g=line.weight_g,
                        )
                        for line in await warehouse.lines(row.no)
                    ],
                    parcels=[
                        ListParcel.model_validate(parcel._asdict())
                        for parcel in await warehouse.parcels(row.no)
                    ],
                )
            )
    return lists


@router.post("/shipments/{shipment_no}/pick")
async def confirm_pick(shipment_no: Code, body: PickConfirmation, sessions: SessionsOf) -> Done:
    """Confirm a pick; less than asked sends the rest from elsewhere."""
    found: dict[str, int] | None = None
    if body.lines is not None:
        found = {}
        for line in body.lines:
            found[line.sku] = found.get(line.sku, 0) + line.picked
    async with sessions.begin() as session:
        await Warehouse(session).pick(shipment_no, found)
    return Done(shipment_no=shipment_no)


@router.post("/shipments/{shipment_no}/pack")
async def pack(shipment_no: Code, body: Packing, sessions: SessionsOf) -> Done:
    """Close and weigh the boxes; each gets a label."""
    boxes = [Box(**box.model_dump()) for box in body.boxes]
    async with sessions.begin() as session:
        await Warehouse(session).pack(shipment_no, boxes)
    return Done(shipment_no=shipment_no)


@router.post("/shipments/{shipment_no}/hand-over")
async def hand_over(shipment_no: Code, sessions: SessionsOf) -> Done:
    """The carrier took the boxes."""
    async with sessions.begin() as session:
        await Warehouse(session).hand_over(shipment_no)
    return Done(shipment_no=shipment_no)
