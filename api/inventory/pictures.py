"""The picture of stock over the network: one question, one answer, for programs and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.engine import Row as Found
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.coming import Coming
from db.inventory.dealer_queries import reported_days
from db.inventory.levels import StockLevels
from domain.inventory.levels import (
    By,
    Question,
    Row,
    places_of,
    region_rows,
    tree_rows,
    where,
)
from domain.inventory.network import PlaceStock, Units, roll_up, whole
from domain.inventory.regions import Region, regions
from domain.inventory.stock import Place
from domain.shared.errors import UnknownLocation
from domain.shared.ids import LocationId

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """An answer: all of it together, and its rows. `after` leads to the next rows, if any;
    `reported`: of which day is what dealers own, by place."""

    total: Units
    rows: tuple[Row, ...]
    after: str
    stock: tuple[PlaceStock, ...]
    regions: dict[LocationId, Region]
    as_of: datetime
    reported: dict[str, date]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the places it is about: None = all the reader sees."""

    question: Question
    places: tuple[Place, ...]
    ids: tuple[str, ...] | None
    regions: dict[LocationId, Region]


async def asked_of(session: AsyncSession, question: Question) -> Asked:
    """Find the places a question is about. Raises UnknownLocation."""
    network = await StockLevels(session).network()
    known = regions(network.places, network.told)
    if question.under is not None and question.under not in known:
        raise UnknownLocation(question.under)
    if question.region is None and question.under is None:
        return Asked(question, network.places, None, known)
    places = where(question, network.places, known)
    return Asked(question, tuple(places), tuple(p.location_id for p in places), known)


async def picture_of(
    session: AsyncSession, question: Question, by: By, above: str = "", after: str = ""
) -> Picture:
    """Answer a question. `above` asks for the rows right below a place or a region."""
    levels = StockLevels(session)
    asked = await asked_of(session, question)
    owed = await levels.on_order(question, asked.ids)
    stock = roll_up(asked.places, await levels.by_place(question, asked.ids), owed)
    rows = await _rows(levels, asked, by, stock, above, after)
    shown = tuple(rows[:MOST_ROWS])
    return Picture(
        whole(stock), shown, shown[-1].key if len(rows) > MOST_ROWS else "", tuple(stock),
        asked.regions, datetime.now(UTC), await reported_days(session),
    )  # fmt: skip


async def promises_of(
    session: AsyncSession, question: Question, limit: int
) -> Sequence[Found[Any]]:
    """The orders behind what is reserved, those to be shipped first first."""
    asked = await asked_of(session, question)
    return await Coming(session).promised(question, asked.ids, limit)


async def coming_of(session: AsyncSession, question: Question, limit: int) -> Sequence[Found[Any]]:
    """What is on the way or owed by suppliers, the earliest first."""
    asked = await asked_of(session, question)
    return await Coming(session).shipments(question, asked.ids, limit)


async def _rows(
    levels: StockLevels, asked: Asked, by: By, stock: list[PlaceStock], above: str, after: str
) -> list[Row]:
    match by:
        case By.TREE:
            return _behind(tree_rows(stock, LocationId(above) if above else None), after)
        case By.REGION if above:
            return _behind(places_of(stock, asked.regions, above), after)
        case By.REGION:
            return region_rows(stock, asked.regions)
        case By.SKU:
            return await _products(levels, asked, after)
        case _:
            found = await levels.by_goods(asked.question, asked.ids, by)
            rows = [Row(one.key, one.key, str(by), one.units, True) for one in found]
            return _behind(rows, after)


async def _products(levels: StockLevels, asked: Asked, after: str) -> list[Row]:
    """By code, whether there is anything of them or not."""
    found = await levels.skus(asked.question, after, MOST_ROWS + 1)
    codes = tuple(row.code for row in found)
    counted = await levels.by_goods(Question(skus=codes), asked.ids, By.SKU) if codes else []
    units = {one.key: one.units for one in counted}
    return [Row(row.code, row.name, row.gtin, units.get(row.code, Units()), False) for row in found]


def _behind(rows: list[Row], after: str) -> list[Row]:
    """The rows behind one; all when it is not among them any more."""
    place = next((n for n, row in enumerate(rows) if row.key == after), -1)
    return rows[place + 1 :]
