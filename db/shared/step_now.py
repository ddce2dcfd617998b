"""A step that waits, as far as what follows from a decision depends on it."""

from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.platform.step_effects import StepNow

_SHIPMENT: Final = """
SELECT l.name AS place, s.waits_for = 'stopping' AS given_back,
       coalesce((SELECT sum(coalesce(picked_quantity, quantity)) FROM shipment_line
                 WHERE shipment_no = s.no), 0)::bigint AS units,
       coalesce(p.boxes, 0) AS boxes, coalesce(p.waybills, '{}') AS waybills
FROM shipment s JOIN location l ON l.id = s.location_id
LEFT JOIN LATERAL (
    SELECT count(*) AS boxes, array_agg(waybill_no ORDER BY id) FILTER (WHERE waybill_no <> '')
           AS waybills
    FROM parcel WHERE shipment_no = s.no AND voided_at IS NULL) p ON true
WHERE s.no = :no
"""

# What a lifecycle is about, where it is about money; an order is about what is due back.
_MONEY: Final = {
    "refund": """
SELECT amount_minor, currency FROM refund WHERE refund_no = :own
""",
    "order": """
SELECT refund_due_minor AS amount_minor, currency FROM sales_order WHERE id = :order_id
""",
    "return": """
SELECT coalesce(sum(t.refund_minor), 0)::bigint AS amount_minor,
       min(o.currency) AS currency
FROM sales_return r JOIN sales_order o ON o.id = r.order_id
LEFT JOIN return_settlement t ON t.return_no = r.return_no WHERE r.return_no = :own
""",
    "invoice": """
SELECT total_minor AS amount_minor, currency FROM invoice WHERE no = :own
""",
}
_LABEL: Final = """
SELECT waybill_no FROM return_label WHERE no = :own AND waybill_no <> ''
"""


async def step_now(session: AsyncSession, item: Any) -> StepNow:
    """The step of an attention item."""
    kind = item.step_id.split(":")[0].split("/")[0]
    life, _, own = item.workflow_id.partition("/")
    # Some steps name only the kind of their system: then it is the order's own shop.
    system = f"shop/{item.shop_id}" if item.system == "shop" and item.shop_id else item.system
    amount, currency = 0, "CNY"
    waybills: tuple[str, ...] = ()
    if (query := _MONEY.get(life)) is not None:
        values = {"order_id": item.order_id} if life == "order" else {"own": own}
        for row in await run(session, query, **values):
            amount, currency = row.amount_minor or 0, row.currency or "CNY"
    if life == "return-label":
        waybills = tuple(row.waybill_no for row in await run(session, _LABEL, own=own))
    shipments = await run(session, _SHIPMENT, no=item.shipment_no or "")
    if not shipments:
        subject = item.order_no or "" if life == "order" else own
        return StepNow(
            kind, subject, system, waybills=waybills, boxes=len(waybills),
            amount_minor=amount, currency=currency,
        )  # fmt: skip
    [found] = shipments
    return StepNow(
        kind, item.shipment_no, system, found.place, found.units, found.boxes,
        tuple(found.waybills), found.given_back, amount, currency,
    )  # fmt: skip
