"""Recalls as their workflow moves them: frozen, stopped, asked back, told. In the caller's
transaction; said again, each changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_register import RECALL, LotRegister
from db.inventory.lots import Lots, lot_key
from db.inventory.remaining_life import life_of, wanted_by
from db.logistics.intercepts import want_intercepts
from db.orders.repository import OrderRepository
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import RECALL as NOTICE
from db.shared import recall_statements as sql
from db.sql import run
from domain.inventory.expiry import FreeLot, Wanted, fits, goes_first
from domain.inventory.recall import RecallFacts, remind_after
from domain.inventory.stock import StockKey
from domain.orders.intake import Judgement
from domain.orders.order import HoldKind
from domain.shared.errors import RecallNotFound
from domain.shared.ids import recall_workflow_id

SYSTEM: Final = "system"

_DATES: Final = """
SELECT b.lot, t.expires_on, k.shelf_life_days, k.min_life_days, p.zone
FROM stock_balance b JOIN location p ON p.id = b.location_id JOIN sku k ON k.code = b.sku
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
WHERE b.sku = :sku AND b.location_id = :place AND b.condition = 'good' AND b.owner = 'own'
"""


@dataclass(frozen=True, slots=True)
class Recalling:
    """One recall in one transaction."""

    session: AsyncSession
    no: str

    async def facts(self) -> RecallFacts:
        """Where it stands, counted anew. Raises RecallNotFound."""
        row = await self._locked()
        if row.frozen_at is not None and row.state == "open":
            await self.count()
            await self._release()
        sums = await run(self.session, sql.SUMS, no=self.no)
        stop = await run(self.session, sql.TO_STOP, no=self.no)
        moving = await run(self.session, sql.ON_THE_WAY, no=self.no)
        return RecallFacts(
            self.no,
            row.state == "closed",
            row.frozen_at is not None,
            len(stop),
            len(moving),
            sum(one.untold for one in sums),
            sum(one.open for one in sums),
            row.remind_at,
        )

    async def freeze(self, now: datetime) -> None:
        """Nothing of its lots is promised any more, anywhere, from this transaction on; who holds
        units of them is written down."""
        row = await self._locked()
        register = LotRegister(self.session, row.started_by)
        for lot in await run(self.session, sql.LOTS, no=self.no):
            await register.keep_back(
                lot.sku, lot.lot, None, row.reason, kind=RECALL,
                request_id=f"recall:{self.no}:{lot.sku}:{lot.lot}",
            )  # fmt: skip
        await run(
            self.session, sql.FROZEN, no=self.no, remind_at=remind_after(row.remind_days, now)
        )
        await self.count()

    async def count(self) -> None:
        """Who has how many units now; what lies in quarantine, and what came back with returns, has
        come to its end."""
        await run(self.session, sql.AT_PLACES, no=self.no)
        await run(self.session, sql.WITH_BUYERS, no=self.no)
        for one in await run(self.session, sql.IN_QUARANTINE, no=self.no):
            await run(
                self.session, sql.END, id=f"{self.no}:{one.id}:apart:{one.ended}",
                unit_id=one.id, how="quarantined", units=one.units, note="", actor=SYSTEM,
            )  # fmt: skip
        left: dict[tuple[str, str], int] = {}
        for one in await run(self.session, sql.CAME_BACK, no=self.no):
            key = (one.order_id, one.sku)
            free = left.get(key, one.back - one.known)
            units = min(free, one.units - one.ended)
            left[key] = free - max(units, 0)
            if units > 0:
                await run(
                    self.session, sql.END, id=f"{self.no}:{one.id}:{one.known + one.ended}",
                    unit_id=one.id, how="returned", units=units, note="", actor=SYSTEM,
                )  # fmt: skip

    async def stop_picks(self) -> None:
        """What has not left gets units of other lots; where these are in hand already, or there
        are none, its order is kept back and people are asked."""
        await self._locked()
        orders = OrderRepository(self.session)
        for one in await run(self.session, sql.TO_STOP_ORDERS, no=self.no):
            await orders.lock(one.order_id)
        leases = await run(self.session, sql.TO_STOP, no=self.no)
        wanted = await wanted_by(self.session, sorted({one.order_id for one in leases}))
        for one in leases:
            anything = wanted.get(one.order_id, Wanted())
            if one.untouched and await exchanged(self.session, one, anything):
                await orders.wake_shipments(one.order_id, "lots")
            else:
                await self._keep_back(one)

    async def intercept(self) -> list[str]:
        """Have the parcels on their way asked back; returns their shipments."""
        row = await self._locked()
        numbers = [one.no for one in await run(self.session, sql.ON_THE_WAY, no=self.no)]
        await want_intercepts(self.session, numbers, row.reason, row.started_by)
        return numbers

    async def to_tell(self, limit: int) -> tuple[Row[Any], Sequence[Row[Any]]]:
        """The recall, and those holders who were not told as often as is due."""
        row = await self._locked()
        found = await run(
            self.session, sql.TO_TELL, no=self.no, times=row.reminders + 1, limit=limit
        )
        return row, found

    async def told(self, row: Row[Any], ids: Sequence[str]) -> None:
        """These were told."""
        await run(self.session, sql.TOLD, ids=list(ids), times=row.reminders + 1)

    async def remind(self, now: datetime) -> None:
        """Who said nothing is told again, and people are asked to call them; nobody is while every
        unit is accounted for."""
        row = await self._locked()
        if row.remind_at is None or row.remind_at > now:
            return
        at = remind_after(row.remind_days, now)
        units = sum(one.open for one in await run(self.session, sql.SUMS, no=self.no))
        if not units:
            await run(self.session, sql.LATER, no=self.no, remind_at=at)
            return
        await run(self.session, sql.REMINDED, no=self.no, remind_at=at)
        await open_attention(
            self.session, workflow_id=recall_workflow_id(self.no), step_id=f"{NOTICE}/silent",
            cause="RecallSilent", code=self.no, system="recall", attempts=row.reminders + 1,
            error=f"{units} units of recall {self.no} are not accounted for",
            actions=("done_by_hand",),
        )  # fmt: skip

    async def _keep_back(self, one: Row[Any]) -> None:
        text = f"lot {one.lot} of {one.sku} is recalled: take it out"
        orders = OrderRepository(self.session)
        await orders.place_holds(one.order_id, [Judgement(HoldKind.RECALL, text)])
        await orders.wake_shipments(one.order_id, "hold")
        await open_attention(
            self.session, workflow_id=recall_workflow_id(self.no),
            step_id=f"{NOTICE}/{one.lease}", cause="Recalled", code=self.no, system="recall",
            order_id=one.order_id, shipment_no=one.shipment_no, attempts=1, error=text,
            actions=("done_by_hand",), fingerprint=f"recall|{self.no}|{one.sku}"[:300],
        )  # fmt: skip

    async def _release(self) -> None:
        """Orders that hold nothing of a recalled lot any more go on."""
        for row in await run(self.session, sql.TO_RELEASE):
            orders = OrderRepository(self.session)
            await orders.release_holds(row.order_id, [HoldKind.RECALL], SYSTEM)
            await orders.wake_shipments(row.order_id, "hold")
            for item in await run(
                self.session,
                "SELECT workflow_id, step_id FROM attention WHERE order_id = :id"
                " AND cause = 'Recalled' AND resolved_at IS NULL",
                id=row.order_id,
            ):
                await resolve_attention(
                    self.session, workflow_id=item.workflow_id, step_id=item.step_id, by=SYSTEM,
                    resolution="done",
                )  # fmt: skip

    async def _locked(self) -> Row[Any]:
        rows = await run(self.session, sql.LOCK, no=self.no)
        if not rows:
            raise RecallNotFound(f"there is no recall {self.no[:50]}")
        return rows[0]


async def exchanged(session: AsyncSession, one: Any, wanted: Wanted) -> bool:
    """Whether all units of a lease could be promised in other lots of its place, first expired
    first; then they are."""
    lots = Lots(session)
    free = await lots.free([(one.location_id, one.sku)])
    dates = {row.lot: row for row in await run(session, _DATES, sku=one.sku, place=one.location_id)}
    now = datetime.now(UTC)
    parts: list[tuple[StockKey, int]] = []
    needed = int(one.units)
    for key in sorted(free, key=lambda key: goes_first(dates[key.lot].expires_on, key.lot)):
        row = dates[key.lot]
        lot = FreeLot(key.lot, free[key], row.expires_on, life_of(row))
        if key.lot != one.lot and needed and lot.units > 0 and fits(lot, wanted, row.zone, now):
            parts.append((key, min(lot.units, needed)))
            needed -= parts[-1][1]
    if needed:
        return False
    for key, units in parts:
        source = lot_key(one.location_id, one.sku, one.lot)
        await lots.exchange(one.lease, source, key.lot, units)
    return True
