"""Reading what a cancellation plan is made from, and carrying it out."""

from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.repository import OrderRepository
from db.sql import run
from domain.orders.cancellation import CancellableLine, CancellableOrder, CancellableShipment
from domain.orders.channels import OUR_CHANNELS
from domain.orders.order import OrderStatus, ShipmentStatus
from domain.shared.errors import OrderNotFound

_ORDER: Final = """
SELECT id, status, currency, captured_minor, refunded_minor,
       refund_due_minor + returning_minor AS refund_due_minor, freight_minor,
       channel <> ALL(CAST(:ours AS text[])) AS settled_by_channel,
       CASE WHEN lines_edited AND captured_minor > 0 AND NOT cash_on_delivery
            THEN greatest(payable_minor - (captured_minor - refunded_minor - refund_due_minor
                                           - returning_minor), 0) ELSE 0 END AS owed_minor
FROM sales_order WHERE id = :order_id
"""

_LINES: Final = """
SELECT l.id, l.title, l.payable_minor, l.cancelled, l.kind = 'goods' AS goods,
       coalesce((SELECT array_agg(DISTINCT x.shipment_no ORDER BY x.shipment_no)
                 FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no
                 WHERE s.order_id = l.order_id AND x.order_line_id = l.id
                   AND s.status <> 'cancelled'), '{}') AS shipments
FROM order_line l WHERE l.order_id = :order_id ORDER BY l.line_no
"""

# Until its carrier was asked a parcel is planned to be: whoever confirms twice does it once.
_SHIPMENTS: Final = """
SELECT s.no, s.status,
       (SELECT sum(quantity) FROM shipment_line WHERE shipment_no = s.no)::bigint AS units,
       coalesce((SELECT array_agg(waybill_no ORDER BY waybill_no) FROM parcel
                 WHERE shipment_no = coalesce(nullif(s.ships_with, ''), s.no)
                   AND waybill_no <> '' AND voided_at IS NULL), '{}') AS waybills,
       coalesce((SELECT array_agg(DISTINCT o.no ORDER BY o.no)
                 FROM shipment m JOIN sales_order o ON o.id = m.order_id
                 WHERE o.id <> s.order_id AND (
                     m.no = s.ships_with OR m.ships_with IN (s.no, nullif(s.ships_with, '')))),
                '{}') AS goes_with, s.packed_at IS NOT NULL AS is_packed,
       EXISTS (SELECT FROM intercept i WHERE i.shipment_no = s.no
               AND i.state NOT IN ('wanted', 'given_up')) AS intercepting
FROM shipment s WHERE s.order_id = :order_id ORDER BY s.no
"""

CANCEL_LINES: Final = """
WITH doomed AS (
    UPDATE order_line SET cancelled = true
    WHERE order_id = :order_id AND id = ANY(:line_ids) AND NOT cancelled
    RETURNING id),
emptied AS (
    UPDATE fulfilment_line f SET cancelled_quantity = quantity - returned_quantity
    FROM doomed WHERE f.order_line_id = doomed.id)
SELECT id FROM doomed
"""

NOTE_REFUND: Final = """
UPDATE sales_order
SET refund_due_minor = least(refund_due_minor + :refund,
                             captured_minor - refunded_minor - returning_minor)
WHERE id = :order_id
"""

# Of an order whose lines a person changed we say what it costs; of others their channel does.
COSTS_LESS: Final = """
UPDATE sales_order SET payable_minor = payable_minor - coalesce((
    SELECT sum(payable_minor) FROM order_line WHERE id = ANY(:line_ids)), 0)
WHERE id = :order_id AND lines_edited
"""

CANCELLED_FULFILMENT: Final = """
SELECT id FROM fulfilment_line WHERE order_id = :order_id AND cancelled_quantity = quantity
"""

CLOSE_IF_EMPTY: Final = """
UPDATE sales_order SET status = 'cancelled'
WHERE id = :order_id AND status <> 'completed'
  AND NOT EXISTS (SELECT FROM order_line
                  WHERE order_id = :order_id AND kind = 'goods' AND NOT cancelled)
"""

_FORGET_REFUSED: Final = """
UPDATE correction SET data = '{}'
WHERE step_id = 'address' AND data <> '{}' AND at < clock_timestamp() - CAST(:age AS interval)
RETURNING id
"""

# A parcel that was scanned on its way out has left, whatever our books say yet.
GONE: Final = """
SELECT no FROM shipment
WHERE order_id = :order_id AND status <> 'cancelled'
  AND (handed_over_at IS NOT NULL
       OR status IN ('handed_over', 'in_transit', 'delivered', 'exception'))
ORDER BY no
"""

LOCK_SHIPMENTS: Final = "SELECT no FROM shipment WHERE order_id = :order_id ORDER BY no FOR UPDATE"

STORE_FETCHED: Final = """
INSERT INTO inbox (id, source, shop_id, message_id, topic, external_no, order_id, sha256, raw,
                   hand_overs, outcome, parked_reason)
VALUES (:id, :source, :shop_id, :message_id, 'fetch', :external_no, :order_id, :sha256, :raw, 1,
        '', '')
ON CONFLICT (source, shop_id, message_id) DO UPDATE SET applied_at = NULL, handed_at = NULL
"""


async def forget_refused(session: AsyncSession, age: timedelta) -> int:
    """A corrected address that no order took over within `age` is forgotten; returns how many."""
    return len(await run(session, _FORGET_REFUSED, age=age))


async def cancellable(orders: OrderRepository, order_id: str) -> CancellableOrder:
    """What a cancellation plan is made from. Raises OrderNotFound."""
    found = await orders.run(_ORDER, {"order_id": order_id, "ours": list(OUR_CHANNELS)})
    if not found:
        raise OrderNotFound(f"there is no order {order_id}")
    order = found[0]
    lines = await orders.run(_LINES, {"order_id": order_id})
    shipments = await orders.run(_SHIPMENTS, {"order_id": order_id})
    return CancellableOrder(
        order.id,
        OrderStatus(order.status),
        order.currency,
        order.captured_minor,
        order.refunded_minor,
        order.refund_due_minor,
        order.freight_minor,
        tuple(
            CancellableLine(
                line.id,
                line.title,
                line.payable_minor,
                line.cancelled,
                line.goods,
                tuple(line.shipments),
            )
            for line in lines
        ),
        tuple(
            CancellableShipment(
                s.no,
                ShipmentStatus(s.status),
                s.units or 0,
                tuple(s.waybills),
                s.intercepting,
                tuple(s.goes_with),
                s.is_packed,
            )
            for s in shipments
        ),
        owed_minor=order.owed_minor,
        settled_by_channel=order.settled_by_channel,
    )
