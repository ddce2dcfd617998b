"""The SQL of orders: set-based, an order of 1,000 lines takes as many statements as one of 1."""

import json
from collections.abc import Mapping
from typing import Any, Final

from db.inventory.statements import CHANNEL_GOODS
from db.orders.delivery import HOLDS_THERE


def as_json(value: Mapping[str, Any]) -> str:
    """A JSON object as a parameter."""
    return json.dumps(value, ensure_ascii=False)


LOCK: Final = """
SELECT o.id, o.channel, o.shop_id, o.external_no, o.status, o.version_revision,
       o.version_modified_us, o.channel_state, o.applied_sha256 AS sha256, o.workflow_id
FROM sales_order o WHERE o.id = :order_id FOR NO KEY UPDATE
"""

# What is open = ordered − cancelled − in shipments that live (picked, where picked short) − queued.
STATE: Final = f"""
SELECT o.id, o.shop_id, o.seq, o.status, o.channel_state, o.channel_state <> '' AS known, o.paid_at,
       o.cash_on_delivery, o.refund_due_minor, o.fetch_needed, o.unpaid_reserved_until,
       o.stock_given_back, coalesce(r.running, 0) AS refund_running,
       o.refund_due_minor > coalesce(r.running, 0) AND EXISTS (
           SELECT FROM payment p JOIN payment_account a ON a.id = p.account_id AND a.active
           WHERE p.shop_id = o.shop_id AND p.external_no = o.external_no AND p.purpose = 'order'
             AND p.currency = o.currency
             AND p.amount_minor > p.refunded_minor + p.refunding_minor) AS refund_to_start,
       CASE WHEN 'presale' = ANY(h.holds) THEN o.presale_until END AS presale_until,
       coalesce(h.holds, '{{}}') AS holds, coalesce(h.spans, '[]') AS hold_spans,
       coalesce(s.shipments, '[]') AS shipments, o.ship_by, c.settings AS shop_settings,
       door.times AS door,
       coalesce(said.open, '{{}}') AS said_open, coalesce(said.told, '{{}}') AS said,
       CASE WHEN NOT o.gathered THEN o.created_at + make_interval(mins => w.window_minutes)
           END AS gather_until,
       s.delivered_at,
       coalesce(f.open_units, 0) AS to_allocate,
       coalesce(b.waiting, false) AS waiting,
       EXISTS (SELECT FROM till_ticket t WHERE t.order_id = o.id) AS carried_out,
       coalesce(g.some_here, true) AS cancellable, coalesce(g.closed, '{{}}') AS lines_to_cancel
FROM sales_order o
LEFT JOIN merge_rule w ON w.shop_id = o.shop_id
LEFT JOIN shop c ON c.id = o.shop_id
LEFT JOIN LATERAL (
    SELECT array_agg(kind ORDER BY placed_at, kind) FILTER (WHERE released_at IS NULL) AS holds,
           jsonb_agg(jsonb_build_array(placed_at, released_at))
               FILTER (WHERE released_at IS NULL OR kind NOT IN ('unpaid', 'presale')) AS spans
    FROM order_hold WHERE order_id = o.id) h ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('no', x.no, 'workflow_id', x.workflow_id,
                                        'status', x.status, 'ahead', x.sent_ahead,
                                        'carrier', x.carrier, 'cutoff', v.at, 'zone', l.zone,
                                        'works_on', l.works_on, 'off', l.days_off,
                                        'on', l.days_on,
                                        'picked', x.picked_at IS NOT NULL
                                                  OR x.waits_for = 'packing')
                     ORDER BY x.no) AS shipments,
           CASE WHEN bool_and(x.status IN ('delivered', 'cancelled'))
                THEN max(x.delivered_at) END AS delivered_at
    FROM shipment x LEFT JOIN location l ON l.id = x.location_id
    LEFT JOIN carrier_cutoff v ON v.location_id = x.location_id AND v.carrier = x.carrier
    WHERE x.order_id = o.id) s ON true
LEFT JOIN LATERAL (
    SELECT array_agg(step_id) AS told,
           array_agg(step_id) FILTER (WHERE resolved_at IS NULL) AS open
    FROM attention WHERE order_id = o.id AND cause = 'Late') said ON true
LEFT JOIN LATERAL (
    SELECT sum(l.quantity - l.cancelled_quantity - coalesce(p.placed, 0)
               - coalesce(q.queued, 0)) AS open_units
    FROM fulfilment_line l
    LEFT JOIN LATERAL (
        SELECT sum(coalesce(x.picked_quantity, x.quantity)) AS placed
        FROM shipment_line x JOIN shipment y ON y.no = x.shipment_no AND y.status <> 'cancelled'
        WHERE y.order_id = l.order_id AND x.fulfilment_line_id = l.id) p ON true
    LEFT JOIN LATERAL (
        SELECT sum(quantity) AS queued FROM backorder
        WHERE fulfilment_line_id = l.id AND state = 'waiting') q ON true
    WHERE l.order_id = o.id) f ON true
LEFT JOIN LATERAL (
    SELECT bool_or(true) AS waiting FROM backorder
    WHERE order_id = o.id AND state = 'waiting') b ON true
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS running FROM refund
    WHERE order_id = o.id AND kind = 'order' AND settled_at IS NULL) r ON true
LEFT JOIN LATERAL (
    SELECT bool_or(gone.id IS NULL) AS some_here,
           array_agg(l.id ORDER BY l.id)
               FILTER (WHERE l.closed_by_channel AND gone.id IS NULL) AS closed
    FROM order_line l
    LEFT JOIN (
        SELECT DISTINCT x.order_line_id AS id
        FROM shipment y JOIN shipment_line x ON x.shipment_no = y.no
        WHERE y.order_id = o.id
          AND y.status IN ('handed_over', 'in_transit', 'delivered', 'exception')) gone
        ON gone.id = l.id
    WHERE l.order_id = o.id AND l.kind = 'goods' AND NOT l.cancelled) g ON true
{HOLDS_THERE}
WHERE o.id = :order_id
"""  # noqa: S608 (made of constants)

EVENTS: Final = """
INSERT INTO order_event (order_id, source, seq, kind, data, actor)
SELECT :order_id, :source, e.seq, e.kind, e.data::jsonb, e.actor
FROM unnest(CAST(:seq AS bigint[]), CAST(:kind AS text[]), CAST(:data AS text[]),
            CAST(:actor AS text[])) AS e(seq, kind, data, actor)
ON CONFLICT DO NOTHING
"""

PROGRESS: Final = """
UPDATE sales_order
SET seq = :seq, status = :status, waits_for = :waits_for, updated_at = clock_timestamp(),
    closed_at = CASE WHEN CAST(:closed AS boolean)
                     THEN coalesce(closed_at, clock_timestamp()) END
WHERE id = :order_id AND seq <= :seq
  AND (seq, status, waits_for) IS DISTINCT FROM (:seq, :status, :waits_for)
RETURNING id
"""

# `once`: a hold of this kind that a person released is not placed again by a later message.
PLACE_HOLD: Final = """
INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release, until, placed_by,
                        released_by)
SELECT uuidv7()::text, CAST(:order_id AS text), CAST(:kind AS text), CAST(:reason AS text),
       CAST(:detail AS jsonb), CAST(:owner AS text),
       CAST(:auto_release AS text), CAST(:until AS timestamptz), CAST(:by AS text), ''
WHERE NOT (CAST(:once AS boolean) AND EXISTS (
    SELECT FROM order_hold WHERE order_id = CAST(:order_id AS text) AND kind = CAST(:kind AS text)
      AND released_at IS NOT NULL))
ON CONFLICT (order_id, kind) WHERE released_at IS NULL
DO UPDATE SET reason = excluded.reason, detail = excluded.detail, until = excluded.until
WHERE order_hold.placed_by = 'system' AND excluded.placed_by = 'system'
  AND (order_hold.reason, order_hold.detail, order_hold.until)
    IS DISTINCT FROM (excluded.reason, excluded.detail, excluded.until)
RETURNING id
"""

RELEASE_HOLDS: Final = """
UPDATE order_hold SET released_at = clock_timestamp(), released_by = :by
WHERE order_id = :order_id AND kind = ANY(:kinds) AND released_at IS NULL
RETURNING kind
"""

INBOX: Final = """
SELECT id, raw, sha256, topic, applied_at, source, shop_id FROM inbox
WHERE id = ANY(:ids) AND order_id = :order_id
ORDER BY received_at, id
"""

UNAPPLIED: Final = """
SELECT id FROM inbox
WHERE order_id = :order_id AND applied_at IS NULL AND parked_reason = ''
ORDER BY received_at, id
"""

SETTLE_INBOX: Final = """
UPDATE inbox SET applied_at = clock_timestamp(), outcome = :outcome, parked_reason = :parked
WHERE id = :id AND applied_at IS NULL
"""

SAVE_HEADER: Final = """
UPDATE sales_order SET
    version_revision = :version_revision, version_modified_us = :version_modified_us,
    applied_sha256 = :sha256, channel_state = :channel_state, currency = CAST(:currency AS text),
    goods_minor = CASE WHEN lines_edited THEN goods_minor ELSE :goods_minor END,
    discount_minor = CASE WHEN lines_edited THEN discount_minor ELSE :discount_minor END,
    freight_minor = :freight_minor,
    tax_minor = CASE WHEN lines_edited THEN tax_minor ELSE :tax_minor END,
    payable_minor = CASE WHEN lines_edited THEN payable_minor ELSE :payable_minor END,
    captured_minor = greatest(captured_minor, :captured_minor, coalesce((
        SELECT sum(p.amount_minor) FROM payment p
        WHERE p.shop_id = sales_order.shop_id AND p.external_no = sales_order.external_no
          AND p.purpose = 'order'
          AND p.currency = CAST(:currency AS text)), 0) + credit_minor),
    cash_on_delivery = :cash_on_delivery, test_order = :test_order, gift = :gift,
    buyer_digest = CASE WHEN EXISTS (SELECT FROM order_key k WHERE k.order_id = sales_order.id
                                     AND k.destroyed_at IS NOT NULL)
                        THEN '' ELSE CAST(:buyer_digest AS text) END,
    placed_at = :placed_at,
    paid_at = coalesce(paid_at, :paid_at), ship_by = :ship_by, presale_until = :presale_until,
    stock_given_back = stock_given_back AND CAST(:unpaid AS boolean),
    unpaid_reserved_until = CASE WHEN CAST(:unpaid AS boolean) THEN unpaid_reserved_until END,
    fetch_needed = false, updated_at = clock_timestamp()
WHERE id = :order_id
"""

HAS_RECEIVER: Final = "SELECT order_id FROM receiver WHERE order_id = :order_id"

SAVE_LINES: Final = """
INSERT INTO order_line (id, order_id, line_no, external_line_no, kind, external_sku, title,
                        quantity, list_minor, discount_minor, tax_minor, payable_minor,
                        refund_in_progress, cancelled, gift)
SELECT :order_id || '.' || l.line_no, :order_id, l.line_no, l.external_line_no, l.kind,
       l.external_sku, l.title, l.quantity, l.list_minor, l.discount_minor, l.tax_minor,
       l.payable_minor, l.refund_in_progress, l.cancelled, l.gift
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(
    line_no int, external_line_no text, kind text, external_sku text, title text, quantity bigint,
    list_minor bigint, discount_minor bigint, tax_minor bigint, payable_minor bigint,
    refund_in_progress boolean, cancelled boolean, gift boolean)
WHERE NOT EXISTS (SELECT FROM sales_order WHERE id = :order_id AND lines_edited)
ON CONFLICT (order_id, external_line_no) DO UPDATE SET
    title = excluded.title, quantity = excluded.quantity, list_minor = excluded.list_minor,
    discount_minor = excluded.discount_minor, tax_minor = excluded.tax_minor,
    payable_minor = excluded.payable_minor, external_sku = excluded.external_sku,
    refund_in_progress = excluded.refund_in_progress,
    cancelled = order_line.cancelled OR excluded.cancelled
"""

# Lines the channel no longer names are cancelled, never deleted: the story refers to them.
DROP_LINES: Final = """
UPDATE order_line SET cancelled = true
WHERE order_id = :order_id AND NOT external_line_no = ANY(:kept) AND NOT cancelled
  AND NOT EXISTS (SELECT FROM sales_order WHERE id = :order_id AND lines_edited)
RETURNING id
"""

# Set to what the mapping says now; only grows or shrinks while nothing of it is in a shipment.
SAVE_FULFILMENT: Final = f"""
INSERT INTO fulfilment_line (id, order_line_id, order_id, sku, quantity, cancelled_quantity)
SELECT l.id || '/' || m.sku, l.id, l.order_id, m.sku, l.quantity * m.factor,
       CASE WHEN l.cancelled THEN l.quantity * m.factor ELSE 0 END
FROM order_line l
JOIN sales_order o ON o.id = l.order_id
JOIN {CHANNEL_GOODS} m ON m.shop_id = o.shop_id AND m.external_sku = l.external_sku
WHERE l.order_id = :order_id AND l.kind = 'goods'
ON CONFLICT (order_line_id, sku) DO UPDATE
SET quantity = greatest(excluded.quantity, fulfilment_line.quantity),
    cancelled_quantity = CASE
        WHEN excluded.cancelled_quantity > 0
        THEN greatest(excluded.quantity, fulfilment_line.quantity)
             - fulfilment_line.returned_quantity  -- what came back was not cancelled
        ELSE greatest(fulfilment_line.quantity - excluded.quantity, 0) END
"""  # noqa: S608 (made of constants)

UNMAPPED: Final = """
SELECT DISTINCT l.external_sku FROM order_line l
JOIN sales_order o ON o.id = l.order_id
WHERE l.order_id = :order_id AND l.kind = 'goods' AND NOT l.cancelled
  AND l.external_line_no NOT LIKE 'ours-%' -- a person added our own SKU
  AND NOT EXISTS (SELECT FROM channel_sku m
                  WHERE m.shop_id = o.shop_id AND m.external_sku = l.external_sku)
ORDER BY 1
"""

# What decides parcels: open goods by SKU, and where they go.
CONTENT: Final = """
SELECT f.id, f.quantity - f.cancelled_quantity AS quantity, r.digest, r.province, r.city,
       r.district
FROM fulfilment_line f LEFT JOIN receiver r ON r.order_id = f.order_id
WHERE f.order_id = :order_id ORDER BY f.id
"""

# `gone`: a parcel with it has left; `travelling`: it has not arrived yet.
GOODS: Final = """
SELECT l.external_line_no, l.quantity, l.cancelled,
       coalesce(p.gone, false) AS gone, coalesce(p.travelling, false) AS travelling
FROM order_line l
LEFT JOIN LATERAL (
    SELECT bool_or(s.status IN ('handed_over', 'in_transit', 'delivered', 'exception')) AS gone,
           bool_or(s.status IN ('handed_over', 'in_transit', 'exception')) AS travelling
    FROM shipment s JOIN shipment_line x ON x.shipment_no = s.no
    WHERE s.order_id = l.order_id AND x.order_line_id = l.id) p ON true
WHERE l.order_id = :order_id AND l.kind = 'goods' ORDER BY l.line_no
"""

# What a channel still says about lines we work on already.
FLAG_LINES: Final = """
UPDATE order_line l SET refund_in_progress = coalesce(t.refund, false),
                        closed_by_channel = coalesce(t.closed, true)
FROM order_line known
LEFT JOIN jsonb_to_recordset(CAST(:lines AS jsonb)) AS t(no text, refund boolean, closed boolean)
    ON t.no = known.external_line_no
WHERE l.id = known.id AND l.order_id = :order_id AND NOT l.cancelled
  AND l.external_line_no NOT LIKE 'ours-%'
  AND (l.refund_in_progress, l.closed_by_channel)
    IS DISTINCT FROM (coalesce(t.refund, false), coalesce(t.closed, true))
"""

CANCEL_SHIPMENT: Final = """
UPDATE shipment SET status = 'cancelled', waits_for = '' WHERE no = :no AND status = 'allocated'
RETURNING no
"""

# Shipments that somebody works on look again at what may stop or change them; so does the one in
# whose parcel they go.
WAKE_SHIPMENTS: Final = """
INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error)
SELECT 'signal', x.workflow_id, 'state_changed', jsonb_build_object('what', CAST(:what AS text)),
       '', 0, ''
FROM (SELECT DISTINCT l.workflow_id FROM shipment s
      JOIN shipment l ON l.no IN (s.no, nullif(s.ships_with, ''))
      WHERE s.order_id = :order_id AND s.status IN ('picking', 'packed', 'labelled')) x
"""

ASK_CHANNEL: Final = "UPDATE sales_order SET fetch_needed = true WHERE id = :order_id"

CHANNEL_ANSWERED: Final = "UPDATE sales_order SET fetch_needed = false WHERE id = :order_id"
