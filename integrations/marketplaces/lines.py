"""Lines whose shares of the order's sum the platform does not tell, or not so that they add up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.orders.snapshot import LineKind, SnapshotLine
from domain.shared.errors import Rejected
from domain.shared.money import split
from integrations.marketplaces.reading import LARGEST_AMOUNT, UNREADABLE, minor


@dataclass(frozen=True, slots=True)
class SoldItem:
    """So many pieces at a price; `number` is the platform's id of what was sold."""

    number: str
    sku: str
    title: str
    quantity: int
    price: Decimal
    listing_ids: Mapping[str, str] = field(default_factory=dict)


def sold_lines(
    items: Sequence[SoldItem],
    goods_minor: int,
    currency: str,
    *,
    system: str,
    refund_in_progress: bool = False,
) -> tuple[SnapshotLine, ...]:
    """What was paid for the goods, shared out by list price; the lines add up to it exactly.

    What was sold in two lines (one of them a gift) gets a number each, in the order told. Raises
    Rejected (`unreadable`) for a line that is worth more than any could be.
    """
    if any(item.price * item.quantity > LARGEST_AMOUNT for item in items):
        raise Rejected("a line is worth too much", code=UNREADABLE, system=system)
    listed = [minor(item.price * item.quantity, currency) for item in items]
    seen: Counter[str] = Counter()
    lines: list[SnapshotLine] = []
    for item, list_minor, payable in zip(items, listed, split(goods_minor, listed), strict=True):
        seen[item.number] += 1
        count = seen[item.number]
        lines.append(
            SnapshotLine(
                external_line_no=item.number if count == 1 else f"{item.number}#{count}",
                kind=LineKind.GOODS,
                external_sku=item.sku,
                title=item.title,
                quantity=item.quantity,
                payable_minor=payable,
                list_minor=list_minor,
                discount_minor=list_minor - payable,
                refund_in_progress=refund_in_progress,
                listing_ids=item.listing_ids,
            )
        )
    return tuple(lines)


def paid_shares(goods_minor: int, told: Sequence[int], listed: Sequence[int]) -> tuple[int, ...]:
    """What was paid for each line: as told where that adds up to the goods, else by list price."""
    if sum(told) == goods_minor:
        return tuple(told)
    return split(goods_minor, listed)


def told_ids(**ids: str) -> Mapping[str, str]:
    """The numbers a channel told; empty ones and the `0` of a listing without variants are none."""
    return {name: value for name, value in ids.items() if value not in ("", "0")}
