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
)
