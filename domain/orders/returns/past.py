"""Cancellations of past orders against the sales they take back: each unit of a sale once.

A file says which customer sent what back, not of which order: the latest sale before it counts,
one at the same price first. What finds no sale has a name, and no cent of the file is without one.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.orders.history import Conventions, PastLine
from domain.orders.snapshot import LineKind


class PastReturnState(StrEnum):
    MATCHED = "matched"
    OTHER_PRICE = "matched_at_another_price"
    OVER_RETURNED = "over_returned"  # more than this customer ever bought of it
    NEVER_SOLD = "never_sold_to_this_customer"
    NO_CUSTOMER = "no_customer"
    NOT_GOODS = "not_goods"  # postage, discounts, corrections: money alone


@dataclass(frozen=True, slots=True)
class PastReturn:
    """Units of one row that share a fate; `order_no` is the sale they take back, if any."""

    line: PastLine
    units: int
    state: PastReturnState
    order_no: str = ""

    @property
    def finds_sale(self) -> bool:
        return bool(self.order_no)

    @property
    def sum(self) -> Decimal:
        return self.line.price * self.units


def match_returns(lines: Iterable[PastLine], rules: Conventions) -> tuple[PastReturn, ...]:
    """Every row of every cancellation, as they happened, cut into pieces by their fate."""
    sold: dict[tuple[str, str], list[tuple[PastLine, list[int]]]] = defaultdict(list)
    found: list[PastReturn] = []
    for line in sorted(lines, key=lambda one: (one.at, one.row)):
        if rules.cancelled_no(line.order_no) is not None:
            found += _pieces(line, sold[line.customer, line.sku], rules)
        elif rules.is_sale(line) and line.customer:
            sold[line.customer, line.sku].append((line, [line.quantity]))
    return tuple(found)


def _pieces(
    line: PastLine, sales: list[tuple[PastLine, list[int]]], rules: Conventions
) -> Iterable[PastReturn]:
    units = -line.quantity
    if rules.kind_of(line) is not LineKind.GOODS or units <= 0:
        return (PastReturn(line, units, PastReturnState.NOT_GOODS),)
    if not line.customer:
        return (PastReturn(line, units, PastReturnState.NO_CUSTOMER),)
    pieces: list[PastReturn] = []
    same_price_first = sorted(
        reversed(sales), key=lambda sale: (sale[0].price != line.price,)
    )  # stable: the latest first among those of one kind
    for sale, left in same_price_first:
        taken = min(units, left[0])
        if taken:
            left[0] -= taken
            units -= taken
            same = sale.price == line.price
            state = PastReturnState.MATCHED if same else PastReturnState.OTHER_PRICE
            pieces.append(PastReturn(line, taken, state, sale.order_no))
    if units:
        never = PastReturnState.NEVER_SOLD
        pieces.append(PastReturn(line, units, PastReturnState.OVER_RETURNED if sales else never))
    return pieces
