"""What an accepted report does: the dealer's balances, what is no longer ours, and his demand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.ledger import Ledger, Move, place
from db.sql import run
from domain.inventory.dealer_reports import DealerLine, Ours, settle, spread
from domain.inventory.stock import OWN, Document, StockKey, StockLine
from domain.shared.ids import LocationId, Lot, Sku

DOCUMENT: Final = "dealer_report"
# What lay there when the report was made: what lies there now, without what moved since.
_LYING: Final = f"""
WITH here AS (
    SELECT CAST(:location_id AS text) AS id, 'location:' || :location_id AS name,
           (CAST(:day AS date) + 1)::timestamp AT TIME ZONE l.zone AS ends
    FROM location l WHERE l.id = :location_id
), since AS (
    SELECT m.sku, m.lot, m.owner,
           sum(CASE WHEN m.to_place = h.name THEN m.quantity ELSE -m.quantity END) AS units
    FROM stock_move m JOIN here h ON h.name IN (m.from_place, m.to_place)
    WHERE m.at >= h.ends AND m.condition = 'good' AND m.document_kind <> '{DOCUMENT}'
    GROUP BY 1, 2, 3
)
SELECT b.sku, b.lot, b.owner, b.on_hand - coalesce(s.units, 0)::bigint AS lay,
       b.on_hand - b.reserved AS free
FROM stock_balance b JOIN here h ON h.id = b.location_id
LEFT JOIN since s ON (s.sku, s.lot, s.owner) = (b.sku, b.lot, b.owner)
WHERE b.condition = 'good' ORDER BY b.sku, b.lot, b.owner
"""  # noqa: S608 (made of constants)
_HOLD: Final = """
SELECT 1 FROM stock_balance WHERE location_id = :location_id AND condition = 'good'
ORDER BY sku, location_id, lot, condition, owner FOR NO KEY UPDATE
"""
_ASKED: Final = """
INSERT INTO demand_day (location_id, sku, day, units, out)
SELECT CAST(:location_id AS text), t.sku, t.day, t.units, t.out
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (sku text, day date, units bigint, out boolean)
ON CONFLICT (location_id, sku, day) DO UPDATE SET units = EXCLUDED.units, out = EXCLUDED.out
"""


@dataclass(frozen=True, slots=True)
class House:
    """A dealer's place, whose the goods there are, and whether he pays when they come or when they
    are sold."""

    location_id: str
    name: str
    owner: str
    on_consignment: bool


async def settle_balances(
    session: AsyncSession, house: House, day: date, lines: Sequence[DealerLine], paper: Document
) -> None:
    """Let the ledger say what was reported: of what he owns, and of ours what is his or sold."""
    await run(session, _HOLD, location_id=house.location_id)
    rows = await run(session, _LYING, location_id=house.location_id, day=day)
    said: dict[str, dict[str, int]] = {}
    for line in lines:
        said.setdefault(line.sku, {})[line.lot] = line.stock
    theirs = {row.sku for row in rows if row.owner != OWN and (row.lay or row.free)}
    moves: list[Move] = []
    for sku in sorted({*said, *theirs}):
        here = [row for row in rows if row.sku == sku]
        moves += _moves(house, sku, said.get(sku), here)
    if moves and await Ledger(session).write(paper, moves, DOCUMENT):
        await Ledger(session).change([_change(house, move) for move in moves])


def _moves(
    house: House, sku: str, said: Mapping[str, int] | None, here: Sequence[Row[Any]]
) -> Iterator[Move]:
    """Of a SKU that he does not name nothing is his; ours is left where it is."""
    ours = {row.lot: Ours(max(row.lay, 0), max(row.free, 0)) for row in here if row.owner == OWN}
    gone, owned = settle(said or {}, ours if said else {}, on_consignment=house.on_consignment)
    for lot, units in gone.items():
        key = _key(house, sku, lot, OWN)
        yield Move("issue", place(key), "customer", StockLine(key, units))
    lay = {(row.lot, row.owner): row for row in here if row.owner != OWN}
    wanted = {(lot, house.owner): units for lot, units in owned.items()}
    for lot, owner in sorted({*lay, *wanted}):
        row = lay.get((lot, owner))
        difference = wanted.get((lot, owner), 0) - (row.lay if row else 0)
        difference = max(difference, -row.free if row else 0)
        key = _key(house, sku, lot, owner)
        if difference > 0:
            yield Move("adjust", "adjustment", place(key), StockLine(key, difference))
        elif difference < 0:
            yield Move("adjust", place(key), "adjustment", StockLine(key, -difference))


def _change(house: House, move: Move) -> StockLine:
    comes = move.target == f"location:{house.location_id}"
    return StockLine(move.line.key, move.line.quantity if comes else -move.line.quantity)


def _key(house: House, sku: str, lot: str, owner: str) -> StockKey:
    return StockKey(Sku(sku), LocationId(house.location_id), Lot(lot), "good", owner)


async def write_demand(
    session: AsyncSession, location_id: str, first: date, day: date, sold: Mapping[str, int],
    empty: frozenset[str],
) -> None:  # fmt: skip
    """What was sold from a day until the report's, evenly; where nothing was left at its end, more
    may have been asked for."""
    days = max((day - first).days + 1, 1)
    rows = [
        {
            "sku": sku, "day": (day - timedelta(days=days - 1 - n)).isoformat(), "units": part,
            "out": sku in empty and n == days - 1,
        }
        for sku, units in sorted(sold.items())
        for n, part in enumerate(spread(units, days))
    ]  # fmt: skip
    if rows:
        await run(session, _ASKED, location_id=location_id, rows=json.dumps(rows))
