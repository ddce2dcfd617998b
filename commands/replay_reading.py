"""The file of a replay, read once: its orders of some days, its products, its faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path

from domain.inventory.cover import Assortment, OfferedProduct
from domain.orders.history import (
    Conventions,
    NotAnOrder,
    PastLine,
    PastOrder,
    orders_of,
)
from domain.orders.returns.past import PastReturn, match_returns
from domain.orders.snapshot import LineKind
from integrations.marketplaces.own_schema import MOST_LINES
from integrations.past_orders import RowError, past_lines
from integrations.spreadsheet import UnreadableFile, read_rows


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, the last one included."""

    first: date
    last: date

    def near(self, day: date) -> bool:
        """Whether rows of this day may belong to an order of the period."""
        return (self.first - day).days <= 1 and (day - self.last).days <= 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file gives for the period. `left_out` is by number as the file has it."""

    period: Period
    orders: tuple[PastOrder, ...]
    left_out: Mapping[str, NotAnOrder]
    products: tuple[OfferedProduct, ...]
    errors: tuple[RowError, ...]
    corrections: int
    returns: tuple[PastReturn, ...] = ()  # of the period; then cancellations are not sent

    @property
    def numbers(self) -> int:
        """How many order numbers the period has, whatever becomes of them."""
        return len(self.orders) + len(self.left_out)


def read_history(
    file: Path,
    period: Period | None,
    named: Mapping[str, str],
    zone: tzinfo,
    rules: Conventions,
    *,
    cover: int,
    encoding: str = "",
    sheet: str = "",
    returns: bool = False,
) -> Reading:
    """Read everything there is. Raises UnreadableFile, also when no order lies in the period."""
    wanted = period or Period(date.min, date.min)
    assortment = Assortment(wanted.first, cover)
    lines: list[PastLine] = []
    errors: list[RowError] = []
    days: set[date] = set()
    traded: list[PastLine] = []
    for line in past_lines(read_rows(file, encoding, sheet), named, zone):
        if isinstance(line, RowError):
            errors.append(line)
            continue
        day = line.at.astimezone(zone).date()
        days.add(day)
        if rules.kind_of(line) is LineKind.GOODS:
            assortment.name(line.sku, line.title)
        if rules.is_sale(line):
            assortment.sell(line.sku, line.quantity, line.price, day)
        if wanted.near(day):
            lines.append(line)
        if returns and day <= wanted.last:
            traded.append(line)
    inside = {line.order_no for line in _firsts(lines) if _in(wanted, line, zone)}
    broken = {error.order_no for error in errors} & inside
    history = orders_of(
        (line for line in lines if line.order_no in inside),
        rules,
        broken=frozenset(broken),
        most_lines=MOST_LINES,
    )
    if not history.orders and not history.left_out:
        raise UnreadableFile(_no_order(file, period, days, errors))
    orders = [one for one in history.orders if not (returns and one.cancels)]
    back = [one for one in match_returns(traded, rules) if _in(wanted, one.line, zone)]
    return Reading(
        wanted,
        tuple(orders),
        history.left_out,
        assortment.products(),
        tuple(errors),
        len(history.corrections),
        tuple(back),
    )


def _firsts(lines: list[PastLine]) -> list[PastLine]:
    """The earliest row of each number: it decides on which day the order was placed."""
    firsts: dict[str, PastLine] = {}
    for line in lines:
        known = firsts.get(line.order_no)
        if known is None or line.at < known.at:
            firsts[line.order_no] = line
    return list(firsts.values())


def _in(period: Period, line: PastLine, zone: tzinfo) -> bool:
    return period.first <= line.at.astimezone(zone).date() <= period.last


def _no_order(file: Path, period: Period | None, days: set[date], errors: list[RowError]) -> str:
    if not days:
        first = f", the first in row {errors[0].row}: {errors[0].cause}" if errors else ""
        return f"{file.name} has no row that can be used ({len(errors)} with errors{first})."
    has = f"{file.name} runs from {min(days)} to {max(days)}"
    if period is None:
        return f"Say which days: --day D, or --from D --to D; {has}."
    if period.first == period.last:
        return f"There is no order on {period.first}; {has}."
    return f"There is no order from {period.first} to {period.last}; {has}."
