"""Invoices of orders: what a blue one says line by line, and what a red one takes back of it.

Sums include tax. What is invoiced is the money that is kept; what was invoiced and is kept no
longer is taken back, never more than there is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.shared.errors import InvalidInput
from domain.shared.money import split

FREIGHT: Final = "freight"  # the tax category of postage, and the key of its line
OTHER: Final = "other"  # of charges that no goods stand for
_BP: Final = 10_000
# What the law knows; a channel's tax is read as the nearest of these.
RATES_BP: Final = (0, 100, 300, 500, 600, 900, 1300)


class InvoiceKind(StrEnum):
    BLUE = "blue"
    RED = "red"


class InvoiceStatus(StrEnum):
    """How far an invoice is."""

    WAITING = "waiting"  # asked for; the goods have not left yet
    WANTED = "wanted"  # its sums and key are fixed; nobody may know it yet
    PROCESSING = "processing"  # whoever issues it has it
    ISSUED = "issued"
    FAILED = "failed"  # it was not issued: a person decides
    BY_HAND = "by_hand"
    CANCELLED = "cancelled"

    @property
    def is_settled(self) -> bool:
        return self in (InvoiceStatus.ISSUED, InvoiceStatus.BY_HAND, InvoiceStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom the invoice is for; without a tax number it is a person."""

    title: str = field(repr=False)
    tax_no: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be invoiced: `weight` is what is kept of its share, `category` its tax."""

    key: str
    name: str
    units: int
    weight: int
    goods_code: str
    rate_bp: int


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of a blue invoice; `index` counts from 1 as everybody counts them."""

    index: int
    key: str
    name: str
    units: int
    goods_code: str
    rate_bp: int
    total_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.total_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class Back:
    """What of one line is taken back, or was; `units` 0 where only money went back."""

    index: int
    units: int
    total_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.total_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class Kept:
    """What the order keeps of one line's goods now, and how many of its units were paid back."""

    minor: int
    refunded_units: int = 0


def tax_within(total_minor: int, rate_bp: int) -> int:
    """The tax in a sum that includes it, to the nearest minor unit, halves up."""
    net = (total_minor * _BP * 2 + _BP + rate_bp) // (2 * (_BP + rate_bp))
    return total_minor - net


def rate_told(payable_minor: int, tax_minor: int) -> int | None:
    """The legal rate that a channel's tax on a sum stands for; None where it told none."""
    if tax_minor <= 0 or payable_minor <= tax_minor:
        return None
    told = tax_minor * _BP / (payable_minor - tax_minor)
    return min(RATES_BP, key=lambda rate: abs(rate - told))


def blue_lines(items: Sequence[Item], kept_minor: int) -> tuple[InvoiceLine, ...]:
    """The kept money over everything it was paid for. Raises InvalidInput for nothing."""
    weighed = [item for item in items if item.weight > 0]
    if kept_minor <= 0 or not weighed:
        raise InvalidInput("there is no money that an invoice could be about")
    sums = split(kept_minor, [item.weight for item in weighed])
    lines = [(item, minor) for item, minor in zip(weighed, sums, strict=True) if minor > 0]
    return tuple(
        InvoiceLine(
            index, item.key, item.name, item.units, item.goods_code, item.rate_bp, minor,
            tax_within(minor, item.rate_bp),
        )
        for index, (item, minor) in enumerate(lines, 1)
    )  # fmt: skip


def red_lines(
    lines: Sequence[InvoiceLine],
    earlier: Sequence[Back],
    kept: Mapping[str, Kept],
    kept_minor: int,
) -> tuple[Back, ...]:
    """What is invoiced and not kept any more, first from the goods that it was paid back for.

    Nothing where no more is invoiced than kept.
    """
    left = [_left(line, earlier) for line in lines]
    invoiced = sum(one.total_minor for one in left)
    to_red = invoiced - max(kept_minor, 0)
    if to_red <= 0:
        return ()
    gone = [
        max(one.total_minor - kept.get(line.key, Kept(0)).minor, 0)
        for line, one in zip(lines, left, strict=True)
    ]
    sums = _spread(to_red, gone, [one.total_minor for one in left])
    backs = (
        _back(line, one, minor, kept.get(line.key, Kept(0)).refunded_units, earlier)
        for line, one, minor in zip(lines, left, sums, strict=True)
    )
    return tuple(back for back in backs if back.total_minor)


def takes_all(lines: Sequence[InvoiceLine], backs: Sequence[Back]) -> bool:
    """Whether these, and nothing before them, take the invoice back as a whole."""
    return sum(line.total_minor for line in lines) == sum(back.total_minor for back in backs)


def _spread(minor: int, first: Sequence[int], most: Sequence[int]) -> tuple[int, ...]:
    """A sum over lines, from `first` before anything else, never more than `most` of any."""
    if minor <= sum(first):
        return split(minor, first)
    rest = [one - taken for one, taken in zip(most, first, strict=True)]
    more = split(minor - sum(first), rest)
    return tuple(taken + extra for taken, extra in zip(first, more, strict=True))


def _left(line: InvoiceLine, earlier: Sequence[Back]) -> Back:
    mine = [back for back in earlier if back.index == line.index]
    return Back(
        line.index,
        max(line.units - sum(back.units for back in mine), 0),
        line.total_minor - sum(back.total_minor for back in mine),
        line.tax_minor - sum(back.tax_minor for back in mine),
    )


def _back(
    line: InvoiceLine, left: Back, minor: int, refunded_units: int, earlier: Sequence[Back]
) -> Back:
    """The tax of what goes back; the last of a line takes what is left of both sums."""
    before = sum(back.units for back in earlier if back.index == line.index)
    units = min(max(refunded_units - before, 0), left.units) if minor else 0
    least, most = max(0, minor - left.net_minor), min(left.tax_minor, minor)
    tax = min(max(tax_within(minor, line.rate_bp), least), most)
    return Back(line.index, units, minor, tax)
