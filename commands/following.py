"""Follows orders that a command sent until each is at rest, and says where they are meanwhile."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import DBAPIError

from domain.orders.order import OrderStatus
from domain.orders.standing import End, Standing, standing_of
from runtime.settings import StartRefused

LOOK_EVERY_S: Final = 1.0


def bars(console: Console) -> Progress:
    """Bars with a count, the time and a note."""
    return Progress(
        TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[note]}"), console=console,
    )  # fmt: skip


def standing(row: Any) -> Standing:
    """Where an order stands, of a row of `Replaying.outcomes`."""
    if row.parked:
        return Standing(End.WAITING, f"message:{row.parked}")
    return standing_of(
        OrderStatus(row.status), row.waits_for, attention=row.attention or "",
        unapplied=row.unapplied,
    )  # fmt: skip


def stages(standings: Iterable[Standing]) -> str:
    """How many orders go on by themselves, by stage."""
    counted = Counter(one.reason for one in standings if one.end is End.MOVING)
    return ", ".join(f"{times} {stage}" for stage, times in sorted(counted.items()))


async def follow(
    look: Callable[[], Awaitable[None]],
    show: Callable[[], object],
    ended: Callable[[bool], bool],
    patience_s: float,
) -> None:
    """Look and show until it has ended. `show` gives what it showed; `ended` is told whether that
    was the same for longer than the patience."""
    changed, before = time.monotonic(), None
    while True:
        with suppress(DBAPIError):  # it may be starting again; patience ends the wait
            await look()
        now = show()
        if now != before:
            changed, before = time.monotonic(), now
        if ended(time.monotonic() - changed > patience_s):
            return
        await asyncio.sleep(LOOK_EVERY_S)


@contextmanager
def last_look(then: str) -> Iterator[None]:
    """What the closing table needs is read inside. Raises StartRefused, which says what to do
    `then`, when the database is gone."""
    try:
        yield
    except DBAPIError as error:
        raise StartRefused(f"The database does not answer any more. {then}") from error
