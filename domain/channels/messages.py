"""What crosses Temporal for channels. Fields are only ever added, and always with a default."""

from dataclasses import dataclass
from typing import Final, Literal

from domain.shared.ids import ShopId

# What a shop is asked for, each in a loop of its own: none waits for the others' troubles.
Asked = Literal["orders", "after_sales", "messages"]
# What can be asked for again for a range of the past.
RangeAsked = Literal["orders", "after_sales"]


# The news that begins what runs once for a shop.
SHOP_ADDED: Final = "shop_added"


@dataclass(frozen=True, slots=True)
class ShopAdded:
    """A shop is there from now on: what exists once per shop of its channel has to begin."""

    shop_id: ShopId
    channel: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PulledShop:
    """Input of `Poller`; `failures` in a row survive continue-as-new."""

    shop_id: ShopId
    failures: int = 0
    asked: Asked = "orders"


@dataclass(frozen=True, slots=True)
class PullWindow:
    """Pull what a shop changed since the last time; `first` of a poller's run."""

    shop_id: ShopId
    first: bool = False


@dataclass(frozen=True, slots=True)
class Pulled:
    """How a window went. `behind`: there is more, pull again at once. `active`: False stops."""

    changed: int = 0
    accepted: int = 0
    parked: int = 0
    behind: bool = False
    active: bool = True
    interval_s: float = 60.0


@dataclass(frozen=True, slots=True)
class StockedShop:
    """Input of `StockPush`."""

    shop_id: ShopId


@dataclass(frozen=True, slots=True)
class StockTold:
    """How a round went. `active`: False ends the workflow."""

    told: int = 0
    refused: int = 0
    read: int = 0
    drifted: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class TryListing:
    """A person wants what a step of `StockPush` is about to be tried again."""

    shop_id: ShopId
    step_id: str
