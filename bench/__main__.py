"""`make bench`: every measurement after the other. `--quick` for a first look, `--long` for rest.

Each is a command of its own too: `python -m bench.lifecycle`.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from bench import (
    acknowledgement,
    large_lists,
    levels,
    lifecycle,
    planning,
    reservation,
    search,
    sourcing,
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One benchmark with its arguments for a quick, a usual and a long run."""

    name: str
    main: Callable[[list[str]], None]
    quick: str
    usual: str
    long: str


MEASUREMENTS: Final = (
    Measurement(
        "reservation", reservation.main,
        "--seconds 0.5 --rounds 1", "--seconds 1 --rounds 3", "--seconds 5 --rounds 5",
    ),
    Measurement(
        "sourcing", sourcing.main,
        "--orders 50 --rounds 2", "--orders 200 --rounds 5", "--orders 300 --rounds 7",
    ),
    Measurement(
        "search", search.main,
        "--orders 50000 --rounds 10", "--orders 200000 --rounds 30", "--orders 1000000 --rounds 30",
    ),
    Measurement(
        "planning", planning.main, "--pairs 10000 --places 4", "--pairs 100000", "--pairs 100000",
    ),
    Measurement(
        "levels", levels.main,
        "--balances 200000 --rounds 10", "--balances 1000000 --rounds 20",
        "--balances 1000000 --rounds 40",
    ),
    Measurement(
        "large_lists", large_lists.main, "--rows 20000", "--rows 200000", "--rows 1000000",
    ),
    Measurement(
        "lifecycle", lifecycle.main,
        "--orders 60 --in-flight 30 --rounds 1", "--orders 120 --in-flight 60 --rounds 2",
        "--orders 600 --in-flight 100 --rounds 4",
    ),
    Measurement(
        "acknowledgement", acknowledgement.main,
        "--rate 50 --seconds 10 --outage 4", "--rate 100 --seconds 15 --outage 5",
        "--rate 200 --seconds 60 --outage 20",
    ),
)  # fmt: skip


def main() -> None:
    """Run them all; exit 1 when a proof of one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_const", const="quick", dest="length")
    length.add_argument("--long", action="store_const", const="long", dest="length")
    chosen = parser.parse_args().length or "usual"
    console, failed = Console(width=100), []
    for number, one in enumerate(MEASUREMENTS, 1):
        arguments: str = getattr(one, chosen)
        load = os.getloadavg()[0]
        console.rule(f"{number}/{len(MEASUREMENTS)} python -m bench.{one.name} {arguments}")
        begun = time.monotonic()
        try:
            one.main(arguments.split())
        except SystemExit as end:
            if end.code:
                failed.append(one.name)
            if isinstance(end.code, str):
                console.print(end.code)
        took = time.monotonic() - begun
        console.print(f"load average before: {load:.1f}; took {took:.0f} s\n")
    if failed:
        console.print(f"failed: {', '.join(failed)}")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
