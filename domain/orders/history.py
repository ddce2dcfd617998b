"""Past orders as a till or a ledger lists them: row by row, goods and all else in one column."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.orders.snapshot import LineKind

# Codes that shops keep for what is no goods: postage, fees, corrections by hand, bad debt.
_CHARGES: Final = frozenset(
    (
        "POST", "POSTAGE", "DOT", "C2", "CARRIAGE", "SHIPPING", "FREIGHT", "M", "MANUAL", "ADJUST",
        "ADJUST2", "B", "CRUK", "AMAZONFEE", "BANK CHARGES", "邮费", "运费", "快递费", "手续费",
    )
)  # fmt: skip
_DISCOUNTS: Final = frozenset(("D", "DISCOUNT", "折扣", "优惠"))
_SERVICES: Final = frozenset(("S", "SAMPLES", "SERVICE", "服务"))
_VOUCHERS: Final = "GIFT_"


@dataclass(frozen=True, slots=True)
class PastLine:
    """One row of the file, and where it stands there; `price` is of one unit, `at` is aware."""

    row: int
    order_no: str
    sku: str
    title: str
    quantity: int
    price: Decimal
    at: datetime
    customer: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """All rows of one number; `cancels` when they take the order `no` back."""

    no: str
    cancels: bool
    lines: tuple[PastLine, ...]

    @property
    def at(self) -> datetime:
        """When it was placed: its earliest row."""
        return min(line.at for line in self.lines)


class NotAnOrder(StrEnum):
    """Why a number of the file is not sent."""

    BROKEN_ROWS = "rows_with_errors"
    STOCK_CORRECTION = "stock_correction"
    TOO_MANY_LINES = "too_many_lines"


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a file says what its columns do not."""

    cancellation_prefix: str = "C"
    not_goods: frozenset[str] = frozenset()

    def cancelled_no(self, order_no: str) -> str | None:
        """The number of the order that rows with this number take back, if they do."""
        prefix = self.cancellation_prefix
        if not prefix or not order_no.startswith(prefix):
            return None
        return order_no.removeprefix(prefix).strip() or None

    def kind_of(self, line: PastLine) -> LineKind:
        """What a line stands for: goods, unless its code is one of those kept for something else.

        A charge of less than nothing is a discount.
        """
        code = line.sku.upper()
        if code in _SERVICES or code.startswith(_VOUCHERS):
            return LineKind.SERVICE
        if code in _CHARGES or code in _DISCOUNTS or line.sku in self.not_goods:
            taken_off = line.price * line.quantity < 0 and not self.cancelled_no(line.order_no)
            return LineKind.DISCOUNT if taken_off else LineKind.CHARGE
        return LineKind.GOODS

    def is_sale(self, line: PastLine) -> bool:
        """Whether goods were sold with it: counted into demand and the catalogue's prices."""
        return (
            line.quantity > 0
            and self.kind_of(line) is LineKind.GOODS
            and self.cancelled_no(line.order_no) is None
        )

    def is_stock_correction(self, line: PastLine) -> bool:
        """Goods less than nothing outside a cancellation: damaged, lost, counted anew."""
        return (
            line.quantity < 0
            and self.kind_of(line) is LineKind.GOODS
            and self.cancelled_no(line.order_no) is None
        )


@dataclass(frozen=True, slots=True)
class History:
    """What there is to replay, in the order it happened, and what is not and why."""

    orders: tuple[PastOrder, ...]
    left_out: dict[str, NotAnOrder]
    corrections: tuple[PastLine, ...] = ()  # rows that are no part of any order


def orders_of(
    lines: Iterable[PastLine], rules: Conventions, *, broken: frozenset[str], most_lines: int
) -> History:
    """Put rows together into orders; `broken` are numbers that have a row with an error.

    Such an order is left out as a whole: sent without the row it would be another order.
    """
    found: dict[str, list[PastLine]] = {}
    for line in lines:
        found.setdefault(line.order_no, []).append(line)
    left_out = dict.fromkeys(sorted(broken), NotAnOrder.BROKEN_ROWS)
    orders: list[PastOrder] = []
    corrections: list[PastLine] = []
    for number, of_one in found.items():
        if number in broken:
            continue
        kept = [line for line in of_one if not rules.is_stock_correction(line)]
        corrections += [line for line in of_one if rules.is_stock_correction(line)]
        if not kept:
            left_out[number] = NotAnOrder.STOCK_CORRECTION
        elif len(kept) > most_lines:
            left_out[number] = NotAnOrder.TOO_MANY_LINES
        else:
            cancelled = rules.cancelled_no(number)
            orders.append(PastOrder(cancelled or number, cancelled is not None, tuple(kept)))
    orders.sort(key=lambda order: (order.at, order.no, order.cancels))
    return History(tuple(orders), left_out, tuple(corrections))
