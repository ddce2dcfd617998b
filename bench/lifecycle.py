"""Whole orders per second, as a ratio to workflows that do nothing in as many steps.

`python -m bench.lifecycle [--orders N] [--in-flight N] [--rounds N]`. From the signed webhook to
the delivered parcel, with real servers and processes; warehouse and carriers act at once. The bare
parent and child repeat the steps of a real history (local and normal activities, signals, timers)
without any content. Both take turns, so that a slow minute of the machine hits both.
"""

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from temporalio.client import Client

from bench.bare import TASK_QUEUE, Nothing, Script, Start
from bench.company import Company, company
from bench.histories import PURPOSES, Story, counted
from bench.messages import order, send
from bench.warehouse import Staff
from db.engine import create_engine, sessions
from db.sql import run as rows_of
from runtime.temporal import connect

_PAUSE_S: Final = 0.2
_SAMPLE: Final = 40
_LONGEST_S: Final = 600.0
_PROCESSES: Final = ("api", "worker", "temporal", "postgres", "this driver")
_ONHAND, _BARE = "Onhand", "bare workflows"


@dataclass
class Runs:
    """What one candidate did in all its rounds."""

    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[dict[str, float]] = field(default_factory=list)  # per order, by process
    events: float = 0.0  # per order

    @property
    def speed(self) -> float:
        """Median over the rounds, orders per second."""
        return statistics.median(self.per_second)

    def cpu(self, process: str) -> float:
        """Median over the rounds, milliseconds per order."""
        return statistics.median(one.get(process, 0.0) for one in self.cpu_ms)


@dataclass
class Curve:
    """When how many were done. The speed is taken between a fifth and four fifths."""

    wanted: int
    points: list[tuple[float, int]] = field(default_factory=list)

    def note(self, done: int) -> None:
        """So many are done now."""
        self.points.append((time.perf_counter(), done))

    @property
    def per_second(self) -> float:
        """Orders per second while as many begin as end."""
        begin = next(p for p in self.points if p[1] >= self.wanted * 0.2)
        end = next(p for p in self.points if p[1] >= self.wanted * 0.8)
        return (end[1] - begin[1]) / (end[0] - begin[0])


@dataclass
class Bench:
    """One run: the company, a client, and the numbers orders get."""

    company: Company
    client: Client
    orders: int
    in_flight: int
    progress: Progress
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def onhand(self, runs: Runs) -> None:
        """Orders come in by signed webhook; as many are open as `in_flight` says."""
        engine = create_engine(self.company.postgres.url, "onhand_office", pool_size=4)
        staff = Staff(sessions(engine))
        before = await staff.delivered()
        sent, curve = 0, Curve(self.orders)
        task = self.progress.add_task(_ONHAND, total=self.orders)
        self.company.start("worker", "bench.lifecycle_worker")
        async with httpx.AsyncClient(base_url=self.company.api_url, timeout=30) as http:
            await self._warm_up(http, staff)
            before = await staff.delivered()
            used = self.company.cpu_ms()
            until = time.perf_counter() + _LONGEST_S
            while (done := await staff.delivered() - before) < self.orders:
                curve.note(done)
                self.progress.update(task, completed=done)
                if time.perf_counter() > until:
                    raise TimeoutError(f"{done} of {self.orders} orders were delivered")
                wave = min(self.in_flight - (sent - done), self.orders - sent)
                await asyncio.gather(*(self._send(http) for _ in range(wave)))
                sent += wave
                await staff.work_once()
                await asyncio.sleep(_PAUSE_S)
            curve.note(done)
        self.progress.remove_task(task)
        runs.per_second.append(curve.per_second)
        runs.cpu_ms.append(_per_order(used, self.company.cpu_ms(), self.orders))
        self.company.stop("worker")
        await engine.dispose()

    async def bare(self, runs: Runs, story: Story) -> None:
        """The same number of steps, started by the driver, signalled by the bare worker."""
        mine, childs = story.scripts
        task = self.progress.add_task(_BARE, total=self.orders)
        curve, slots, done = Curve(self.orders), asyncio.Semaphore(self.in_flight), 0
        self.company.start("worker", "bench.bare_worker")
        await self._bare_order(mine, childs)  # warm
        used = self.company.cpu_ms()
        curve.note(0)

        async def one() -> None:
            nonlocal done
            async with slots:
                await self._bare_order(mine, childs)
            done += 1
            curve.note(done)
            self.progress.update(task, completed=done)

        async with asyncio.timeout(_LONGEST_S):
            await asyncio.gather(*(one() for _ in range(self.orders)))
        self.progress.remove_task(task)
        runs.per_second.append(curve.per_second)
        runs.cpu_ms.append(_per_order(used, self.company.cpu_ms(), self.orders))
        sample = f"bare/{next(self.numbers) - 1}"
        runs.events = sum([len(await self._events(f"{sample}{end}")) for end in ("", "/shipment")])
        self.company.stop("worker")

    async def stories(self) -> list[Story]:
        """Histories of the latest delivered orders that went in one shipment."""
        engine = create_engine(self.company.postgres.url, "onhand_office", pool_size=1)
        async with sessions(engine).begin() as session:
            found = await rows_of(
                session,
                "SELECT o.workflow_id, min(s.workflow_id) AS shipment FROM sales_order o"
                " JOIN shipment s ON s.order_id = o.id WHERE o.status = 'delivered'"
                " GROUP BY o.id HAVING count(*) = 1 ORDER BY o.id DESC LIMIT :sample",
                sample=_SAMPLE,
            )
        await engine.dispose()
        return [
            Story(await self._events(row.workflow_id), await self._events(row.shipment))
            for row in found
        ]

    async def _warm_up(self, http: httpx.AsyncClient, staff: Staff) -> None:
        """One order from end to end, so that every plan, import and connection is there."""
        before = await staff.delivered()
        await self._send(http)
        async with asyncio.timeout(_LONGEST_S):
            while await staff.delivered() == before:
                await staff.work_once()
                await asyncio.sleep(_PAUSE_S)

    async def _send(self, http: httpx.AsyncClient) -> None:
        number = next(self.numbers)
        answer = await send(http, f"m-{number}", order(number, "paid"))
        answer.raise_for_status()

    async def _bare_order(self, mine: Script, childs: Script) -> None:
        handle = await self.client.start_workflow(
            "BareOrder",
            Start(mine, childs),
            id=f"bare/{next(self.numbers)}",
            task_queue=TASK_QUEUE,
            start_signal="fact",
            start_signal_args=[Nothing()],
        )
        await handle.result()

    async def _events(self, workflow_id: str) -> list[Any]:
        handle = self.client.get_workflow_handle(workflow_id)
        return list((await handle.fetch_history()).events)


def usual(stories: Sequence[Story]) -> Story:
    """The one whose steps are the most frequent."""
    [(scripts, _)] = Counter(story.scripts for story in stories).most_common(1)
    return next(story for story in stories if story.scripts == scripts)


def speed_table(onhand: Runs, bare: Runs) -> Table:
    """Orders per second and where the processor time goes."""
    table = Table(title="Whole lifecycle, signed webhook → delivered", title_justify="left")
    for column in ("", _ONHAND, _BARE, "ratio"):
        table.add_column(column, justify="left" if not column else "right")
    rounds = ", ".join(
        f"{mine / theirs:.2f}"
        for mine, theirs in zip(onhand.per_second, bare.per_second, strict=True)
    )
    table.add_row(
        "orders/s (median)", f"{onhand.speed:.1f}", f"{bare.speed:.1f}",
        f"× {onhand.speed / bare.speed:.2f}",
    )  # fmt: skip
    table.add_row("ratio by round", "", "", rounds)
    everything = [sum(map(runs.cpu, _PROCESSES)) for runs in (onhand, bare)]
    table.add_row(
        "CPU ms per order", f"{everything[0]:.0f}", f"{everything[1]:.0f}",
        f"× {everything[1] / everything[0]:.2f} as many orders per CPU second",
    )  # fmt: skip
    for process in _PROCESSES:
        mine, theirs = onhand.cpu(process), bare.cpu(process)
        table.add_row(f"   {process}", f"{mine:.1f}", f"{theirs:.1f}" if theirs > 0.05 else "–")
    table.add_row("history events per order", f"{onhand.events:.1f}", f"{bare.events:.1f}")
    return table


def events_table(stories: Sequence[Story]) -> Table:
    """What every event of an order's histories is for, on average over the sample."""
    orders = sum((counted(story.order) for story in stories), Counter[str]())
    shipments = sum((counted(story.shipment) for story in stories), Counter[str]())
    title = f"History events per order until delivered (mean of {len(stories)})"
    table = Table(title=title, title_justify="left")
    for column in ("what", "order", "shipment", "for"):
        table.add_column(column, justify="right" if column in ("order", "shipment") else "left")
    for name in dict.fromkeys((*PURPOSES, *orders, *shipments)):
        if orders[name] or shipments[name]:
            table.add_row(
                name, _mean(orders[name], stories), _mean(shipments[name], stories),
                PURPOSES.get(name, ""),
            )  # fmt: skip
    table.add_section()
    table.add_row("all", _mean(orders.total(), stories), _mean(shipments.total(), stories), "")
    return table


def _mean(total: int, stories: Sequence[Story]) -> str:
    return f"{total / len(stories):.1f}" if total else "–"


def _per_order(before: dict[str, float], after: dict[str, float], orders: int) -> dict[str, float]:
    return {name: (used - before.get(name, 0.0)) / orders for name, used in after.items()}


async def run(running: Company, orders: int, in_flight: int, rounds: int, console: Console) -> None:
    """All rounds; prints both tables."""
    await running.seed()
    running.start("api", "cli", "serve", "api")
    running.wait_for_api()
    client = await connect(running.settings, running.temporal.address)
    onhand, bare = Runs(), Runs()
    with Progress(console=console, transient=True) as progress:
        bench = Bench(running, client, orders, in_flight, progress)
        for _ in range(rounds):
            await bench.onhand(onhand)
            stories = await bench.stories()
            await bench.bare(bare, usual(stories))
    onhand.events = statistics.mean(len(story.order) + len(story.shipment) for story in stories)
    console.print(speed_table(onhand, bare))
    console.print(events_table(stories))


def main(arguments: list[str] | None = None) -> None:
    """Measure on servers of our own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--in-flight", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args(arguments)
    console = Console(width=120)
    with company() as running:
        asyncio.run(run(running, options.orders, options.in_flight, options.rounds, console))


if __name__ == "__main__":
    main()
