"""What Onhand asks of every ERP: one file here and one sandbox server each."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from domain.shared.money import Money


@dataclass(frozen=True, slots=True)
class ErpEntry:
    """One side of a voucher under the ERP's own account code; one of the sums is nothing."""

    account_code: str
    text: str
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class ErpVoucher:
    """`key` is ours: fixed before the first call, unique for ever, and what it is found by."""

    key: str
    booked_on: date
    currency: str
    text: str
    entries: tuple[ErpEntry, ...]


@dataclass(frozen=True, slots=True)
class SavedVoucher:
    """The voucher as the ERP calls it; no number where it is there and nobody says under which."""

    number: str
    vendor_id: str = ""


class Erp(Protocol):
    """Raises the IntegrationError family: AnswerLost when a sent voucher got no usable answer."""

    @property
    def vendor(self) -> str: ...

    async def save(self, voucher: ErpVoucher) -> SavedVoucher:
        """Enter the voucher. Whoever does not know what became of an earlier call asks `find`
        first."""
        ...

    async def find(self, voucher: ErpVoucher) -> SavedVoucher | None:
        """The voucher with this key; None when the ERP does not have it."""
        ...

    async def check(self) -> None:
        """A question that changes nothing: who we are and which books are ours is right."""
        ...
