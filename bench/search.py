"""How fast orders are found among a million: the page's own queries, for every kind of number, tab
and filter.

`python -m bench.search [--orders N] [--open SHARE] [--rounds N]`. The orders are written into a
throw-away Postgres. Every time is told in milliseconds and as a multiple of a read by primary key,
measured in the same run: what any question costs here at least. Exit code 1 when a p95 is over its
limit.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.search_data import SHOPS, SKUS, Order, fill, orders
from db.engine import Sessions, create_engine, sessions
from db.migrate import migrate
from db.orders.queries import NOT_LEFT, OrderFilter, OrderQueries, Position, Sort
from db.vault import Vault
from domain.orders.order import HoldKind, OrderStatus
from runtime.embedded import EmbeddedPostgres

LIMIT_MS: Final = 100.0
_VAULT: Final = Vault(bytes(32))
_PAGE: Final = 50
_SAMPLED: Final = 200
_WARM: Final = 10  # rounds that parse statements and read the upper pages of indexes
Ask = Callable[[AsyncSession, Order], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of the list; `least` orders must be found, so that none is fast for lack
    of an answer."""

    name: str
    ask: Ask
    least: int = 1


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of every round."""

    name: str
    ms: list[float]

    @property
    def p95(self) -> float:
        return float(np.percentile(self.ms, 95))


def _search(name: str, typed: Callable[[Order], str]) -> Question:
    async def ask(session: AsyncSession, order: Order) -> int:
        page = await OrderQueries(session).page(OrderFilter(typed(order)), _VAULT, limit=_PAGE)
        return len(page.rows)

    return Question(f"search: {name}", ask)


def _tab(name: str, wanted: OrderFilter, sort: Sort = "ship_by", least: int = 1) -> Question:
    async def ask(session: AsyncSession, order: Order) -> int:
        queries, now = OrderQueries(session), datetime.now(UTC)
        page = await queries.page(wanted, _VAULT, sort, _PAGE, None, now)
        return len(page.rows)

    return Question(f"list: {name}", ask, least)


def _deep(name: str, sort: Sort, statuses: tuple[OrderStatus, ...]) -> Question:
    """The page that begins behind any order of any age."""

    async def ask(session: AsyncSession, order: Order) -> int:
        after = Position(order.placed, order.id)
        page = await OrderQueries(session).page(
            OrderFilter(statuses=statuses), _VAULT, sort, _PAGE, after
        )
        return len(page.rows)

    return Question(f"page: {name}", ask, 0)


async def _counts(session: AsyncSession, order: Order) -> int:
    return len(await OrderQueries(session).counts())


async def _nothing(session: AsyncSession, order: Order) -> int:
    page = await OrderQueries(session).page(OrderFilter("no such number"), _VAULT)
    return len(page.rows)


QUESTIONS: Final = (
    _search("our number", lambda o: o.no),
    _search("the channel's number", lambda o: o.external_no),
    _search("shipment", lambda o: f"{o.no}-1"),
    _search("waybill", lambda o: o.waybill),
    _search("whole phone", lambda o: o.phone),
    _search("phone's last four digits", lambda o: o.phone[-4:]),
    _search("buyer", lambda o: o.buyer),
    _search("SKU", lambda o: o.skus[0]),
    _search("how our number begins", lambda o: o.no[:11]),
    _search("a day's orders", lambda o: o.no[:7]),
    _search("how a waybill begins", lambda o: o.waybill[:11]),
    Question("search: nothing fits", _nothing, 0),
    _tab("to ship", OrderFilter(statuses=NOT_LEFT)),
    *(_tab(f"{s}", OrderFilter(statuses=(s,))) for s in OrderStatus),
    _tab("all", OrderFilter()),
    _tab("all, latest first", OrderFilter(), "age"),
    _tab("backordered, latest first", OrderFilter(statuses=(OrderStatus.BACKORDERED,)), "age"),
    _tab("one shop, to ship", OrderFilter(statuses=NOT_LEFT, shop_id="shop-7")),
    _tab("one shop, all", OrderFilter(shop_id="shop-7")),
    _tab("one shop, all, latest first", OrderFilter(shop_id="shop-7"), "age"),
    _tab("one channel, all", OrderFilter(channel="douyin")),
    _tab("on hold for risk", OrderFilter(hold=HoldKind.RISK)),
    _tab("promise missed", OrderFilter(statuses=NOT_LEFT, late=True)),
    _tab("waits for a person", OrderFilter(attention=True), least=0),
    _deep("all by promise", "ship_by", ()),
    _deep("all by age", "age", ()),
    _deep("completed by promise", "ship_by", (OrderStatus.COMPLETED,)),
    _deep("to ship by promise", "ship_by", NOT_LEFT),
    Question("the counts of the tabs", _counts),
)


async def measured(made: Sessions, sample: list[Order], rounds: int) -> tuple[Timed, list[Timed]]:
    """Every question for as many orders; and a read by primary key between them."""
    base, timed = Timed("a read by primary key", []), []
    for question in QUESTIONS:
        times: list[float] = []
        for number in range(rounds + _WARM):
            order = sample[number % len(sample)]
            async with made.begin() as session:
                await session.connection()  # what reaching the server costs is not the question
                begun = time.perf_counter()
                found = await OrderQueries(session).find(order.no)
                middle = time.perf_counter()
                rows = await question.ask(session, order)
                ended = time.perf_counter()
            if found is None or rows < question.least:
                raise SystemExit(f"{question.name}: {rows} found of {order.no}")
            if number >= _WARM:
                base.ms.append((middle - begun) * 1000)
                times.append((ended - middle) * 1000)
        timed.append(Timed(question.name, times))
    return base, timed


def shown(base: Timed, timed: list[Timed], count: int) -> Table:
    """All of it, the slowest last."""
    table = Table("question", "p50 ms", "p95 ms", "p50 ×", "p95 ×", title=f"{count:,} orders")
    p50, p95 = float(np.median(base.ms)), base.p95
    for one in (base, *sorted(timed, key=lambda each: each.p95)):
        middle = float(np.median(one.ms))
        late = " !" if one.p95 > LIMIT_MS else ""
        table.add_row(
            one.name, f"{middle:.1f}", f"{one.p95:.1f}{late}", f"{middle / p50:.1f}",
            f"{one.p95 / p95:.1f}",
        )  # fmt: skip
    return table


def drawn(count: int, share_open: float) -> list[Order]:
    """Some orders of all ages that have a parcel."""
    chosen = set(random.Random(2).sample(range(count), min(count, 4 * _SAMPLED)))
    found = [o for o in orders(count, share_open) if o.number in chosen]
    return [o for o in found if o.status is OrderStatus.COMPLETED][:_SAMPLED]


async def _run(url: str, count: int, share_open: float, rounds: int, console: Console) -> float:
    engine = create_engine(url, "onhand_office", pool_size=1)
    try:
        base, timed = await measured(sessions(engine), drawn(count, share_open), rounds)
    finally:
        await engine.dispose()
    console.print(shown(base, timed, count))
    return max(one.p95 for one in timed)


def main(arguments: list[str] | None = None) -> None:
    """Fill a database, ask, and print; the exit code says whether the limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--open", type=float, default=0.05, help="share of orders that are open")
    parser.add_argument("--rounds", type=int, default=60)
    chosen = parser.parse_args(arguments)
    console = Console(width=100)
    with tempfile.TemporaryDirectory(prefix="onhand-search-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            migrate(server.url)
            with Progress(console=console) as progress:
                fill(server.url, chosen.orders, chosen.open, _VAULT, progress)
            slowest = asyncio.run(
                _run(server.url, chosen.orders, chosen.open, chosen.rounds, console)
            )
        finally:
            server.stop()
    console.print(
        f"{SHOPS} shops, {SKUS} SKUs; slowest p95 {slowest:.1f} ms, limit {LIMIT_MS:.0f} ms"
    )
    if slowest > LIMIT_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
