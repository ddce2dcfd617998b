"""What shops may sell: counted from the stock tables, told, and read back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.fitness import FITS, rule_of
from db.inventory.preorders import INBOUND
from db.inventory.remaining_life import wanted_by_shop
from db.inventory.statements import CHANNEL_GOODS
from db.sql import run
from domain.channels.selling import sells_from

# Free units at places that ship, less what waiting orders will get first; of lots that are kept
# back, or too old for the shop when they come to the door, none.
_OFFERS: Final = f"""
WITH asked AS (
    SELECT c.external_sku, c.sku, c.factor FROM {CHANNEL_GOODS} c
    WHERE c.shop_id = :shop_id AND (:sku = '' OR EXISTS (
        SELECT FROM {CHANNEL_GOODS} x
        WHERE x.shop_id = c.shop_id AND x.external_sku = c.external_sku AND x.sku = :sku))),
mine AS (SELECT DISTINCT sku FROM asked),
free AS (
    SELECT b.sku, sum(b.on_hand - b.reserved) AS units
    FROM stock_balance b JOIN location p ON p.id = b.location_id
    JOIN sku k ON k.code = b.sku
    JOIN shop s ON s.id = :shop_id
    LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
    {rule_of("s.id", "s.channel")}
    WHERE p.ships AND p.active AND b.condition = 'good' AND b.owner = 'own'
      AND b.sku IN (SELECT sku FROM mine) AND {FITS}
      AND (:anywhere OR b.location_id = ANY(:places))
    GROUP BY b.sku),
waiting AS (
    SELECT sku, sum(quantity) AS units FROM backorder
    WHERE state = 'waiting' AND sku IN (SELECT sku FROM mine)
      AND (:anywhere OR location_id = ANY(:places))
    GROUP BY sku),
coming AS (
    SELECT i.sku, sum(i.units) AS units FROM {INBOUND} i
    WHERE i.sku IN (SELECT sku FROM mine) AND (:anywhere OR i.location_id = ANY(:places))
    GROUP BY i.sku),
ruled AS (
    SELECT DISTINCT ON (sku) sku, mode, units FROM preorder_rule
    WHERE sku IN (SELECT sku FROM mine) AND shop_id IN ('', :shop_id)
    ORDER BY sku, shop_id DESC),
ahead AS (
    SELECT r.sku,
           CASE r.mode WHEN 'fixed' THEN r.units
                       WHEN 'inbound' THEN coalesce(i.units, 0) ELSE 0 END AS units
    FROM ruled r LEFT JOIN coming i ON i.sku = r.sku)
SELECT c.external_sku,
       array_agg((coalesce(f.units, 0) - coalesce(w.units, 0))::bigint ORDER BY c.sku) AS free,
       array_agg(coalesce(a.units, 0)::bigint ORDER BY c.sku) AS ahead,
       array_agg(c.factor ORDER BY c.sku) AS factors,
       l.ids, l.allowed, l.buffer, l.threshold, l.share_percent, l.most, l.wanted_quantity,
       coalesce(l.push_no, 0) AS push_no, l.pushed_quantity,
       coalesce(l.push_after > clock_timestamp(), false) AS must_wait
FROM asked c
LEFT JOIN free f ON f.sku = c.sku
LEFT JOIN waiting w ON w.sku = c.sku
LEFT JOIN ahead a ON a.sku = c.sku
LEFT JOIN listing l ON l.shop_id = :shop_id AND l.external_sku = c.external_sku
GROUP BY c.external_sku, l.shop_id, l.external_sku
ORDER BY c.external_sku
"""  # noqa: S608 (made of constants)

# The same value again keeps its number, unless the channel lost it: then it is news to the channel.
_INTEND: Final = """
INSERT INTO listing AS l (shop_id, external_sku, ids, wanted_quantity, push_no, push_error, drifts)
SELECT :shop_id, w.external_sku, '{}', w.quantity, 1, '', 0
FROM unnest(CAST(:external_skus AS text[]), CAST(:quantities AS bigint[]))
     AS w(external_sku, quantity)
ON CONFLICT (shop_id, external_sku) DO UPDATE SET
    wanted_quantity = excluded.wanted_quantity,
    push_no = l.push_no + CASE WHEN l.wanted_quantity IS DISTINCT FROM excluded.wanted_quantity
                                 OR l.drifts > 0 THEN 1 ELSE 0 END
RETURNING external_sku, push_no, ids
"""

_PUSHED: Final = """
UPDATE listing SET pushed_quantity = :quantity, pushed_at = clock_timestamp(), push_error = '',
                   push_after = NULL, read_quantity = NULL
WHERE shop_id = :shop_id AND external_sku = :external_sku AND push_no = :push_no
"""

_REFUSED: Final = """
UPDATE listing SET push_error = :error,
                   push_after = clock_timestamp() + make_interval(secs => :pause_s)
WHERE shop_id = :shop_id AND external_sku = :external_sku
"""

# What a person gave counts for more than what an order tells; new numbers are tried at once.
_LEARN: Final = """
INSERT INTO listing AS l (shop_id, external_sku, ids, push_no, push_error, drifts)
SELECT CAST(:shop_id AS text), x.external_sku, x.ids, 0, '', 0
FROM jsonb_to_recordset(CAST(:learned AS jsonb)) AS x(external_sku text, ids jsonb)
WHERE NOT EXISTS (
    SELECT FROM listing k
    WHERE k.shop_id = :shop_id AND k.external_sku = x.external_sku AND x.ids || k.ids = k.ids)
ORDER BY x.external_sku
ON CONFLICT (shop_id, external_sku) DO UPDATE SET
    ids = excluded.ids || l.ids, push_after = NULL
"""

_HURRY: Final = """
UPDATE listing SET push_after = NULL, read_at = NULL
WHERE shop_id = :shop_id AND (:external_sku = '' OR external_sku = :external_sku)
"""

_TO_READ: Final = """
SELECT external_sku, ids, pushed_quantity, push_no, read_quantity, drifts FROM listing
WHERE shop_id = :shop_id AND pushed_quantity IS NOT NULL AND pushed_quantity = wanted_quantity
  AND pushed_at < clock_timestamp() - make_interval(secs => :settle_s)
  AND (read_at IS NULL OR read_at < clock_timestamp() - make_interval(secs => :every_s))
ORDER BY read_at NULLS FIRST LIMIT :most
"""

# A drifted value counts as never told, so that the next round tells it again.
_READ: Final = """
UPDATE listing SET read_quantity = :quantity, read_at = clock_timestamp(), drifts = :drifts,
                   pushed_quantity = CASE WHEN :drifted THEN NULL ELSE pushed_quantity END
WHERE shop_id = :shop_id AND external_sku = :external_sku AND push_no = :push_no
"""

_LISTINGS: Final = """
SELECT c.external_sku, l.ids, l.allowed, l.buffer, l.threshold, l.share_percent, l.most,
       l.wanted_quantity, l.pushed_quantity, l.pushed_at, l.push_error, l.read_quantity, l.read_at,
       coalesce(l.drifts, 0) AS drifts
FROM (SELECT DISTINCT shop_id, external_sku FROM channel_sku WHERE shop_id = :shop_id) c
LEFT JOIN listing l USING (shop_id, external_sku)
WHERE c.external_sku > :after AND (CAST(:only AS text) = '' OR c.external_sku = :only)
ORDER BY c.external_sku LIMIT :limit
"""

_SAVE_RULE: Final = """
INSERT INTO listing AS l (shop_id, external_sku, ids, allowed, buffer, threshold, share_percent,
                          most, push_no, push_error, drifts)
SELECT CAST(:shop_id AS text), CAST(:external_sku AS text), CAST(:ids AS jsonb),
       CAST(:allowed AS boolean), CAST(:buffer AS bigint), CAST(:threshold AS bigint),
       CAST(:share_percent AS integer), CAST(:most AS bigint), 0, '', 0
WHERE EXISTS (
    SELECT FROM channel_sku WHERE shop_id = :shop_id AND external_sku = :external_sku)
ON CONFLICT (shop_id, external_sku) DO UPDATE SET
    ids = CASE WHEN excluded.ids = '{}' THEN l.ids ELSE excluded.ids END,
    allowed = excluded.allowed, buffer = excluded.buffer,
    threshold = excluded.threshold, share_percent = excluded.share_percent, most = excluded.most,
    push_after = NULL
RETURNING 1
"""


_SAID: Final = "SELECT location_id, sells FROM sell_place WHERE shop_id = :shop_id ORDER BY 1"
_KEEP: Final = """
UPDATE shop SET settings = jsonb_set(settings, '{sell}', CAST(:rule AS jsonb)) WHERE id = :shop_id
"""
_SAY: Final = """
WITH gone AS (
    DELETE FROM sell_place WHERE shop_id = :shop_id AND location_id <> ALL(:locations))
INSERT INTO sell_place (shop_id, location_id, sells)
SELECT CAST(:shop_id AS text), x.location_id, x.sells
FROM unnest(CAST(:locations AS text[]), CAST(:sells AS boolean[])) AS x(location_id, sells)
ON CONFLICT (shop_id, location_id) DO UPDATE SET sells = excluded.sells
"""


@dataclass(frozen=True, slots=True)
class SellPlaces:
    """What was said of places a shop sells from."""

    session: AsyncSession
    shop_id: str

    async def said(self) -> dict[str, bool]:
        """By location: whether the shop sells from it and from all below it."""
        rows = await run(self.session, _SAID, shop_id=self.shop_id)
        return {row.location_id: row.sells for row in rows}

    async def keep(self, rule: Mapping[str, Any], said: Mapping[str, bool]) -> None:
        """The shop's rule and what is said of places: this, and nothing else."""
        given = {name: value for name, value in rule.items() if value is not None}
        await run(self.session, _KEEP, shop_id=self.shop_id, rule=json.dumps(given))
        await run(
            self.session, _SAY, shop_id=self.shop_id, locations=list(said),
            sells=list(said.values()),
        )  # fmt: skip


async def _sold_from(session: AsyncSession, said: Mapping[str, bool]) -> list[str]:
    rows = await run(session, "SELECT id, parent_id FROM location")
    return sorted(sells_from(said, {row.id: row.parent_id for row in rows}))


@dataclass(frozen=True, slots=True)
class Listings:
    """One transaction's view of the offers of one shop."""

    session: AsyncSession
    shop_id: str

    async def offers(
        self, sku: str = "", said: Mapping[str, bool] | None = None
    ) -> Sequence[Row[Any]]:
        """Every mapped product, or those made of a SKU: `free` base units, those `ahead` of stock
        and `factors` of its parts, its own rule, what was told last. `said`: as if this were said
        of places."""
        wanted = await wanted_by_shop(self.session, self.shop_id)
        told = await SellPlaces(self.session, self.shop_id).said() if said is None else said
        places = await _sold_from(self.session, told) if told else []
        return await run(
            self.session, _OFFERS, shop_id=self.shop_id, to_door=wanted.to_door, sku=sku,
            anywhere=not told, places=places,
        )  # fmt: skip

    async def intend(self, wanted: dict[str, int]) -> dict[str, tuple[int, dict[str, str]]]:
        """Write down what will be told; returns the number of each value and the listing's ids."""
        rows = await run(
            self.session,
            _INTEND,
            shop_id=self.shop_id,
            external_skus=list(wanted),
            quantities=list(wanted.values()),
        )
        return {row.external_sku: (row.push_no, row.ids) for row in rows}

    async def pushed(self, external_sku: str, push_no: int, quantity: int) -> None:
        """The channel took the value; an older one changes nothing."""
        await run(
            self.session, _PUSHED, shop_id=self.shop_id, external_sku=external_sku,
            push_no=push_no, quantity=quantity,
        )  # fmt: skip

    async def refused(self, external_sku: str, error: str, pause_s: float) -> None:
        """The channel will not take it; try again after a pause."""
        await run(
            self.session, _REFUSED, shop_id=self.shop_id, external_sku=external_sku,
            error=error, pause_s=pause_s,
        )  # fmt: skip

    async def learn(self, ids: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the channel's numbers of its products, by their SKUs there, as orders tell them."""
        learned = [{"external_sku": sku, "ids": dict(ids[sku])} for sku in sorted(ids)]
        if learned:
            await run(
                self.session, _LEARN, shop_id=self.shop_id,
                learned=json.dumps(learned, ensure_ascii=False),
            )  # fmt: skip

    async def hurry(self, external_sku: str) -> None:
        """Tell the product, or all when it is empty, and ask about it, without any pause."""
        await run(self.session, _HURRY, shop_id=self.shop_id, external_sku=external_sku)

    async def to_read(self, settle_s: float, every_s: float, most: int) -> Sequence[Row[Any]]:
        """Offers whose turn it is to be asked about: told, settled, longest not read."""
        return await run(
            self.session, _TO_READ, shop_id=self.shop_id, settle_s=settle_s, every_s=every_s,
            most=most,
        )  # fmt: skip

    async def read(
        self, external_sku: str, push_no: int, quantity: int | None, *, drifts: int
    ) -> None:
        """Keep what the channel answered; `drifts` above zero has the value told again."""
        await run(
            self.session, _READ, shop_id=self.shop_id, external_sku=external_sku, push_no=push_no,
            quantity=quantity, drifts=drifts, drifted=drifts > 0,
        )  # fmt: skip

    async def listed(self, after: str, limit: int) -> Sequence[Row[Any]]:
        """A page of products with rule, last value, answer and reading."""
        return await run(
            self.session, _LISTINGS, shop_id=self.shop_id, after=after, limit=limit, only=""
        )

    async def one(self, external_sku: str) -> Row[Any] | None:
        """One product with rule, last value, answer and reading."""
        rows = await run(
            self.session, _LISTINGS, shop_id=self.shop_id, after="", limit=1, only=external_sku
        )
        return rows[0] if rows else None

    async def save_rule(self, external_sku: str, ids: str, rule: dict[str, Any]) -> bool:
        """A product's own rule and ids (JSON); False when the shop has no such product."""
        rows = await run(
            self.session, _SAVE_RULE, shop_id=self.shop_id, external_sku=external_sku, ids=ids,
            **rule,
        )  # fmt: skip
        return bool(rows)
