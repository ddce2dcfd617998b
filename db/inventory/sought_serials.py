"""Units that were not found where by the register one of several is missing, in the caller's
transaction: all of them are looked for until it is clear which one it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.serials import STATE, SerialRegister
from db.sql import run
from domain.inventory.serials import SerialAct, looked_for
from domain.inventory.stock import StockKey

_HERE: Final = f"""
x.sku = :sku AND x.location_id = :place AND x.lot = :lot AND x.condition = :condition
  AND {STATE} = 'in_stock'
"""
_HOLD: Final = f"""
SELECT x.serial FROM serial x
WHERE x.sku = ANY(:skus) AND x.location_id = :place AND {STATE} = 'in_stock'
ORDER BY x.sku, x.serial FOR UPDATE OF x
"""  # noqa: S608 (made of constants)
_MARK: Final = f"""
UPDATE serial x SET sought_by = :document_no WHERE {_HERE} RETURNING x.serial
"""  # noqa: S608 (made of constants)
_MARKED: Final = f"""
SELECT x.serial, x.sought_by FROM serial x WHERE {_HERE} AND x.sought_by <> ''
ORDER BY x.serial FOR UPDATE OF x
"""  # noqa: S608 (made of constants)
_MORE: Final = """
SELECT (SELECT count(*) FROM serial x WHERE x.sku = :sku AND x.location_id = :place
        AND x.lot = :lot AND x.condition = :condition)
    - coalesce((SELECT sum(b.on_hand) FROM stock_balance b
        WHERE b.sku = :sku AND b.location_id = :place AND b.lot = :lot
          AND b.condition = :condition), 0)::bigint AS numbers
"""
_SET: Final = """
UPDATE serial SET sought_by = '', state = CAST(:state AS text),
    location_id = CASE WHEN CAST(:state AS text) = 'gone' THEN NULL ELSE location_id END
WHERE sku = :sku AND serial = ANY(:serials)
"""


@dataclass(frozen=True, slots=True)
class SoughtSerials:
    """`by` is who looks. Calls come after the balances have changed."""

    session: AsyncSession
    by: str = "system"

    async def hold(self, skus: Iterable[str], place: str) -> None:
        """Nobody scans these units meanwhile; it comes before the balances are locked."""
        asked = await SerialRegister(self.session).asked(skus)
        if asked:
            await run(self.session, _HOLD, skus=sorted(asked), place=place)

    async def missing(self, document_no: str, keys: Iterable[StockKey], reason: str) -> None:
        """Units of these balances were not found and are off the books: nobody knows which, unless
        all that lie there are."""
        balances = sorted(set(keys))
        asked = await SerialRegister(self.session).asked(str(key.sku) for key in balances)
        for key in balances:
            if key.sku in asked and await self._more_than_units(key) > 0:
                rows = await run(self.session, _MARK, **_columns(key), document_no=document_no)
                serials = [row.serial for row in rows]
                await self._told(key, serials, SerialAct.SOUGHT, document_no, reason)
                await self.settle(key)

    async def settle(self, key: StockKey) -> None:
        """Of the units of a balance that are looked for, those are gone that nobody saw since, as
        soon as they are no more than are missing; where none is missing, none is looked for."""
        rows = await run(self.session, _MARKED, **_columns(key))
        if not rows:
            return
        papers = {row.serial: row.sought_by for row in rows}
        gone, seen = looked_for(papers, await self._more_than_units(key))
        for serials, state, what in (
            (gone, "gone", SerialAct.WRITTEN_OFF), (seen, "in_stock", SerialAct.SEEN),
        ):  # fmt: skip
            if serials:
                await run(self.session, _SET, sku=key.sku, serials=serials, state=state)
                for paper in sorted({papers[serial] for serial in serials}):
                    mine = [serial for serial in serials if papers[serial] == paper]
                    await self._told(key, mine, what, paper, "short_pick" if gone else "")

    async def _more_than_units(self, key: StockKey) -> int:
        return int((await run(self.session, _MORE, **_columns(key)))[0].numbers)

    async def _told(
        self, key: StockKey, serials: list[str], what: SerialAct, document_no: str, reason: str
    ) -> None:
        numbers = [(str(key.sku), serial) for serial in serials]
        register = SerialRegister(self.session, self.by)
        await register.told(numbers, what, document_no, key.location_id, reason=reason)


def _columns(key: StockKey) -> dict[str, str]:
    return {
        "sku": key.sku, "place": key.location_id, "lot": key.lot, "condition": key.condition,
    }  # fmt: skip
