"""What is asked of a carrier for a parcel: its rows, and the request made of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from db.orders.receivers import Person
from domain.logistics.pickup import next_pickup
from domain.shared.address import Address, Contact
from integrations.carriers.port import CargoItem, ParcelSize, PickupWindow, WaybillRequest

# Cash is collected once for the order: by the first box of its first shipment.
PARCELS: Final = """
SELECT p.id, p.carrier, p.product, p.weight_g, p.length_mm, p.width_mm, p.height_mm,
       p.waybill_no, p.voided_at, c.settings, o.shop_id, o.external_no,
       r.order_id, r.kind, r.sealed, r.phone_last4, r.country, r.province, r.city, r.district,
       r.postcode, r.division_code, r.longitude, r.latitude,
       l.contact_name, l.contact_phone, l.province AS from_province, l.city AS from_city,
       l.district AS from_district, l.detail AS from_detail, l.division_code AS from_code,
       o.cash_on_delivery AND p.id = (
           SELECT min(b.id) FROM parcel b JOIN shipment x ON x.no = b.shipment_no
           WHERE x.order_id = o.id AND x.status <> 'cancelled' AND b.voided_at IS NULL) AS collects,
       o.payable_minor, r.version AS receiver_version,
       count(*) FILTER (WHERE p.voided_at IS NULL) OVER () AS boxes
FROM parcel p
JOIN shipment s ON s.no = p.shipment_no
JOIN sales_order o ON o.id = s.order_id
JOIN receiver r ON r.order_id = s.order_id
JOIN location l ON l.id = s.location_id
LEFT JOIN carrier_account c ON c.code = p.carrier
WHERE p.shipment_no = :no
ORDER BY p.id
"""

CARGO: Final = """
SELECT k.name, k.weight_g, k.price_minor, coalesce(l.picked_quantity, l.quantity) AS quantity
FROM shipment_line l JOIN sku k ON k.code = l.sku
WHERE l.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
  AND coalesce(l.picked_quantity, l.quantity) > 0
ORDER BY l.sku
"""


def reference(parcel_id: str, result: Mapping[str, Any]) -> str:
    """The carrier's key of a parcel. One whose waybill was voided is used up there, so after a
    change of carrier a new one is taken, also when it goes back to the first."""
    order_no = int(result.get("round", 1))
    return f"{parcel_id}-N{order_no}" if order_no > 1 else parcel_id


def waybill_request(
    row: Any, person: Person, cargo: Any, reference: str, boxes: int, now: datetime
) -> WaybillRequest:
    """What is ordered for a parcel; `boxes` share the value of the goods."""
    settings: Mapping[str, Any] = row.settings or {}
    receiver = Contact(
        person.name,
        person.phone,
        Address(
            row.country, row.province, row.city, row.district, person.detail, row.postcode,
            row.division_code, row.longitude, row.latitude,
        ),
        person.company,
    )  # fmt: skip
    return WaybillRequest(
        order_ref=reference,
        product=row.product,
        sender=sender_of(row),
        receiver=receiver,
        parcel=ParcelSize(row.weight_g, row.length_mm, row.width_mm, row.height_mm),
        cargo=tuple(
            CargoItem(item.name, item.quantity, item.weight_g, item.price_minor) for item in cargo
        ),
        cash_on_delivery_minor=row.payable_minor if row.collects else 0,
        insured_minor=insured_minor(settings, cargo, boxes),
        pickup=_pickup(settings, now),
    )


def sender_of(row: Any) -> Contact:
    """The place the parcel leaves from."""
    return Contact(
        row.contact_name,
        row.contact_phone,
        Address(
            "CN", row.from_province, row.from_city, row.from_district, row.from_detail,
            division_code=row.from_code,
        ),
    )  # fmt: skip


def insured_minor(settings: Mapping[str, Any], cargo: Any, boxes: int) -> int:
    """Boxes worth `insure_from_minor` of the carrier's settings or more are insured."""
    threshold = settings.get("insure_from_minor")
    value = sum(item.price_minor * item.quantity for item in cargo) // max(boxes, 1)
    return value if isinstance(threshold, int) and value >= threshold else 0


def _pickup(settings: Mapping[str, Any], now: datetime) -> PickupWindow | None:
    """The courier's next visit, where the carrier's settings have `pickup` hours."""
    window = next_pickup(settings.get("pickup"), now)
    return PickupWindow(*window) if window else None
