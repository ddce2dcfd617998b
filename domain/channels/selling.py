"""How much of what is free a channel may sell, and what its own count of it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from domain.shared.errors import InvalidInput

LARGEST_COUNT: Final = 1_000_000
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class SellRule:
    """What a channel may sell of a product. Units are the channel's own (a pack of six is one).

    `buffer` stays with us; with fewer than `threshold` left after it nothing is offered; of the
    rest the channel gets `share_percent`, and never more than `most`.
    """

    allowed: bool = True
    buffer: int = 0
    threshold: int = 0
    share_percent: int = _WHOLE
    most: int | None = None

    def __post_init__(self) -> None:
        counts = (self.buffer, self.threshold, self.most or 0)
        if any(not 0 <= count <= LARGEST_COUNT for count in counts):
            raise InvalidInput(f"buffer, threshold and most are 0 to {LARGEST_COUNT}")
        if not 0 <= self.share_percent <= _WHOLE:
            raise InvalidInput("share_percent is 0 to 100")

    def over(self, own: Mapping[str, Any]) -> "SellRule":
        """This rule with the values a product has of its own; None there means: as here."""
        given = {name: value for name, value in own.items() if value is not None}
        kept = {name: getattr(self, name) for name in self.__slots__}
        return SellRule(**(kept | given))


def sellable(rule: SellRule, available: int) -> int:
    """Units to offer, of `available` that are free and wanted by nobody; never below zero."""
    left = available - rule.buffer
    if not rule.allowed or left < max(rule.threshold, 1):
        return 0
    offered = left * rule.share_percent // _WHOLE
    return min(offered, LARGEST_COUNT if rule.most is None else rule.most)


def kits(parts: Sequence[tuple[int, int]]) -> int:
    """Channel units that can be made of (free base units, base units in one) of every part."""
    return max(min((free // factor for free, factor in parts), default=0), 0)


class Reading(StrEnum):
    """What a channel's own count says, next to what we told it last."""

    IN_STEP = "in_step"
    SOLD = "sold"  # lower: sold there, the order is on its way to us
    DRIFT = "drift"  # somebody else changed it, or our word was lost: tell it again


def judge_reading(told: int, read: int, read_before: int | None) -> Reading:
    """`read_before`: the count at the last reading after `told` was told, None for the first.

    A lower count is a sale we have not heard of, unless it has not moved since the last reading:
    then no order came for it.
    """
    if read == told:
        return Reading.IN_STEP
    if read > told or read == read_before:
        return Reading.DRIFT
    return Reading.SOLD
