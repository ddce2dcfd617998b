"""What to do about goods that come near their end, are over, or that nobody buys."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NEAR_DAYS: Final = 90  # how far ahead is looked
DEAD_DAYS: Final = 90  # nothing was sold for so long
SOLD_DAYS: Final = 28  # over which sales are counted
LATE_DAYS: Final = 14  # too late for a journey to a supplier or to another place


class Ageing(StrEnum):
    NEAR = "near"
    EXPIRED = "expired"
    DEAD = "dead"


class Advice(StrEnum):
    MOVE = "move"
    MARK_DOWN = "mark_down"
    RETURN = "return"  # to the supplier
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class AgeingGoods:
    """Units of a lot at a place. `sold` are those of the SKU that left this place in the last four
    weeks, `sold_elsewhere` those of the place that sells most of it."""

    kind: Ageing
    units: int
    days_left: int | None
    sold: int
    sold_elsewhere: int = 0


def units_left(goods: AgeingGoods) -> int:
    """What will not be sold here in time at the pace of the last four weeks."""
    if goods.days_left is None:
        return goods.units
    return max(goods.units - goods.sold * max(goods.days_left, 0) // SOLD_DAYS, 0)


def advise(goods: AgeingGoods) -> Advice | None:
    """The first that helps: None = it is sold in time where it lies.

    Expired goods are destroyed. Goods go where they are sold in time, as long as there is time for
    the journey; what is sold nowhere goes back to its supplier while he may take it, else its
    price goes down.
    """
    if goods.kind is Ageing.EXPIRED:
        return Advice.DESTROY
    left = units_left(goods)
    if not left:
        return None
    in_time = goods.days_left is None or goods.days_left > LATE_DAYS
    if in_time and goods.sold_elsewhere > goods.sold:
        return Advice.MOVE
    if in_time and not goods.sold and not goods.sold_elsewhere:
        return Advice.RETURN
    return Advice.MARK_DOWN
