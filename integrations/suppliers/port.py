"""What Onhand asks of every supplier: one file here for each way orders travel."""

from typing import Protocol

from domain.inventory.purchasing.placing import Letter, PlacedOrder


class SupplierPort(Protocol):
    """Raises the IntegrationError family: AnswerLost when what was sent got no usable answer."""

    @property
    def can_be_asked(self) -> bool:
        """Whether `find` knows what became of an order."""
        ...

    async def send(self, order: PlacedOrder) -> str:
        """Place the order, or say what is wanted of it now where it is a later revision; the
        supplier's number of it, empty where it gives none."""
        ...

    async def find(self, no: str, revision: int = 1) -> str | None:
        """The supplier's number of an order it has, as this revision or a later one; None when it
        has none. Raises NotOffered."""
        ...

    async def cancel(self, letter: Letter) -> None:
        """What has not come is not wanted any more."""
        ...

    async def remind(self, letter: Letter) -> None:
        """Ask for an answer, or for goods that are due."""
        ...
