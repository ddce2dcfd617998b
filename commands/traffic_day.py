"""What a trading day of the sandbox marketplaces was, and what came of it."""

from dataclasses import dataclass, field

from domain.orders.standing import End, Standing
from integrations.sandbox.market import Counter


@dataclass(slots=True)
class ShopDay:
    """One shop's day: `sent` are the market's own numbers."""

    shop_id: str
    counter: Counter
    sent: set[str] = field(default_factory=set)
    standings: dict[str, Standing] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)

    def moving(self) -> int:
        """Orders that go on by themselves, and those we have not heard of yet."""
        return len(self.lost) + sum(one.end is End.MOVING for one in self.standings.values())


@dataclass(slots=True)
class Day:
    """What was played and what came of it. `double_labels`: references with two live waybills."""

    shops: list[ShopDay]
    refused: int = 0
    double_labels: set[str] = field(default_factory=set)
    interrupted: bool = False

    @property
    def moving(self) -> int:
        """Orders of all shops that are not at rest."""
        return sum(shop.moving() for shop in self.shops)

    @property
    def is_sound(self) -> bool:
        """Nothing lost, nothing doubled."""
        bad = any(shop.lost or shop.doubled for shop in self.shops)
        return not (bad or self.double_labels)
