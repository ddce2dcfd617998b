"""SQL of large files: staged by COPY, judged as a whole, written in the ledger's order of locks."""

# ruff: noqa: S608 (made of constants)

from typing import Final

from domain.shared.money import OTHER_DIGITS

TIMEOUTS: Final = """
SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('work_mem', '128MB', true)
"""

FAULTS: Final = """
CREATE TEMP TABLE bulk_fault (row int, "column" text, code text, about text) ON COMMIT DROP
"""
FAULT_COLUMNS: Final = ("row", '"column"', "code", "about")

STAGES: Final = {
    "products": """
CREATE TEMP TABLE bulk_row (row int, sku text, name text, gtin text, brand text, category text,
    weight_g bigint, length_mm int, width_mm int, height_mm int, price numeric, cost numeric,
    tracks_serials boolean, currency text, active boolean) ON COMMIT DROP
""",
    "stock": """
CREATE TEMP TABLE bulk_row (row int, location text, sku text, lot text, condition text,
    counted bigint) ON COMMIT DROP
""",
}
COLUMNS: Final = {
    "products": (
        "sku", "name", "gtin", "brand", "category", "weight_g", "length_mm", "width_mm",
        "height_mm", "price", "cost", "tracks_serials", "currency", "active",
    ),
    "stock": ("location", "sku", "lot", "condition", "counted"),
}  # fmt: skip
# What a cell says that is empty; of products it changes nothing.
EMPTY: Final = {"products": {}, "stock": {"lot": "", "condition": "good"}}


def _twice(column: str, key: str, where: str = "true") -> str:
    return f"""
INSERT INTO bulk_fault SELECT row, '{column}', 'twice', first::text
FROM bulk_row JOIN (SELECT {key}, min(row) AS first FROM bulk_row WHERE {where}
                    GROUP BY {key} HAVING count(*) > 1) x USING ({key})
WHERE row <> first
"""


_CURRENCY: Final = "coalesce(r.currency, s.currency, 'CNY')"
_TIMES: Final = (
    "CASE "
    + " ".join(
        f"WHEN {_CURRENCY} = '{currency}' THEN {10**digits}"
        for currency, digits in sorted(OTHER_DIGITS.items())
    )
    + " ELSE 100 END"
)


def _too_exact(name: str) -> str:
    return f"""
INSERT INTO bulk_fault SELECT r.row, '{name}', 'too_many_decimals', {_CURRENCY}
FROM bulk_row r LEFT JOIN sku s ON s.code = r.sku
WHERE r.{name} * ({_TIMES}) <> trunc(r.{name} * ({_TIMES}))
"""


CHECKS: Final = {
    "products": (
        _twice("", "sku"),
        _twice("gtin", "gtin", "gtin <> ''"),
        """
INSERT INTO bulk_fault SELECT r.row, 'name', 'missing', ''
FROM bulk_row r LEFT JOIN sku s ON s.code = r.sku WHERE s.code IS NULL AND r.name IS NULL
""",
        """
INSERT INTO bulk_fault SELECT r.row, 'gtin', 'gtin_taken', s.code
FROM bulk_row r JOIN sku s ON s.gtin = r.gtin AND s.code <> r.sku WHERE r.gtin <> ''
""",
        _too_exact("price"),
        _too_exact("cost"),
    ),
    "stock": (
        _twice("", "location, sku, lot, condition"),
        """
INSERT INTO bulk_fault SELECT r.row, 'sku', 'unknown_sku', '' FROM bulk_row r
WHERE NOT EXISTS (SELECT FROM sku s WHERE s.code = r.sku)
""",
        """
INSERT INTO bulk_fault SELECT r.row, 'location', 'unknown_location', '' FROM bulk_row r
WHERE NOT EXISTS (SELECT FROM location l WHERE l.id = r.location AND l.kind <> 'transit')
""",
        """
INSERT INTO bulk_fault SELECT r.row, 'counted', 'below_reserved', b.reserved::text
FROM bulk_row r JOIN stock_balance b ON (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (r.sku, r.location, r.lot, r.condition, 'own')
WHERE r.counted < b.reserved
""",
        """
INSERT INTO bulk_fault SELECT r.row, 'lot', 'lot_missing', ''
FROM bulk_row r JOIN sku s ON s.code = r.sku
LEFT JOIN stock_balance b ON (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (r.sku, r.location, r.lot, r.condition, 'own')
WHERE s.tracks_lots AND r.lot = '' AND r.condition = 'good' AND r.counted > coalesce(b.on_hand, 0)
""",
    ),
}

DROP_BAD: Final = """
DELETE FROM bulk_row r USING bulk_fault f WHERE f.row = r.row
"""

# Numbered in the order in which rows are locked.
GOOD: Final = {
    "products": """
CREATE TEMP TABLE bulk_good ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY r.sku) AS n, r.* FROM bulk_row r
""",
    "stock": """
CREATE TEMP TABLE bulk_good ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY r.sku, r.location, r.lot, r.condition) AS n, r.* FROM bulk_row r
""",
}
INDEX_GOOD: Final = "CREATE UNIQUE INDEX ON bulk_good (n)"

_FIELDS: Final = (
    "name", "gtin", "brand", "category", "weight_g", "length_mm", "width_mm", "height_mm",
    "price_minor", "cost_minor", "tracks_serials", "currency", "active",
)  # fmt: skip
_ZERO: Final = {
    "weight_g": "0", "length_mm": "0", "width_mm": "0", "height_mm": "0", "price_minor": "0",
    "cost_minor": "0", "tracks_serials": "false", "currency": "'CNY'", "active": "true",
}  # fmt: skip


def _wanted(field: str) -> str:
    if field in ("price_minor", "cost_minor"):
        given = f"CAST(r.{field.removesuffix('_minor')} * ({_TIMES}) AS bigint)"
    else:
        given = f"r.{field}"
    return f"coalesce({given}, s.{field}, {_ZERO.get(field, chr(39) * 2)})"


_SAME: Final = " AND ".join(f"s.{field} = {_wanted(field)}" for field in _FIELDS)
COUNTS: Final = {
    "products": f"""
SELECT count(*) FILTER (WHERE s.code IS NULL) AS new,
       count(*) FILTER (WHERE s.code IS NOT NULL AND NOT ({_SAME})) AS changed,
       count(*) FILTER (WHERE s.code IS NOT NULL AND {_SAME}) AS same
FROM bulk_good r LEFT JOIN sku s ON s.code = r.sku
""",
    "stock": """
SELECT count(*) FILTER (WHERE b.sku IS NULL AND r.counted > 0) AS new,
       count(*) FILTER (WHERE b.sku IS NOT NULL AND b.on_hand <> r.counted) AS changed,
       count(*) FILTER (WHERE coalesce(b.on_hand, 0) = r.counted) AS same
FROM bulk_good r LEFT JOIN stock_balance b ON (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (r.sku, r.location, r.lot, r.condition, 'own')
""",
}

_WRITE_PRODUCTS: Final = f"""
INSERT INTO sku (code, {", ".join(_FIELDS)})
SELECT r.sku, {", ".join(_wanted(field) for field in _FIELDS)}
FROM bulk_good r LEFT JOIN sku s ON s.code = r.sku
WHERE r.n BETWEEN :first AND :last AND (s.code IS NULL OR NOT ({_SAME}))
ORDER BY r.n
ON CONFLICT (code) DO UPDATE SET {", ".join(f"{field} = excluded.{field}" for field in _FIELDS)}
"""

# What the file changes, against balances that are locked from here on: once for the whole file,
# because a slice that looks for its balances reads all that the slices before it wrote.
_DIFFERENCES: Final = """
CREATE TEMP TABLE bulk_change ON COMMIT DROP AS
WITH held AS MATERIALIZED (
    SELECT r.n, b.on_hand, b.reserved
    FROM bulk_good r JOIN stock_balance b
        ON (b.sku, b.location_id, b.lot, b.condition, b.owner)
         = (r.sku, r.location, r.lot, r.condition, 'own')
    ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner FOR NO KEY UPDATE OF b
)
SELECT r.n, r.row, r.sku, r.location, r.lot, r.condition, r.counted, h.reserved,
       r.counted - coalesce(h.on_hand, 0) AS more,
       CASE WHEN h.n IS NULL THEN 'opening' ELSE 'count' END AS reason
FROM bulk_good r LEFT JOIN held h ON h.n = r.n
WHERE r.counted IS DISTINCT FROM coalesce(h.on_hand, 0)
ORDER BY r.n
"""
# Promised since the file was judged.
_PROMISED: Final = """
WITH late AS (DELETE FROM bulk_change WHERE counted < reserved RETURNING row, reserved)
INSERT INTO bulk_fault SELECT row, 'counted', 'below_reserved', reserved::text FROM late
"""
# Every balance that is new locks its product, twice over and one by one: here it is done once.
_HOLD_PRODUCTS: Final = """
SELECT count(*) FROM (
    SELECT FROM sku k WHERE k.code IN (SELECT sku FROM bulk_change WHERE reason = 'opening')
    ORDER BY k.code FOR SHARE) x
"""
# A thousand moves have one key: the books take them up in bites.
_MOVES: Final = """
INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
                        document_kind, document_no, reason, actor, idempotency_key, line_no)
SELECT 'adjust', d.sku, d.lot, d.condition, 'own', abs(d.more),
       CASE WHEN d.more > 0 THEN 'adjustment' ELSE 'location:' || d.location END,
       CASE WHEN d.more > 0 THEN 'location:' || d.location ELSE 'adjustment' END,
       'count', CAST(:import_id AS text), d.reason, :by,
       CAST(:import_id AS text) || '/' || d.n / 1000 || '/' || d.reason, d.n % 1000
FROM bulk_change d WHERE d.n BETWEEN :first AND :last ORDER BY d.n
"""
_COUNTED: Final = """
UPDATE stock_balance b SET on_hand = b.on_hand + d.more FROM bulk_change d
WHERE d.n BETWEEN :first AND :last AND d.reason = 'count'
  AND (b.sku, b.location_id, b.lot, b.condition, b.owner)
    = (d.sku, d.location, d.lot, d.condition, 'own')
"""
_OPENED: Final = """
INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
SELECT d.sku, d.location, d.lot, d.condition, 'own', d.more, 0
FROM bulk_change d WHERE d.n BETWEEN :first AND :last AND d.reason = 'opening' ORDER BY d.n
ON CONFLICT (sku, location_id, lot, condition, owner)
DO UPDATE SET on_hand = stock_balance.on_hand + excluded.on_hand
"""
# Once for the file, before its slices are written.
BEFORE: Final = {
    "products": (),
    "stock": (
        _DIFFERENCES, "CREATE INDEX ON bulk_change (n)", "ANALYZE bulk_change", _PROMISED,
        _HOLD_PRODUCTS,
    ),
}  # fmt: skip
WRITES: Final = {
    "products": (_WRITE_PRODUCTS,),
    "stock": (_MOVES, _COUNTED, _OPENED),
}

# Balances that somebody waits for: buyers in the queue, and sales of a till without books.
AWAITED: Final = """
SELECT DISTINCT r.sku, r.location AS location_id, r.lot, r.condition, 'own' AS owner
FROM bulk_good r
WHERE r.condition = 'good' AND (
    EXISTS (SELECT FROM backorder w
            WHERE w.state = 'waiting' AND w.sku = r.sku AND w.location_id = r.location)
    OR r.location IN (
        SELECT t.location_id FROM order_hold h JOIN till_ticket t ON t.order_id = h.order_id
        WHERE h.kind = 'stock_count' AND h.released_at IS NULL))
"""

KEEP: Final = """
INSERT INTO import_file (id, kind, name, form, sha256, header, rows, state, wanted, partial,
    given_by, decided_by, decided_at, finished_at, result)
VALUES (:id, :kind, :name, 'csv', :sha256, CAST(:header AS jsonb), 0, 'done', true, :partial,
    :by, :by, clock_timestamp(), clock_timestamp(), '{}')
ON CONFLICT DO NOTHING RETURNING id
"""
ENDED: Final = """
UPDATE import_file SET rows = :rows, result = CAST(:result AS jsonb),
    finished_at = clock_timestamp() WHERE id = :id
"""
SHOWN_FAULTS: Final = """
SELECT row, "column", code, about FROM bulk_fault ORDER BY row, code LIMIT :limit
"""
