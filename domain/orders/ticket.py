"""A sale that was carried out of a store at once, as its till told it. Sums are minor units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.shared.ids import Sku
from domain.shared.money import split

# A till whose clock runs ahead is believed, one that lives in another day is not.
CLOCK_AHEAD: Final = timedelta(days=1)
LONGEST_NO: Final = 64
_MOST_MINOR: Final = 10**15


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One article; `discount_minor` is taken off the whole line. A return has units below zero."""

    sku: str
    quantity: int
    unit_price_minor: int
    title: str = ""
    discount_minor: int = 0
    tax_minor: int = 0

    @property
    def list_minor(self) -> int:
        return self.quantity * self.unit_price_minor

    @property
    def payable_minor(self) -> int:
        return self.list_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Tender:
    """What a buyer paid with: cash, card, wechat, a voucher. Change given back is not in it."""

    kind: str
    amount_minor: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One sale. Store, till and number name it for good: a till never uses a number twice."""

    store: str
    till: str
    number: str
    sold_at: datetime
    currency: str
    lines: tuple[TicketLine, ...]
    payments: tuple[Tender, ...] = ()
    discount_minor: int = 0  # off the whole ticket, besides the lines' own

    @property
    def external_no(self) -> str:
        """The number of the order it becomes; neither till nor number has a slash in it."""
        return f"{self.store}/{self.till}/{self.number}"

    @property
    def total_minor(self) -> int:
        return sum(line.payable_minor for line in self.lines) - self.discount_minor

    @property
    def paid_minor(self) -> int:
        return sum(tender.amount_minor for tender in self.payments)

    @property
    def brings_goods_back(self) -> bool:
        return any(line.quantity < 0 for line in self.lines)

    def payable(self) -> tuple[int, ...]:
        """What each line was paid with: the ticket's own discount is shared out, nothing lost."""
        sums = [line.payable_minor for line in self.lines]
        shares = split(self.discount_minor, sums) if self.discount_minor else (0,) * len(sums)
        return tuple(sum - share for sum, share in zip(sums, shares, strict=True))


def contradictions(ticket: Ticket, now: datetime) -> Iterator[tuple[str, str]]:
    """What cannot be true about a ticket: (field, what is wrong). One that brings goods back is
    judged by those who take goods back, so only its names and its time are looked at here."""
    if len(ticket.external_no) > LONGEST_NO:
        yield "number", f"store, till and number together must not exceed {LONGEST_NO - 2} letters"
    if ticket.sold_at > now + CLOCK_AHEAD:
        yield "sold_at", "lies in the future"
    if ticket.brings_goods_back:
        return
    if wrong := list(_wrong_lines(ticket.lines)):
        yield from wrong
    elif sum(line.list_minor for line in ticket.lines) > _MOST_MINOR:
        yield "lines", "add up to more than any ticket can"
    elif ticket.discount_minor > sum(line.payable_minor for line in ticket.lines):
        yield "discount_minor", "is more than the lines cost"
    elif ticket.paid_minor != ticket.total_minor:
        told = f"add up to {ticket.paid_minor}, the ticket to {ticket.total_minor}"
        yield "payments", told


def _wrong_lines(lines: Sequence[TicketLine]) -> Iterator[tuple[str, str]]:
    for index, line in enumerate(lines):
        if line.quantity == 0:
            yield f"lines.{index}.quantity", "must not be zero"
        if line.discount_minor > line.list_minor:
            yield f"lines.{index}.discount_minor", "is more than the line costs"
        elif line.tax_minor > line.payable_minor:
            yield f"lines.{index}.tax_minor", "is more than the line costs"


def shared_out(
    lines: Sequence[tuple[str, Sku, int]], issued: Mapping[Sku, int]
) -> list[tuple[str, int]]:
    """Which line the issued units of each SKU stand for, first lines first.

    `lines` are (line, SKU, units open); the answer is (line, units), without lines that got none.
    """
    left = dict(issued)
    shares: list[tuple[str, int]] = []
    for line, sku, wanted in lines:
        granted = min(wanted, left.get(sku, 0))
        if granted > 0:
            left[sku] -= granted
            shares.append((line, granted))
    return shares
