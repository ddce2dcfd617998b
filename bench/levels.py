"""How fast the stock of a whole network is added up: the page's own questions over a million
balances.

`python -m bench.levels [--balances N] [--rounds N]`. The balances are written by COPY into a
throw-away Postgres, in no order. Every time is told in milliseconds and as a share of the limit of
200 ms. Exit code 1 when a p95 is over it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.levels_data import BRANDS, CATEGORIES, Size, fill, sampled, sku_of
from db.engine import Sessions, create_engine, sessions
from db.inventory.levels import StockLevels
from db.migrate import migrate
from domain.inventory.levels import By, Question, where
from domain.inventory.network import roll_up, whole
from domain.inventory.regions import Region, regions
from runtime.embedded import EmbeddedPostgres

LIMIT_MS: Final = 200.0
_WARM: Final = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A question by the number of its round; `by` what its rows are."""

    name: str
    question: Callable[[int], Question]
    by: By = By.TREE


QUESTIONS: Final = (
    Asked("one SKU, every place", lambda n: Question(skus=(sku_of(n),))),
    Asked("one SKU in East China", lambda n: Question(skus=(sku_of(n),), region=Region.EAST)),
    Asked("brand × region", lambda n: Question(brand=f"B{n % BRANDS}", region=Region.EAST)),
    Asked("brand, every place", lambda n: Question(brand=f"B{n % BRANDS}")),
    Asked("brand by category", lambda n: Question(brand=f"B{n % BRANDS}"), By.CATEGORY),
    Asked(
        "category × region",
        lambda n: Question(category=f"C{n % CATEGORIES}", region=Region.EAST),
    ),
    Asked("category, every place", lambda n: Question(category=f"C{n % CATEGORIES}")),
    Asked(
        "category × region by brand",
        lambda n: Question(category=f"C{n % CATEGORIES}", region=Region.SOUTH), By.BRAND,
    ),
    Asked("everything, every place", lambda n: Question()),
    Asked("everything by brand", lambda n: Question(), By.BRAND),
    Asked("everything in East China", lambda n: Question(region=Region.EAST)),
    Asked("words in a name", lambda n: Question(text=f"Product {n}")),
)  # fmt: skip


async def _answer(made: Sessions, asked: Asked, number: int) -> int:
    """What the page asks of the database and makes of it."""
    question = asked.question(number)
    async with made.begin() as session:
        levels = StockLevels(session)
        network = await levels.network()
        known = regions(network.places, network.told)
        places = where(question, network.places, known)
        ids = None if question.region is None else [place.location_id for place in places]
        if asked.by is By.TREE:
            return whole(roll_up(places, await levels.by_place(question, ids))).on_hand
        found = await levels.by_goods(question, ids, asked.by)
        return sum(one.units.on_hand for one in found)


async def _measured(url: str, size: Size, rounds: int) -> dict[str, list[float]]:
    engine = create_engine(url, "onhand_office", pool_size=1)
    times: dict[str, list[float]] = {}
    try:
        made = sessions(engine)
        numbers = sampled(size, rounds + _WARM)
        for asked in QUESTIONS:
            for turn, number in enumerate(numbers):
                begun = time.perf_counter()
                units = await _answer(made, asked, number)
                if not units:
                    raise SystemExit(f"{asked.name}: nothing found for round {number}")
                if turn >= _WARM:
                    times.setdefault(asked.name, []).append((time.perf_counter() - begun) * 1000)
    finally:
        await engine.dispose()
    return times


def _shown(times: dict[str, list[float]], size: Size) -> tuple[Table, float]:
    table = Table(
        "question", "p50 ms", "p95 ms", "p95 ÷ 200 ms", title=f"{size.balances:,} balances"
    )
    slowest = 0.0
    for asked in QUESTIONS:
        p50, p95 = (float(np.percentile(times[asked.name], share)) for share in (50, 95))
        slowest = max(slowest, p95)
        table.add_row(asked.name, f"{p50:.1f}", f"{p95:.1f}", f"{p95 / LIMIT_MS:.2f}")
    return table, slowest


def main(arguments: list[str] | None = None) -> None:
    """Fill a database, ask, and print; the exit code says whether the limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--balances", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args(arguments)
    size, console = Size(chosen.balances), Console(width=100)
    with tempfile.TemporaryDirectory(prefix="onhand-levels-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            migrate(server.url)
            with Progress(console=console) as progress:
                fill(server.url, size, progress)
            times = asyncio.run(_measured(server.url, size, chosen.rounds))
        finally:
            server.stop()
    table, slowest = _shown(times, size)
    console.print(table)
    console.print(f"{size.skus:,} SKUs, {size.places} places; slowest p95 {slowest:.1f} ms")
    if slowest > LIMIT_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
