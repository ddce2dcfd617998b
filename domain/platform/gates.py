"""What a gate's workflow asks and hears."""

from dataclasses import dataclass


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
