"""What `domain.inventory.expiry` says of a lot, in SQL: for lists too long to be judged one by one.
A test holds the two together.

`t` is the lot (none where a balance has no lot), `p` the place, `k` the SKU, `r` the rule of the
channel, `b` the balance.
"""

# ruff: noqa: S608 (made of constants)

from typing import Final

TODAY: Final = "(clock_timestamp() AT TIME ZONE p.zone)::date"
EXPIRED: Final = f"coalesce(t.expires_on < {TODAY}, false)"
NEEDED: Final = (
    "greatest(k.min_life_days, coalesce(r.days, 0),"
    " (k.shelf_life_days * coalesce(r.share_percent, 0) + 99) / 100)"
)
# Days on the way from a place that sends today.
FITS: Final = (
    f"NOT b.frozen AND NOT {EXPIRED}"
    f" AND coalesce(t.expires_on - {TODAY} - :to_door >= {NEEDED}, true)"
)


def rule_of(shop_id: str, channel: str) -> str:
    """Joins `r`: the rule of a shop, else of its channel, else of all; SQL for both names."""
    return (
        "LEFT JOIN LATERAL (SELECT days, share_percent FROM life_rule"
        f" WHERE shop_id IN ('', {shop_id}) AND channel IN ('', {channel})"
        " ORDER BY shop_id DESC, channel DESC LIMIT 1) r ON true"
    )
