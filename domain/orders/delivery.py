"""How many days after it should have left an order should be at the door."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

USUAL_DAYS: Final = 3
MOST_DAYS: Final = 60
EVERYWHERE: Final = ""  # as a shop, a carrier, an area: all of them


@dataclass(frozen=True, slots=True)
class DeliveryTime:
    """One line of the tables: `area` is a province by its code, or a zone of the carrier."""

    shop: str
    carrier: str
    area: str
    days: int

    @property
    def of_province(self) -> bool:
        """Whether it is for one province alone."""
        return len(self.area) == 6 and self.area.isdigit()


def days_to_door(times: Iterable[DeliveryTime], carrier: str) -> int:
    """The line that says most about it. `times` are those of the shop or of all shops that hold
    where the receiver lives; what a shop says comes first, then what is said of the carrier, of
    the province, of its zone."""
    fitting = [one for one in times if one.carrier in (EVERYWHERE, carrier)]
    best = max(fitting, key=_says, default=None)
    return best.days if best else USUAL_DAYS


def _says(one: DeliveryTime) -> tuple[bool, bool, bool, bool]:
    return bool(one.shop), bool(one.carrier), one.of_province, bool(one.area)
