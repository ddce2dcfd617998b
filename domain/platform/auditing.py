"""The nightly audit: what it is told, and what of its findings has one provable right answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# A check that finds more is broken itself, or a table is: a person looks before anything is done.
MOST_KEPT: Final = 1000
MOST_REPAIRED: Final = 200  # of one check, in one night
_CONFIRMED: Final = 2  # a finding was seen so often before anything is done about it

# Checks about values that other rows prove: the sum of a ledger, of refunds, of a claim's money;
# a lease whose owner is gone or whose time is over.
REPAIRABLE: Final = (
    "ledger_equals_balance",
    "reserved_equals_reservations",
    "nothing_is_negative",
    "no_stock_held_for_closed_orders",
    "held_stock_has_an_order",
    "ended_leases_gave_back",
    "nobody_waits_for_free_goods",
    "refunds_within_their_payment",
    "promised_for_returns",
    "returned_units_are_in_a_return",
    "claims_are_what_their_ledger_says",
    "goods_claims_are_what_their_ledger_says",
    "goods_claims_are_told_to_the_books_once",
    "what_is_credited_is_claimed",
    "red_invoices_add_up",
    "sums_equal_balances",
)


@dataclass(frozen=True, slots=True)
class AuditNight:
    """The audit of a night, or one that somebody asked for; decided as a whole when it begins."""

    run: str = ""
    by: str = "system"


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """Somebody wants everything checked now."""

    run: str
    by: str


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """Which checks are made, none while another run makes them, and whether what can be repaired
    is repaired."""

    checks: tuple[str, ...]
    repairs: bool


@dataclass(frozen=True, slots=True)
class MadeCheck:
    """One check that is made, or was."""

    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows break a check."""

    rows: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Findings that are no movement in flight, the oldest first."""

    finding_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairFinding:
    """A finding to repair."""

    finding_id: str


@dataclass(frozen=True, slots=True)
class Mended:
    """What stood there and what stands there now; the same when nothing was wrong any more."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        return dict(self.before) != dict(self.after)


def is_confirmed(seen: int) -> bool:
    """Whether a finding was seen often enough to be no movement in flight."""
    return seen >= _CONFIRMED


def name_of(row: Mapping[str, Any]) -> str:
    """What tells a finding from others of its check: the words of its row. Numbers are what was
    found there, and change."""
    words = [f"{key}={value}" for key, value in row.items() if isinstance(value, str)]
    return " ".join(words or [f"{key}={value}" for key, value in row.items()])
