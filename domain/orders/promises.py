"""What an order was promised: picked, shipped and delivered by when, and how those clocks stand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.orders.delivery import USUAL_DAYS
from domain.orders.visits import ALWAYS, WorkDays, last_visit

# [from, to); `to` is None while the order is held.
Hold = tuple[datetime, datetime | None]

LATE: Final = "Late"  # the cause of an attention item about a promise
STEP: Final = "promise"


class Clock(StrEnum):
    PICK_BY = "pick_by"
    SHIP_BY = "ship_by"  # what the channel promised
    DELIVER_BY = "deliver_by"


class Level(StrEnum):
    """How loud it is said; the second one is for somebody else."""

    WARNING = "warning"
    ESCALATION = "escalation"


class ClockState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"  # the order is held
    WARNED = "warned"
    LATE = "late"
    MET = "met"


# Ours to move. A channel goes on counting, whatever holds the order here.
STOPS_ON_HOLD: Final = frozenset({Clock.PICK_BY, Clock.DELIVER_BY})


@dataclass(frozen=True, slots=True)
class PromiseRules:
    """What a shop decided about its clocks."""

    pick_before: timedelta = timedelta(hours=4)  # the ship-by, where no carrier comes at a time
    warn_before: timedelta = timedelta(hours=2)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "PromiseRules":
        """The settings of a shop; what is not set, or cannot be used, is the default."""
        return cls(
            timedelta(minutes=_whole(settings.get("pick_before_min"), 240)),
            timedelta(minutes=_whole(settings.get("warn_before_min"), 120)),
        )


@dataclass(frozen=True, slots=True)
class Promised:
    """What decides about the clocks of one order. `cutoff` is when its carrier comes, in `zone` on
    `days`."""

    ship_by: datetime
    holds: Sequence[Hold] = ()
    picked: bool = False
    left: bool = False
    delivered: bool = False
    carrier: str = ""
    cutoff: time | None = None
    zone: str = "UTC"
    to_door: int = USUAL_DAYS  # days after the ship-by
    days: WorkDays = ALWAYS
    rules: PromiseRules = PromiseRules()


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock: `due` is already moved by the holds that are over."""

    clock: Clock
    due: datetime
    warn_at: datetime
    stopped: bool = False
    met: bool = False

    def state(self, now: datetime) -> ClockState:
        """How the clock stands; met is final."""
        if self.met:
            return ClockState.MET
        if self.stopped:
            return ClockState.STOPPED
        if now >= self.due:
            return ClockState.LATE
        return ClockState.WARNED if now >= self.warn_at else ClockState.RUNNING

    def next_moment(self, now: datetime) -> datetime | None:
        """When to look next if nothing is heard: after now, or never."""
        if self.met or self.stopped:
            return None
        return next((at for at in (self.warn_at, self.due) if at > now), None)

    def step(self, level: Level) -> str:
        """The name of what is said about it: another one once the clock was moved."""
        return f"{STEP}/{self.clock}/{level}/{self.due.astimezone(UTC):%Y%m%dT%H%M%S}"


@dataclass(frozen=True, slots=True)
class Said:
    """Something to tell people about a clock."""

    promise: Promise
    level: Level

    @property
    def step(self) -> str:
        return self.promise.step(self.level)


def promises(order: Promised) -> tuple[Promise, ...]:
    """The three clocks of an order."""
    to_the_door = order.ship_by + timedelta(days=order.to_door)
    return (
        _promise(order, Clock.PICK_BY, pick_by(order), met=order.picked or order.left),
        _promise(order, Clock.SHIP_BY, order.ship_by, met=order.left),
        _promise(order, Clock.DELIVER_BY, to_the_door, met=order.delivered),
    )


def pick_by(order: Promised) -> datetime:
    """Before the carrier's last visit that keeps the ship-by; else some time before it."""
    usual = order.ship_by - order.rules.pick_before
    if order.cutoff is None:
        return usual
    return last_visit(order.cutoff, ZoneInfo(order.zone), order.ship_by, order.days) or usual


def moved(due: datetime, holds: Iterable[Hold]) -> tuple[datetime, bool]:
    """When it is due after the holds, and whether one of them stops the clock now."""
    counted = due  # holds that overlap count once
    until = datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(holds, key=lambda hold: hold[0]):
        begins = max(start, until)
        if begins >= counted:
            break
        if end is None:
            return counted, True
        if end > begins:
            counted += end - begins
            until = end
    return counted, False


def untold_at(all_of_them: Iterable[Promise], told: Collection[str]) -> datetime | None:
    """The earliest moment at which something is to be said that was not said; it may be over."""
    times = [at for one in all_of_them if (at := _untold(one, told)) is not None]
    return min(times, default=None)


def to_say(
    all_of_them: Iterable[Promise], told: Collection[str], now: datetime
) -> tuple[Said, ...]:
    """What is to be said now, of each clock the loudest alone."""
    said = []
    for one in all_of_them:
        at = _untold(one, told)
        if at is not None and at <= now:
            level = Level.ESCALATION if now >= one.due else Level.WARNING
            said.append(Said(one, level))
    return tuple(said)


def over(all_of_them: Iterable[Promise], is_open: Iterable[str]) -> tuple[str, ...]:
    """Of what was said and nobody closed, that which is no longer so: kept, stopped or moved, or
    said louder since."""
    still = {step: one for one in all_of_them if not (one.met or one.stopped) for step in _of(one)}
    said = tuple(is_open)
    return tuple(
        step
        for step in said
        if step not in still
        or (f"/{Level.WARNING}/" in step and still[step].step(Level.ESCALATION) in said)
    )


def _promise(order: Promised, clock: Clock, due: datetime, *, met: bool) -> Promise:
    stopped = False
    if clock in STOPS_ON_HOLD:
        due, stopped = moved(due, order.holds)
    return Promise(clock, due, due - order.rules.warn_before, stopped, met)


def _of(one: Promise) -> tuple[str, str]:
    return one.step(Level.WARNING), one.step(Level.ESCALATION)


def _untold(one: Promise, told: Collection[str]) -> datetime | None:
    if one.met or one.stopped or one.step(Level.ESCALATION) in told:
        return None
    return one.due if one.step(Level.WARNING) in told else one.warn_at


def _whole(value: object, usual: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else usual
