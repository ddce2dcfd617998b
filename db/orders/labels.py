"""What is printed on the waybill labels of a shipment, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.receivers import open_receiver
from db.sql import run
from db.vault import Vault
from domain.shared.address import Contact, MaskedReceiver
from domain.shared.errors import ActionNotAllowed, OrderNotFound, PrintedElsewhere

# Cash is collected once for the order: by the first box of its first shipment.
_BOXES: Final = """
SELECT p.id, p.carrier, coalesce(c.name, p.carrier) AS carrier_name, p.product, p.waybill_no,
       p.routing_code, p.sorting_code, p.weight_g, o.no AS order_no, o.currency,
       CASE WHEN o.cash_on_delivery AND p.id = (
           SELECT min(b.id) FROM parcel b JOIN shipment x ON x.no = b.shipment_no
           WHERE x.order_id = o.id AND x.status <> 'cancelled' AND b.voided_at IS NULL)
            THEN o.payable_minor ELSE 0 END AS cash_minor,
       row_number() OVER (ORDER BY p.id) AS box, count(*) OVER () AS boxes,
       o.id AS order_id,
       l.contact_name, l.contact_phone, l.company AS from_company, l.province AS from_province,
       l.city AS from_city, l.district AS from_district, l.detail AS from_detail, l.zone
FROM parcel p JOIN shipment s ON s.no = p.shipment_no
JOIN sales_order o ON o.id = s.order_id
JOIN location l ON l.id = s.location_id
LEFT JOIN carrier_account c ON c.code = p.carrier
WHERE p.shipment_no = :no AND p.voided_at IS NULL ORDER BY p.id
"""

_CARGO: Final = """
SELECT k.name, sum(coalesce(l.picked_quantity, l.quantity))::bigint AS quantity
FROM shipment_line l JOIN sku k ON k.code = l.sku
WHERE l.shipment_no IN (SELECT no FROM shipment WHERE no = :no OR ships_with = :no)
GROUP BY l.sku, k.name
HAVING sum(coalesce(l.picked_quantity, l.quantity)) > 0 ORDER BY l.sku
"""


@dataclass(frozen=True, slots=True)
class Printable:
    """The boxes of a shipment with their sender, who gets them, and what is in all of them."""

    boxes: Sequence[Row[Any]]
    receiver: Contact
    cargo: Sequence[Row[Any]]


async def printable(session: AsyncSession, vault: Vault, shipment_no: str) -> Printable:
    """Raises OrderNotFound, ActionNotAllowed while a box has no waybill, and PrintedElsewhere where
    only a platform knows the receiver: no parcel arrives at a masked address."""
    if not await run(session, "SELECT FROM shipment WHERE no = :no", no=shipment_no):
        raise OrderNotFound(f"there is no shipment {shipment_no}")
    boxes = await run(session, _BOXES, no=shipment_no)
    if not boxes or any(not box.waybill_no for box in boxes):
        raise ActionNotAllowed(f"shipment {shipment_no} has no waybill yet")
    receiver = await open_receiver(session, vault, boxes[0].order_id)
    if receiver is None:
        raise OrderNotFound(f"nobody is known to get shipment {shipment_no}")
    told = receiver.told
    if isinstance(told, MaskedReceiver):
        raise PrintedElsewhere(f"the platform hides who gets shipment {shipment_no}")
    return Printable(boxes, told, await run(session, _CARGO, no=shipment_no))
