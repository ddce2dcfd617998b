"""What a dealer says he has and sold, and whether it can be: every doubt names its numbers.

Dealers own their stock; we know of it only what they report. A report is believed when it follows
from the one before: what lay there, and what came, less what was sold and what went back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import ceil
from statistics import median
from typing import Final

from domain.shared.errors import InvalidInput

# Of the robust z-score: 3.5 is Iglewicz and Hoaglin's; what lies there swings more than sales do.
_ODD_SALES: Final = 3.5
_ODD_STOCK: Final = 5.0
_NORMAL: Final = 0.6745  # of a normal distribution's spread lies within one MAD
_ENOUGH: Final = 5  # reports before one may speak of a habit
OLDEST_DAYS: Final = 366
MOST_UNITS: Final = 100_000_000


class Doubt(StrEnum):
    """Why a report is not believed as it is."""

    UNKNOWN_SKU = "unknown_sku"
    UNKNOWN_LOT = "unknown_lot"
    NEGATIVE = "negative"
    FIRST = "first"  # nothing to compare with
    TOO_MUCH = "too_much"  # more lies there than can
    TOO_LITTLE = "too_little"
    OVERSOLD = "oversold"  # more than he ever had
    MISSING = "missing"  # not named, and lay there before
    ODD_SALES = "odd_sales"
    ODD_STOCK = "odd_stock"
    OVER_CAPACITY = "over_capacity"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class DealerLine:
    """Units of a SKU (of a lot, where the dealer keeps them apart): lying there, and sold since the
    report before."""

    sku: str
    stock: int
    sold: int = 0
    lot: str = ""


@dataclass(frozen=True, slots=True)
class ReportRule:
    """How often a dealer reports, and how far off he may be. `capacity`: units his house holds."""

    every_days: int = 7
    late_days: int = 3
    tolerance_percent: int = 2
    tolerance_units: int = 2
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Habit:
    """Reports of a SKU before this one: units sold a day, units lying there."""

    daily: tuple[float, ...] = ()
    stock: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a SKU at a dealer's since the report before. `on_the_way` left us and is not
    booked there yet: he may have counted it."""

    lay: int = 0
    came: int = 0
    went_back: int = 0
    on_the_way: int = 0
    sold_before: int = 0  # what he sold last time
    lots: frozenset[str] | None = None  # those there are; None: lots are not kept
    habit: Habit = Habit()


@dataclass(frozen=True, slots=True)
class Before:
    """All that a report is compared with. `day` of the report before; None: there is none.
    Products that nobody knows are not among `skus`."""

    day: date | None
    skus: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One doubt about a SKU, or about the whole ("")."""

    doubt: Doubt
    sku: str = ""
    numbers: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """A SKU with all its lots."""

    stock: int
    sold: int


def refuse_unreadable(lines: Sequence[DealerLine], day: date, today: date) -> None:
    """What is no report at all. Raises InvalidInput."""
    if not lines:
        raise InvalidInput("a report names at least one product")
    if day > today:
        raise InvalidInput("a report is about a day that is over, or today")
    if (today - day).days > OLDEST_DAYS:
        raise InvalidInput("a report is at most a year late")
    keys = [(line.sku, line.lot) for line in lines]
    if len(keys) > len(set(keys)):
        raise InvalidInput("a product stands in the report twice")
    if any(max(abs(line.stock), abs(line.sold)) > MOST_UNITS for line in lines):
        raise InvalidInput("units are out of range")


def totals(lines: Iterable[DealerLine]) -> dict[str, Total]:
    """What a report says of each SKU."""
    found: dict[str, Total] = {}
    for line in lines:
        so_far = found.get(line.sku, Total(0, 0))
        found[line.sku] = Total(so_far.stock + line.stock, so_far.sold + line.sold)
    return found


def judge(
    lines: Sequence[DealerLine], day: date, before: Before, rule: ReportRule
) -> tuple[Verdict, ...]:
    """Every doubt about a report; none: it is believed."""
    found = [
        Verdict(Doubt.NEGATIVE, line.sku, {"stock": line.stock, "sold": line.sold})
        for line in lines
        if line.stock < 0 or line.sold < 0
    ]
    said = totals(lines)
    for sku, total in said.items():
        if (known := before.skus.get(sku)) is None:
            found.append(Verdict(Doubt.UNKNOWN_SKU, sku))
        else:
            lots = {line.lot for line in lines if line.sku == sku and line.lot}
            found += _of_lots(sku, lots, known)
            if before.day is not None:
                found += _of_balance(sku, total, known, rule)
                found += _of_habit(sku, total, known, max((day - before.day).days, 1))
    found += _of_whole(said, before, rule)
    return tuple(found)


def expected(known: Known, sold: int) -> int:
    """What should lie there."""
    return known.lay + known.came - sold - known.went_back


def tolerance(known: Known, rule: ReportRule) -> int:
    """How far off counting may be: of all that passed through his hands."""
    handled = max(known.lay, 0) + known.came
    return max(rule.tolerance_units, ceil(handled * rule.tolerance_percent / 100))


def odd(value: float, before: Sequence[float], limit: float) -> bool:
    """Whether a number is far from those before it, by the median and how they spread about it.

    Where they hardly spread, a tenth of the median, and at least one unit, is no jump.
    """
    if len(before) < _ENOUGH:
        return False
    middle = median(before)
    spread = median(abs(one - middle) for one in before)
    floor = max(0.1 * abs(middle), 1.0) * _NORMAL
    return _NORMAL * abs(value - middle) / max(spread, floor) > limit


def _of_lots(sku: str, lots: set[str], known: Known) -> list[Verdict]:
    if known.lots is None:
        return []
    return [
        Verdict(Doubt.UNKNOWN_LOT, sku, {"lot": lot})
        for lot in sorted(lots)
        if lot not in known.lots
    ]


def _of_balance(sku: str, total: Total, known: Known, rule: ReportRule) -> list[Verdict]:
    off, should = tolerance(known, rule), expected(known, total.sold)
    numbers: dict[str, int | str] = {
        "lay": known.lay, "came": known.came, "sold": total.sold, "back": known.went_back,
        "should": should, "stock": total.stock, "off": off, "way": known.on_the_way,
    }  # fmt: skip
    if total.sold > known.lay + known.came + known.on_the_way + off:
        return [Verdict(Doubt.OVERSOLD, sku, numbers)]
    if total.stock > should + known.on_the_way + off:
        return [Verdict(Doubt.TOO_MUCH, sku, numbers)]
    if total.stock < should - off:
        return [Verdict(Doubt.TOO_LITTLE, sku, numbers)]
    return []


def _of_habit(sku: str, total: Total, known: Known, days: int) -> list[Verdict]:
    found, habit = [], known.habit
    if odd(total.sold / days, habit.daily, _ODD_SALES):
        usual = round(median(habit.daily) * days)
        found.append(
            Verdict(Doubt.ODD_SALES, sku, {"sold": total.sold, "usual": usual, "days": days})
        )
    # What we delivered explains a jump.
    if odd(total.stock - known.came, habit.stock, _ODD_STOCK) and odd(
        total.stock, habit.stock, _ODD_STOCK
    ):
        usual = round(median(habit.stock))
        found.append(Verdict(Doubt.ODD_STOCK, sku, {"stock": total.stock, "usual": usual}))
    return found


def _of_whole(said: Mapping[str, Total], before: Before, rule: ReportRule) -> list[Verdict]:
    found = []
    if before.day is None:
        found.append(Verdict(Doubt.FIRST))
    else:
        for sku, known in before.skus.items():
            if sku not in said and known.lay + known.came - known.went_back > 0:
                lay = known.lay + known.came - known.went_back
                found.append(Verdict(Doubt.MISSING, sku, {"lay": lay}))
        if _unchanged(said, before):
            found.append(Verdict(Doubt.UNCHANGED))
    stock = sum(total.stock for total in said.values())
    if rule.capacity is not None and stock > rule.capacity:
        numbers: dict[str, int | str] = {"stock": stock, "capacity": rule.capacity}
        found.append(Verdict(Doubt.OVER_CAPACITY, "", numbers))
    return found


def _unchanged(said: Mapping[str, Total], before: Before) -> bool:
    """The last report copied: the same numbers, though units were sold."""
    earlier = {
        sku: (known.lay, known.sold_before)
        for sku, known in before.skus.items()
        if known.lay or known.sold_before
    }
    now = {
        sku: (total.stock, total.sold) for sku, total in said.items() if total.stock or total.sold
    }
    return bool(now) and now == earlier and any(sold for _, sold in now.values())


def sold_each(chain: Sequence[tuple[date, date | None, int]]) -> list[int]:
    """What was sold in the time of each report, by (day, the report it was made after, sold).

    A report that came later for a day in between takes its part out of the one behind it.
    """
    found: list[int] = []
    for number, (_, after, sold) in enumerate(chain):
        within = sum(
            units
            for (day, _, _), units in zip(chain[:number], found, strict=True)
            if after is None or day > after
        )
        found.append(sold - within)
    return found


def spread(units: int, days: int) -> list[int]:
    """Units over days, as evenly as whole units go; nothing of below zero."""
    units = max(units, 0)
    return [units * (n + 1) // days - units * n // days for n in range(days)]


@dataclass(frozen=True, slots=True)
class Ours:
    """What lay there of our own goods when the report was made, by lot; `free` may leave now."""

    units: int
    free: int


def settle(
    reported: Mapping[str, int], ours: Mapping[str, Ours], *, on_consignment: bool
) -> tuple[dict[str, int], dict[str, int]]:
    """A SKU's units by lot: those of ours that are the dealer's or sold by now, and what he owns.

    A dealer who buys owns what he reports. On consignment it is ours as long as it lies there.
    """
    left, gone = dict(reported), dict[str, int]()
    for lot, own in sorted(ours.items()):
        at = lot if lot in left else ""
        keep = min(own.units, max(left.get(at, 0), 0)) if on_consignment else 0
        gone[lot] = min(own.units - keep, own.free)
        left[at] = left.get(at, 0) - (own.units - gone[lot])
    return (
        {lot: units for lot, units in gone.items() if units > 0},
        {lot: max(units, 0) for lot, units in left.items()},
    )
