"""How soon a pushed order is acknowledged, and that none is lost, with the engine away for a while.

`python -m bench.acknowledgement [--rate R] [--seconds S] [--outage S]`. Signed webhooks arrive at a
fixed rate whatever the answers take, one in a hundred twice; the orders are unpaid, so they wait.
Temporal is killed in the middle and comes back on the same file. Then: acknowledged = inbox rows =
orders = workflows, each started once and its message applied. Exits with 1 when that is not so.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import Final

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from temporalio.client import Client
from temporalio.service import RPCError

from bench.company import Company, company
from bench.messages import order, send
from db.engine import create_engine, sessions
from db.sql import run as rows_of
from runtime.temporal import connect

_TWICE: Final = 100  # every so many messages one is sent again, as vendors do
_STANDS_STILL_S: Final = 120.0
_CONNECTIONS: Final = 32
_WARMING: Final = 50
_WARMING_S: Final = 5.0

_COUNTS: Final = """
SELECT (SELECT count(*) FROM inbox) AS inbox,
       (SELECT count(*) FROM inbox WHERE outcome = 'applied') AS applied,
       (SELECT count(*) FROM sales_order) AS orders,
       (SELECT count(*) FROM sales_order WHERE status = 'on_hold') AS waiting,
       (SELECT sum(hand_overs) FROM inbox) AS hand_overs
"""


@dataclass
class Answers:
    """What the sender heard: milliseconds by phase, and whatever was no acknowledgement."""

    warming: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    without: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    duplicates: int = 0
    refused: int = 0
    late_ms: float = 0.0  # how far the sender itself fell behind its timetable, at worst

    @property
    def all(self) -> list[float]:
        return [*self.before, *self.without, *self.after]


@dataclass
class Counts:
    """What is there at the end."""

    acknowledged: int
    inbox: int
    applied: int
    orders: int
    workflows: int
    started_once: int
    hand_overs: int

    @property
    def are_equal(self) -> bool:
        """Whether nothing was lost and nothing happened twice."""
        return len({self.acknowledged, self.inbox, self.applied, self.orders, self.workflows,
                    self.started_once}) == 1  # fmt: skip


@dataclass
class Load:
    """Sends on a timetable and notes how long each answer took from its time on it."""

    company: Company
    http: httpx.AsyncClient
    rate: int
    seconds: int
    outage: int
    progress: Progress
    answers: Answers = field(default_factory=Answers)
    phase: str = "warming"
    # The client's own queue for connections grows slow with its length; this one does not.
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CONNECTIONS))

    async def run(self) -> None:
        """All messages; the engine is away in the middle. The first few only warm everything."""
        total = self.rate * self.seconds
        warming = range(total + 1, total + 1 + _WARMING)
        await asyncio.gather(*(self._send(number, time.perf_counter()) for number in warming))
        await asyncio.sleep(_WARMING_S)
        self.phase = "before"
        away = asyncio.create_task(self._engine_away())
        begun, sending = time.perf_counter(), set[asyncio.Task[None]]()
        task = self.progress.add_task("webhooks", total=total)
        for number in range(1, total + 1):
            due = begun + number / self.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            else:
                self.answers.late_ms = max(self.answers.late_ms, -wait * 1000)
            for _ in range(2 if number % _TWICE == 0 else 1):
                one = asyncio.create_task(self._send(number, due))
                sending.add(one)
                one.add_done_callback(sending.discard)
            self.progress.update(task, completed=number)
        await asyncio.gather(*sending)
        await away
        self.progress.remove_task(task)

    async def _send(self, number: int, due: float) -> None:
        """Until it is acknowledged, as every sender does."""
        phase: list[float] = getattr(self.answers, self.phase)
        while True:
            try:
                async with self.slots:
                    answer = await send(self.http, f"m-{number}", order(number, "unpaid"))
                if answer.status_code == 202:
                    break
            except httpx.HTTPError:
                pass
            self.answers.refused += 1
            await asyncio.sleep(1)
        phase.append((time.perf_counter() - due) * 1000)
        self.answers.acknowledged.add(number)
        self.answers.duplicates += bool(answer.json()["duplicate"])

    async def _engine_away(self) -> None:
        await asyncio.sleep((self.seconds - self.outage) / 2)
        self.company.kill_temporal()
        self.phase = "without"
        await asyncio.sleep(self.outage)
        self.company.temporal.start()
        self.phase = "after"


async def settle(running: Company, answers: Answers, client: Client, progress: Progress) -> Counts:
    """Wait until every order waits for its payment, or until nothing moves for long; count."""
    engine = create_engine(running.postgres.url, "onhand_office", pool_size=1)
    task = progress.add_task("catching up", total=len(answers.acknowledged))
    waiting, moved_at = -1, time.perf_counter()
    while time.perf_counter() - moved_at < _STANDS_STILL_S:
        async with sessions(engine).begin() as session:
            row = (await rows_of(session, _COUNTS))[0]
        progress.update(task, completed=row.waiting)
        if row.waiting > waiting:
            waiting, moved_at = row.waiting, time.perf_counter()
        if waiting >= len(answers.acknowledged):
            break
        await asyncio.sleep(1)
    await engine.dispose()
    progress.remove_task(task)
    ids = await _workflows(client, len(answers.acknowledged))
    return Counts(
        len(answers.acknowledged), row.inbox, row.applied, row.orders, len(ids), len(set(ids)),
        int(row.hand_overs),
    )  # fmt: skip


async def _workflows(client: Client, expected: int) -> list[str]:
    """The id of every run of every order; the list follows the engine with a little delay."""
    ids: list[str] = []
    for _ in range(30):
        try:
            runs = client.list_workflows("WorkflowType = 'Order'", page_size=1000)
            ids = [run.id async for run in runs]
        except RPCError:
            ids = []
        if len(ids) >= expected:
            break
        await asyncio.sleep(1)
    return ids


def answers_table(answers: Answers, load: Load) -> Table:
    """Milliseconds from the time a message was due to its acknowledgement."""
    title = f"Webhook acknowledgement, {load.rate}/s for {load.seconds} s"
    table = Table(title=title, title_justify="left")
    for column in ("", "messages", "p50 ms", "p99 ms", "max ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name, taken in (
        ("Temporal runs", answers.before),
        (f"Temporal killed for {load.outage} s", answers.without),
        ("Temporal is back, the worker catches up", answers.after),
        ("all", answers.all),
    ):
        cuts = statistics.quantiles(taken, n=100) if len(taken) > 1 else [0.0] * 99
        table.add_row(
            name, f"{len(taken):,}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}",
            f"{max(taken, default=0):.0f}",
        )  # fmt: skip
    return table


def counts_table(answers: Answers, counts: Counts, caught_up_s: float) -> Table:
    """What has to be equal, and what else happened."""
    table = Table(title="Nothing lost, nothing twice", title_justify="left")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_row("acknowledged messages", f"{counts.acknowledged:,}")
    table.add_row("inbox rows", f"{counts.inbox:,}")
    table.add_row("inbox rows applied", f"{counts.applied:,}")
    table.add_row("orders", f"{counts.orders:,}")
    table.add_row("runs of order workflows", f"{counts.workflows:,}")
    table.add_row("order workflows", f"{counts.started_once:,}")
    table.add_section()
    table.add_row("messages handed to their orders, counting repetitions", f"{counts.hand_overs:,}")
    table.add_row("repetitions recognised", f"{answers.duplicates:,}")
    table.add_row("attempts without an acknowledgement, repeated", f"{answers.refused:,}")
    table.add_row("seconds to catch up after the last message", f"{caught_up_s:.0f}")
    table.add_row("the sender itself was late, at worst ms", f"{answers.late_ms:.0f}")
    return table


async def run(running: Company, rate: int, seconds: int, outage: int, console: Console) -> bool:
    """The whole measurement; whether everything is equal."""
    await running.seed()
    running.start("api", "cli", "serve", "api")
    running.start("worker", "cli", "serve", "worker")
    running.wait_for_api()
    client = await connect(running.settings, running.temporal.address)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    with Progress(console=console, transient=True) as progress:
        async with httpx.AsyncClient(base_url=running.api_url, timeout=30, limits=limits) as http:
            load = Load(running, http, rate, seconds, outage, progress)
            await load.run()
        console.print(answers_table(load.answers, load))  # catching up may take minutes
        ended = time.perf_counter()
        counts = await settle(running, load.answers, client, progress)
    console.print(counts_table(load.answers, counts, time.perf_counter() - ended))
    if not counts.are_equal:
        console.print("NOT EQUAL: something was lost or happened twice")
    return counts.are_equal


def main(arguments: list[str] | None = None) -> None:
    """Measure on servers of our own; exit 1 when the counts differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--outage", type=int, default=20)
    given = parser.parse_args(arguments)
    console = Console(width=100)
    with company() as running:
        equal = asyncio.run(run(running, given.rate, given.seconds, given.outage, console))
    raise SystemExit(0 if equal else 1)


if __name__ == "__main__":
    main()
