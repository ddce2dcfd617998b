"""The register of lots: their dates, and what keeps them back. In the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.ledger import key_of
from db.inventory.remaining_life import life_of
from db.inventory.repository import StockRepository
from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.inventory.expiry import expiry_of
from domain.inventory.stock import Fill, StockKey
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    LotDiffers,
    LotNotFound,
    MoreThanOwn,
    UnknownLocation,
    UnknownSku,
)

HOLD, RECALL = "hold", "recall"

_SKU: Final = "SELECT code, shelf_life_days, min_life_days FROM sku WHERE code = :sku"
_PLACE: Final = "SELECT id FROM location WHERE id = :location_id"
_MAKE: Final = "INSERT INTO lot (sku, lot) VALUES (:sku, :lot) ON CONFLICT DO NOTHING"
_LOCK: Final = """
SELECT sku, lot, produced_on, expires_on, state, note FROM lot
WHERE sku = :sku AND lot = :lot FOR UPDATE
"""
_DATES: Final = """
UPDATE lot SET produced_on = :produced_on, expires_on = :expires_on
WHERE sku = :sku AND lot = :lot
"""
_NOTE: Final = "UPDATE lot SET note = :note WHERE sku = :sku AND lot = :lot"
_PLACED: Final = """
INSERT INTO lot_hold (sku, lot, location_id, kind, reason, placed_by)
VALUES (:sku, :lot, CAST(:location_id AS text), :kind, :reason, :by)
ON CONFLICT DO NOTHING RETURNING id
"""
_LIFT: Final = """
UPDATE lot_hold SET lifted_at = clock_timestamp(), lifted_by = :by, why_lifted = :reason
WHERE sku = :sku AND lot = :lot AND kind = :kind AND lifted_at IS NULL
  AND location_id IS NOT DISTINCT FROM CAST(:location_id AS text)
RETURNING id
"""
_STATE: Final = """
UPDATE lot SET state = coalesce((
    SELECT CASE WHEN bool_or(kind = 'recall') THEN 'recalled' ELSE 'hold' END FROM lot_hold h
    WHERE h.sku = lot.sku AND h.lot = lot.lot AND lifted_at IS NULL AND location_id IS NULL
    HAVING count(*) > 0), 'open')
WHERE sku = :sku AND lot = :lot
"""
_LOCK_BALANCES: Final = """
SELECT 1 FROM stock_balance b WHERE b.sku = :sku AND b.lot = :lot
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner FOR NO KEY UPDATE OF b
"""
# A hold follows what was sent from its place, until it arrives.
_FREEZE: Final = """
UPDATE stock_balance b SET frozen = NOT b.frozen
WHERE b.sku = :sku AND b.lot = :lot AND b.frozen <> EXISTS (
    SELECT FROM lot_hold h WHERE h.sku = b.sku AND h.lot = b.lot AND h.lifted_at IS NULL
      AND (coalesce(h.location_id, b.location_id) = b.location_id OR EXISTS (
          SELECT FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
          WHERE t.transit_location = b.location_id AND t.from_location = h.location_id
            AND t.state = 'shipped' AND l.sku = b.sku AND l.lot = b.lot
            AND l.shipped > l.received + l.damaged + l.lost + l.returned)))
RETURNING b.sku, b.location_id, b.lot, b.condition, b.owner, b.frozen
"""


# Whoever holds a lot and whoever brings it meet at its row.
_FOLLOWS: Final = """
WITH met AS (
    SELECT t.sku, t.lot FROM lot t
    WHERE (t.sku, t.lot) IN (
        SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[])))
    ORDER BY t.sku, t.lot FOR SHARE)
SELECT met.sku, met.lot FROM met WHERE EXISTS (
    SELECT FROM lot_hold h WHERE h.sku = met.sku AND h.lot = met.lot AND h.lifted_at IS NULL
      AND coalesce(h.location_id, :place) = :place)
"""


@dataclass(frozen=True, slots=True)
class LotRegister:
    """Lots as one transaction sees them. `by` is who does it."""

    session: AsyncSession
    by: str = "system"

    async def know(
        self, sku: str, lot: str, produced_on: date | None = None, expires_on: date | None = None
    ) -> date | None:
        """A lot comes with these dates, as they are printed on it; returns the date it expires on.

        What was not known before is filled in, from the shelf life where only the production is
        known. Raises LotDiffers where the register says another date, UnknownSku, InvalidInput.
        """
        if not lot.strip():
            raise InvalidInput("a lot has a name")
        found = await run(self.session, _SKU, sku=sku)
        if not found:
            raise UnknownSku(sku)
        await run(self.session, _MAKE, sku=sku, lot=lot)
        row = await self._locked(sku, lot)
        _refuse_other(row, "was produced on", row.produced_on, produced_on)
        _refuse_other(row, "expires on", row.expires_on, expires_on)
        made = row.produced_on or produced_on
        ends = expiry_of(made, row.expires_on or expires_on, life_of(found[0]))
        if made and ends and made > ends:
            raise InvalidInput(f"lot {lot} of {sku} would expire before it was produced")
        if (made, ends) != (row.produced_on, row.expires_on):
            await run(
                self.session, _DATES, sku=sku, lot=lot, produced_on=made, expires_on=ends
            )  # fmt: skip
        return ends

    async def correct(
        self, sku: str, lot: str, produced_on: date | None, expires_on: date | None, note: str,
        *, reason: str, request_id: str,
    ) -> None:  # fmt: skip
        """Somebody looked at the goods: these are the dates. Raises LotNotFound, InvalidInput."""
        row = await self._locked(sku, lot)
        if produced_on and expires_on and produced_on > expires_on:
            raise InvalidInput(f"lot {lot} of {sku} would expire before it was produced")
        await run(
            self.session, _DATES, sku=sku, lot=lot, produced_on=produced_on, expires_on=expires_on
        )
        await run(self.session, _NOTE, sku=sku, lot=lot, note=note)
        await audit(
            self.session, self.by, "lot.corrected", f"lot/{sku}/{lot}", reason=reason,
            before={"produced_on": str(row.produced_on or ""),
                    "expires_on": str(row.expires_on or ""), "note": row.note},
            after={"produced_on": str(produced_on or ""), "expires_on": str(expires_on or ""),
                   "note": note},
            request_id=request_id,
        )  # fmt: skip

    async def keep_back(
        self, sku: str, lot: str, location_id: str | None, reason: str,
        *, kind: str = HOLD, request_id: str,
    ) -> None:  # fmt: skip
        """Nothing of the lot is promised any more, at a place or everywhere, also of what comes
        there from now on, and of what is on its way from there; said again it changes nothing.
        Raises LotNotFound, UnknownLocation, MoreThanOwn."""
        self._refuse_a_part(location_id)
        await self._locked(sku, lot)
        await self._refuse_unknown(location_id)
        placed = await run(
            self.session, _PLACED, sku=sku, lot=lot, location_id=location_id, kind=kind,
            reason=reason, by=self.by,
        )  # fmt: skip
        if not placed:
            return
        await self._settle(sku, lot)
        await self._tell(f"lot.{kind}", sku, lot, location_id, reason, request_id)

    async def follows(self, from_location: str, lots: Collection[tuple[str, str]]) -> set[Any]:
        """Those of the lots (SKU and lot) that are kept back where they come from, or everywhere:
        what arrives of them is set apart."""
        named = sorted(set(lots))
        rows = await run(
            self.session, _FOLLOWS, place=from_location, skus=[sku for sku, _ in named],
            lots=[lot for _, lot in named],
        )  # fmt: skip
        return {(row.sku, row.lot) for row in rows}

    async def let_go(
        self, sku: str, lot: str, location_id: str | None, reason: str,
        *, kind: str = HOLD, request_id: str,
    ) -> list[Fill]:  # fmt: skip
        """The lot may go again; those who wait for such goods get them first.

        Raises LotNotFound, ActionNotAllowed where it is not kept back so.
        """
        self._refuse_a_part(location_id)
        await self._locked(sku, lot)
        lifted = await run(
            self.session, _LIFT, sku=sku, lot=lot, location_id=location_id, kind=kind,
            reason=reason, by=self.by,
        )  # fmt: skip
        if not lifted:
            raise ActionNotAllowed("the lot is not kept back there")
        keys = [key for key, frozen in await self._settle(sku, lot) if not frozen]
        await self._tell(f"lot.{kind}_lifted", sku, lot, location_id, reason, request_id)
        return await StockRepository(self.session).fill_backorders(keys)

    async def _settle(self, sku: str, lot: str) -> Sequence[tuple[StockKey, bool]]:
        await run(self.session, _STATE, sku=sku, lot=lot)
        await run(self.session, _LOCK_BALANCES, sku=sku, lot=lot)
        rows = await run(self.session, _FREEZE, sku=sku, lot=lot)
        return [(key_of(row), row.frozen) for row in rows]

    async def _locked(self, sku: str, lot: str) -> Row[Any]:
        rows = await run(self.session, _LOCK, sku=sku, lot=lot)
        if not rows:
            raise LotNotFound(f"there is no lot {lot} of {sku}")
        return rows[0]

    def _refuse_a_part(self, location_id: str | None) -> None:
        """Everywhere is more than what somebody with limits sees."""
        if location_id is None and not scope_in(self.session).whole:
            raise MoreThanOwn("who sees a part of the company keeps a lot back at a place")

    async def _refuse_unknown(self, location_id: str | None) -> None:
        if location_id and not await run(self.session, _PLACE, location_id=location_id):
            raise UnknownLocation(location_id)

    async def _tell(
        self, action: str, sku: str, lot: str, location_id: str | None, reason: str, request_id: str
    ) -> None:
        await audit(
            self.session, self.by, action, f"lot/{sku}/{lot}", reason=reason,
            after={"location": location_id or ""}, request_id=request_id,
        )  # fmt: skip


def _refuse_other(row: Row[Any], what: str, known: date | None, said: date | None) -> None:
    if known is not None and said is not None and known != said:
        raise LotDiffers(f"lot {row.lot} of {row.sku} {what} {known} by the register, not {said}")
