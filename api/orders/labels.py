"""Waybill labels, for the printer in the warehouse."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import anyio
import anyio.to_thread
from fastapi import APIRouter
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context
from api.errors import Problem
from api.strict import Code, StrictBody
from db.orders.labels import Printable, printable
from db.orders.platform_labels import platform_labels
from db.platform.audit import audit
from domain.shared.address import Address, Contact
from domain.shared.ids import ParcelId
from domain.shared.money import Money
from integrations.carriers.port import CargoItem
from integrations.labels import PRODUCT_NAMES, FontMissing, Label, render_labels

router = APIRouter(tags=["warehouse"])


class PrintBox(StrictBody):
    """One box; `channel` says whose component prints it."""

    parcel_id: str
    channel: str
    carrier: str
    waybill_no: str
    print_data: str


class PrintData(StrictBody):
    shipment_no: str
    boxes: list[PrintBox]


# Rendering is work for a processor; the event loop goes on meanwhile.
RENDERERS: Final = anyio.CapacityLimiter(2)


@router.get(
    "/shipments/{shipment_no}/label.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_labels(shipment_no: Code, context: Context) -> Response:
    """The waybill labels of a shipment, a page of 100 × 150 mm for each box.

    They show the whole receiver, so it is written down who printed them.
    """
    async with context.sessions.begin() as session:
        found = await printable(session, context.vault, shipment_no)
        await audit(
            session, context.actor, "label.printed", f"shipment/{shipment_no}",
            request_id=context.request_id,
        )  # fmt: skip
    labels = labels_of(found, datetime.now(UTC))
    try:
        pdf = await anyio.to_thread.run_sync(render_labels, labels, limiter=RENDERERS)
    except FontMissing as error:
        raise Problem("LabelFontMissing", 503, str(error)) from error
    headers = {
        "content-disposition": f'inline; filename="{shipment_no}.pdf"',
        "cache-control": "no-store",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get("/shipments/{shipment_no}/print-data")
async def print_data(shipment_no: Code, context: Context, response: Response) -> PrintData:
    """What the print component of the platform wants, for labels that only it can print.

    The component (Cainiao's, Pinduoduo's, …) runs beside the printer; `print_data` is handed to it
    as it is. It is ciphertext, and still it is written down who asked for it.
    """
    async with context.sessions.begin() as session:
        found = await platform_labels(session, context.vault, shipment_no)
        await audit(
            session, context.actor, "label.printed", f"shipment/{shipment_no}",
            request_id=context.request_id,
        )  # fmt: skip
    response.headers["cache-control"] = "no-store"
    response.headers["content-disposition"] = f'inline; filename="{shipment_no}.json"'
    boxes = [PrintBox(**asdict(label)) for label in found]
    return PrintData(shipment_no=shipment_no, boxes=boxes)


def labels_of(found: Printable, now: datetime) -> list[Label]:
    """What is printed on each box."""
    cargo = tuple(CargoItem(item.name, item.quantity) for item in found.cargo)
    return [_label(box, found.receiver, cargo, now) for box in found.boxes]


def _label(box: Row[Any], receiver: Contact, cargo: tuple[CargoItem, ...], now: datetime) -> Label:
    sender = Address(
        province=box.from_province, city=box.from_city, district=box.from_district,
        detail=box.from_detail,
    )  # fmt: skip
    return Label(
        carrier_name=box.carrier_name,
        product_name=PRODUCT_NAMES.get((box.carrier, box.product), box.product),
        waybill_no=box.waybill_no,
        parcel_id=ParcelId(box.id),
        sender=Contact(box.contact_name, box.contact_phone, sender, box.from_company),
        receiver=receiver,
        cargo=cargo,
        weight_g=box.weight_g,
        printed_on=now.astimezone(ZoneInfo(box.zone)).strftime("%Y-%m-%d %H:%M"),
        routing_code=box.routing_code,
        sorting_code=box.sorting_code,
        order_no=box.order_no,
        cash_on_delivery=Money(box.cash_minor, box.currency) if box.cash_minor else None,
        box=box.box,
        boxes=box.boxes,
    )
