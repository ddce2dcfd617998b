"""What a supplier's terms mean: what may be ordered, when, and when it is here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import lcm
from typing import Final

EVERY_DAY: Final = "1234567"
MOST_MINOR: Final = 10**15  # what a line may cost; a thousand of them are still a whole number
_LONGEST_SEARCH: Final = 366


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """How one SKU is bought from one supplier; quantities in base units."""

    sku: str
    price_minor: int = 0
    moq: int = 1
    multiple: int = 1
    case_pack: int = 1
    lead_time_days: int | None = None  # none = the supplier's

    @property
    def step(self) -> int:
        """Orders are so many units, or so many times as many."""
        return lcm(self.multiple, self.case_pack)

    def orderable(self, units: int) -> int:
        """The least that may be ordered to get these units; nothing for nothing."""
        if units <= 0:
            return 0
        least = max(units, self.moq)
        return -(-least // self.step) * self.step


@dataclass(frozen=True, slots=True)
class SupplierCalendar:
    """On which days of the week the supplier takes orders (Monday is 1), and its holidays."""

    order_days: str = EVERY_DAY
    days_off: frozenset[date] = frozenset()

    def takes_orders(self, day: date) -> bool:
        """Whether an order of this day is taken on it."""
        return str(day.isoweekday()) in self.order_days and day not in self.days_off

    def next_order_day(self, day: date) -> date:
        """This day or the first one after it on which orders are taken; the day itself for a
        supplier who takes none within a year."""
        days = (day + timedelta(days=n) for n in range(_LONGEST_SEARCH))
        return next((one for one in days if self.takes_orders(one)), day)

    def here_on(self, ordered_on: date, lead_time_days: int) -> date:
        """When goods are here that are ordered on this day. Holidays of the supplier are no days
        of its lead time."""
        day, left = self.next_order_day(ordered_on), lead_time_days
        while left > 0:
            day += timedelta(days=1)
            left -= day not in self.days_off
        return day


@dataclass(frozen=True, slots=True)
class Advice:
    """Something about a draft the supplier may not take. kind: below_moq | not_in_steps |
    no_terms | price_differs | below_minimum | no_order_day."""

    kind: str
    line_no: int = 0
    told: int = 0
    best: int = 0


def advice_on(
    lines: Iterable[tuple[int, int, int, ItemTerms | None]],
    minimum_minor: int,
    calendar: SupplierCalendar,
    today: date,
) -> tuple[Advice, ...]:
    """What the terms say to (line, units, price, terms) of a draft; nothing is refused."""
    found: list[Advice] = []
    total = 0
    for line_no, units, price, terms in lines:
        total += units * price
        if terms is None:
            found.append(Advice("no_terms", line_no))
            continue
        best = terms.orderable(units)
        if units < terms.moq:
            found.append(Advice("below_moq", line_no, units, best))
        elif best != units:
            found.append(Advice("not_in_steps", line_no, units, best))
        if terms.price_minor and price != terms.price_minor:
            found.append(Advice("price_differs", line_no, price, terms.price_minor))
    if total < minimum_minor:
        found.append(Advice("below_minimum", 0, total, minimum_minor))
    if not calendar.takes_orders(today):
        days = (calendar.next_order_day(today) - today).days
        found.append(Advice("no_order_day", 0, 0, days))
    return tuple(found)
