"""What of an order's money belongs to which unit, and what of it a return pays back.

The order's captured sum is shared out over its lines, charges and postage by what each costs after
discounts; nothing is lost and nothing is invented. Of a line's share, each unit more that comes
back adds what makes the line's sum exact, so that partial returns in any order end at the same sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.orders.returns.exchange import difference
from domain.shared.errors import ActionNotAllowed
from domain.shared.money import split


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one SKU that stand for an order line. `weight` shares a kit's price over its parts.

    `refunded` is how many of them were paid back before.
    """

    part_id: str
    quantity: int
    refunded: int = 0
    weight: int = 1


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One line as it was sold; a discount's `payable_minor` is negative and shared over the rest.

    A line without parts (a service, a charge) is paid for, but nothing of it can come back.
    """

    line_id: str
    payable_minor: int
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """The money of an order: `captured` came in, `refunded` went back, `pending` is promised."""

    currency: str
    captured_minor: int
    refunded_minor: int
    pending_minor: int
    freight_minor: int
    lines: tuple[PaidLine, ...]
    freight_refunded_minor: int = 0

    @property
    def refundable_minor(self) -> int:
        """What may still go back: never more than came in."""
        return max(self.captured_minor - self.refunded_minor - self.pending_minor, 0)


@dataclass(frozen=True, slots=True)
class Shares:
    """How the captured sum is shared out: by part, for the postage, and what nobody asked for."""

    parts: Mapping[str, int]
    freight_minor: int
    other_minor: int


def share_out(order: OrderMoney) -> Shares:
    """Share what was captured over everything it was paid for."""
    costs = _after_discounts(order)
    weights = [*costs, max(order.freight_minor, 0)]
    total = sum(weights)
    paid = min(order.captured_minor, total)
    shares = split(paid, weights) if total else tuple(0 for _ in weights)
    parts: dict[str, int] = {}
    other = order.captured_minor - paid
    for line, share in zip(order.lines, shares[:-1], strict=True):
        if not line.parts:
            other += share
            continue
        prices = [part.weight * part.quantity for part in line.parts]
        for part, minor in zip(line.parts, split(share, prices), strict=True):
            parts[part.part_id] = minor
    return Shares(parts, shares[-1], other)


def worth_of(share_minor: int, quantity: int, refunded: int, units: int) -> int:
    """What the next `units` of a share are worth after `refunded` of `quantity` were paid back."""
    if quantity <= 0:
        return 0
    upto = min(refunded + units, quantity)
    return share_minor * upto // quantity - share_minor * min(refunded, quantity) // quantity


@dataclass(frozen=True, slots=True)
class Terms:
    """What was decided beside the goods: postage too, something less, or something more."""

    freight: bool = False
    deduction_minor: int = 0
    goodwill_minor: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a return pays back, and for what."""

    goods: Mapping[str, int]  # by part
    freight_minor: int
    deduction_minor: int
    goodwill_minor: int
    refund_minor: int
    ceiling_minor: int  # what could go back at most
    exchanged_minor: int = 0  # pays for other goods instead of going back

    @property
    def goods_minor(self) -> int:
        return sum(self.goods.values())


def settle(order: OrderMoney, units: Mapping[str, int], terms: Terms) -> Settlement:
    """What is paid back for these units of parts: at most what is still refundable.

    Where the order has less left than the goods are worth (something was paid back without goods
    before), what is left is paid. Raises ActionNotAllowed for units that were paid back already,
    and for goodwill that the order has no money for.
    """
    shares = share_out(order)
    known = {part.part_id: part for line in order.lines for part in line.parts}
    goods: dict[str, int] = {}
    for part_id, count in units.items():
        part = known[part_id]
        if count < 0 or part.refunded + count > part.quantity:
            raise ActionNotAllowed(f"{part_id} has no {count} units that were not paid back before")
        goods[part_id] = worth_of(shares.parts[part_id], part.quantity, part.refunded, count)
    ceiling = order.refundable_minor
    worth = sum(goods.values())
    freight = max(shares.freight_minor - order.freight_refunded_minor, 0) if terms.freight else 0
    deduction = min(max(terms.deduction_minor, 0), worth + freight)
    before_goodwill = min(worth + freight - deduction, ceiling)
    if before_goodwill + terms.goodwill_minor > ceiling:
        raise ActionNotAllowed("the order has no money left for this goodwill")
    return Settlement(
        goods,
        freight,
        worth + freight - before_goodwill,
        terms.goodwill_minor,
        before_goodwill + terms.goodwill_minor,
        ceiling,
    )


def exchanged_for(paid: Settlement, price_minor: int) -> Settlement:
    """The same, where goods of this price are sent instead: only what they leave goes back."""
    shares = difference(paid.refund_minor, price_minor)
    return replace(paid, refund_minor=shares.refund_minor, exchanged_minor=shares.exchanged_minor)


def is_whole(order: OrderMoney, units: Mapping[str, int]) -> bool:
    """Whether with these units everything of the order has come back or was paid back."""
    parts = [part for line in order.lines for part in line.parts]
    return all(part.refunded + units.get(part.part_id, 0) >= part.quantity for part in parts)


def _after_discounts(order: OrderMoney) -> Sequence[int]:
    """What each line costs after the lines that only take away."""
    costs = [max(line.payable_minor, 0) for line in order.lines]
    less = -sum(min(line.payable_minor, 0) for line in order.lines)
    if not less or not sum(costs):
        return costs
    taken = split(min(less, sum(costs)), costs)
    return [cost - minor for cost, minor in zip(costs, taken, strict=True)]
