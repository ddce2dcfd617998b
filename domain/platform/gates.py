"""What a gate's workflow asks and hears."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# How far back the failures of a system are counted.
LATELY: Final = timedelta(minutes=30)
MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class TendGate:
    """Look after the gate of one outside system: wake at most `at_once` waiting steps."""

    system: str
    at_once: int = 5


@dataclass(frozen=True, slots=True)
class RenewedGate:
    """Somebody mended what the system refused: our credentials count again."""

    system: str
    by: str


@dataclass(frozen=True, slots=True)
class GateTended:
    """How the gate is now, and how many steps still wait for it.

    `stopped`: it is shut until somebody opens it, and does not try by itself.
    """

    state: str
    waiting: int
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A minute or so in which a system was called."""

    at: datetime
    calls: int
    failures: int


def recent(windows: Sequence[Window], now: datetime) -> tuple[Window, ...]:
    """Those that began lately and in which somebody called, the oldest first."""
    found = (one for one in windows if one.calls and one.at > now - LATELY)
    return tuple(sorted(found, key=lambda one: one.at))
