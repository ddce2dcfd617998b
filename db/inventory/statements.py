"""The SQL of the stock ledger: set-based, one statement under the locks it takes."""

from typing import Final

RESERVE_COLUMNS: Final = (
    "ordinal", "reservation_id", "order_id", "workflow_id", "expires_at", "sku", "location_id",
    "lot", "condition", "owner", "quantity",
)  # fmt: skip
MOVE_COLUMNS: Final = (
    "verb", "sku", "lot", "condition", "owner", "quantity", "from_place", "to_place",
)  # fmt: skip

# Rows are locked in one global order first; `free` is what they hold after any wait for the lock.
# A request counts as granted when on each of its keys it fits behind everything before it. One that
# does not even fit alone is refused for good; the first that does is always granted.
RESERVE: Final = """
WITH asked AS (
    SELECT * FROM unnest(
        CAST(:ordinal AS int[]), CAST(:reservation_id AS text[]), CAST(:order_id AS text[]),
        CAST(:workflow_id AS text[]), CAST(:expires_at AS timestamptz[]), CAST(:sku AS text[]),
        CAST(:location_id AS text[]), CAST(:lot AS text[]), CAST(:condition AS text[]),
        CAST(:owner AS text[]), CAST(:quantity AS bigint[])
    ) AS a(ordinal, reservation_id, order_id, workflow_id, expires_at, sku, location_id, lot,
           condition, owner, quantity)
    WHERE NOT EXISTS (SELECT FROM reservation r WHERE r.reservation_id = a.reservation_id)
), locked AS (
    SELECT sku, location_id, lot, condition, owner, on_hand - reserved AS free
    FROM stock_balance
    WHERE (sku, location_id, lot, condition, owner) IN (
        SELECT sku, location_id, lot, condition, owner FROM asked)
    ORDER BY sku, location_id, lot, condition, owner
    FOR NO KEY UPDATE
), lined_up AS (
    SELECT asked.*, locked.free,
           sum(asked.quantity) OVER (
               PARTITION BY asked.sku, asked.location_id, asked.lot, asked.condition, asked.owner
               ORDER BY asked.ordinal) AS upto
    FROM asked LEFT JOIN locked USING (sku, location_id, lot, condition, owner)
), granted AS (
    SELECT ordinal FROM lined_up GROUP BY ordinal HAVING bool_and(coalesce(upto <= free, false))
), inserted AS (
    INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                             workflow_id, quantity, posted_quantity, voided_quantity, state,
                             expires_at)
    SELECT reservation_id, sku, location_id, lot, condition, owner, order_id, workflow_id,
           quantity, 0, 0, 'held', expires_at
    FROM lined_up JOIN granted USING (ordinal)
    ON CONFLICT DO NOTHING
    RETURNING reservation_id, sku, location_id, lot, condition, owner, quantity
), taken AS (
    UPDATE stock_balance b SET reserved = b.reserved + i.quantity
    FROM (SELECT sku, location_id, lot, condition, owner, sum(quantity) AS quantity
          FROM inserted GROUP BY sku, location_id, lot, condition, owner) i
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
        = (i.sku, i.location_id, i.lot, i.condition, i.owner)
)
SELECT reservation_id,
       reservation_id IN (SELECT reservation_id FROM inserted) AS granted,
       bool_and(coalesce(quantity <= free, false)) AS fits_alone
FROM lined_up GROUP BY reservation_id
"""

KNOWN: Final = """
SELECT DISTINCT reservation_id FROM reservation WHERE reservation_id = ANY(:ids)
"""

# Locks rows of the balance before rows of reservations, like every other verb.
_LOCK_OF_RESERVATION: Final = """
locked AS (
    SELECT b.sku FROM stock_balance b
    WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner) IN (
        SELECT sku, location_id, lot, condition, owner FROM reservation
        WHERE reservation_id = :reservation_id AND state = 'held')
    ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner
    FOR NO KEY UPDATE
)"""

RELEASE: Final = f"""
WITH {_LOCK_OF_RESERVATION}, resolved AS (
    UPDATE reservation SET state = :state, resolved_at = clock_timestamp()
    WHERE reservation_id = :reservation_id AND state = 'held'
      AND (SELECT count(*) FROM locked) >= 0
    RETURNING sku, location_id, lot, condition, owner, quantity - voided_quantity AS quantity
)
UPDATE stock_balance b SET reserved = b.reserved - r.quantity
FROM resolved r
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (r.sku, r.location_id, r.lot, r.condition, r.owner)
RETURNING b.sku, b.location_id, b.lot, b.condition, b.owner
"""  # noqa: S608 (only our own text is put together)

ISSUE: Final = f"""
WITH {_LOCK_OF_RESERVATION}, resolved AS (
    UPDATE reservation
    SET state = 'posted', posted_quantity = quantity - voided_quantity,
        resolved_at = clock_timestamp()
    WHERE reservation_id = :reservation_id AND state = 'held'
      AND (SELECT count(*) FROM locked) >= 0
    RETURNING sku, location_id, lot, condition, owner, posted_quantity AS quantity
)
UPDATE stock_balance b
SET reserved = b.reserved - r.quantity, on_hand = b.on_hand - r.quantity
FROM resolved r
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (r.sku, r.location_id, r.lot, r.condition, r.owner)
RETURNING b.sku, b.location_id, b.lot, b.condition, b.owner, r.quantity
"""  # noqa: S608

HELD_FOR_UPDATE: Final = f"""
WITH {_LOCK_OF_RESERVATION}
SELECT sku, location_id, lot, condition, owner, quantity - voided_quantity AS quantity
FROM reservation
WHERE reservation_id = :reservation_id AND state = 'held'
  AND (SELECT count(*) FROM locked) >= 0
ORDER BY sku, location_id, lot, condition, owner
"""  # noqa: S608

SHORT_PICK: Final = """
WITH missing AS (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]),
                         CAST(:lot AS text[]), CAST(:condition AS text[]),
                         CAST(:owner AS text[]), CAST(:quantity AS bigint[]))
        AS m(sku, location_id, lot, condition, owner, quantity)
), shrunk AS (
    UPDATE reservation r
    SET voided_quantity = r.voided_quantity + m.quantity,
        state = CASE WHEN r.voided_quantity + m.quantity = r.quantity THEN 'voided'
                     ELSE r.state END,
        resolved_at = CASE WHEN r.voided_quantity + m.quantity = r.quantity
                           THEN clock_timestamp() END
    FROM missing m
    WHERE r.reservation_id = :reservation_id AND r.state = 'held'
      AND (r.sku, r.location_id, r.lot, r.condition, r.owner)
        = (m.sku, m.location_id, m.lot, m.condition, m.owner)
    RETURNING r.sku, r.location_id, r.lot, r.condition, r.owner, m.quantity
)
UPDATE stock_balance b
SET reserved = b.reserved - s.quantity, on_hand = b.on_hand - s.quantity
FROM shrunk s
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (s.sku, s.location_id, s.lot, s.condition, s.owner)
"""

EXPIRED: Final = """
SELECT reservation_id FROM reservation
WHERE state = 'held' AND expires_at < :now
ORDER BY expires_at LIMIT :limit
FOR UPDATE SKIP LOCKED
"""

RENEW: Final = """
UPDATE reservation SET expires_at = :expires_at
WHERE reservation_id = :reservation_id AND state = 'held'
"""

WRITE_MOVES: Final = """
INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
                        document_kind, document_no, reason, actor, idempotency_key, line_no)
SELECT m.verb, m.sku, m.lot, m.condition, m.owner, m.quantity, m.from_place, m.to_place,
       :document_kind, :document_no, :reason, :actor, :key, m.line_no
FROM unnest(CAST(:verb AS text[]), CAST(:sku AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:quantity AS bigint[]),
            CAST(:from_place AS text[]), CAST(:to_place AS text[]), CAST(:line_no AS int[]))
    AS m(verb, sku, lot, condition, owner, quantity, from_place, to_place, line_no)
ON CONFLICT (idempotency_key, line_no) DO NOTHING
RETURNING id
"""

# ON CONFLICT locks row by row in the order of the SELECT: the same global order again.
ADD: Final = """
INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
SELECT sku, location_id, lot, condition, owner, sum(quantity), 0
FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:quantity AS bigint[]))
    AS m(sku, location_id, lot, condition, owner, quantity)
GROUP BY sku, location_id, lot, condition, owner
ORDER BY sku, location_id, lot, condition, owner
ON CONFLICT (sku, location_id, lot, condition, owner)
DO UPDATE SET on_hand = stock_balance.on_hand + excluded.on_hand
"""

FREE_FOR_UPDATE: Final = """
SELECT on_hand - reserved AS free FROM stock_balance
WHERE (sku, location_id, lot, condition, owner) = (:sku, :location_id, :lot, :condition, :owner)
FOR NO KEY UPDATE
"""

BACKORDER_QUEUE: Final = """
SELECT id, order_id, workflow_id, quantity FROM backorder
WHERE sku = :sku AND location_id = :location_id AND state = 'waiting'
  AND :lot = CAST(:lot AS text)
ORDER BY paid_at, id
FOR UPDATE
"""

FILL_BACKORDER: Final = """
WITH filled AS (
    UPDATE backorder SET state = 'filled', filled_at = clock_timestamp()
    WHERE id = :backorder_id AND state = 'waiting'
    RETURNING id, order_id, workflow_id, sku, location_id, quantity
), leased AS (
    INSERT INTO reservation (reservation_id, sku, location_id, lot, condition, owner, order_id,
                             workflow_id, quantity, posted_quantity, voided_quantity, state)
    SELECT id, sku, location_id, :lot, 'good', 'own', order_id, workflow_id, quantity, 0, 0, 'held'
    FROM filled
    RETURNING sku, location_id, lot, condition, owner, quantity
)
UPDATE stock_balance b SET reserved = b.reserved + l.quantity
FROM leased l
WHERE (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (l.sku, l.location_id, l.lot, l.condition, l.owner)
"""

LEVELS: Final = """
SELECT b.location_id, b.sku, sum(b.on_hand)::bigint AS on_hand, sum(b.reserved)::bigint AS reserved,
       coalesce((SELECT sum(w.quantity) FROM backorder w
                 WHERE w.sku = b.sku AND w.location_id = b.location_id
                   AND w.state = 'waiting'), 0)::bigint AS waiting
FROM stock_balance b
WHERE b.sku = ANY(:skus) AND b.condition = 'good' AND b.owner = 'own'
GROUP BY b.location_id, b.sku
ORDER BY b.sku, b.location_id
"""
