"""What goods come in on: one door for orders at suppliers, transfers and goods that nobody sent
word of."""

from dataclasses import dataclass
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.inventory.receiving import Assessment, Expected, SourceKind
from domain.shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Source:
    """What may still come on one order or transfer. `sender` is who sent it."""

    kind: SourceKind
    no: str
    location_id: str
    sender: str = ""
    currency: str = "CNY"
    lines: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """A receipt as its order hears of it; `units` by line of the order, below zero when taken
    back."""

    receipt_no: str
    key: str
    units: dict[int, int]
    actor: str


class Inbound(Protocol):
    """A kind of source. Whoever receives holds its lock from `source` to the end."""

    # Whether its own books move the goods; then a receipt moves none of what belongs to it.
    moves_goods: bool

    async def source(self, no: str) -> Source:
        """Lock it. Raises SourceNotFound, ActionNotAllowed when nothing may come on it."""

    async def came(self, no: str, came: Came) -> None:
        """Units came, or were taken back; once per key. Its workflow hears of it."""

    async def arrived(self, no: str, receipt_no: str, found: Assessment, actor: str) -> None:
        """For those that move the goods themselves."""


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Goods without any paper of ours."""

    session: AsyncSession
    moves_goods: bool = False

    async def source(self, no: str) -> Source:
        raise InvalidInput("goods that nobody announced have no order")

    async def came(self, no: str, came: Came) -> None:
        return None

    async def arrived(self, no: str, receipt_no: str, found: Assessment, actor: str) -> None:
        raise AssertionError("they are moved by their receipt")
