"""What print components of platforms want, sealed for its parcel, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import order_key
from db.sql import run
from db.vault import Vault, print_context
from domain.shared.errors import ActionNotAllowed, OrderNotFound

# us | platform | elsewhere: who prints the labels of shipment `s`, whose order is `o`.
PRINTED_BY: Final = """
CASE WHEN NOT EXISTS (SELECT FROM receiver r WHERE r.order_id = o.id AND r.kind = 'masked')
     THEN 'us'
     WHEN EXISTS (SELECT FROM platform_label d JOIN parcel p ON p.id = d.parcel_id
                  WHERE p.shipment_no = s.no AND p.voided_at IS NULL)
     THEN 'platform' ELSE 'elsewhere' END
"""

_KEEP: Final = """
INSERT INTO platform_label (parcel_id, sealed) VALUES (:parcel_id, :sealed)
ON CONFLICT (parcel_id) DO UPDATE SET sealed = excluded.sealed, made_at = now()
"""

_ORDER_OF: Final = """
SELECT s.order_id FROM parcel p JOIN shipment s ON s.no = p.shipment_no WHERE p.id = :parcel_id
"""

_PRINTED_BY: Final = f"""
SELECT s.no, {PRINTED_BY} AS printed_by
FROM shipment s JOIN sales_order o ON o.id = s.order_id WHERE o.id = :order_id
"""  # noqa: S608 (made of constants)

_BOXES: Final = """
SELECT p.id, p.carrier, p.waybill_no, o.id AS order_id, o.channel, d.sealed
FROM shipment s JOIN sales_order o ON o.id = s.order_id
LEFT JOIN parcel p ON p.shipment_no = s.no AND p.voided_at IS NULL
LEFT JOIN platform_label d ON d.parcel_id = p.id
WHERE s.no = :no ORDER BY p.id
"""


_MADE: Final = """
SELECT DISTINCT p.shipment_no FROM platform_label d JOIN parcel p ON p.id = d.parcel_id
WHERE p.shipment_no = ANY(:nos) AND p.voided_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class PlatformLabel:
    """A box's label as its platform's print component wants it."""

    parcel_id: str
    channel: str
    carrier: str
    waybill_no: str
    print_data: str = field(repr=False)


async def keep_label(session: AsyncSession, vault: Vault, parcel_id: str, print_data: str) -> None:
    """Keep it sealed; made again it takes the place of the first. Raises PersonErased."""
    [row] = await run(session, _ORDER_OF, parcel_id=parcel_id)
    key = await order_key(session, vault, row.order_id)
    sealed = key.seal(print_data.encode(), print_context(parcel_id))
    await run(session, _KEEP, parcel_id=parcel_id, sealed=sealed)


async def forget_label(session: AsyncSession, parcel_id: str) -> None:
    """The waybill is void: nothing of it is printed any more."""
    await run(session, "DELETE FROM platform_label WHERE parcel_id = :id", id=parcel_id)


async def printed_by(session: AsyncSession, order_id: str) -> dict[str, str]:
    """Who prints the labels of each shipment of an order."""
    rows = await run(session, _PRINTED_BY, order_id=order_id)
    return {row.no: row.printed_by for row in rows}


async def platform_made(session: AsyncSession, shipment_nos: Sequence[str]) -> set[str]:
    """Those whose labels a platform made, and only its own print component prints."""
    rows = await run(session, _MADE, nos=list(shipment_nos))
    return {row.shipment_no for row in rows}


async def platform_labels(
    session: AsyncSession, vault: Vault, shipment_no: str
) -> Sequence[PlatformLabel]:
    """The labels of a shipment's boxes.

    Raises OrderNotFound, ActionNotAllowed when a box has none of a platform,
    PersonErased, CannotOpen.
    """
    rows = await run(session, _BOXES, no=shipment_no)
    if not rows:
        raise OrderNotFound(f"there is no shipment {shipment_no}")
    if any(row.sealed is None for row in rows):
        raise ActionNotAllowed(f"shipment {shipment_no} has no label made by its platform")
    key = await order_key(session, vault, rows[0].order_id)
    return [
        PlatformLabel(
            row.id,
            row.channel,
            row.carrier,
            row.waybill_no,
            key.open(bytes(row.sealed), print_context(row.id)).decode(),
        )
        for row in rows
    ]
