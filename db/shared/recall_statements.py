"""The SQL of recalls."""

from typing import Final

from db.inventory.lot_trace import GONE

_ASKED: Final = "asked AS (SELECT sku, lot FROM recall_lot WHERE recall_no = :no)"

START: Final = """
INSERT INTO recall (no, reason, message, remind_days, started_by)
VALUES (:no, :reason, :message, :remind_days, :by) ON CONFLICT DO NOTHING RETURNING no
"""
ADD_LOT: Final = """
INSERT INTO recall_lot (recall_no, sku, lot)
SELECT :no, * FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[]))
"""
RECALLED_ALREADY: Final = """
SELECT l.recall_no, l.sku, l.lot FROM recall_lot l JOIN recall r ON r.no = l.recall_no
JOIN unnest(CAST(:skus AS text[]), CAST(:lots AS text[])) AS x(sku, lot) USING (sku, lot)
WHERE r.state = 'open' LIMIT 1
"""
NEXT_NO: Final = """
SELECT 'RC-' || to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYMMDD') || '-'
       || lpad((count(*) + 1)::text, 2, '0') AS no
FROM recall WHERE started_at >= date_trunc('day', clock_timestamp(), 'Asia/Shanghai')
"""
LOCK: Final = "SELECT * FROM recall WHERE no = :no FOR UPDATE"
READ: Final = "SELECT * FROM recall WHERE no = :no"
LOTS: Final = "SELECT sku, lot FROM recall_lot WHERE recall_no = :no ORDER BY sku, lot"
FROZEN: Final = """
UPDATE recall SET frozen_at = clock_timestamp(), remind_at = :remind_at,
                  updated_at = clock_timestamp()
WHERE no = :no AND frozen_at IS NULL
"""
REMINDED: Final = """
UPDATE recall SET reminders = reminders + 1, remind_at = :remind_at, updated_at = clock_timestamp()
WHERE no = :no
"""
LATER: Final = "UPDATE recall SET remind_at = :remind_at WHERE no = :no"
CLOSE: Final = """
UPDATE recall SET state = 'closed', closed_at = clock_timestamp(), closed_by = :by,
                  signed = :signed, remind_at = NULL, updated_at = clock_timestamp()
WHERE no = :no
"""

# What lies somewhere now, with what was sent away or destroyed from there.
AT_PLACES: Final = f"""
WITH {_ASKED}, here AS (
    SELECT b.sku, b.lot, b.location_id, CASE p.kind WHEN 'dealer' THEN 'dealer' ELSE 'place' END
               AS kind, sum(b.on_hand)::bigint AS units
    FROM asked a JOIN stock_balance b ON b.sku = a.sku AND b.lot = a.lot
    JOIN location p ON p.id = b.location_id
    GROUP BY 1, 2, 3, 4), gone AS (
    SELECT u.sku, u.lot, u.location_id, sum(e.units)::bigint AS units
    FROM recall_unit u JOIN recall_end e ON e.unit_id = u.id
    WHERE u.recall_no = :no AND e.how IN ('returned', 'destroyed') AND u.kind <> 'buyer'
    GROUP BY 1, 2, 3)
INSERT INTO recall_unit AS r (recall_no, sku, lot, kind, holder, location_id, units)
SELECT :no, h.sku, h.lot, h.kind, h.location_id, h.location_id, h.units + coalesce(g.units, 0)
FROM here h LEFT JOIN gone g USING (sku, lot, location_id)
WHERE h.units + coalesce(g.units, 0) > 0 OR EXISTS (
    SELECT FROM recall_unit x WHERE x.recall_no = :no AND x.sku = h.sku AND x.lot = h.lot
      AND x.holder = h.location_id)
ORDER BY h.sku, h.lot, h.location_id
ON CONFLICT (recall_no, sku, lot, kind, holder) DO UPDATE SET units = excluded.units
WHERE r.units <> excluded.units
"""  # noqa: S608 (made of constants)

WITH_BUYERS: Final = f"""
WITH {_ASKED}, gone AS ({GONE})
INSERT INTO recall_unit AS r (recall_no, sku, lot, kind, holder, order_id, units)
SELECT :no, sku, lot, 'buyer', holder, order_id, sum(units) FROM gone
GROUP BY sku, lot, holder, order_id ORDER BY sku, lot, holder
ON CONFLICT (recall_no, sku, lot, kind, holder) DO UPDATE SET units = excluded.units
WHERE r.units <> excluded.units
"""  # noqa: S608 (made of constants)

# Units of the SKU that came in with a return of the order, less those already ended so.
CAME_BACK: Final = """
SELECT u.id, u.order_id, u.sku, u.units,
       coalesce((SELECT sum(e.units) FROM recall_end e WHERE e.unit_id = u.id), 0)::bigint AS ended,
       coalesce((
           SELECT sum(c.quantity) FROM return_receipt c
           JOIN fulfilment_line f ON f.id = c.fulfilment_line_id
           WHERE f.order_id = u.order_id AND f.sku = u.sku AND c.lot IN ('', u.lot)), 0)::bigint
           AS back,
       coalesce((
           SELECT sum(e.units) FROM recall_end e JOIN recall_unit x ON x.id = e.unit_id
           WHERE x.order_id = u.order_id AND x.sku = u.sku AND e.how = 'returned'), 0)::bigint
           AS known
FROM recall_unit u WHERE u.recall_no = :no AND u.kind = 'buyer' ORDER BY u.id
"""

# Set apart without being asked: it was so before, or was put so when it arrived.
IN_QUARANTINE: Final = """
SELECT u.id, e.ended, least(u.units - e.ended, q.units - e.apart)::bigint AS units
FROM recall_unit u
CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.on_hand), 0) AS units FROM stock_balance b
    WHERE b.sku = u.sku AND b.lot = u.lot AND b.location_id = u.location_id
      AND b.condition = 'quarantine') q
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.units), 0)::bigint AS ended,
           coalesce(sum(x.units) FILTER (WHERE x.how = 'quarantined'), 0) AS apart
    FROM recall_end x WHERE x.unit_id = u.id) e
WHERE u.recall_no = :no AND u.kind = 'place' AND u.units > e.ended AND q.units > e.apart
ORDER BY u.id
"""

UNITS: Final = """
SELECT u.*, p.name AS place, p.kind AS place_kind, o.no AS order_no, o.shop_id,
       coalesce((SELECT sum(e.units) FROM recall_end e WHERE e.unit_id = u.id), 0)::bigint AS ended,
       coalesce((SELECT jsonb_object_agg(how, units) FROM (
           SELECT how, sum(units) AS units FROM recall_end WHERE unit_id = u.id GROUP BY how) x),
           '{}') AS ends
FROM recall_unit u LEFT JOIN location p ON p.id = u.location_id
LEFT JOIN sales_order o ON o.id = u.order_id
WHERE u.recall_no = :no AND u.units > 0 AND (NOT :open_only OR u.units > coalesce((
    SELECT sum(e.units) FROM recall_end e WHERE e.unit_id = u.id), 0))
  AND (u.kind, u.holder, u.sku, u.lot) > (:kind, :holder, :sku, :lot)
ORDER BY u.kind, u.holder, u.sku, u.lot LIMIT :limit
"""
UNIT: Final = """
SELECT u.*, coalesce((SELECT sum(e.units) FROM recall_end e WHERE e.unit_id = u.id), 0)::bigint
    AS ended
FROM recall_unit u WHERE u.id = :id AND u.recall_no = :no
"""
SUMS: Final = """
SELECT u.kind, coalesce(sum(u.units), 0)::bigint AS units,
       coalesce(sum(greatest(u.units - coalesce(e.ended, 0), 0)), 0)::bigint AS open,
       count(DISTINCT u.holder) AS holders,
       count(*) FILTER (WHERE u.told < r.reminders + 1 AND u.units > coalesce(e.ended, 0)
                          AND u.kind <> 'place') AS untold
FROM recall_unit u JOIN recall r ON r.no = u.recall_no LEFT JOIN LATERAL (
    SELECT sum(units) AS ended FROM recall_end WHERE unit_id = u.id) e ON true
WHERE u.recall_no = :no GROUP BY u.kind ORDER BY u.kind
"""
ENDS: Final = """
SELECT e.how, sum(e.units)::bigint AS units FROM recall_end e JOIN recall_unit u ON u.id = e.unit_id
WHERE u.recall_no = :no GROUP BY e.how ORDER BY e.how
"""
END: Final = """
INSERT INTO recall_end (id, unit_id, how, units, note, actor)
VALUES (:id, :unit_id, :how, :units, :note, :actor) ON CONFLICT (id) DO NOTHING RETURNING id
"""
KNOWN_END: Final = "SELECT unit_id, how, units FROM recall_end WHERE id = :id"

# Shipments that hold units of it, and are not kept back for that.
TO_STOP: Final = f"""
WITH {_ASKED}
SELECT r.reservation_id AS lease, r.order_id, r.sku, r.lot, r.location_id,
       r.quantity - r.voided_quantity AS units, o.no AS order_no, s.no AS shipment_no,
       s.picked_at IS NULL AND coalesce(s.status IN ('allocated', 'picking'), true)
           AND NOT EXISTS (
               SELECT FROM shipment_line x
               WHERE x.shipment_no = s.no AND x.picked_quantity IS NOT NULL)
           AND NOT EXISTS (
               SELECT FROM warehouse_scan w
               WHERE w.shipment_no IN (s.no, nullif(s.ships_with, ''))
                 AND w.station = 'pick' AND w.sku = r.sku AND w.verdict = 'counted') AS untouched
FROM asked a JOIN reservation r ON r.sku = a.sku AND r.lot = a.lot AND r.state = 'held'
JOIN sales_order o ON o.id = r.order_id
LEFT JOIN shipment s ON s.no = r.reservation_id
WHERE NOT EXISTS (SELECT FROM order_hold h WHERE h.order_id = r.order_id AND h.kind = 'recall'
                  AND h.released_at IS NULL)
ORDER BY r.reservation_id, r.sku, r.lot
"""  # noqa: S608 (made of constants)

TO_STOP_ORDERS: Final = f"""
WITH {_ASKED}
SELECT DISTINCT r.order_id
FROM asked a JOIN reservation r ON r.sku = a.sku AND r.lot = a.lot AND r.state = 'held'
JOIN sales_order o ON o.id = r.order_id ORDER BY r.order_id
"""  # noqa: S608 (made of constants)

# Orders that were kept back and hold nothing of any lot that is recalled.
TO_RELEASE: Final = """
SELECT DISTINCT h.order_id FROM order_hold h
WHERE h.kind = 'recall' AND h.released_at IS NULL AND NOT EXISTS (
    SELECT FROM reservation r JOIN lot t ON t.sku = r.sku AND t.lot = r.lot
    WHERE r.order_id = h.order_id AND r.state = 'held' AND t.state = 'recalled')
ORDER BY h.order_id
"""

ON_THE_WAY: Final = f"""
WITH {_ASKED}, gone AS ({GONE})
SELECT DISTINCT coalesce(nullif(s.ships_with, ''), s.no) AS no
FROM gone g JOIN shipment s ON s.no = g.holder
JOIN parcel p ON p.shipment_no IN (s.no, nullif(s.ships_with, ''))
WHERE s.status IN ('handed_over', 'in_transit', 'exception')
  AND p.voided_at IS NULL AND p.waybill_no <> ''
  AND p.status NOT IN ('delivered', 'returned', 'lost', 'returning')
  AND NOT EXISTS (SELECT FROM intercept i WHERE i.parcel_id = p.id)
ORDER BY 1
"""  # noqa: S608 (made of constants)

TO_TELL: Final = """
SELECT u.id, u.kind, u.holder, u.sku, u.lot, u.units, u.order_id, u.told, o.no AS order_no,
       o.shop_id, o.external_no
FROM recall_unit u LEFT JOIN sales_order o ON o.id = u.order_id
LEFT JOIN LATERAL (SELECT sum(units) AS ended FROM recall_end WHERE unit_id = u.id) e ON true
WHERE u.recall_no = :no AND u.kind <> 'place' AND u.units > coalesce(e.ended, 0)
  AND u.told < :times
ORDER BY u.id LIMIT :limit
"""
TOLD: Final = """
UPDATE recall_unit SET told = :times, told_at = clock_timestamp() WHERE id = ANY(:ids)
"""
DEALER_SHOPS: Final = "SELECT id FROM shop WHERE belongs_to = :place AND active ORDER BY id"
TOUCH: Final = "UPDATE recall SET updated_at = clock_timestamp() WHERE no = :no"
