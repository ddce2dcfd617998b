"""The SQL of the stock ledger: set-based, and every verb takes its locks in one global order.

Balance rows are locked before rows of reservations and backorders. Where a verb decides from what
it read, it locks in one statement and reads in the next: a statement sees the world as it was when
it began, even after it waited for a lock.
"""

from typing import Final

from db.inventory.fitness import EXPIRED

RESERVE_COLUMNS: Final = (
    "ordinal", "line_no", "reservation_id", "order_id", "workflow_id", "expires_at", "sku",
    "location_id", "lot", "condition", "owner", "quantity",
)  # fmt: skip
MOVE_COLUMNS: Final = (
    "verb", "sku", "lot", "condition", "owner", "quantity", "from_place", "to_place",
    "value_minor",
)  # fmt: skip

# `free` is what the rows hold after any wait for the lock, less what waiting orders were promised.
# A request is granted when on each of its keys it fits behind everything before it; one that does
# not even fit alone is left out of the sums, so that it cannot make its neighbours fail.
# The balance is written from the locked row: CHECKs are tried before Postgres sees that the row it
# read at the statement's start is not the newest, and would refuse what a receipt made possible.
RESERVE: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:ordinal AS int[]), CAST(:line_no AS int[]), CAST(:reservation_id AS text[]),
        CAST(:order_id AS text[]), CAST(:workflow_id AS text[]),
        CAST(:expires_at AS timestamptz[]), CAST(:sku AS text[]), CAST(:location_id AS text[]),
        CAST(:lot AS text[]), CAST(:condition AS text[]), CAST(:owner AS text[]),
        CAST(:quantity AS bigint[])
    ) AS a(ordinal, line_no, reservation_id, order_id, workflow_id, expires_at, sku, location_id,
           lot, condition, owner, quantity)
    WHERE NOT EXISTS (SELECT FROM reservation r WHERE r.reservation_id = a.reservation_id)
), locked AS MATERIALIZED (
    SELECT b.sku, b.location_id, b.lot, b.condition, b.owner, b.on_hand, b.reserved,
           CASE WHEN b.frozen THEN 0 ELSE b.on_hand - b.reserved - coalesce((
               SELECT sum(w.quantity) FROM backorder w
               WHERE w.state = 'waiting' AND w.sku = b.sku AND w.location_id = b.location_id
                 AND b.condition = 'good' AND b.owner = 'own'), 0) END AS free
    FROM stock_balance b
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner) IN (
        SELECT sku, location_id, lot, condition, owner FROM asked)
    ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
    FOR NO KEY UPDATE OF b
), measured AS (
    SELECT a.*, l.free,
           bool_and(coalesce(a.quantity <= l.free, false)) OVER (PARTITION BY a.ordinal) AS possible
    FROM asked a LEFT JOIN locked l USING (sku, location_id, lot, condition, owner)
), lined_up AS (
    SELECT m.*,
           sum(m.quantity) FILTER (WHERE m.possible) OVER (
               PARTITION BY m.sku, m.location_id, m.lot, m.condition, m.owner
               ORDER BY m.ordinal) AS upto
    FROM measured m
), chosen AS (
    SELECT ordinal FROM lined_up WHERE possible GROUP BY ordinal HAVING bool_and(upto <= free)
), inserted AS (
    INSERT INTO reservation (reservation_id, line_no, sku, location_id, lot, condition, owner,
                             order_id, workflow_id, quantity, posted_quantity, voided_quantity,
                             state, expires_at)
    SELECT reservation_id, line_no, sku, location_id, lot, condition, owner, order_id, workflow_id,
           quantity, 0, 0, 'held', expires_at
    FROM lined_up JOIN chosen USING (ordinal)
    ORDER BY reservation_id, line_no
    ON CONFLICT DO NOTHING
    RETURNING reservation_id, sku, location_id, lot, condition, owner, quantity
), taken AS (
    UPDATE stock_balance b SET on_hand = i.on_hand, reserved = i.reserved + i.quantity
    FROM (SELECT sku, location_id, lot, condition, owner, l.on_hand, l.reserved,
                 sum(quantity) AS quantity
          FROM inserted JOIN locked l USING (sku, location_id, lot, condition, owner)
          GROUP BY sku, location_id, lot, condition, owner, l.on_hand, l.reserved) i
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (i.sku, i.location_id, i.lot, i.condition, i.owner)
)
SELECT l.reservation_id, count(*) AS lines, coalesce(max(t.lines), 0) AS taken,
       bool_or(c.ordinal IS NOT NULL) AS chosen, bool_and(l.possible) AS possible
FROM lined_up l
LEFT JOIN chosen c USING (ordinal)
LEFT JOIN (SELECT reservation_id, count(*) AS lines FROM inserted GROUP BY reservation_id) t
    USING (reservation_id)
GROUP BY l.reservation_id
"""

KNOWN: Final = """
SELECT reservation_id, bool_or(state IN ('held', 'posted')) AS live
FROM reservation WHERE reservation_id = ANY(:ids) GROUP BY reservation_id
"""

LOCK_RESERVED: Final = """
SELECT 1 FROM stock_balance b
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner) IN (
    SELECT sku, location_id, lot, condition, owner FROM reservation
    WHERE reservation_id = ANY(:ids) AND state = 'held')
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
FOR NO KEY UPDATE OF b
"""

RELEASE: Final = """
WITH resolved AS (
    UPDATE reservation SET state = :state, resolved_at = clock_timestamp()
    WHERE reservation_id = ANY(:ids) AND state = 'held'
      AND (CAST(:due AS timestamptz) IS NULL OR expires_at < CAST(:due AS timestamptz))
    RETURNING reservation_id, sku, location_id, lot, condition, owner,
              quantity - voided_quantity AS quantity
), freed AS (
    UPDATE stock_balance b SET reserved = b.reserved - r.quantity
    FROM (SELECT sku, location_id, lot, condition, owner, sum(quantity) AS quantity
          FROM resolved GROUP BY sku, location_id, lot, condition, owner) r
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (r.sku, r.location_id, r.lot, r.condition, r.owner)
)
SELECT reservation_id, sku, location_id, lot, condition, owner FROM resolved
"""

ISSUE: Final = """
WITH resolved AS (
    UPDATE reservation
    SET state = 'posted', posted_quantity = quantity - voided_quantity,
        resolved_at = clock_timestamp()
    WHERE reservation_id = :reservation_id AND state = 'held'
    RETURNING sku, location_id, lot, condition, owner, posted_quantity AS quantity
), gone AS (
    UPDATE stock_balance b
    SET reserved = b.reserved - r.quantity, on_hand = b.on_hand - r.quantity
    FROM resolved r
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (r.sku, r.location_id, r.lot, r.condition, r.owner)
)
SELECT sku, location_id, lot, condition, owner, quantity FROM resolved
ORDER BY sku, location_id, lot, condition, owner
"""

OF_RESERVATION: Final = """
SELECT sku, location_id, lot, condition, owner, quantity - voided_quantity AS quantity, state,
       posted_quantity
FROM reservation WHERE reservation_id = :reservation_id
ORDER BY sku, location_id, lot, condition, owner
"""

# Units that a lease no longer holds; one that holds nothing any more is over.
_TAKEN: Final = """
WITH asked AS (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]),
                         CAST(:lot AS text[]), CAST(:condition AS text[]),
                         CAST(:owner AS text[]), CAST(:quantity AS bigint[]))
        AS m(sku, location_id, lot, condition, owner, quantity)
), taken AS (
    UPDATE reservation r
    SET voided_quantity = r.voided_quantity + m.quantity,
        state = CASE WHEN r.voided_quantity + m.quantity = r.quantity THEN 'voided'
                     ELSE r.state END,
        resolved_at = CASE WHEN r.voided_quantity + m.quantity = r.quantity
                           THEN clock_timestamp() END
    FROM asked m
    WHERE r.reservation_id = :reservation_id AND r.state = 'held'
      AND (r.sku, r.location_id, r.lot, r.condition, r.owner)
        = (m.sku, m.location_id, m.lot, m.condition, m.owner)
    RETURNING r.sku, r.location_id, r.lot, r.condition, r.owner, m.quantity
)"""

# A lease that held these units before takes them back into its own quantity.
_GROWN: Final = """ON CONFLICT (reservation_id, sku, location_id, lot, condition, owner) DO UPDATE
SET quantity = reservation.quantity + excluded.quantity
               - least(reservation.voided_quantity, excluded.quantity),
    voided_quantity = reservation.voided_quantity
                      - least(reservation.voided_quantity, excluded.quantity),
    state = 'held', resolved_at = NULL"""

# What a lease promises goes over to another lease at the same place: the balance stays the same.
HAND_ON: Final = f"""{_TAKEN}
INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                         workflow_id, quantity, posted_quantity, voided_quantity, state)
SELECT CAST(:target AS text), sku, location_id, lot, condition, owner, CAST(:order_id AS text),
       CAST(:workflow_id AS text), quantity, 0, 0, 'held'
FROM taken
{_GROWN}
RETURNING sku
"""  # noqa: S608 (made of constants)

# The lease keeps its units and gives up the lot; the caller holds the locks of both balances.
REBOOK: Final = f"""{_TAKEN}, freed AS (
    UPDATE stock_balance b SET reserved = b.reserved - t.quantity
    FROM taken t
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (t.sku, t.location_id, t.lot, t.condition, t.owner)
), whole AS (
    SELECT sku, location_id, condition, owner, sum(quantity)::bigint AS quantity
    FROM taken GROUP BY sku, location_id, condition, owner
), promised AS (
    UPDATE stock_balance b SET reserved = b.reserved + w.quantity
    FROM whole w
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (w.sku, w.location_id, CAST(:to_lot AS text), w.condition, w.owner)
)
INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                         workflow_id, quantity, posted_quantity, voided_quantity, state, expires_at)
SELECT r.reservation_id, w.sku, w.location_id, CAST(:to_lot AS text), w.condition, w.owner,
       r.order_id, r.workflow_id, w.quantity, 0, 0, 'held', r.expires_at
FROM whole w JOIN LATERAL (
    SELECT * FROM reservation x
    WHERE x.reservation_id = CAST(:reservation_id AS text) AND x.sku = w.sku LIMIT 1) r ON true
{_GROWN}
RETURNING quantity
"""  # noqa: S608 (made of constants)

SHORT_PICK: Final = f"""{_TAKEN}
UPDATE stock_balance b
SET reserved = b.reserved - s.quantity, on_hand = b.on_hand - s.quantity
FROM taken s
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (s.sku, s.location_id, s.lot, s.condition, s.owner)
"""  # noqa: S608 (made of constants)

# The lease holds fewer units from now on; what it gives up is free again.
GIVE_UP: Final = f"""{_TAKEN}
UPDATE stock_balance b SET reserved = b.reserved - s.quantity
FROM taken s
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (s.sku, s.location_id, s.lot, s.condition, s.owner)
"""  # noqa: S608 (made of constants)

DUE: Final = """
SELECT reservation_id FROM reservation
WHERE state = 'held' AND expires_at < :now
GROUP BY reservation_id ORDER BY min(expires_at), reservation_id LIMIT :limit
"""

RENEW: Final = """
UPDATE reservation SET expires_at = :expires_at
WHERE reservation_id = :reservation_id AND state = 'held'
RETURNING reservation_id
"""

WRITE_MOVES: Final = """
INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
                        value_minor, document_kind, document_no, reason, actor,
                        idempotency_key, line_no)
SELECT m.verb, m.sku, m.lot, m.condition, m.owner, m.quantity, m.from_place, m.to_place,
       m.value_minor, :document_kind, :document_no, :reason, :actor, :key, m.line_no
FROM unnest(CAST(:verb AS text[]), CAST(:sku AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:quantity AS bigint[]),
            CAST(:from_place AS text[]), CAST(:to_place AS text[]), CAST(:value_minor AS bigint[]),
            CAST(:line_no AS int[]))
    AS m(verb, sku, lot, condition, owner, quantity, from_place, to_place, value_minor, line_no)
ORDER BY m.line_no
ON CONFLICT (idempotency_key, line_no) DO NOTHING
RETURNING id
"""

MOVES_OF_KEY: Final = """
SELECT verb, sku, lot, condition, owner, quantity, from_place, to_place, value_minor
FROM stock_move WHERE idempotency_key = :key ORDER BY line_no
"""

UNKNOWN: Final = """
SELECT 'sku' AS kind, u.name FROM unnest(CAST(:skus AS text[])) AS u(name)
WHERE NOT EXISTS (SELECT FROM sku WHERE code = u.name)
UNION ALL
SELECT 'location', u.name FROM unnest(CAST(:locations AS text[])) AS u(name)
WHERE NOT EXISTS (SELECT FROM location WHERE id = u.name)
"""

# A missing row cannot be locked, so an empty one is made first.
ENSURE: Final = """
INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
SELECT DISTINCT sku, location_id, lot, condition, owner, 0, 0
FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]))
    AS k(sku, location_id, lot, condition, owner)
ORDER BY sku, location_id, lot, condition, owner
ON CONFLICT DO NOTHING
"""

LOCK: Final = """
SELECT b.sku, b.location_id, b.lot, b.condition, b.owner, b.on_hand - b.reserved AS free
FROM stock_balance b
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner) IN (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:lot AS text[]),
                         CAST(:condition AS text[]), CAST(:owner AS text[])))
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
FOR NO KEY UPDATE OF b
"""

CHANGE: Final = """
UPDATE stock_balance b SET on_hand = b.on_hand + m.quantity
FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:quantity AS bigint[]))
    AS m(sku, location_id, lot, condition, owner, quantity)
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (m.sku, m.location_id, m.lot, m.condition, m.owner)
"""

# All lots of these SKUs at one place. Who queues for them is not asked, nor what keeps a lot back:
# they are gone.
LOCK_LOTS: Final = """
SELECT b.sku, b.location_id, b.lot, b.condition, b.owner, b.on_hand - b.reserved AS free
FROM stock_balance b
WHERE b.location_id = :location_id AND b.sku = ANY(:skus)
  AND b.condition = 'good' AND b.owner = 'own'
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
FOR NO KEY UPDATE OF b
"""

# Every lot of these SKUs at these places; nobody queues for a lot, so the queue is not asked.
LOCK_LOTS_AT: Final = """
SELECT b.sku, b.location_id, b.lot, b.condition, b.owner, b.on_hand - b.reserved AS free
FROM stock_balance b
WHERE (b.sku, b.location_id) IN (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[])))
  AND b.condition = 'good' AND b.owner = 'own' AND b.on_hand > 0 AND NOT b.frozen
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
FOR NO KEY UPDATE OF b
"""

KEPT_BACK: Final = """
SELECT lot FROM stock_balance
WHERE sku = :sku AND location_id = :location_id AND lot = :lot AND on_hand > 0
  AND (condition <> 'good' OR owner <> 'own' OR frozen)
"""

EXPIRES_ON: Final = "SELECT expires_on FROM lot WHERE sku = :sku AND lot = :lot"

PROMISED_LOTS: Final = """
SELECT reservation_id, lot, quantity - voided_quantity AS quantity FROM reservation
WHERE reservation_id = ANY(:ids) AND sku = :sku AND condition = 'good' AND owner = 'own'
  AND state IN ('held', 'posted')
ORDER BY reservation_id, lot
"""

POSTED_AT_ONCE: Final = """
INSERT INTO reservation (reservation_id, line_no, sku, location_id, lot, condition, owner,
                         order_id, workflow_id, quantity, posted_quantity, voided_quantity, state,
                         resolved_at)
SELECT :reservation_id, k.line_no - 1, k.sku, k.location_id, k.lot, k.condition, k.owner,
       :order_id, :workflow_id, k.quantity, k.quantity, 0, 'posted', clock_timestamp()
FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:quantity AS bigint[]))
    WITH ORDINALITY AS k(sku, location_id, lot, condition, owner, quantity, line_no)
"""

# The caller holds the lock of the balance row. Strictly in order of payment: the first who cannot
# be served keeps everybody behind waiting, so the served are those up to a running sum. Whom a lot
# does not fit does not queue for it: `fitting` names the others, where it has a date.
FILL_BACKORDERS: Final = """
WITH queue AS MATERIALIZED (
    SELECT id, order_id, workflow_id, quantity, paid_at FROM backorder
    WHERE sku = :sku AND location_id = :location_id AND state = 'waiting'
      AND (CAST(:fitting AS text[]) IS NULL OR id = ANY(CAST(:fitting AS text[])))
    ORDER BY paid_at, id
    FOR UPDATE
), lined_up AS (
    SELECT queue.*, sum(quantity) OVER (ORDER BY paid_at, id) AS upto FROM queue
), served AS (
    SELECT id, order_id, workflow_id, quantity, upto FROM lined_up
    WHERE upto <= (SELECT on_hand - reserved FROM stock_balance
                   WHERE (sku, location_id, lot, condition, owner)
                       = (:sku, :location_id, :lot, 'good', 'own') AND NOT frozen)
), filled AS (
    UPDATE backorder b SET state = 'filled', filled_at = clock_timestamp()
    FROM served s WHERE b.id = s.id
    RETURNING b.id
), leased AS (
    INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                             workflow_id, quantity, posted_quantity, voided_quantity, state)
    SELECT s.id, :sku, :location_id, :lot, 'good', 'own', s.order_id, s.workflow_id, s.quantity, 0,
           0, 'held'
    FROM served s JOIN filled f ON f.id = s.id
    RETURNING quantity
), taken AS (
    UPDATE stock_balance SET reserved = reserved + (SELECT sum(quantity) FROM leased)
    WHERE (sku, location_id, lot, condition, owner) = (:sku, :location_id, :lot, 'good', 'own')
      AND EXISTS (SELECT FROM leased)
), told AS (
    INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error)
    SELECT 'signal', s.workflow_id, 'state_changed',
           jsonb_build_object('what', 'backorder', 'ref', s.id), '', 0, ''
    FROM served s JOIN filled f ON f.id = s.id
)
SELECT id, order_id, workflow_id FROM served ORDER BY upto
"""

AWAITED: Final = """
SELECT DISTINCT w.sku, w.location_id FROM backorder w
WHERE w.state = 'waiting' AND (w.sku, w.location_id) IN (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[])))
"""

# Sales that were carried out of a store and wait for its books look again, and so do transfers
# that wait for goods to send.
WAKE_WAITING: Final = """
INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error)
SELECT 'signal', o.workflow_id, 'state_changed', '{"what": "stock"}'::jsonb, '', 0, ''
FROM order_hold h
JOIN till_ticket t ON t.order_id = h.order_id
JOIN sales_order o ON o.id = h.order_id
WHERE h.kind = 'stock_count' AND h.released_at IS NULL AND o.closed_at IS NULL
  AND EXISTS (
      SELECT FROM fulfilment_line f
      JOIN unnest(CAST(:sku AS text[]), CAST(:location_id AS text[])) AS k(sku, location_id)
        ON k.sku = f.sku AND k.location_id = t.location_id
      WHERE f.order_id = o.id)
UNION ALL
SELECT 'signal', 'transfer/' || t.no, 'transfer_moved', jsonb_build_object('no', t.no), '', 0, ''
FROM stock_transfer t
WHERE t.state = 'approved' AND EXISTS (
    SELECT FROM stock_transfer_line l
    JOIN unnest(CAST(:sku AS text[]), CAST(:location_id AS text[])) AS k(sku, location_id)
      ON k.sku = l.sku AND k.location_id = t.from_location
    WHERE l.transfer_no = t.no)
"""

QUEUED: Final = """
SELECT DISTINCT w.sku, w.location_id, b.lot
FROM backorder w
JOIN stock_balance b ON b.sku = w.sku AND b.location_id = w.location_id
  AND b.condition = 'good' AND b.owner = 'own'
WHERE w.order_id = :order_id AND (w.state = 'waiting' OR w.state = 'filled' AND NOT w.adopted)
  AND (CAST(:lines AS text[]) IS NULL OR w.fulfilment_line_id = ANY(CAST(:lines AS text[])))
"""

LEAVE_QUEUE: Final = """
UPDATE backorder w SET state = 'cancelled'
WHERE w.order_id = :order_id AND (w.state = 'waiting' OR w.state = 'filled' AND NOT w.adopted)
  AND (CAST(:lines AS text[]) IS NULL OR w.fulfilment_line_id = ANY(CAST(:lines AS text[])))
RETURNING w.id
"""

LEVELS: Final = f"""
SELECT b.location_id, b.sku, sum(b.on_hand)::bigint AS on_hand, sum(b.reserved)::bigint AS reserved,
       coalesce(sum(b.on_hand - b.reserved) FILTER (WHERE b.frozen OR {EXPIRED}), 0)::bigint
           AS blocked,
       coalesce((SELECT sum(w.quantity) FROM backorder w
                 WHERE w.sku = b.sku AND w.location_id = b.location_id
                   AND w.state = 'waiting'), 0)::bigint AS waiting
FROM stock_balance b JOIN location p ON p.id = b.location_id
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
WHERE b.sku = ANY(:skus) AND b.condition = 'good' AND b.owner = 'own'
GROUP BY b.location_id, b.sku
ORDER BY b.sku, b.location_id
"""  # noqa: S608 (made of constants)

# As `RESERVE` counts it.
FREE_BY_LOT: Final = """
SELECT b.sku, b.location_id, b.lot, b.condition, b.owner,
       (b.on_hand - b.reserved - coalesce((
           SELECT sum(w.quantity) FROM backorder w
           WHERE w.state = 'waiting' AND w.sku = b.sku AND w.location_id = b.location_id), 0)
       )::bigint AS free,
       t.expires_on, k.shelf_life_days, k.min_life_days
FROM stock_balance b JOIN sku k ON k.code = b.sku
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
WHERE b.sku = ANY(:skus) AND b.condition = 'good' AND b.owner = 'own' AND b.on_hand > b.reserved
  AND NOT b.frozen
ORDER BY b.sku, b.location_id, b.lot
"""

# Free lots at a place, what expires first before all; units that somebody queues for are spared,
# and nothing is made of what has expired.
LOTS_TO_USE: Final = f"""
SELECT b.sku, b.location_id, b.lot, b.condition, b.owner,
       (b.on_hand - b.reserved - coalesce((
           SELECT sum(w.quantity) FROM backorder w
           WHERE w.state = 'waiting' AND w.sku = b.sku AND w.location_id = b.location_id), 0)
       )::bigint AS free
FROM stock_balance b JOIN location p ON p.id = b.location_id
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
WHERE b.location_id = :location_id AND b.sku = ANY(:skus) AND b.condition = 'good'
  AND b.owner = 'own' AND b.on_hand > b.reserved AND NOT b.frozen AND NOT {EXPIRED}
ORDER BY b.sku, t.expires_on NULLS LAST, b.lot
"""  # noqa: S608 (made of constants)

# A channel's SKU in SKUs that are picked: virtual kits as their components, summed.
CHANNEL_GOODS: Final = """(
SELECT c.shop_id, c.external_sku, coalesce(k.sku, c.sku) AS sku,
       sum(c.factor * coalesce(k.quantity, 1))::bigint AS factor
FROM channel_sku c
LEFT JOIN kit t ON t.code = c.sku AND t.kind = 'virtual'
LEFT JOIN kit_component k ON k.kit = t.code
GROUP BY c.shop_id, c.external_sku, coalesce(k.sku, c.sku))"""

PLACES: Final = """
SELECT id, name, kind, parent_id FROM location ORDER BY priority, id
"""
