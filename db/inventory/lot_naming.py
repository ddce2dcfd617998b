"""Units that lie without a lot although their SKU asks for one: listed, and given their lot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_asking import asked_for_lot
from db.inventory.lot_register import LotRegister
from db.inventory.quarantine import Apart, Quarantine
from db.inventory.repository import StockRepository
from db.inventory.serial_moves import SerialMoves
from db.inventory.serials import SerialRegister
from db.platform.audit import audit
from db.sql import run
from domain.inventory.quarantine import GOOD
from domain.inventory.stock import Document, Fill, StockKey, StockLine
from domain.shared.errors import InsufficientStock, InvalidInput
from domain.shared.ids import NO_LOT, LocationId, Lot, Sku

# What is on its way is named where it arrives.
_LISTED: Final = """
SELECT b.sku, k.name, b.location_id AS location, p.name AS place, b.condition, b.on_hand AS units,
       b.reserved, k.tracks_serials
FROM stock_balance b JOIN sku k ON k.code = b.sku JOIN location p ON p.id = b.location_id
WHERE k.tracks_lots AND b.lot = '' AND b.owner = 'own' AND b.on_hand > 0 AND p.kind <> 'transit'
  AND (b.sku, b.location_id, b.condition) > (:sku, :location, :condition)
ORDER BY b.sku, b.location_id, b.condition LIMIT :limit
"""
_DONE: Final = "SELECT 1 FROM stock_move WHERE idempotency_key = :key LIMIT 1"


@dataclass(frozen=True, slots=True)
class NamedLot:
    """Which units have which lot, as somebody read it on the goods. The same `document_no` again
    changes nothing."""

    document_no: str
    sku: str
    location: str
    units: int
    lot: str
    condition: str = GOOD
    produced_on: date | None = None
    expires_on: date | None = None
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LotNaming:
    """`actor` is who looked at the goods; `request_id` names the press of the button."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def listed(
        self, limit: int, after: tuple[str, str, str] = ("", "", "")
    ) -> Sequence[Row[Any]]:
        """Units without the lot that their SKU asks for, by SKU and place."""
        sku, location, condition = after
        return await run(
            self.session, _LISTED, sku=sku, location=location, condition=condition, limit=limit
        )

    async def name(self, named: NamedLot) -> list[Fill]:
        """The units are of this lot from now on; the register learns its dates, and who waits for
        such goods gets them.

        Raises UnknownSku, UnknownLocation, LotDiffers, InvalidInput for a SKU that asks for no lot,
        InsufficientStock for units that are promised, that a case, return or transfer decides
        about, or that do not lie there; SerialsMissing and SerialTaken.
        """
        if named.units <= 0:
            raise InvalidInput("how many units have this lot")
        stock = StockRepository(self.session)
        await stock.refuse_unknown(Sku(named.sku))
        await stock.refuse_unknown_place(LocationId(named.location))
        if not await asked_for_lot(self.session, [named.sku]):
            raise InvalidInput(f"the lots of {named.sku} are not written down")
        await LotRegister(self.session, self.actor).know(
            named.sku, named.lot, named.produced_on, named.expires_on
        )
        bare = StockKey(Sku(named.sku), LocationId(named.location), NO_LOT, named.condition)
        becomes = replace(bare, lot=Lot(named.lot))
        await stock.hold([bare, becomes])
        key = f"lot-naming:{named.document_no}"
        document = Document("lot_naming", named.document_no, key, self.actor)
        if not await run(self.session, _DONE, key=key):
            await self._refuse_bound(bare, named.units)
            await self._serials(named, bare)
            await self._write_down(named)
        return await stock.sort_out(document, StockLine(bare, named.units), becomes)

    async def _refuse_bound(self, bare: StockKey, units: int) -> None:
        """Set apart units that somebody decides about keep their key until he did."""
        if bare.condition == GOOD:
            return
        row = await Quarantine(self.session).one(
            Apart(bare.sku, bare.location_id, NO_LOT, bare.condition)
        )
        if units > row.on_hand - row.bound:
            raise InsufficientStock("a case, a return or a transfer decides about these units")

    async def _serials(self, named: NamedLot, bare: StockKey) -> None:
        register = SerialRegister(self.session, self.actor)
        if not (named.serials or await register.asked([named.sku])):
            return
        moves = SerialMoves(self.session, named.document_no, self.actor)
        await moves.refuse_count(named.sku, named.serials, named.units)
        await moves.carry(bare, named.serials, named.location, named.condition)
        await register.are_of_lot(named.sku, named.serials, named.lot)

    async def _write_down(self, named: NamedLot) -> None:
        await audit(
            self.session, self.actor, "lot.named", f"lot/{named.sku}/{named.lot}",
            after={"location": named.location, "condition": named.condition,
                   "units": named.units, "document_no": named.document_no},
            request_id=self.request_id,
        )  # fmt: skip
