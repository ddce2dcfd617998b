"""What crosses Temporal for channels. Fields are only ever added, and always with a default."""

from dataclasses import dataclass

from domain.shared.ids import ShopId


@dataclass(frozen=True, slots=True)
class PulledShop:
    """Input of `Poller`; `failures` in a row survive continue-as-new."""

    shop_id: ShopId
    failures: int = 0


@dataclass(frozen=True, slots=True)
class PullWindow:
    """Pull what a shop changed since the last time."""

    shop_id: ShopId


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
