"""An order as the books see it: what its lines cost, what was recognised, what is open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.finance.accounts import Account
from domain.finance.vouchers import Recognised, Voucher, balances_of

FREIGHT: Final = ""  # the line that stands for the order's postage


@dataclass(frozen=True, slots=True)
class BookLine:
    """An order line; `units` are base units of all its goods, none for what is not picked."""

    line_id: str
    kind: str
    units: int
    payable_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    cancelled: bool = False

    @property
    def whole(self) -> Recognised:
        """What the whole line is in the books. A discount line has no sales of its own."""
        discount = max(self.discount_minor, 0)
        if self.payable_minor < 0:
            discount = self.tax_minor - self.payable_minor
        sales = self.payable_minor - self.tax_minor + discount
        return Recognised(self.line_id, self.units, sales, discount, self.tax_minor)


@dataclass(slots=True)
class OrderBook:
    """One order while its facts are posted, one after the other.

    `balances` are the order's own, by account, debits more than nothing.
    """

    order_id: str
    shop_id: str
    currency: str
    payable_minor: int
    captured_minor: int = 0
    freight_minor: int = 0
    settled_by_channel: bool = False
    cancelled: bool = False
    test_order: bool = False
    lines: tuple[BookLine, ...] = ()
    balances: dict[Account, int] = field(default_factory=dict)
    recognised: dict[str, Recognised] = field(default_factory=dict)

    def book(self, voucher: Voucher) -> None:
        """Take a voucher into the order's balances."""
        for account, minor in balances_of(voucher.entries).items():
            self.balances[account] = self.balances.get(account, 0) + minor
        for part in voucher.recognised:
            self.recognised[part.line_id] = _sum(self.recognised.get(part.line_id), part)

    def owed(self, account: Account) -> int:
        """The debit balance of an account: what somebody owes us; none when it is a credit."""
        return max(self.balances.get(account, 0), 0)

    def owing(self, account: Account) -> int:
        """The credit balance of an account: what we owe; none when it is a debit."""
        return max(-self.balances.get(account, 0), 0)

    @property
    def open_minor(self) -> int:
        """What the buyer pays for what has not left yet and still shall."""
        if self.cancelled:
            return 0
        wholes = [line.whole for line in self.lines if not line.cancelled]
        if any(line.units and not line.cancelled for line in self.lines):
            wholes.append(self._freight)
        done = self.recognised
        left = (w.payable_minor - _payable(done.get(w.line_id)) for w in wholes)
        return max(sum(left), 0)

    def recognise(self, units: Mapping[str, int], *, everything: bool = False) -> list[Recognised]:
        """What these units of lines take into sales, besides what earlier ones did.

        The first goods take the postage and all that is not picked with them; `everything` takes
        that without goods. Shares of a line add up to the line, whatever the parcels.
        """
        parts = [
            self._upto(line.whole, units[line.line_id])
            for line in self.lines
            if line.units and units.get(line.line_id)
        ]
        if parts or everything:
            loose = [x.whole for x in self.lines if not x.units and not x.cancelled]
            parts += [self._rest(whole) for whole in (*loose, self._freight)]
        return [part for part in parts if part != Recognised(part.line_id)]

    @property
    def _freight(self) -> Recognised:
        return Recognised(FREIGHT, sales_minor=self.freight_minor)

    def _upto(self, whole: Recognised, units: int) -> Recognised:
        """The difference between what is due with these units and what was recognised."""
        done = self.recognised.get(whole.line_id, Recognised(whole.line_id))
        shipped = done.units + units
        return Recognised(
            whole.line_id,
            units,
            _share(whole.sales_minor, shipped, whole.units) - done.sales_minor,
            _share(whole.discount_minor, shipped, whole.units) - done.discount_minor,
            _share(whole.tax_minor, shipped, whole.units) - done.tax_minor,
        )

    def _rest(self, whole: Recognised) -> Recognised:
        done = self.recognised.get(whole.line_id, Recognised(whole.line_id))
        return Recognised(
            whole.line_id,
            0,
            whole.sales_minor - done.sales_minor,
            whole.discount_minor - done.discount_minor,
            whole.tax_minor - done.tax_minor,
        )


def recognised_so_far(parts: Iterable[Recognised]) -> dict[str, Recognised]:
    """What earlier vouchers recognised, by line."""
    sums: dict[str, Recognised] = {}
    for part in parts:
        sums[part.line_id] = _sum(sums.get(part.line_id), part)
    return sums


def _sum(one: Recognised | None, two: Recognised) -> Recognised:
    if one is None:
        return two
    return Recognised(
        two.line_id,
        one.units + two.units,
        one.sales_minor + two.sales_minor,
        one.discount_minor + two.discount_minor,
        one.tax_minor + two.tax_minor,
    )


def _share(minor: int, units: int, of: int) -> int:
    """The sum's share for so many units: rounded down, whole with the last."""
    return minor if units >= of else minor * units // of


def _payable(done: Recognised | None) -> int:
    return done.payable_minor if done else 0
