"""The SQL of purchase orders."""

from typing import Final

INSERT: Final = """
INSERT INTO purchase_order (no, supplier, location_id, state, currency, wanted_on, expected_on,
    over_receipt_percent, source, reason, numbers, version, answer, supplier_ref, notice,
    waits_for, reminders, approved_by, ended_reason, created_by)
VALUES (:no, :supplier, :location_id, 'draft', :currency, :wanted_on, :wanted_on, :tolerance,
    :source, :reason, CAST(:numbers AS jsonb), 1, '', '', '', '', 0, '', '', :actor)
ON CONFLICT DO NOTHING RETURNING no
"""

INSERT_LINES: Final = """
INSERT INTO purchase_order_line (purchase_no, line_no, sku, ordered, received, cancelled,
    price_minor)
SELECT :no, n, sku, units, 0, 0, price
FROM unnest(CAST(:skus AS text[]), CAST(:units AS bigint[]), CAST(:prices AS bigint[]))
    WITH ORDINALITY AS t(sku, units, price, n)
"""

DELETE_LINES: Final = "DELETE FROM purchase_order_line WHERE purchase_no = :no"

EDITED: Final = """
UPDATE purchase_order SET version = version + 1, wanted_on = CAST(:wanted_on AS date),
    expected_on = CAST(:wanted_on AS date),
    updated_at = clock_timestamp()
WHERE no = :no
"""

FIND: Final = """
SELECT p.*, l.zone, l.name AS location_name, s.name AS supplier_name, s.acknowledge_hours,
       s.remind_days, s.port
FROM purchase_order p
JOIN location l ON l.id = p.location_id
JOIN supplier s ON s.code = p.supplier
WHERE p.no = :no
"""

LOCK: Final = FIND + " FOR NO KEY UPDATE OF p"

LINES: Final = """
SELECT * FROM purchase_order_line WHERE purchase_no = :no ORDER BY line_no
"""

# The clock of reminders begins anew with another day, another answer and goods.
KEEP: Final = """
UPDATE purchase_order SET
    state = CAST(:state AS text), answer = :answer, notice = :notice,
    expected_on = CAST(:expected_on AS date), version = version + 1,
    reminders = CASE WHEN CAST(:anew AS boolean) THEN 0 ELSE reminders END,
    supplier_ref = coalesce(nullif(CAST(:reference AS text), ''), supplier_ref),
    approved_by = coalesce(nullif(CAST(:approved_by AS text), ''), approved_by),
    ended_reason = coalesce(nullif(CAST(:ended_reason AS text), ''), ended_reason),
    revision = :revision, told_revision = :told_revision,
    wanted_on = coalesce(CAST(:wanted_on AS date), wanted_on),
    received_at = CASE CAST(:state AS text)
        WHEN 'received' THEN coalesce(received_at, clock_timestamp())
        WHEN 'closed' THEN received_at END,
    sent_at = coalesce(CAST(:sent_at AS timestamptz), sent_at),
    closed_at = CASE WHEN CAST(:state AS text) IN ('closed', 'cancelled')
        THEN coalesce(closed_at, clock_timestamp()) END,
    updated_at = clock_timestamp()
WHERE no = :no
"""

KEEP_LINES: Final = """
INSERT INTO purchase_order_line AS l (purchase_no, line_no, sku, ordered, price_minor,
    acknowledged, received, cancelled, dropped)
SELECT :no, * FROM unnest(CAST(:line_nos AS int[]), CAST(:skus AS text[]),
    CAST(:ordered AS bigint[]), CAST(:prices AS bigint[]), CAST(:acknowledged AS bigint[]),
    CAST(:received AS bigint[]), CAST(:cancelled AS bigint[]), CAST(:dropped AS boolean[]))
ON CONFLICT (purchase_no, line_no) DO UPDATE SET ordered = excluded.ordered,
    price_minor = excluded.price_minor, acknowledged = excluded.acknowledged,
    received = excluded.received, cancelled = excluded.cancelled, dropped = excluded.dropped
"""

RECEIPT: Final = """
INSERT INTO purchase_receipt (purchase_no, document, line_no, units, actor)
VALUES (:no, :document, :line_no, :units, :actor)
"""

RECEIPTS_OF: Final = """
SELECT line_no, units FROM purchase_receipt WHERE purchase_no = :no AND document = :document
"""

EVENT: Final = """
INSERT INTO purchase_event (purchase_no, seq, kind, data, actor)
SELECT CAST(:no AS text), coalesce(max(seq), 0) + 1, CAST(:kind AS text), CAST(:data AS jsonb),
       CAST(:actor AS text)
FROM purchase_event WHERE purchase_no = CAST(:no AS text)
"""

MOVED_ON: Final = """
UPDATE purchase_order SET waits_for = :waits_for, due_at = CAST(:due_at AS timestamptz),
    reminders = :reminders, updated_at = clock_timestamp()
WHERE no = :no
"""

TOLD_ENOUGH: Final = """
UPDATE purchase_order SET notice = 'told', updated_at = clock_timestamp()
WHERE no = :no AND notice = 'wanted'
"""

# An order that was asked of the supplier may be there, until the supplier refused it.
MAY_BE_THERE: Final = """
SELECT FROM effect WHERE key = :key AND state IN ('intended', 'unknown', 'confirmed')
"""

SHIP_TO: Final = """
SELECT l.name, l.province, l.city, l.district, l.detail, l.company, l.contact_name,
       l.contact_phone FROM location l WHERE l.id = :id
"""

ORDERED: Final = """
SELECT l.line_no, l.sku, l.ordered, l.price_minor, k.name,
       coalesce(i.supplier_sku, '') AS supplier_sku, coalesce(i.case_pack, 1) AS case_pack
FROM purchase_order_line l JOIN sku k ON k.code = l.sku
LEFT JOIN supplier_item i ON i.supplier = :supplier AND i.sku = l.sku
WHERE l.purchase_no = :no AND NOT l.dropped ORDER BY l.line_no
"""

HEARD: Final = """
SELECT seq FROM purchase_event
WHERE purchase_no = :no AND kind = 'heard' AND data->>'message_id' = :message_id
"""

SKUS: Final = "SELECT code, name, cost_minor, currency FROM sku WHERE code = ANY(:codes)"

PLACE: Final = "SELECT zone FROM location WHERE id = :id AND active AND kind <> 'transit'"
