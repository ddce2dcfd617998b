"""When backorders get their units, as far as purchase orders say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Supply:
    """Units that are to come on a day; without one, nobody knows when."""

    units: int
    on: date | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units a backorder waits for, in the order in which backorders are served."""

    id: str
    units: int


def expected(
    queue: Sequence[Waiting], supplies: Sequence[Supply], today: date
) -> dict[str, date | None]:
    """The day on which each backorder is whole; None where no supply is known to reach it.

    Supply that is late has no day: it was not here on the one that was told. Who waits longest is
    served first, so one who waits longer never gets a later day.
    """
    coming = sorted((s.on, s.units) for s in supplies if s.on is not None and s.on >= today)
    found: dict[str, date | None] = {}
    needed, reached, at = 0, 0, 0
    for one in queue:
        needed += one.units
        while reached < needed and at < len(coming):
            reached += coming[at][1]
            at += 1
        found[one.id] = coming[at - 1][0] if reached >= needed and at else None
    return found
