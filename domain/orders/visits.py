"""When carriers come to a place: at a time on its clock, on the days on which it works."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

EVERY_DAY: Final = "1234567"
_LONGEST_CLOSED: Final = 60  # days; a place that is shut for longer is visited by nobody


@dataclass(frozen=True, slots=True)
class WorkDays:
    """The days of the week, Monday is 1, and single days that are otherwise."""

    weekdays: str = EVERY_DAY
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()

    @classmethod
    def told(cls, weekdays: str, off: Iterable[str], on: Iterable[str]) -> "WorkDays":
        """From days as they are written."""
        single = (frozenset(map(date.fromisoformat, days)) for days in (off, on))
        return cls(weekdays, *single)

    def works(self, day: date) -> bool:
        """Whether somebody is there; a single day that is named both ways is worked."""
        if day in self.on:
            return True
        return str(day.isoweekday()) in self.weekdays and day not in self.off


ALWAYS: Final = WorkDays()


def next_visit(at: time, zone: ZoneInfo, now: datetime, days: WorkDays = ALWAYS) -> datetime | None:
    """The first visit after now."""
    return _visit(at, zone, now, days, 1)


def last_visit(
    at: time, zone: ZoneInfo, until: datetime, days: WorkDays = ALWAYS
) -> datetime | None:
    """The last visit that is not after `until`."""
    return _visit(at, zone, until, days, -1)


def was_here_today(at: time, zone: ZoneInfo, now: datetime, days: WorkDays = ALWAYS) -> bool:
    """Whether today's visit is over; on a day off there is none."""
    last = last_visit(at, zone, now, days)
    return last is not None and last.astimezone(zone).date() == now.astimezone(zone).date()


def _visit(
    at: time, zone: ZoneInfo, moment: datetime, days: WorkDays, step: int
) -> datetime | None:
    first = moment.astimezone(zone).date()
    for n in range(_LONGEST_CLOSED + 1):
        day = first + timedelta(days=n * step)
        visit = datetime.combine(day, at, zone)
        if days.works(day) and (visit > moment if step > 0 else visit <= moment):
            return visit.astimezone(UTC)
    return None
