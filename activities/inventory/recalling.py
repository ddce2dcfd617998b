"""A recall as its workflow moves it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from db.engine import Sessions
from db.orders.notes import write_note
from db.platform.outbox import queue_shop_webhook
from db.shared import recall_statements as sql
from db.shared.recalling import SYSTEM, Recalling
from db.sql import run
from db.vault import Vault
from domain.inventory.recall import Holder, RecallFacts
from domain.inventory.recalling import RecallWork
from domain.shared.errors import PersonErased
from integrations.marketplaces.own_events import Recalled, build_recalled_event

_AT_ONCE: Final = 100  # holders told in one transaction
COMPANY: Final = "-"  # as a shop: subscribers of all of them


@dataclass(frozen=True, slots=True)
class RecallActivities:
    """One method is one transaction; said again, it changes nothing."""

    sessions: Sessions
    vault: Vault

    @activity.defn(name="recall.look")
    async def look(self, work: RecallWork) -> RecallFacts:
        """Where the recall stands, with everything counted anew."""
        async with self.sessions.begin() as session:
            return await Recalling(session, work.recall_no).facts()

    @activity.defn(name="recall.freeze")
    async def freeze(self, work: RecallWork) -> RecallFacts:
        """Nothing of its lots is promised any more."""
        async with self.sessions.begin() as session:
            recall = Recalling(session, work.recall_no)
            await recall.freeze(work.at)
            return await recall.facts()

    @activity.defn(name="recall.stop_picks")
    async def stop_picks(self, work: RecallWork) -> RecallFacts:
        """What has not left gets other lots, or waits for people."""
        async with self.sessions.begin() as session:
            recall = Recalling(session, work.recall_no)
            await recall.stop_picks()
            return await recall.facts()

    @activity.defn(name="recall.intercept")
    async def intercept(self, work: RecallWork) -> RecallFacts:
        """Parcels on their way are asked back, each by a workflow of its own."""
        async with self.sessions.begin() as session:
            recall = Recalling(session, work.recall_no)
            await recall.intercept()
            return await recall.facts()

    @activity.defn(name="recall.tell")
    async def tell(self, work: RecallWork) -> RecallFacts:
        """Those who have units are told: a note on their order, an event for their shop."""
        async with self.sessions.begin() as session:
            recall = Recalling(session, work.recall_no)
            row, holders = await recall.to_tell(_AT_ONCE)
            for holder in holders:
                await self._tell_one(session, row, holder)
            await recall.told(row, [holder.id for holder in holders])
            return await recall.facts()

    @activity.defn(name="recall.remind")
    async def remind(self, work: RecallWork) -> RecallFacts:
        """Who said nothing is told once more, and people are asked to call them."""
        async with self.sessions.begin() as session:
            recall = Recalling(session, work.recall_no)
            await recall.remind(work.at)
            return await recall.facts()

    async def _tell_one(self, session: AsyncSession, row: Any, holder: Any) -> None:
        if holder.kind == Holder.DEALER:
            shops = await run(session, sql.DEALER_SHOPS, place=holder.holder)
            for shop_id in [shop.id for shop in shops] or [COMPANY]:
                await _event(session, row, holder, shop_id, holder.holder)
            return
        text = f"{row.no} · {holder.sku} {holder.lot} × {holder.units}\n{row.message}"
        note_id = f"{row.no}:{holder.id}:{row.reminders}"
        try:
            await write_note(session, self.vault, holder.order_id, note_id, text, SYSTEM)
        except PersonErased:
            return  # nobody knows any more who that was
        await _event(session, row, holder, holder.shop_id, holder.external_no)


async def _event(session: AsyncSession, row: Any, holder: Any, shop_id: str, subject: str) -> None:
    said = Recalled(
        row.no, holder.sku, holder.lot, holder.units, subject, holder.kind, row.message,
        f"{holder.id}:{row.reminders}",
    )  # fmt: skip
    event = build_recalled_event(shop_id, said, row.started_at)
    await queue_shop_webhook(
        session, shop_id=shop_id, event_id=event.id, event_type=event.type, body=event.body
    )
