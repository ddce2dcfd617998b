"""Serial numbers of units that somebody corrects by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.ledger import Ledger
from db.inventory.serial_moves import SerialMoves
from db.inventory.serials import SerialRegister
from db.inventory.sought_serials import SoughtSerials
from domain.inventory.stock import AdjustmentReason, Document, StockLine


@dataclass(frozen=True, slots=True)
class SerialAdjustments:
    """The register beside a correction; it comes before the balances change."""

    session: AsyncSession

    async def follow(
        self, document: Document, lines: Sequence[StockLine], reason: AdjustmentReason,
        serials: Sequence[Sequence[str]],
    ) -> None:  # fmt: skip
        """Units that are taken away leave the register under the numbers of their line, units that
        were found come into it. A document that was used before changes nothing.

        Raises SerialsMissing, SerialTaken, InvalidInput.
        """
        if await Ledger(self.session).earlier(document):
            return
        register = SerialRegister(self.session, document.actor)
        asked = await register.asked(line.key.sku for line in lines)
        moves = SerialMoves(self.session, document.no, document.actor)
        for line, named in zip(lines, serials, strict=True):
            later = reason is AdjustmentReason.OPENING and line.quantity > 0 and not named
            if later or (line.key.sku not in asked and not named):
                continue
            await moves.refuse_count(line.key.sku, named, abs(line.quantity))
            if line.quantity < 0:
                await moves.write_off(line.key, named, reason)
            else:
                await moves.find(line.key, named, reason)

    async def settle(self, document: Document, lines: Sequence[StockLine]) -> None:
        """What was looked for may be found, or known to be gone; it comes after the balances have
        changed."""
        for key in sorted({line.key for line in lines}):
            await SoughtSerials(self.session, document.actor).settle(key)
