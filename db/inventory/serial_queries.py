"""Lists of units with serial numbers, and one with its way from the supplier to the buyer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serials import STATE
from db.scope import scope_in
from db.sql import run
from domain.shared.errors import SerialNotFound

# A unit is seen where it lies; one that has left by those who see its order.
_SEEN: Final = """
(:whole OR x.location_id = ANY(:places)
 OR x.location_id IS NULL AND EXISTS (SELECT FROM sales_order o WHERE o.id = x.order_id))
"""

_LISTED: Final = f"""
SELECT x.sku, k.name, x.serial, x.lot, {STATE} AS state, x.condition, x.location_id AS location,
       p.name AS place, x.shipment_no, o.no AS order_no, x.sought_by,
       x.known_at
FROM serial x JOIN sku k ON k.code = x.sku
LEFT JOIN location p ON p.id = x.location_id LEFT JOIN sales_order o ON o.id = x.order_id
WHERE {_SEEN} AND (x.sku, x.serial) > (:after_sku, :after_serial)
  AND (:sku = '' OR x.sku = :sku) AND (:location = '' OR x.location_id = :location)
  AND (:state = '' OR {STATE} = :state OR :state = 'sought' AND x.sought_by <> '')
  AND (:q = '' OR x.serial ILIKE :like OR x.sku ILIKE :like OR x.lot ILIKE :like
       OR k.name ILIKE '%' || :like)
ORDER BY x.sku, x.serial LIMIT :limit
"""  # noqa: S608 (made of constants)

_ONE: Final = f"""
SELECT x.sku, k.name, x.serial, x.lot, {STATE} AS state, x.condition, x.location_id AS location,
       p.name AS place, x.shipment_no, x.sought_by, x.receipt_no, g.sender AS supplier,
       g.source_kind, g.source_no, g.posted_at AS received_at, o.no AS order_no, c.name AS shop,
       s.status AS shipment_status, v.province, v.city, v.phone_last4,
       coalesce((SELECT array_agg(a.carrier || ' ' || a.waybill_no ORDER BY a.id) FROM parcel a
                 WHERE a.shipment_no IN (s.no, s.ships_with) AND a.waybill_no <> ''), '{{}}')
           AS waybills
FROM serial x JOIN sku k ON k.code = x.sku
LEFT JOIN location p ON p.id = x.location_id
LEFT JOIN goods_receipt g ON g.no = x.receipt_no
LEFT JOIN sales_order o ON o.id = x.order_id LEFT JOIN shop c ON c.id = o.shop_id
LEFT JOIN shipment s ON s.no = x.shipment_no
LEFT JOIN receiver v ON v.order_id = o.id
WHERE x.sku = :sku AND x.serial = :serial AND {_SEEN}
"""  # noqa: S608 (made of constants)

_EVENTS: Final = """
SELECT e.at, e.what, e.document_no, e.location_id AS location, p.name AS place, o.no AS order_no,
       e.reason, e.actor
FROM serial_event e LEFT JOIN location p ON p.id = e.location_id
LEFT JOIN sales_order o ON o.id = e.order_id
WHERE e.sku = :sku AND e.serial = :serial ORDER BY e.at DESC, e.id DESC LIMIT 200
"""

_PLACES: Final = "SELECT id, name FROM location WHERE kind <> 'transit' ORDER BY priority, id"


@dataclass(frozen=True, slots=True)
class SerialFilter:
    """Which units: by number, lot, SKU or name; of a SKU, at a place, in a state."""

    q: str = ""
    sku: str = ""
    location: str = ""
    state: str = ""


async def listed(
    session: AsyncSession, wanted: SerialFilter, limit: int, after: tuple[str, str] = ("", "")
) -> Sequence[Row[Any]]:
    """Units by SKU and number, from behind `after` on."""
    like = wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return await run(
        session, _LISTED, q=wanted.q, like=like, sku=wanted.sku, location=wanted.location,
        state=wanted.state, limit=limit, after_sku=after[0], after_serial=after[1],
        **_scope(session),
    )  # fmt: skip


async def one(session: AsyncSession, sku: str, serial: str) -> Row[Any]:
    """A unit: where it came from, and who got it. Raises SerialNotFound."""
    rows = await run(session, _ONE, sku=sku, serial=serial, **_scope(session))
    if not rows:
        raise SerialNotFound(f"there is no unit {serial[:50]} of {sku[:50]}")
    return rows[0]


async def events_of(session: AsyncSession, sku: str, serial: str) -> Sequence[Row[Any]]:
    """What happened to it, the latest first."""
    return await run(session, _EVENTS, sku=sku, serial=serial)


async def places_of(session: AsyncSession) -> Sequence[Row[Any]]:
    """Where units may lie."""
    return await run(session, _PLACES)


def _scope(session: AsyncSession) -> dict[str, Any]:
    scope = scope_in(session)
    return {"whole": scope.whole, "places": list(scope.locations)}
