"""Counting stock: what is due, when somebody else counts again, and what a count changes.

A count is posted as the difference to the book at the moment of counting: sales and receipts that
come between the count and its posting stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class AbcClass(StrEnum):
    """By what is turned over: few SKUs make most of the value."""

    A = "A"
    B = "B"
    C = "C"


_UP_TO: Final = ((AbcClass.A, 80), (AbcClass.B, 95))  # percent of the value, added up from the top


class CountState(StrEnum):
    OPEN = "open"
    COUNTED = "counted"  # everything agrees; to be posted
    SHORT = "short"  # posted, but for units that are promised to somebody
    POSTED = "posted"
    CANCELLED = "cancelled"


class LineState(StrEnum):
    OPEN = "open"
    RECOUNT = "recount"  # by somebody else
    AGREED = "agreed"
    LEFT_OUT = "left_out"  # nobody counted it in time: it is due again


def abc_classes(turnover: Mapping[str, int]) -> dict[str, AbcClass]:
    """The class of each SKU by its turnover in money; one that turns nothing over is C."""
    whole, above = sum(max(value, 0) for value in turnover.values()), 0
    found: dict[str, AbcClass] = {}
    for sku, value in sorted(turnover.items(), key=lambda one: (-one[1], one[0])):
        share = above * 100 / whole if whole else 100
        fits = (klass for klass, most in _UP_TO if value > 0 and share < most)
        found[sku] = next(fits, AbcClass.C)
        above += max(value, 0)
    return found


def due(
    classes: Mapping[str, AbcClass],
    last: Mapping[str, date],
    every: Mapping[AbcClass, int],
    today: date,
) -> list[str]:
    """SKUs that were not counted within the days of their class, the longest overdue first; never
    counted ones before all. A class of 0 days is never due."""

    def overdue(sku: str) -> int:
        days = every[classes[sku]]
        if not days:
            return -1
        then = last.get(sku)
        return 10**6 if then is None else (today - then - timedelta(days=days)).days

    late = {sku: overdue(sku) for sku in classes}
    return sorted(
        (sku for sku, days in late.items() if days >= 0),
        key=lambda sku: (-late[sku], classes[sku], sku),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """One look at a shelf. `book` is what the books had, of which `in_hand` was picked already and
    lies in no shelf; `adjusted` is what corrections had added to the book by then."""

    units: int
    book: int
    in_hand: int = 0
    adjusted: int = 0
    by: str = ""

    @property
    def difference(self) -> int:
        """What is there more than the books say; below zero what is missing."""
        return self.units - (self.book - self.in_hand)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a count may be off before somebody else counts again."""

    units: int = 0
    percent: int = 0

    def covers(self, counted: Counted) -> bool:
        """Whether nobody has to look again."""
        shelf = max(counted.book - counted.in_hand, 0)
        return abs(counted.difference) <= max(self.units, shelf * self.percent // 100)


def state_of(looks: Sequence[Counted], tolerance: Tolerance) -> LineState:
    """Where a line stands: the last look counts when it is near the book, or when the one before
    found the same difference."""
    if not looks:
        return LineState.OPEN
    last = looks[-1]
    if tolerance.covers(last):
        return LineState.AGREED
    same = len(looks) > 1 and corrected(looks[-2], last.adjusted) == last.difference
    return LineState.AGREED if same else LineState.RECOUNT


def may_count(looks: Sequence[Counted], who: str) -> bool:
    """A second look is another person's."""
    return not looks or looks[-1].by != who


def corrected(counted: Counted, adjusted: int) -> int:
    """What of a difference is still to be posted, when corrections added up to so much since: a
    short pick, another count or this one may have booked it in part."""
    return counted.difference - (adjusted - counted.adjusted)
