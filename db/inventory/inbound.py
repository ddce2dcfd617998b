"""What goods come in on: one door for orders at suppliers, transfers and goods that nobody sent
word of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.inventory.receiving import Expected, ReceiptLine, SourceKind
from domain.shared.errors import ActionNotAllowed, SourceNotFound


@dataclass(frozen=True, slots=True)
class Source:
    """What may still come on one order or transfer. `sender` is who sent it."""

    kind: SourceKind
    no: str
    location_id: str
    sender: str = ""
    currency: str = ""
    is_open: bool = True
    lines: tuple[Expected, ...] = ()

    def room_of(self, line_no: int) -> int:
        """Units that may still come for a line, with what is tolerated on top."""
        found = (line for line in self.lines if line.line_no == line_no)
        return sum(line.units + line.tolerance_units for line in found)


@dataclass(frozen=True, slots=True)
class Came:
    """A receipt as its order hears of it: units by line of the order, below zero when they are
    taken back, and all lines as they were found. `key` makes it heard once."""

    receipt_no: str
    key: str
    actor: str
    units: Mapping[int, int] = field(default_factory=dict)
    lines: tuple[ReceiptLine, ...] = ()


class Inbound(Protocol):
    """A kind of source. Its workflow hears what came after the commit."""

    @property
    def moves_goods(self) -> bool:
        """Whether its own books move what belongs to it; then the receipt moves only the rest."""

    async def source(self, no: str, *, locked: bool = False) -> Source:
        """Raises SourceNotFound."""

    async def came(self, no: str, came: Came) -> None:
        """Once per key."""


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Goods without any paper of ours."""

    moves_goods: bool = False

    async def source(self, no: str, *, locked: bool = False) -> Source:
        raise SourceNotFound("goods that nobody announced have no order")

    async def came(self, no: str, came: Came) -> None:
        if any(came.units.values()):
            raise ActionNotAllowed("goods that nobody announced belong to no order")
