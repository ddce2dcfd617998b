"""How fast stock is promised, as ratios to one bare statement per request in the same run.

`python -m bench.reservation [--seconds S] [--rounds N]`. Candidates take turns, so that a slow
minute of the machine hits all of them. Also proves that nothing was sold twice or refused although
it was there, and that this proof can fail.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from activities.inventory.reserving import ReservationBatcher
from bench.company import cpu_s
from bench.reservation_proofs import Proof, scarcity, unguarded
from bench.reservation_stock import CALLERS, Taker, bare_taker, batched_taker, fill, open_bare
from db.engine import create_engine, sessions
from db.migrate import migrate
from runtime.embedded import EmbeddedPostgres


@dataclass
class Runs:
    """What one candidate did in all its rounds."""

    per_second: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    deadlocks: int = 0
    errors: int = 0
    cpu_s: float = 0.0

    @property
    def speed(self) -> float:
        """Median over the rounds, requests per second."""
        return statistics.median(self.per_second)

    @property
    def cpu_ms(self) -> float:
        """Processor time per request, ours and the server's: whoever else is at work."""
        return self.cpu_s * 1000 / len(self.latencies_ms)

    @property
    def p99_ms(self) -> float:
        """99th percentile over all requests."""
        return statistics.quantiles(self.latencies_ms, n=100)[98]


async def drive(take: Taker, skus: int, lines: int, seconds: float, runs: Runs) -> None:
    """Let 64 callers ask for 1 to 3 units of random SKUs, each again as soon as it is answered."""
    end, done, used = time.perf_counter() + seconds, 0, cpu_s(psutil.Process())

    async def caller() -> None:
        nonlocal done
        while (begun := time.perf_counter()) < end:
            chosen = random.sample(range(skus), lines)
            try:
                await take([(f"S{n}", random.randint(1, 3)) for n in chosen])
            except Exception as error:
                dead = "deadlock" in str(error)
                runs.deadlocks += dead
                runs.errors += not dead
                continue
            runs.latencies_ms.append((time.perf_counter() - begun) * 1000)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    runs.per_second.append(done / (time.perf_counter() - started))
    runs.cpu_s += cpu_s(psutil.Process()) - used


BARE = {"bare statement, 64 connections": CALLERS, "bare statement, 16 connections": 16}
BATCHED = {"batched, 1 connection": 1, "batched, 2 processes' worth": 2}
LOADS = {"one hot SKU": (1, 1), "1,000 SKUs": (1000, 1), "3-line orders": (1000, 3)}


async def measure(url: str, seconds: float, rounds: int) -> dict[tuple[str, str], Runs]:
    """Every candidate in every round, on fresh stock that never runs out and fresh connections."""
    results: dict[tuple[str, str], Runs] = {}
    for _ in range(rounds):
        for load, (skus, lines) in LOADS.items():
            for name, connections in BARE.items():
                if lines > 1:
                    continue  # a bare statement cannot take all of several lines or none
                fill(url, skus, 10**9)
                runs = results.setdefault((load, name), Runs())
                opened = await open_bare(url, connections)
                await drive(bare_taker(opened), skus, lines, seconds, runs)
                for connection in opened:
                    await connection.close()
            for name, processes in BATCHED.items():
                fill(url, skus, 10**9)
                runs = results.setdefault((load, name), Runs())
                engine = create_engine(url, "onhand_worker", pool_size=processes)
                batchers = [ReservationBatcher(sessions(engine)) for _ in range(processes)]
                await drive(batched_taker(batchers), skus, lines, seconds, runs)
                await engine.dispose()
    return results


def speed_table(results: dict[tuple[str, str], Runs]) -> Table:
    """Requests per second, as a ratio to the bare statement on as many connections as callers."""
    table = Table(title=f"Reservations, {CALLERS} callers", title_justify="left")
    for column in (
        "load", "candidate", "requests/s", "ratio", "p99 ms", "p99 ratio", "CPU ms", "CPU ratio",
        "deadlocks",
    ):  # fmt: skip
        table.add_column(column, justify="left" if column in ("load", "candidate") else "right")
    for (load, name), runs in results.items():
        base = results.get((load, next(iter(BARE))))
        table.add_row(
            load,
            name,
            f"{runs.speed:,.0f}",
            f"× {runs.speed / base.speed:.2f}" if base else "–",
            f"{runs.p99_ms:.1f}",
            f"× {runs.p99_ms / base.p99_ms:.2f}" if base else "–",
            f"{runs.cpu_ms:.2f}",
            f"÷ {base.cpu_ms / runs.cpu_ms:.1f}" if base else "–",
            f"{runs.deadlocks}" + (f" ({runs.errors} other errors)" if runs.errors else ""),
        )
    return table


def proof_table(proofs: list[Proof]) -> Table:
    """Scarce stock: what was sold too often, and what was refused although it was there."""
    table = Table(title="Scarce stock, callers until it is gone", title_justify="left")
    for column in ("case", "units", "promised", "oversold", "refused though there"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for proof in proofs:
        table.add_row(
            proof.case,
            f"{proof.units:,}",
            f"{proof.promised:,}",
            str(proof.oversold),
            "–" if proof.falsely_refused is None else str(proof.falsely_refused),
        )
    return table


async def run(url: str, seconds: float, rounds: int, console: Console) -> bool:
    """All measurements; whether every proof held and the negative control failed."""
    migrate(url)
    console.print(speed_table(await measure(url, seconds, rounds)))
    proofs = [
        await scarcity(url, "one hot SKU", skus=1, lines=1),
        await scarcity(url, "3-line orders, 20 SKUs", skus=20, lines=3),
    ]
    control = await unguarded(url)
    console.print(proof_table([*proofs, control]))
    held = all(p.oversold == 0 and p.falsely_refused == 0 for p in proofs)
    return held and control.oversold > 0


def main(arguments: list[str] | None = None) -> None:
    """Measure on an embedded server of our own; exit 1 when a proof failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            held = asyncio.run(run(server.url, options.seconds, options.rounds, Console(width=128)))
        finally:
            server.stop()
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
