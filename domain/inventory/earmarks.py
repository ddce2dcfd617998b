"""Earmarks: units kept for a cart, a quote or an unpaid order until a time, and no longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.inventory.stock import StockKey, StockLine
from domain.shared.errors import InsufficientStock, InvalidInput

MOST_LINES: Final = 100
# An order that was announced may still be on its way for so long.
ON_ITS_WAY: Final = timedelta(hours=1)


class EarmarkFor(StrEnum):
    """Whom units are kept for."""

    CART = "cart"
    QUOTE = "quote"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of a SKU; the place is chosen where none is named."""

    sku: str
    quantity: int
    location_id: str = ""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Units that an order line still waits for."""

    id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Given:
    """Kept units that a line of an order gets."""

    line_id: str
    line: StockLine


def merged(lines: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """One line a SKU. Raises InvalidInput for none, too many, or one SKU at two places."""
    if not 0 < len(lines) <= MOST_LINES:
        raise InvalidInput(f"between 1 and {MOST_LINES} lines are needed")
    sums: dict[str, Wanted] = {}
    for line in lines:
        if line.quantity <= 0:
            raise InvalidInput("quantities above zero are needed")
        earlier = sums.get(line.sku)
        if earlier and earlier.location_id != line.location_id:
            raise InvalidInput(f"{line.sku} is asked of two places")
        units = line.quantity + (earlier.quantity if earlier else 0)
        sums[line.sku] = Wanted(line.sku, units, line.location_id)
    return tuple(sums[sku] for sku in sorted(sums))


def choose(
    lines: Sequence[Wanted], free: Sequence[tuple[StockKey, int]], places: Sequence[str]
) -> tuple[StockLine, ...]:
    """Each SKU from one place, the first of `places` that has all of it; lots in the order given.

    Raises InsufficientStock when a line fits nowhere.
    """
    chosen: list[StockLine] = []
    for line in lines:
        for place in [line.location_id] if line.location_id else places:
            here = [(key, units) for key, units in free
                    if (key.sku, key.location_id) == (line.sku, place)]  # fmt: skip
            if sum(units for _, units in here) >= line.quantity:
                chosen += _taken(here, line.quantity)
                break
        else:
            raise InsufficientStock(f"no place has {line.quantity} free units of {line.sku}")
    return tuple(chosen)


def hand_over(held: Sequence[StockLine], lines: Sequence[OpenLine]) -> tuple[Given, ...]:
    """Kept units go to the lines of the order that ask for them, none twice."""
    left = {line.key: line.quantity for line in held}
    given: list[Given] = []
    for line in lines:
        missing = line.quantity
        for key, units in left.items():
            part = min(missing, units) if key.sku == line.sku else 0
            if part:
                given.append(Given(line.id, StockLine(key, part)))
                left[key] = units - part
                missing -= part
    return tuple(given)


def checked_end(now: datetime, until: datetime, most: timedelta) -> datetime:
    """When an earmark ends. Raises InvalidInput for a time that is over or too far away."""
    if until <= now:
        raise InvalidInput("the time is over")
    if until > now + most:
        raise InvalidInput(f"units are kept for {int(most.total_seconds() // 3600)} hours at most")
    return until


def _taken(here: Sequence[tuple[StockKey, int]], units: int) -> list[StockLine]:
    taken: list[StockLine] = []
    for key, free in here:
        if part := min(units, free):
            taken.append(StockLine(key, part))
            units -= part
    return taken
