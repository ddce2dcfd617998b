"""Stock of many SKUs at many places, added up by Postgres from the balances themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.asking import goods, told, where
from db.inventory.coming import Coming
from db.inventory.fitness import EXPIRED
from db.scope import scope_in
from db.sql import run
from domain.inventory.levels import By, Question
from domain.inventory.network import Units, units_of
from domain.inventory.regions import Region, region_of
from domain.inventory.stock import Level, Place
from domain.shared.ids import LocationId, Sku

_PLACES: Final = """
SELECT id, name, kind, parent_id, division_code, province FROM location ORDER BY priority, id
"""
# Where no SKU and no name was asked for, the sums of brands and categories know.
_SUMS: Final = """(
    SELECT brand, category, location_id, condition, owner, on_hand, reserved FROM stock_sum
    UNION ALL
    SELECT brand, category, location_id, condition, owner, on_hand, reserved
    FROM stock_sum_change)"""
_WHOSE: Final = "CASE b.owner WHEN 'own' THEN b.owner ELSE 'dealer' END"
_BY_PLACE: Final = """
SELECT b.location_id, b.condition, {whose} AS owner, sum(b.on_hand)::bigint AS on_hand,
       sum(b.reserved)::bigint AS reserved
FROM {source} b WHERE {where} GROUP BY 1, 2, 3
"""
# What lies free and yet is not available: lots kept back or expired, then what the queue waits for.
_KEPT: Final = f"""
WITH blocked AS (
    SELECT b.sku, b.location_id, sum(b.on_hand - b.reserved) AS units FROM stock_balance b
    WHERE b.frozen AND b.condition = 'good' AND b.owner = 'own' AND {{where}}
    GROUP BY b.sku, b.location_id
    UNION ALL
    SELECT b.sku, b.location_id, sum(b.on_hand - b.reserved)
    FROM lot t JOIN stock_balance b ON b.sku = t.sku AND b.lot = t.lot
    JOIN location p ON p.id = b.location_id
    WHERE t.expires_on <= (clock_timestamp() + interval '1 day')::date AND {EXPIRED}
      AND NOT b.frozen AND b.condition = 'good' AND b.owner = 'own' AND {{where}}
    GROUP BY b.sku, b.location_id
), queue AS (
    SELECT b.sku, b.location_id, sum(b.quantity) AS units FROM backorder b
    WHERE b.state = 'waiting' AND {{where}} GROUP BY b.sku, b.location_id
), noted AS (
    SELECT sku, location_id, sum(blocked) AS blocked, sum(waiting) AS waiting FROM (
        SELECT sku, location_id, units AS blocked, 0 AS waiting FROM blocked
        UNION ALL SELECT sku, location_id, 0, units FROM queue) x
    GROUP BY sku, location_id
), kept AS (
    SELECT a.sku, a.location_id, a.blocked, least(a.waiting, greatest(
        coalesce(sum(s.on_hand - s.reserved), 0) - a.blocked, 0)) AS waiting
    FROM noted a LEFT JOIN stock_balance s ON s.sku = a.sku AND s.location_id = a.location_id
     AND s.condition = 'good' AND s.owner = 'own'
    GROUP BY a.sku, a.location_id, a.blocked, a.waiting)
SELECT {{key}} AS key, sum(kept.blocked)::bigint AS blocked, sum(kept.waiting)::bigint AS waiting
FROM kept JOIN sku k ON k.code = kept.sku GROUP BY 1
"""  # noqa: S608 (made of constants)
_BY_GOODS: Final = """
WITH counted AS (
    SELECT b.sku, l.kind, b.condition, {whose} AS owner, sum(b.on_hand)::bigint AS on_hand,
           sum(b.reserved)::bigint AS reserved
    FROM stock_balance b JOIN location l ON l.id = b.location_id
    WHERE {where} GROUP BY 1, 2, 3, 4)
SELECT {key} AS key, c.kind, c.condition, c.owner,
       sum(c.on_hand)::bigint AS on_hand, sum(c.reserved)::bigint AS reserved
FROM counted c JOIN sku k ON k.code = c.sku
GROUP BY 1, 2, 3, 4
"""
_SUMS_BY: Final = """
SELECT b.{key} AS key, l.kind, b.condition, {whose} AS owner,
       sum(b.on_hand)::bigint AS on_hand,
       sum(b.reserved)::bigint AS reserved
FROM {source} b JOIN location l ON l.id = b.location_id
WHERE {where} GROUP BY 1, 2, 3, 4
"""
_FIRST_SKUS: Final = """
SELECT k.code, k.name, k.gtin, k.brand, k.category FROM sku k
WHERE k.active AND {goods} AND k.code > :after
ORDER BY (k.code = :text) DESC, k.code LIMIT :limit
"""
_WORDS: Final = """
SELECT 'brand' AS kind, brand AS word, count(*) AS skus FROM sku WHERE active GROUP BY 2
UNION ALL SELECT 'category', category, count(*) FROM sku WHERE active GROUP BY 2 ORDER BY 1, 2
"""
_KEYS: Final = {By.BRAND: "k.brand", By.CATEGORY: "k.category", By.SKU: "k.code"}


@dataclass(frozen=True, slots=True)
class Network:
    """The places the reader sees and the region of each by its own address."""

    places: tuple[Place, ...]
    told: dict[LocationId, Region]


@dataclass(frozen=True, slots=True)
class Goods:
    """What there is of a brand, a category or a SKU."""

    key: str
    units: Units


@dataclass(frozen=True, slots=True)
class StockLevels:
    """One transaction's view of the network. `places` None: all the reader sees."""

    session: AsyncSession

    async def network(self) -> Network:
        """Every place, closed ones too while goods may lie there, in order of priority."""
        scope = scope_in(self.session)
        rows = [row for row in await run(self.session, _PLACES) if scope.covers(row.id)]
        return Network(
            tuple(
                Place(
                    LocationId(row.id),
                    row.name,
                    row.kind,
                    None if row.parent_id is None else LocationId(row.parent_id),
                )
                for row in rows
            ),
            {LocationId(row.id): region_of(row.division_code, row.province) for row in rows},
        )

    async def by_place(self, question: Question, places: Sequence[str] | None) -> list[Level]:
        """What lies at each place of these goods, by condition and owner."""
        source = _SUMS if question.about_groups else "stock_balance"
        statement = _BY_PLACE.format(
            whose=_WHOSE, source=source, where=where(question, places, sums=True)
        )
        rows = await run(self.session, statement, **told(question, places))
        kept = await self._kept(question, places, "kept.location_id")
        return [
            Level(
                LocationId(row.location_id), Sku(""), row.on_hand, row.reserved,
                kept.get(row.location_id, (0, 0))[1], kept.get(row.location_id, (0, 0))[0],
                row.condition, row.owner,
            )
            for row in rows
        ]  # fmt: skip

    async def by_goods(
        self, question: Question, places: Sequence[str] | None, by: By
    ) -> list[Goods]:
        """The same by brand, category or SKU; those with most on hand first."""
        key = _KEYS[by]
        if question.about_groups and by is not By.SKU:
            statement = _SUMS_BY.format(
                key=str(by), whose=_WHOSE, source=_SUMS, where=where(question, places, sums=True)
            )
        else:
            statement = _BY_GOODS.format(whose=_WHOSE, where=where(question, places), key=key)
        rows = await run(self.session, statement, **told(question, places))
        kept = await self._kept(question, places, key)
        found: dict[str, Units] = {}
        for row in rows:
            level = Level(
                LocationId(""), Sku(""), row.on_hand, row.reserved,
                condition=row.condition, owner=row.owner,
            )  # fmt: skip
            found[row.key] = found.get(row.key, Units()) + units_of(level, row.kind)
        for one, units in (await Coming(self.session).on_order(question, places, key)).items():
            found[one] = found.get(one, Units()) + Units(on_order=units)
        return sorted(
            (
                Goods(one, units + _kept_back(*kept.get(one, (0, 0))))
                for one, units in found.items()
            ),
            key=lambda goods: (-goods.units.on_hand, goods.key),
        )

    async def on_order(self, question: Question, places: Sequence[str] | None) -> dict[str, int]:
        """What suppliers owe to each place."""
        return await Coming(self.session).on_order(question, places, "b.location_id")

    async def skus(self, question: Question, after: str, limit: int) -> Sequence[Row[Any]]:
        """Products that fit, by code; one whose code was typed comes first."""
        statement = _FIRST_SKUS.format(goods=" AND ".join(goods(question)) or "true")
        return await run(
            self.session, statement, **told(question, None), after=after, limit=limit,
            **({} if question.text else {"text": ""}),
        )  # fmt: skip

    async def words(self) -> dict[str, list[tuple[str, int]]]:
        """The brands and categories there are, with how many products each has."""
        found: dict[str, list[tuple[str, int]]] = {"brand": [], "category": []}
        for row in await run(self.session, _WORDS):
            found[row.kind].append((row.word, row.skus))
        return found

    async def _kept(
        self, question: Question, places: Sequence[str] | None, key: str
    ) -> dict[str, tuple[int, int]]:
        """Of what lies free by key: units of lots that are kept back, units of the queue."""
        statement = _KEPT.format(where=where(question, places), key=key)
        rows = await run(self.session, statement, **told(question, places))
        return {row.key: (row.blocked, row.waiting) for row in rows}


def _kept_back(blocked: int, waiting: int) -> Units:
    return Units(available=-blocked - waiting, blocked=blocked)
