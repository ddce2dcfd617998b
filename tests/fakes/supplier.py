"""A supplier that can be made to fail."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.inventory.purchasing.placing import Letter, PlacedOrder
from domain.shared.errors import NotOffered
from integrations.suppliers.port import SupplierPort


@dataclass
class FakeSupplier:
    """Keeps what it heard by key; `trouble` is raised before, `lost` after it was heard."""

    can_be_asked: bool = True
    by_telephone: bool = False
    trouble: list[Exception] = field(default_factory=list)
    lost: list[Exception] = field(default_factory=list)
    placed: dict[str, PlacedOrder] = field(default_factory=dict)
    cancelled: dict[str, Letter] = field(default_factory=dict)
    reminded: list[Letter] = field(default_factory=list)
    calls: int = 0
    before_answer: Callable[[], object] | None = None

    async def supplier(self, code: str) -> SupplierPort:
        if self.by_telephone:
            raise NotOffered("told by telephone", code="by_hand")
        return self

    async def send(self, order: PlacedOrder) -> str:
        self.calls += 1
        if self.trouble:
            raise self.trouble.pop(0)
        self.placed.setdefault(order.key, order)
        if self.lost:
            raise self.lost.pop(0)
        return f"S-{order.no}"

    async def find(self, no: str, revision: int = 1) -> str | None:
        if not self.can_be_asked:
            raise NotOffered("a mailbox", code="mailbox")
        known = [one.revision for one in self.placed.values() if one.no == no]
        return f"S-{no}" if max(known, default=0) >= revision else None

    async def cancel(self, letter: Letter) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.cancelled[letter.key] = letter

    async def remind(self, letter: Letter) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.reminded.append(letter)
