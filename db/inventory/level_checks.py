"""Proofs that what pages show of the whole network is what the balances say."""

from typing import Final

from db.checks import Check

LEVEL_CHECKS: Final = (
    Check(
        "ended_leases_gave_back",
        "A lease whose time is over gave its units back",
        """
        SELECT reservation_id, sku, location_id, lot, quantity - voided_quantity AS held, expires_at
        FROM reservation
        WHERE state = 'held' AND expires_at < clock_timestamp() - interval '15 minutes'""",
    ),
    Check(
        "sums_equal_balances",
        "What is shown of a brand and a category is what its balances add up to",
        """
        WITH told AS (
            SELECT brand, category, location_id, condition, owner, sum(on_hand) AS on_hand,
                   sum(reserved) AS reserved
            FROM (SELECT brand, category, location_id, condition, owner, on_hand, reserved
                  FROM stock_sum
                  UNION ALL
                  SELECT brand, category, location_id, condition, owner, on_hand, reserved
                  FROM stock_sum_change) s
            GROUP BY brand, category, location_id, condition, owner
        ), counted AS (
            SELECT k.brand, k.category, b.location_id, b.condition, b.owner,
                   sum(b.on_hand) AS on_hand, sum(b.reserved) AS reserved
            FROM stock_balance b JOIN sku k ON k.code = b.sku
            GROUP BY k.brand, k.category, b.location_id, b.condition, b.owner)
        SELECT brand, category, location_id, condition, owner,
               coalesce(t.on_hand, 0) AS shown, coalesce(c.on_hand, 0) AS balances,
               coalesce(t.reserved, 0) AS shown_reserved, coalesce(c.reserved, 0) AS reserved
        FROM told t FULL JOIN counted c USING (brand, category, location_id, condition, owner)
        WHERE coalesce(t.on_hand, 0) <> coalesce(c.on_hand, 0)
           OR coalesce(t.reserved, 0) <> coalesce(c.reserved, 0)""",
    ),
    Check(
        "serials_equal_units",
        "Where papers name units, as many serial numbers lie as units, but for those sought",
        """
        WITH asked AS (SELECT code FROM sku WHERE tracks_serials
        ), lies AS (
            SELECT b.sku, b.location_id, sum(b.on_hand) AS units FROM stock_balance b
            WHERE b.sku IN (SELECT code FROM asked) GROUP BY b.sku, b.location_id
        ), known AS (
            SELECT x.sku, x.location_id, count(*) AS numbers,
                   count(*) FILTER (WHERE x.sought_by <> '' AND x.state = 'in_stock') AS sought
            FROM serial x
            WHERE x.sku IN (SELECT code FROM asked) AND x.location_id IS NOT NULL
            GROUP BY x.sku, x.location_id
        ), paper AS (
            SELECT m.sku, m.document_no, sum(m.quantity) AS units FROM stock_move m
            WHERE m.sku IN (SELECT code FROM asked) AND m.reason <> 'inspected'
            GROUP BY m.sku, m.document_no
        ), unnamed AS (
            SELECT DISTINCT p.sku, p.document_no FROM paper p
            WHERE p.units > (SELECT count(*) FROM serial_event e
                             WHERE e.document_no = p.document_no AND e.sku = p.sku)
        ), came AS (
            SELECT m.sku, m.to_place AS place FROM stock_move m
            JOIN unnamed u ON (u.sku, u.document_no) = (m.sku, m.document_no)
        ), went AS (
            SELECT m.sku, m.from_place AS place FROM stock_move m
            JOIN unnamed u ON (u.sku, u.document_no) = (m.sku, m.document_no)
        )
        SELECT sku, location_id, coalesce(l.units, 0) AS units, coalesce(k.numbers, 0) AS numbers,
               coalesce(k.sought, 0) AS sought
        FROM lies l FULL JOIN known k USING (sku, location_id)
        WHERE coalesce(l.units, 0) > coalesce(k.numbers, 0)
          AND (sku, 'location:' || location_id) NOT IN (SELECT sku, place FROM came)
           OR coalesce(l.units, 0) < coalesce(k.numbers, 0) - coalesce(k.sought, 0)
          AND (sku, 'location:' || location_id) NOT IN (SELECT sku, place FROM went)""",
    ),
)
