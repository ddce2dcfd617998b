"""Asking a channel how an order is now; whatever it answers becomes a message like any other."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.trying import sends
from db.engine import Sessions
from db.orders import cancelling
from db.orders.repository import KnownOrder, OrderRepository
from db.platform.gates import Gates, Waiting, WaitingStep
from db.platform.outbox import queue_signal
from db.vault import Vault
from domain.orders.intake import Verdict, judge
from domain.orders.messages import MessageArrived
from domain.orders.snapshot import OrderSnapshot
from domain.orders.work import Fetched, FetchOrder, Looked, OutsideStep
from domain.shared.ids import InboxId

_OF_SHIPMENT: Final = "SELECT order_id FROM shipment WHERE no = :no"

_FLAGGED: Final = """
SELECT external_line_no FROM order_line
WHERE order_id = :order_id AND (refund_in_progress OR cancelled OR closed_by_channel)
"""


@dataclass(frozen=True, slots=True)
class LookingActivities:
    """One method is one outside call, and the transaction that keeps its answer."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    gates: Gates

    @activity.defn(name="order.fetch")
    async def fetch(self, request: FetchOrder) -> Fetched:
        """Ask the channel for the whole order and put the answer into the inbox."""
        async with self.sessions.begin() as session:
            known = await OrderRepository(session).lock(request.order_id)
        raw = await self._ask(known, Waiting(known.workflow_id, "fetch"))
        return Fetched(await self._keep(known, raw, tell=False))

    @activity.defn(name="channel.look")
    async def look(self, step: OutsideStep) -> Looked:
        """Whether the channel says anything about the order that we do not know yet.

        Such news goes into the inbox and the order is told: it alone decides what follows.
        """
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            rows = await orders.run(_OF_SHIPMENT, {"no": step.shipment_no})
            known = await orders.lock(rows[0].order_id)
            flagged = await orders.run(_FLAGGED, {"order_id": known.order_id})
        raw = await self._ask(known, step)
        snapshot = await self.adapters.snapshot(known.channel, known.shop_id, raw)
        told = {row.external_line_no for row in flagged}
        if snapshot is None or not _is_news(known, told, snapshot, raw):
            return Looked()
        await self._keep(known, raw, tell=True)
        return Looked(news=True)

    async def _ask(self, known: KnownOrder, step: WaitingStep) -> bytes:
        async with self.gates.through(f"shop/{known.shop_id}", step):
            shop = await self.adapters.marketplace(known.shop_id)
            sends(external_no=known.external_no)
            return await shop.fetch_raw(known.external_no)

    async def _keep(self, known: KnownOrder, raw: bytes, *, tell: bool) -> InboxId:
        sha256 = hashlib.sha256(raw).hexdigest()
        inbox_id = InboxId(f"fetch-{known.order_id}-{sha256[:16]}")
        parameters: dict[str, Any] = {
            "id": inbox_id,
            "source": known.channel,
            "shop_id": known.shop_id,
            "message_id": inbox_id,
            "external_no": known.external_no,
            "order_id": known.order_id,
            "sha256": sha256,
            "raw": self.vault.seal(raw, inbox_id),
        }
        async with self.sessions.begin() as session:
            await OrderRepository(session).run(cancelling.STORE_FETCHED, parameters)
            if tell:
                fact = MessageArrived(inbox_id)
                await queue_signal(session, known.workflow_id, "message_arrived", fact)
        return inbox_id


def _is_news(known: KnownOrder, told: set[str], snapshot: OrderSnapshot, raw: bytes) -> bool:
    verdict = judge(
        known.version,
        known.channel_state,
        known.sha256,
        snapshot.version,
        snapshot.state,
        hashlib.sha256(raw).hexdigest(),
    )
    if verdict is Verdict.APPLY:
        return True
    lines = {x.external_line_no for x in snapshot.lines if x.refund_in_progress or x.cancelled}
    # The same version in other bytes: vendors add noise to answers, so only what matters counts.
    return verdict is Verdict.FETCH and (snapshot.state != known.channel_state or lines != told)
