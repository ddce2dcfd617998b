"""Goods at the ramp: what was counted against what was expected, and what becomes of each unit.

Whatever stands there is taken down. What may be sold is accepted; everything that is otherwise than
agreed is kept apart until somebody decides about it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from domain.inventory.expiry import is_expired


class SourceKind(StrEnum):
    """What goods come in on."""

    PURCHASE = "purchase"
    TRANSFER = "transfer"
    NONE = "none"  # nobody announced them


class ReceiptState(StrEnum):
    OPEN = "open"  # being scanned
    COUNTED = "counted"  # somebody said that this is all; it can be looked at, and opened again
    POSTED = "posted"  # in the ledger
    CORRECTED = "corrected"  # posted, and taken back by an opposite posting
    CANCELLED = "cancelled"  # nothing was posted


class Verdict(StrEnum):
    """What was found of units that came in."""

    ACCEPTED = "accepted"
    QUARANTINE = "quarantine"
    REJECTED = "rejected"


# How the ledger keeps units of a verdict.
CONDITION: Final[Mapping[Verdict, str]] = {
    Verdict.ACCEPTED: "good",
    Verdict.QUARANTINE: "quarantine",
    Verdict.REJECTED: "damaged",
}


class Trouble(StrEnum):
    """Why units are otherwise than agreed. The first that holds is said."""

    NONE = ""
    WRONG_SKU = "wrong_sku"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    UNKNOWN_LOT = "unknown_lot"
    LOT_DIFFERS = "lot_differs"  # the register of lots knows other dates
    SHORT_LIFE = "short_life"
    OVER = "over"
    INSPECTION = "inspection"  # somebody wants them looked at
    SHORT = "short"  # announced, and not there


@dataclass(frozen=True, slots=True)
class Expected:
    """A line of the order or the transfer, with what is still to come of it.

    `lots` are those that were announced; none = any. `cost_minor` is what a unit costs, if known.
    """

    line_no: int
    sku: str
    units: int
    tolerance_units: int = 0
    least_life_days: int = 0
    cost_minor: int | None = None
    lots: frozenset[str] = frozenset()
    announced_units: int | None = None  # none = nobody said how many come this time


@dataclass(frozen=True, slots=True)
class Counted:
    """Units that were counted alike."""

    sku: str
    units: int
    verdict: Verdict = Verdict.ACCEPTED
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    bin: str = ""
    lot_differs: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Units that go into the ledger together; `source_line_no` 0 = they belong to no line."""

    line_no: int
    sku: str
    units: int
    verdict: Verdict
    trouble: Trouble = Trouble.NONE
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    bin: str = ""
    source_line_no: int = 0
    cost_minor: int | None = None
    least_life_days: int = 0  # what was asked, where too little was left

    @property
    def condition(self) -> str:
        return CONDITION[self.verdict]

    @property
    def value_minor(self) -> int | None:
        """What the units cost; none where nobody said a price."""
        return None if self.cost_minor is None else self.units * self.cost_minor


@dataclass(frozen=True, slots=True)
class Missing:
    """Units that were announced and did not come."""

    sku: str
    units: int
    source_line_no: int
    cost_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a posting would do."""

    lines: tuple[ReceiptLine, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def received(self) -> dict[int, int]:
        """Units that each line of the order has got: what we kept, and no more."""
        units: dict[int, int] = defaultdict(int)
        for line in self.lines:
            if line.source_line_no and line.verdict is Verdict.ACCEPTED:
                units[line.source_line_no] += line.units
        return dict(units)

    @property
    def troubles(self) -> tuple[ReceiptLine, ...]:
        return tuple(line for line in self.lines if line.trouble)


def assess(
    expected: Sequence[Expected], counted: Iterable[Counted], today: date, *, announced: bool = True
) -> Assessment:
    """Every counted unit gets a verdict and, where something is wrong, what it is.

    What a person accepted stays accepted unless a rule says no: another SKU than expected, expired,
    a lot that nobody announced, too little life left, more than was ordered and tolerated. Without
    a source (`announced` is false) only the day of expiry is asked. In whatever order they come.
    """
    open_lines = _Open.of(expected)
    found = [
        (group, _trouble(group, open_lines.of_sku(group.sku), today, announced))
        for group in _together(counted)
    ]
    lines: list[ReceiptLine] = []
    for group, trouble in sorted(found, key=lambda one: _rank(*one)):
        for part in _judged(group, trouble, open_lines, announced):
            lines.append(replace(part, line_no=len(lines) + 1))
    return Assessment(tuple(lines), tuple(_missing(expected, lines)))


@dataclass(slots=True)
class _Open:
    """What may still be accepted, line by line, while units are given to it."""

    lines: Sequence[Expected]
    left: dict[int, int] = field(default_factory=dict)
    spare: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, expected: Sequence[Expected]) -> "_Open":
        return cls(
            expected,
            {line.line_no: max(line.units, 0) for line in expected},
            {line.line_no: max(line.tolerance_units, 0) for line in expected},
        )

    def of_sku(self, sku: str) -> list[Expected]:
        return [line for line in self.lines if line.sku == sku]

    def _for(self, group: Counted) -> list[Expected]:
        """Lines of this very lot, where lines name lots."""
        lines = self.of_sku(group.sku)
        named = [line for line in lines if not line.lots or group.lot in line.lots]
        return named or lines

    def give(self, group: Counted) -> list[tuple[int, int]]:
        """Units by line, as far as they are ordered and then as far as more is tolerated; the rest
        is of no line."""
        given: dict[int, int] = {}
        units = group.units
        for room in (self.left, self.spare):
            for line in self._for(group):
                part = min(units, room[line.line_no])
                if part:
                    room[line.line_no] -= part
                    units -= part
                    given[line.line_no] = given.get(line.line_no, 0) + part
        return [*given.items(), *([(0, units)] if units else [])]


def _together(counted: Iterable[Counted]) -> list[Counted]:
    """Equal units added up."""
    sums: dict[Counted, int] = defaultdict(int)
    for one in counted:
        sums[replace(one, units=0)] += one.units
    return [replace(one, units=units) for one, units in sums.items() if units > 0]


_RANK: Final = {Verdict.ACCEPTED: 0, Verdict.QUARANTINE: 1, Verdict.REJECTED: 2}


def _rank(one: Counted, trouble: Trouble) -> tuple[object, ...]:
    """What is as agreed comes first, and has the room of the order; among equals the longest life
    does."""
    life = -(one.expires_on or date.max).toordinal()
    return (
        one.sku, bool(trouble), _RANK[one.verdict], life, one.lot, str(one.produced_on), one.bin,
    )  # fmt: skip


def _judged(
    group: Counted, trouble: Trouble, open_lines: _Open, announced: bool
) -> Iterable[ReceiptLine]:
    costs = {line.line_no: line.cost_minor for line in open_lines.of_sku(group.sku)}
    asked = _least_life(open_lines.of_sku(group.sku)) if trouble is Trouble.SHORT_LIFE else 0
    price = next(iter(costs.values()), None)
    for line_no, units in open_lines.give(group):
        too_many = announced and not line_no and not trouble
        found = Trouble.OVER if too_many else trouble
        line = _line(group, units, found, line_no, costs.get(line_no, price))
        yield replace(line, least_life_days=asked)


def _trouble(group: Counted, wanted: Sequence[Expected], today: date, announced: bool) -> Trouble:
    if announced and not wanted:
        return Trouble.WRONG_SKU
    if group.verdict is Verdict.REJECTED:
        return Trouble.DAMAGED
    if is_expired(group.expires_on, today):
        return Trouble.EXPIRED
    lots = frozenset[str]().union(*(line.lots for line in wanted))
    if lots and group.lot not in lots:
        return Trouble.UNKNOWN_LOT
    if group.lot_differs:
        return Trouble.LOT_DIFFERS
    least = _least_life(wanted)
    if least and (group.expires_on is None or (group.expires_on - today).days < least):
        return Trouble.SHORT_LIFE
    return Trouble.INSPECTION if group.verdict is Verdict.QUARANTINE else Trouble.NONE


def _least_life(wanted: Sequence[Expected]) -> int:
    return max((line.least_life_days for line in wanted), default=0)


def _line(
    group: Counted, units: int, trouble: Trouble, source_line_no: int, cost_minor: int | None
) -> ReceiptLine:
    verdict = group.verdict
    if trouble and verdict is Verdict.ACCEPTED:
        verdict = Verdict.QUARANTINE
    return ReceiptLine(
        0, group.sku, units, verdict, trouble, group.lot, group.produced_on, group.expires_on,
        group.bin, source_line_no, cost_minor,
    )  # fmt: skip


def _missing(expected: Sequence[Expected], lines: Sequence[ReceiptLine]) -> Iterable[Missing]:
    """Of what was announced: units that did not come, in whatever state."""
    came: dict[str, int] = defaultdict(int)
    for one in lines:
        came[one.sku] += one.units
    for line in expected:
        if line.announced_units is None:
            continue
        here = min(came[line.sku], line.announced_units)
        came[line.sku] -= here
        if lacking := line.announced_units - here:
            yield Missing(line.sku, lacking, line.line_no, line.cost_minor)


# --- scans ---


@dataclass(frozen=True, slots=True)
class Scan:
    """Units that somebody scanned or typed; or, with `undoes`, the taking back of such a scan."""

    key: str
    at: datetime
    counted: Counted | None = None
    undoes: str = ""


def tally(scans: Iterable[Scan]) -> dict[str, Counted]:
    """The scans that count, by key: each once, and none that was taken back, in whatever order."""
    once = {scan.key: scan for scan in scans}
    undone = {scan.undoes for scan in once.values() if scan.undoes}
    return {
        key: scan.counted
        for key, scan in sorted(once.items())
        if scan.counted is not None and key not in undone
    }
