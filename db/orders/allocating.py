"""What an allocation reads, and what it writes once the stock is reserved: set-based."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

ORDERS: Final = """
SELECT o.id, o.no, o.channel, o.status, o.seq, o.paid_at, o.placed_at, o.ship_by,
       o.cash_on_delivery, o.channel_state, o.workflow_id, r.longitude, r.latitude,
       r.division_code, r.country, u.strategy, u.max_parcels,
       (SELECT count(*) FROM shipment s WHERE s.order_id = o.id) AS shipments
FROM sales_order o
LEFT JOIN receiver r ON r.order_id = o.id
LEFT JOIN sourcing_rule u ON u.shop_id = o.shop_id
WHERE o.id = ANY(:ids)
ORDER BY coalesce(o.paid_at, o.placed_at), o.id
"""

# Units that are neither cancelled, in a living shipment, nor in the queue of a location.
OPEN_LINES: Final = """
SELECT f.order_id, f.id, f.order_line_id, f.sku, k.weight_g,
       k.length_mm::bigint * k.width_mm * k.height_mm AS volume_mm3,
       f.quantity - f.cancelled_quantity - coalesce((
           SELECT sum(coalesce(x.picked_quantity, x.quantity))
           FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no AND s.status <> 'cancelled'
           WHERE s.order_id = f.order_id AND x.fulfilment_line_id = f.id), 0) - coalesce((
           SELECT sum(b.quantity) FROM backorder b
           WHERE b.fulfilment_line_id = f.id
             AND (b.state = 'waiting' OR b.state = 'filled' AND NOT b.adopted)), 0) AS quantity
FROM fulfilment_line f JOIN sku k ON k.code = f.sku
WHERE f.order_id = ANY(:ids)
ORDER BY f.order_id, f.id
"""

FILLED: Final = """
SELECT b.id, b.order_id, b.fulfilment_line_id, f.order_line_id, b.sku, b.location_id, b.quantity
FROM backorder b JOIN fulfilment_line f ON f.id = b.fulfilment_line_id
WHERE b.order_id = ANY(:ids) AND b.state = 'filled' AND NOT b.adopted
ORDER BY b.location_id, b.id
FOR UPDATE OF b
"""

# Where an earlier shipment of the order looked for units and did not find them.
NOT_FOUND: Final = """
SELECT DISTINCT s.order_id, s.location_id, x.sku
FROM shipment s JOIN shipment_line x ON x.shipment_no = s.no
WHERE s.order_id = ANY(:ids) AND x.picked_quantity < x.quantity
"""

FIRST_PLACE: Final = """
SELECT id FROM location WHERE ships AND active AND kind <> 'transit' ORDER BY priority, id LIMIT 1
"""

DONE: Final = "SELECT allocation_id FROM sourcing_decision WHERE allocation_id = ANY(:ids)"

INSERT_SHIPMENTS: Final = """
INSERT INTO shipment (no, order_id, allocation_id, location_id, workflow_id, status, seq,
                      waits_for, carrier, product, freight_minor, weight_g, ship_by)
SELECT s.no, s.order_id, s.allocation_id, s.location_id, 'shipment/' || s.no, 'allocated', 0,
       'warehouse', s.carrier, s.product, 0, 0, o.ship_by
FROM jsonb_to_recordset(CAST(:shipments AS jsonb))
    AS s(no text, order_id text, allocation_id text, location_id text, carrier text, product text)
JOIN sales_order o ON o.id = s.order_id
"""

INSERT_SHIPMENT_LINES: Final = """
INSERT INTO shipment_line (shipment_no, fulfilment_line_id, order_line_id, sku, quantity)
SELECT l.shipment_no, l.fulfilment_line_id, f.order_line_id, f.sku, sum(l.quantity)
FROM jsonb_to_recordset(CAST(:lines AS jsonb))
    AS l(shipment_no text, fulfilment_line_id text, quantity bigint)
JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
GROUP BY l.shipment_no, l.fulfilment_line_id, f.order_line_id, f.sku
"""

INSERT_DECISIONS: Final = """
INSERT INTO sourcing_decision (allocation_id, order_id, inputs, decision)
SELECT d.allocation_id, d.order_id, d.inputs, d.decision
FROM jsonb_to_recordset(CAST(:decisions AS jsonb))
    AS d(allocation_id text, order_id text, inputs jsonb, decision jsonb)
ON CONFLICT DO NOTHING
"""

INSERT_BACKORDERS: Final = """
INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku, location_id, quantity,
                       paid_at, adopted, state)
SELECT b.id, b.order_id, b.fulfilment_line_id, o.workflow_id, b.sku, b.location_id, b.quantity,
       coalesce(o.paid_at, o.placed_at, o.created_at), false, 'waiting'
FROM jsonb_to_recordset(CAST(:backorders AS jsonb))
    AS b(id text, order_id text, fulfilment_line_id text, sku text, location_id text,
         quantity bigint)
JOIN sales_order o ON o.id = b.order_id
ON CONFLICT DO NOTHING
"""

# A row of the balance is there before the queue is looked at, so that a receipt at the same moment
# and we meet at that row.
QUEUED_AT: Final = """
WITH queued AS (
    SELECT DISTINCT sku, location_id FROM backorder
    WHERE order_id = ANY(:ids) AND state = 'waiting'
), there AS (
    INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
    SELECT sku, location_id, '', 'good', 'own', 0, 0 FROM queued
    ORDER BY sku, location_id ON CONFLICT DO NOTHING
)
SELECT sku, location_id, '' AS lot FROM queued
UNION SELECT b.sku, b.location_id, b.lot
FROM queued q JOIN stock_balance b USING (sku, location_id)
WHERE b.condition = 'good' AND b.owner = 'own' AND b.on_hand > b.reserved
ORDER BY sku, location_id, lot
"""

# The lease changes hands inside one transaction: what is reserved in the balance stays the same.
ADOPT: Final = """
WITH handed AS (
    UPDATE reservation SET state = 'voided', voided_quantity = quantity,
                           resolved_at = clock_timestamp()
    WHERE reservation_id = ANY(:backorder_ids) AND state = 'held'
    RETURNING reservation_id, sku, location_id, lot, condition, owner, order_id, quantity
), mapped AS (
    SELECT m.shipment_no, h.* FROM handed h
    JOIN unnest(CAST(:backorder_ids AS text[]), CAST(:shipment_nos AS text[]))
        AS m(backorder_id, shipment_no) ON m.backorder_id = h.reservation_id
), taken AS (
    INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                             workflow_id, quantity, posted_quantity, voided_quantity, state)
    SELECT shipment_no, sku, location_id, lot, condition, owner, order_id,
           'shipment/' || shipment_no, sum(quantity), 0, 0, 'held'
    FROM mapped
    GROUP BY shipment_no, sku, location_id, lot, condition, owner, order_id
)
UPDATE backorder SET adopted = true WHERE id = ANY(:backorder_ids)
"""

RESERVED_UNTIL: Final = """
UPDATE sales_order SET unpaid_reserved_until = clock_timestamp() + :patience
WHERE id = ANY(:ids) AND paid_at IS NULL AND NOT cash_on_delivery
  AND channel_state = 'unpaid' AND unpaid_reserved_until IS NULL
  AND captured_minor = 0 -- a deposit was paid: what it is for stays reserved
"""


@dataclass(frozen=True, slots=True)
class AllocationRepository:
    """Reads and writes of allocations, in the caller's transaction."""

    session: AsyncSession

    async def rows(self, statement: str, **parameters: Any) -> Sequence[Any]:
        """The rows of one statement of this module."""
        return await run(self.session, statement, **parameters)
