"""Purchase orders as their workflow moves them: placed once whatever happens, reminded of, closed.

Looking, clocks and endings are transactions of our own; what the supplier is told stands in
`activities.inventory.supplying`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from db.engine import Sessions
from db.inventory import purchase_statements as statements
from db.inventory.expecting import expect_again
from db.inventory.purchase_orders import PurchaseOrders
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import PURCHASE_LATE, PURCHASE_SHORT
from db.sql import run
from domain.inventory.purchasing.lifecycle import due, waits_for
from domain.inventory.purchasing.messages import PurchaseWork
from domain.inventory.purchasing.model import OVER, Purchase, SupplierAnswer
from domain.shared.ids import purchase_workflow_id

# Known to the pages in all languages.
_SAID: Final = {
    "SupplierSilent": "the supplier did not answer purchase order {no}",
    "PurchaseLate": "goods of purchase order {no} are late",
    "PurchaseShort": "the supplier promises less than purchase order {no} asks for",
    "PurchaseRefused": "the supplier refuses purchase order {no}",
}

_SEEN: Final = """
SELECT FROM attention WHERE workflow_id = :id AND cause = :cause AND resolved_by <> 'system'
  AND resolved_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class PurchaseActivities:
    """One method is one transaction; said again, it changes nothing."""

    sessions: Sessions

    @activity.defn(name="purchase.look")
    async def look(self, work: PurchaseWork) -> Purchase:
        """Where the purchase order stands; its lines stay in the tables."""
        async with self.sessions.begin() as session:
            purchase, _ = await PurchaseOrders(session).find(work.no)
            return in_short(purchase)

    @activity.defn(name="purchase.move_on")
    async def move_on(self, work: PurchaseWork) -> Purchase:
        """Write down what it waits for and until when; who was late or short is heard of."""
        async with self.sessions.begin() as session:
            orders = PurchaseOrders(session)
            before, _ = await orders.locked(work.no)
            waits = waits_for(before)
            reminders = before.reminders if waits == before.waits else 0
            after = replace(before, waits=waits, reminders=reminders)
            after = replace(after, due_at=due(after))
            await _keep_clock(session, after)
            if waits != before.waits or not after.reminders:
                await _close(session, work.no, PURCHASE_LATE)
            await _say_short(session, after)
            return in_short(after)

    @activity.defn(name="purchase.remind")
    async def remind(self, work: PurchaseWork) -> Purchase:
        """The day is near, or somebody is late or silent: its story says so, people hear of it."""
        async with self.sessions.begin() as session:
            orders = PurchaseOrders(session)
            before, _ = await orders.locked(work.no)
            if before.due_at is None or before.due_at > work.at:
                return in_short(before)
            late = before.late_at
            is_late = before.waits == "goods" and late is not None and work.at >= late
            first = 2 if is_late and before.remind_days else 1
            after = _reminded(before, max(before.reminders + 1, first), work.at)
            await _keep_clock(session, after)
            silent = before.waits == "answer"
            kind = "silent" if silent else "late" if is_late else "due_soon"
            await orders.tell(work.no, kind, {"times": str(after.reminders)})
            if silent or is_late:
                cause = "SupplierSilent" if silent else "PurchaseLate"
                await _open(session, after, PURCHASE_LATE, cause, after.reminders)
            return in_short(after)

    @activity.defn(name="purchase.replan")
    async def replan(self, work: PurchaseWork) -> int:
        """Backorders that wait for its goods get a new day; returns how many orders heard."""
        async with self.sessions.begin() as session:
            await PurchaseOrders(session).locked(work.no)
            return await expect_again(session, work.no, work.at)

    @activity.defn(name="purchase.close")
    async def close(self, work: PurchaseWork) -> Purchase:
        """All of it came, and its time for corrections is over."""
        async with self.sessions.begin() as session:
            await PurchaseOrders(session).close(work.no)
            return in_short((await PurchaseOrders(session).find(work.no))[0])

    @activity.defn(name="purchase.settle")
    async def settle(self, work: PurchaseWork) -> Purchase:
        """It is over: nothing of it waits for people any more."""
        async with self.sessions.begin() as session:
            before, _ = await PurchaseOrders(session).locked(work.no)
            if before.state in OVER:
                await _keep_clock(session, replace(before, waits="", due_at=None))
                for step in (PURCHASE_LATE, PURCHASE_SHORT):
                    await _close(session, work.no, step)
            return in_short(replace(before, waits="", due_at=None))


def in_short(purchase: Purchase) -> Purchase:
    """What a workflow needs of it: histories hold no lines."""
    return replace(purchase, lines=())


def _reminded(purchase: Purchase, reminders: int, now: datetime) -> Purchase:
    """With its next clock; reminders that were missed are not made up for."""
    after = replace(purchase, reminders=reminders)
    while (at := due(after)) is not None and at <= now:
        after = replace(after, reminders=after.reminders + 1)
    return replace(after, due_at=at)


async def _keep_clock(session: AsyncSession, purchase: Purchase) -> None:
    await run(
        session, statements.MOVED_ON, no=purchase.no, waits_for=purchase.waits,
        due_at=purchase.due_at, reminders=purchase.reminders,
    )  # fmt: skip


async def _say_short(session: AsyncSession, purchase: Purchase) -> None:
    """Less than was ordered: a person decides what becomes of the rest."""
    refused = purchase.answer is SupplierAnswer.REFUSED
    cause = "PurchaseRefused" if refused else "PurchaseShort"
    if not refused and (purchase.answer is not SupplierAnswer.PARTLY or not purchase.open_units):
        await _close(session, purchase.no, PURCHASE_SHORT)
    elif not await run(session, _SEEN, id=purchase_workflow_id(purchase.no), cause=cause):
        await _open(session, purchase, PURCHASE_SHORT, cause, 1)


async def _open(
    session: AsyncSession, purchase: Purchase, step: str, cause: str, times: int
) -> None:
    await open_attention(
        session,
        workflow_id=purchase_workflow_id(purchase.no),
        step_id=step,
        system=f"supplier/{purchase.supplier}",
        cause=cause,
        attempts=times,
        error=_SAID[cause].format(no=purchase.no),
        actions=("done_by_hand",),
        fingerprint=f"purchase|{purchase.supplier}|{cause}"[:300],
    )


async def _close(session: AsyncSession, no: str, step: str) -> None:
    await resolve_attention(
        session, workflow_id=purchase_workflow_id(no), step_id=step, by="system", resolution="done"
    )
