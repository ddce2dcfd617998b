"""Selling ahead of stock: how many units more than lie there may be promised, and for which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from domain.inventory.purchasing.expecting import Supply, Waiting, expected
from domain.shared.errors import InvalidInput

MOST_AHEAD: Final = 1_000_000


class PreorderMode(StrEnum):
    """Whether a product is sold before it is there."""

    OFF = "off"
    INBOUND = "inbound"  # as many as suppliers were told to send and have not sent yet
    FIXED = "fixed"  # so many, whatever was ordered


@dataclass(frozen=True, slots=True)
class PreorderRule:
    """What is allowed of a product; `units` are for `fixed` alone."""

    mode: PreorderMode = PreorderMode.OFF
    units: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.units <= MOST_AHEAD:
            raise InvalidInput(f"units ahead are 0 to {MOST_AHEAD}")
        if (self.mode is PreorderMode.FIXED) != (self.units > 0):
            raise InvalidInput("units ahead are needed for a fixed number, and only there")

    def ahead(self, inbound: int) -> int:
        """Units that may be promised beyond what lies there, waiting orders included."""
        return {
            PreorderMode.OFF: 0,
            PreorderMode.INBOUND: max(inbound, 0),
            PreorderMode.FIXED: self.units,
        }[self.mode]


def open_ahead(rule: PreorderRule, free: int, waiting: int, inbound: int) -> int:
    """Units of a pre-order that are still open: what lies there and what is ahead, less what is
    promised already, as far as it is more than what can be sold from stock."""
    left = free - waiting + rule.ahead(inbound)
    return max(left - max(free - waiting, 0), 0)


def promise_day(short: int, supplies: Sequence[Supply], today: date) -> date | None:
    """When the next unit beyond stock would be here; `short` are units that others wait for and
    that do not lie there. None where no supply reaches it; what is late has no day."""
    queue = [Waiting("others", short)] if short > 0 else []
    return expected([*queue, Waiting("next", 1)], supplies, today)["next"]
