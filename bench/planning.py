"""How fast a night is planned: many SKUs at many locations, with months of history, in Postgres.

`python -m bench.planning [--pairs N] [--places N] [--seconds LIMIT]`. The history is written into a
throw-away Postgres; then the planner's own steps work as they do at night: classes, demand read by
COPY, policies reckoned and written by COPY, needs and suggestions. Time and memory are told as a
part of their limits; exit code 1 when one is over.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg
from rich.console import Console
from rich.table import Table

from db.engine import Sessions, create_engine, sessions
from db.inventory import planner, policies
from db.migrate import migrate
from db.sql import run
from runtime.embedded import EmbeddedPostgres

LIMIT_S: Final = 60.0
LIMIT_MB: Final = 1500.0
NIGHT: Final = date(2026, 3, 2)
_DAYS: Final = 90
_SUPPLIERS: Final = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each part, and what came of the night."""

    seconds: dict[str, float]
    policies: int
    suggestions: int
    history: int
    peak_mb: float


def fill(url: str, pairs: int, places: int) -> int:
    """SKUs of very different demand at places below two headquarters; returns rows of history."""
    chance = np.random.default_rng(11)
    skus = pairs // places
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = [("HQ", "HQ", "hq", None)]
        rows += [(f"P{n:03}", f"Place {n}", "region", "HQ") for n in range(1, places)]
        _copy(cursor, "location (id, name, kind, parent_id)", rows, _PLACE)
        _copy(
            cursor, "sku (code, name, price_minor, cost_minor)",
            [(f"S{n:06}", f"Product {n}", 2000 + n % 9000, 1000 + n % 5000) for n in range(skus)],
            _SKU,
        )  # fmt: skip
        _copy(
            cursor, "supplier (code, name, lead_time_days)",
            [(f"V{n}", f"Maker {n}", 3 + n % 20) for n in range(_SUPPLIERS)], _SUPPLIER,
        )  # fmt: skip
        _copy(
            cursor, "supplier_item (supplier, sku, price_minor, moq, multiple, case_pack)",
            [(f"V{n % _SUPPLIERS}", f"S{n:06}", 900, 12, 1, 1 + n % 12) for n in range(skus)],
            _ITEM,
        )  # fmt: skip
        written = 0
        for place, *_ in rows:
            written += _history(cursor, place, skus, chance)
        cursor.execute("ANALYZE")
    return written


def _history(cursor: Any, place: str, skus: int, chance: np.random.Generator) -> int:
    """Most SKUs sell now and then, a few every day; what lies there lasts some days."""
    daily = np.exp(chance.normal(-1.2, 1.4, skus))
    units = chance.poisson(daily[:, None] * chance.gamma(2.0, 0.5, (skus, _DAYS)))
    with cursor.copy("COPY demand_day (location_id, sku, day, units, out) FROM STDIN") as copy:
        for sku, ago in zip(*np.nonzero(units), strict=True):
            day = NIGHT - timedelta(days=int(ago) + 1)
            copy.write_row((place, f"S{sku:06}", day, int(units[sku, ago]), False))
    there = chance.poisson(daily * chance.uniform(5, 90, skus) + 3)
    with cursor.copy(
        "COPY stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved) FROM STDIN"
    ) as copy:
        for sku in range(skus):
            copy.write_row((f"S{sku:06}", place, "", "good", "own", int(there[sku]), 0))
    return int(np.count_nonzero(units))


_PLACE: Final = {
    "zone": "Asia/Shanghai", "province": "", "city": "", "district": "", "detail": "",
    "division_code": "", "company": "", "contact_name": "", "contact_phone": "", "priority": 10,
    "handling_minor": 0, "ships": True, "active": True,
}  # fmt: skip
_SKU: Final = {
    "gtin": "", "weight_g": 1, "length_mm": 1, "width_mm": 1, "height_mm": 1, "currency": "CNY",
    "active": True,
}  # fmt: skip
_SUPPLIER: Final = {"contact": b"", "currency": "CNY", "active": True}
_ITEM: Final = {"supplier_sku": "", "preferred": True, "active": True}


def _copy(cursor: Any, into: str, rows: list[tuple[Any, ...]], usual: dict[str, Any]) -> None:
    """Rows with the columns that are the same in all of them."""
    table, _, columns = into.partition(" (")
    names = f"{columns.rstrip(')')}, {', '.join(usual)}"
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row, *usual.values()))


async def night(made: Sessions, history: int) -> Measured:
    """The steps of the planner's workflow, each in the transaction that its activity has."""
    seconds = {"classes": 0.0, "policies": 0.0, "suggestions": 0.0}
    async with made.begin() as session:
        places = [row.id for row in await planner.places_to_plan(session, NIGHT)]
    for place in places:
        begun = time.perf_counter()
        async with made.begin() as session:
            await policies.begin(session, place, NIGHT)
        seconds["classes"] += time.perf_counter() - begun
        after, begun = "", time.perf_counter()
        while True:
            async with made.begin() as session:
                after = await policies.reckon(session, place, NIGHT, after)
            if not after:
                break
        seconds["policies"] += time.perf_counter() - begun
    suggested, begun = 0, time.perf_counter()
    for place in places:
        async with made.begin() as session:
            suggested += await planner.suggest(session, place, NIGHT)
    seconds["suggestions"] = time.perf_counter() - begun
    async with made.begin() as session:
        kept = await _count(session)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seconds, kept, suggested, history, peak)


async def _count(session: Any) -> int:
    (row,) = await run(
        session, "SELECT count(*) AS n FROM stock_policy WHERE night = :night", night=NIGHT
    )
    return int(row.n)


async def _measure(url: str, history: int) -> Measured:
    engine = create_engine(url, "onhand_worker", pool_size=2)
    try:
        return await night(sessions(engine), history)
    finally:
        await engine.dispose()


def show(console: Console, found: Measured, limit_s: float) -> bool:
    """Print it; whether both limits are kept."""
    total = sum(found.seconds.values())
    table = Table(title=f"{found.policies:,} policies from {found.history:,} days with demand")
    table.add_column("part")
    table.add_column("seconds", justify="right")
    table.add_column("of the limit", justify="right")
    for name, took in found.seconds.items():
        table.add_row(name, f"{took:.1f}", f"{took / limit_s:.2f}")
    table.add_row("whole night", f"{total:.1f}", f"{total / limit_s:.2f}")
    table.add_row("memory (MB)", f"{found.peak_mb:.0f}", f"{found.peak_mb / LIMIT_MB:.2f}")
    console.print(table)
    console.print(
        f"{found.suggestions:,} suggestions; {found.policies / total:,.0f} policies a second"
    )
    return total <= limit_s and found.peak_mb <= LIMIT_MB


def main(arguments: list[str] | None = None) -> None:
    """Measure; exit 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000, help="SKUs times locations")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=LIMIT_S)
    told = parser.parse_args(arguments)
    console = Console(width=100)
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=True)
        server.start()
        try:
            migrate(server.url)
            history = fill(server.url, told.pairs, told.places)
            found = asyncio.run(_measure(server.url, history))
        finally:
            server.stop()
    if not show(console, found, told.seconds):
        raise SystemExit("over its limit")


if __name__ == "__main__":
    main()
