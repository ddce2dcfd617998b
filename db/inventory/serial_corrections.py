"""Somebody looked where a unit is, and puts the register right; in the caller's transaction."""

from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serials import SerialRegister
from db.inventory.sought_serials import SoughtSerials
from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.inventory.serials import Serial, SerialAct, SerialState
from domain.inventory.stock import StockKey
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    MoreThanOwn,
    SerialNotFound,
    UnknownLocation,
)
from domain.shared.ids import LocationId, Lot, Sku

_CORRECT: Final = """
UPDATE serial SET state = :state, location_id = CAST(:place AS text), condition = :condition,
    shipment_no = NULL, order_id = NULL, sought_by = ''
WHERE sku = :sku AND serial = :serial
"""


@dataclass(frozen=True, slots=True)
class SerialCorrections:
    """`by` is who looked; `request_id` names the press of the button."""

    session: AsyncSession
    by: str = "system"
    request_id: str = ""

    async def correct(
        self, sku: str, serial: str, state: SerialState, place: str, condition: str, reason: str
    ) -> None:
        """Somebody looked: the unit is gone, or it lies at a place. Raises SerialNotFound,
        InvalidInput, UnknownLocation, ActionNotAllowed while it goes into a parcel."""
        found = (await self._register.lock([(sku, serial)])).get((sku, serial))
        scope = scope_in(self.session)
        if found is None or (found.place and not scope.covers(found.place)):
            raise SerialNotFound(f"there is no unit {serial[:50]} of {sku[:50]}")
        if found.place == "" and not scope.whole:
            raise MoreThanOwn("a unit that left is put right by who sees the whole company")
        if state not in (SerialState.IN_STOCK, SerialState.GONE):
            raise InvalidInput("a unit is corrected to be in stock, or gone")
        if found.state is SerialState.PACKED:
            raise ActionNotAllowed("the unit goes into a parcel: take it out of that first")
        if state is SerialState.IN_STOCK:
            known = await run(
                self.session, "SELECT id FROM location WHERE id = :place", place=place
            )
            if not known or not scope.covers(place):
                raise UnknownLocation(f"there is no location {place[:50]}")
        lies = place if state is SerialState.IN_STOCK else None
        await run(
            self.session, _CORRECT, sku=sku, serial=serial, state=state, place=lies,
            condition=condition,
        )  # fmt: skip
        await self._register.told([(sku, serial)], SerialAct.CORRECTED, "", lies, reason=reason)
        await self._settle(found, place if lies else "", condition)
        await audit(
            self.session, self.by, "serial.corrected", f"sku/{sku}", reason=reason,
            before={"serial": serial, "state": str(found.state), "location": found.place},
            after={"serial": serial, "state": str(state), "location": lies or "",
                   "condition": condition},
            request_id=self.request_id,
        )  # fmt: skip

    async def _settle(self, found: Serial, place: str, condition: str) -> None:
        """Of units that are looked for beside it, where it lay and where it lies, it may be clear
        now which are gone."""
        for at, kept in {(found.place, found.condition), (place, condition)}:
            if at:
                key = StockKey(Sku(found.sku), LocationId(at), Lot(found.lot), kept)
                await SoughtSerials(self.session, self.by).settle(key)

    @property
    def _register(self) -> SerialRegister:
        return SerialRegister(self.session, self.by)
