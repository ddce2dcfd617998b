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


RULE: Final = ("allowed", "buffer", "threshold", "share_percent", "most")


def shop_rule(settings: Mapping[str, Any]) -> SellRule:
    """The shop's own rule: its setting `sell`; unusable values count as not given."""
    given = settings.get("sell")
    return SellRule().over(
        {name: given.get(name) for name in RULE} if isinstance(given, Mapping) else {}
    )


def own_rule(product: Any) -> dict[str, Any]:
    """What a product has of its own; None: as the shop's."""
    return {name: getattr(product, name) for name in RULE}


class Why(StrEnum):
    """What made an offer what it is, in the order in which it is asked."""

    FREE = "free"  # lies there and is wanted by nobody
    AHEAD = "ahead"  # with what may be sold before it is there
    NOT_SOLD = "not_sold"
    BUFFER = "buffer"
    THRESHOLD = "threshold"
    SHARE = "share"
    MOST = "most"


@dataclass(frozen=True, slots=True)
class Left:
    """Units that are left after a step of the rule."""

    why: Why
    units: int


def explained(rule: SellRule, available: int, total: int | None = None) -> tuple[Left, ...]:
    """From what is free to what is offered; steps that change nothing are left out. The last one
    is the offer. `total` is what is free together with what may be sold ahead of stock."""
    steps = [Left(Why.FREE, max(available, 0))]
    if total is not None and total > max(available, 0):
        steps.append(Left(Why.AHEAD, total))
        available = total
    left = available - rule.buffer
    if not rule.allowed:
        return (*steps, Left(Why.NOT_SOLD, 0))
    if rule.buffer:
        steps.append(Left(Why.BUFFER, max(left, 0)))
    if 0 < left < rule.threshold:
        return (*steps, Left(Why.THRESHOLD, 0))
    offered = max(left, 0) * rule.share_percent // _WHOLE
    if rule.share_percent < _WHOLE:
        steps.append(Left(Why.SHARE, offered))
    most = LARGEST_COUNT if rule.most is None else rule.most
    return (*steps, Left(Why.MOST, most)) if offered > most else tuple(steps)


def sellable(rule: SellRule, available: int) -> int:
    """Units to offer, of `available` that are free and wanted by nobody; never below zero."""
    return explained(rule, available)[-1].units


@dataclass(frozen=True, slots=True)
class Offer:
    """What a channel may sell: from stock, and ahead of it."""

    stock: int
    preorder: int
    steps: tuple[Left, ...]


def offer(rule: SellRule, parts: Sequence[tuple[int, int, int]]) -> Offer:
    """What a rule offers of (free base units, units ahead, base units in one) of every part: what
    stock alone gives counts as stock, the rest is a pre-order."""
    available = kits([(free, factor) for free, _, factor in parts])
    total = kits([(free + ahead, factor) for free, ahead, factor in parts])
    steps = explained(rule, available, total)
    stock = min(sellable(rule, available), steps[-1].units)
    return Offer(stock, steps[-1].units - stock, steps)


def sells_from(said: Mapping[str, bool], parents: Mapping[str, str | None]) -> frozenset[str]:
    """The places a shop sells from: what was said of a place, or of the nearest one above it. Of
    others it sells as long as none was named that it shall sell from."""
    others = True not in said.values()
    return frozenset(place for place in parents if _sells(place, said, parents, others))


def _sells(
    place: str, said: Mapping[str, bool], parents: Mapping[str, str | None], others: bool
) -> bool:
    here: str | None = place
    seen: set[str] = set()
    while here is not None and here not in seen:
        if here in said:
            return said[here]
        seen.add(here)
        here = parents.get(here)
    return others


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
