"""Scarce stock: does what is promised fit what is there, and was anybody refused without need?"""

import asyncio
import random
from dataclasses import dataclass

import psycopg

from activities.inventory.reserving import ReservationBatcher
from bench.reservation_stock import CALLERS, batched_taker, fill, open_bare
from db.engine import create_engine, sessions

_UNITS = 1_000


@dataclass(frozen=True, slots=True)
class Proof:
    """One case. `falsely_refused` counts requests that would still fit when all is over: stock only
    shrinks in these cases, so each of them would have fitted when it was refused."""

    case: str
    units: int
    promised: int
    oversold: int
    falsely_refused: int | None


async def scarcity(url: str, case: str, skus: int, lines: int) -> Proof:
    """64 callers and two batchers take until far more was asked for than there is."""
    fill(url, skus, _UNITS)
    engine = create_engine(url, "onhand_worker", pool_size=4)
    take = batched_taker([ReservationBatcher(sessions(engine)) for _ in range(2)])
    refused: list[list[tuple[str, int]]] = []

    async def caller() -> None:
        for _ in range(2 * _UNITS * skus // (CALLERS * 2 * lines)):
            chosen = random.sample(range(skus), lines)
            asked = [(f"S{n}", random.randint(1, 3)) for n in chosen]
            if not await take(asked):
                refused.append(asked)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await engine.dispose()
    free, promised, oversold = _counted(url)
    false = sum(all(quantity <= free[sku] for sku, quantity in asked) for asked in refused)
    return Proof(case, _UNITS * skus, promised, oversold, false)


async def unguarded(url: str) -> Proof:
    """The negative control: look first, then write, on a table without constraints."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE unguarded (units bigint NOT NULL, sold bigint NOT NULL)")
        connection.execute("INSERT INTO unguarded VALUES (%s, 0)", [_UNITS])
        connection.execute("GRANT SELECT, UPDATE ON unguarded TO onhand_worker")
    connections = await open_bare(url, 16)

    async def caller(number: int) -> None:
        connection = connections[number]
        for _ in range(_UNITS // 8):
            row = await (await connection.execute("SELECT units - sold FROM unguarded")).fetchone()
            if row is not None and row[0] > 0:
                await connection.execute("UPDATE unguarded SET sold = sold + 1")

    await asyncio.gather(*(caller(number) for number in range(16)))
    for each in connections:
        await each.close()
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT sold FROM unguarded").fetchone()
        connection.execute("DROP TABLE unguarded")
    sold = int(row[0]) if row else 0
    return Proof("negative control: look, then write", _UNITS, sold, max(0, sold - _UNITS), None)


def _counted(url: str) -> tuple[dict[str, int], int, int]:
    """Free units by SKU, units promised, and units promised beyond what is there."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT b.sku, b.on_hand - b.reserved, coalesce(sum(r.quantity), 0)::bigint, b.on_hand"
            " FROM stock_balance b LEFT JOIN reservation r USING (sku)"
            " GROUP BY b.sku, b.on_hand, b.reserved"
        ).fetchall()
    free = {row[0]: row[1] for row in rows}
    return free, sum(row[2] for row in rows), sum(max(0, row[2] - row[3]) for row in rows)
