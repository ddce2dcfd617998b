"""The stock that is reserved in benchmarks, and the ways to take of it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg

from activities.inventory.reserving import ReservationBatcher
from domain.inventory.stock import Reserved, ReserveStock, StockKey, StockLine
from domain.shared.ids import LocationId, Sku

CALLERS = 64
Lines = Sequence[tuple[str, int]]
Taker = Callable[[Lines], Awaitable[bool]]
Bare = psycopg.AsyncConnection[tuple[Any, ...]]

_EMPTY = "TRUNCATE location, sku CASCADE"
_FILL = """
WITH place AS (
    INSERT INTO location (id, kind, name, zone, company, contact_name, contact_phone, province,
                          city, district, detail, division_code, priority, handling_minor, ships,
                          active)
    VALUES ('HQ', 'hq', 'HQ', 'Asia/Shanghai', '', '', '', '', '', '', '', '', 0, 0, true, true)
), goods AS (
    INSERT INTO sku (code, name, gtin, weight_g, length_mm, width_mm, height_mm, price_minor,
                     currency, active)
    SELECT 'S' || n, '', '', 0, 0, 0, 0, 0, 'CNY', true FROM generate_series(0, %(skus)s - 1) n
)
INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
SELECT 'S' || n, 'HQ', '', 'good', 'own', %(units)s, 0 FROM generate_series(0, %(skus)s - 1) n
"""

_number = itertools.count(1)

# What one would write first: one statement per request, correct, and the measure of all others.
_BARE = """
WITH taken AS (
    UPDATE stock_balance SET reserved = reserved + %(quantity)s
    WHERE sku = %(sku)s AND location_id = 'HQ' AND lot = '' AND condition = 'good'
      AND owner = 'own' AND on_hand - reserved >= %(quantity)s
    RETURNING sku
)
INSERT INTO reservation (reservation_id, line_no, sku, location_id, lot, condition, owner, order_id,
                         workflow_id, quantity, posted_quantity, voided_quantity, state)
SELECT %(id)s, 0, sku, 'HQ', '', 'good', 'own', %(id)s, %(id)s, %(quantity)s, 0, 0, 'held'
FROM taken
"""


def fill(url: str, skus: int, units: int) -> None:
    """Nothing but `units` of each of `skus` SKUs `S0`, `S1`… at one place."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_EMPTY)
        connection.execute(_FILL, {"skus": skus, "units": units})
        connection.execute("VACUUM ANALYZE stock_balance, reservation, backorder")


async def open_bare(url: str, count: int) -> list[Bare]:
    """Plain connections as the worker's role."""
    options = "-c role=onhand_worker -c timezone=UTC"
    return [
        await psycopg.AsyncConnection.connect(url, autocommit=True, options=options)
        for _ in range(count)
    ]


def _next_no() -> str:
    """Sortable, as the numbers of real shipments are."""
    return f"S{next(_number):012d}"


def bare_taker(connections: Sequence[Bare]) -> Taker:
    """One statement per request on the next free connection."""
    free: asyncio.Queue[Bare] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)

    async def take(lines: Lines) -> bool:
        [(sku, quantity)] = lines
        connection = await free.get()
        try:
            done = await connection.execute(
                _BARE, {"sku": sku, "quantity": quantity, "id": _next_no()}
            )
        finally:
            free.put_nowait(connection)
        return done.rowcount == 1

    return take


def batched_taker(batchers: Sequence[ReservationBatcher]) -> Taker:
    """What the product does; several batchers stand for several worker processes."""
    turn = itertools.cycle(batchers)

    async def take(lines: Lines) -> bool:
        no = _next_no()
        asked = tuple(
            StockLine(StockKey(Sku(sku), LocationId("HQ")), quantity) for sku, quantity in lines
        )
        answer = await next(turn).reserve(ReserveStock(no, asked, no, no))
        return answer is Reserved.GRANTED

    return take
