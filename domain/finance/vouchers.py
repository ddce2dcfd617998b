"""Vouchers: made of transfers from one account to another, so that every one of them balances."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.finance.accounts import Account, Side


@dataclass(frozen=True, slots=True)
class Transfer:
    """A sum that is debited here and credited there; less than nothing goes the other way."""

    debit: Side
    credit: Side
    minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a voucher; exactly one of the sums is more than nothing."""

    side: Side
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """What of an order line a voucher took into sales; the line `""` is the order's freight."""

    line_id: str
    units: int = 0
    sales_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0

    @property
    def payable_minor(self) -> int:
        """What the buyer pays for it."""
        return self.sales_minor - self.discount_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Voucher:
    """What one fact means in the books, in one currency. `part` tells vouchers of a fact apart."""

    part: str
    currency: str
    transfers: tuple[Transfer, ...]
    recognised: tuple[Recognised, ...] = field(default=())

    @property
    def entries(self) -> tuple[Entry, ...]:
        """One entry per account and party, debits first; none when nothing moves."""
        sums: dict[Side, int] = {}
        for transfer in self.transfers:
            sums[transfer.debit] = sums.get(transfer.debit, 0) + transfer.minor
            sums[transfer.credit] = sums.get(transfer.credit, 0) - transfer.minor
        return (
            *(Entry(side, minor, 0) for side, minor in sums.items() if minor > 0),
            *(Entry(side, 0, -minor) for side, minor in sums.items() if minor < 0),
        )


def balances_of(entries: Iterable[Entry]) -> dict[Account, int]:
    """What entries add up to by account: debits more than nothing, credits less."""
    sums: dict[Account, int] = {}
    for entry in entries:
        account = entry.side.account
        sums[account] = sums.get(account, 0) + entry.debit_minor - entry.credit_minor
    return sums
