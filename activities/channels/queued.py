"""Taking a shop's messages out of the queue it keeps for us: kept first, then confirmed."""

from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from temporalio import activity

from activities.channels.trouble import all_well, tell_trouble
from activities.shared.trying import trying
from db.channels.repository import ChannelsRepository, setting
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.platform.gates import Waiting
from db.platform.pausing import stopped
from db.shared.after_sales import take_after_sale
from db.shared.intake import accept
from db.vault import Vault
from domain.channels.messages import Pulled, PullWindow
from domain.shared.errors import IdempotencyMismatch, IntegrationError
from domain.shared.ids import poller_workflow_id
from integrations.marketplaces.port import Queued, QueueMarketplace

log = structlog.get_logger()

STEP: Final = "channel.consume"
INTERVAL_S: Final = 15.0  # default of the shop's setting `message_interval_s`


class QueueShops(Protocol):
    """Clients of shops whose channel queues messages for us."""

    async def queued(self, shop_id: str) -> QueueMarketplace: ...


@dataclass(frozen=True, slots=True)
class QueueActivities:
    """Safe to repeat: what is in the inbox already is confirmed without being kept twice."""

    sessions: Sessions
    adapters: QueueShops
    vault: Vault

    @activity.defn(name="channel.consume")
    async def consume(self, request: PullWindow) -> Pulled:
        """Keep the messages that wait, each for good, then confirm them.

        What is not confirmed comes again. Raises the IntegrationError family when the channel does
        not answer.
        """
        async with self.sessions.begin() as session:
            shop = await ChannelsRepository(session).shop(request.shop_id)
            if shop is None or not shop.active:
                return Pulled(active=False)
            if await stopped(session, f"shop/{shop.id}"):
                return Pulled(interval_s=_interval_of(shop))
        workflow_id = poller_workflow_id(shop.id, "messages")
        try:
            step = Waiting(workflow_id, STEP)
            async with trying(self.sessions, self.vault, f"shop/{shop.id}", step):
                pulled = await self._take(shop, permit=request.first)
        except IntegrationError as error:
            await tell_trouble(self.sessions, workflow_id, STEP, shop.id, error)
            raise
        await all_well(self.sessions, workflow_id, STEP)
        return pulled

    async def _take(self, shop: ShopRow, *, permit: bool) -> Pulled:
        marketplace = await self.adapters.queued(shop.id)
        if permit:
            await marketplace.permit()
        messages = await marketplace.consume()
        new, done, refused = 0, [], []
        for message in messages:
            activity.heartbeat()
            try:
                new += await self._keep(shop, message)
            except IdempotencyMismatch:
                # Another body under a known id. It would come for ever; the pull sees the order.
                log.warning("channel.message_differs", shop_id=shop.id, message=message.receipt)
            except Exception:
                log.exception("channel.message_not_kept", shop_id=shop.id, message=message.receipt)
                refused.append(message.receipt)
                continue
            done.append(message.receipt)
        await marketplace.confirm(tuple(done), tuple(refused))
        if messages:
            log.info("channel.consumed", shop_id=shop.id, messages=len(messages), new=new)
        return Pulled(len(messages), new, len(refused), bool(done), True, _interval_of(shop))

    async def _keep(self, shop: ShopRow, message: Queued) -> bool:
        """One transaction; whether it was new. A message we do not follow is not kept."""
        push = message.push
        if push is None:
            return False
        async with self.sessions.begin() as session:
            kept = await accept(
                session,
                self.vault,
                source=shop.channel,
                shop_id=shop.id,
                channel=shop.channel,
                message_id=push.message_id,
                topic=push.topic,
                external_no=push.external_no,
                raw=push.raw,
                parked_reason=push.parked_reason,
            )
            if push.after_sale is not None and not kept.duplicate:
                await take_after_sale(session, self.vault, shop.channel, shop.id, push.after_sale)
        return not kept.duplicate


def _interval_of(shop: ShopRow) -> float:
    return max(setting(shop.settings, "message_interval_s", INTERVAL_S), 1.0)
