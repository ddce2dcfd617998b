"""Asking a shop for refunds and returns: a watermark of its own, so that orders never wait."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import DataError
from temporalio import activity

from activities.channels.pulling import LONGEST_WINDOW_S, window
from activities.channels.trouble import all_well, tell_trouble
from activities.shared.trying import trying
from db.channels.ranges import PullRanges
from db.channels.repository import ChannelsRepository, setting
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.platform.gates import Waiting
from db.platform.pausing import stopped
from db.shared.after_sales import take_after_sale
from db.vault import Vault
from domain.channels.messages import Pulled, PullWindow
from domain.orders.after_sale import AfterSale
from domain.shared.errors import DomainError, IntegrationError
from domain.shared.ids import poller_workflow_id
from integrations.marketplaces.port import AfterSaleMarketplace

log = structlog.get_logger()

STEP: Final = "channel.after_sales"
INTERVAL_S: Final = 120.0  # default of the shop's setting `after_sale_interval_s`


class AfterSaleShops(Protocol):
    """Clients of shops that can be asked for refunds and returns."""

    async def after_sales(self, shop_id: str) -> AfterSaleMarketplace: ...


@dataclass(frozen=True, slots=True)
class AfterSaleActivities:
    """Safe to repeat: a version of a case that is known tells nobody again."""

    sessions: Sessions
    adapters: AfterSaleShops
    vault: Vault
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn(name="channel.pull_after_sales")
    async def pull(self, request: PullWindow) -> Pulled:
        """Keep every case the shop changed in the next window and tell its order.

        Raises the IntegrationError family when the shop does not answer.
        """
        async with self.sessions.begin() as session:
            shop = await ChannelsRepository(session).shop(request.shop_id)
            if shop is None or not shop.active:
                return Pulled(active=False)
            if await stopped(session, f"shop/{shop.id}"):
                return Pulled(interval_s=_interval_of(shop))
        workflow_id = poller_workflow_id(shop.id, "after_sales")
        try:
            step = Waiting(workflow_id, STEP)
            async with trying(self.sessions, self.vault, f"shop/{shop.id}", step):
                pulled = await self._window(shop)
        except IntegrationError as error:
            await tell_trouble(self.sessions, workflow_id, STEP, shop.id, error)
            raise
        await all_well(self.sessions, workflow_id, STEP)
        return pulled

    async def _window(self, shop: ShopRow) -> Pulled:
        marketplace = await self.adapters.after_sales(shop.id)
        start, end, behind = window(shop.settings, shop.after_sales_until, self.now())
        listed, news = await self._read(shop, marketplace, start, end)
        async with self.sessions.begin() as session:
            await ChannelsRepository(session).after_sales_pulled(shop.id, end)
        if news:
            log.info("channel.after_sales_pulled", shop_id=shop.id, cases=listed, news=news)
        if not behind:
            behind = await self._again(shop, marketplace)
        return Pulled(listed, news, 0, behind, True, _interval_of(shop))

    async def _again(self, shop: ShopRow, marketplace: AfterSaleMarketplace) -> bool:
        """One window of a range somebody wants pulled again; whether there is more of it."""
        async with self.sessions.begin() as session:
            wanted = await PullRanges(session, shop.id).open("after_sales")
        if wanted is None:
            return False
        end = min(wanted.reached_at + timedelta(seconds=LONGEST_WINDOW_S), wanted.ends_at)
        listed, news = await self._read(shop, marketplace, wanted.reached_at, end)
        async with self.sessions.begin() as session:
            await PullRanges(session, shop.id).advance(
                wanted.id, wanted.reached_at, end, changed=listed, accepted=news, parked=0
            )
        return bool(end < wanted.ends_at)

    async def _read(
        self, shop: ShopRow, marketplace: AfterSaleMarketplace, start: datetime, end: datetime
    ) -> tuple[int, int]:
        """Every case changed in [start, end) kept: how many there are, and how many were news."""
        cases = await marketplace.changed_after_sales(start, end)
        news = 0
        for case in sorted(cases, key=lambda one: one.modified):
            activity.heartbeat()
            news += await self._keep(shop, case)
        return len(cases), news

    async def _keep(self, shop: ShopRow, case: AfterSale) -> bool:
        """One case that cannot be kept must not stop the others."""
        try:
            async with self.sessions.begin() as session:
                return await take_after_sale(
                    session, self.vault, shop.channel, shop.id, case, asked=True
                )
        except (DataError, ValueError, DomainError):
            log.exception("channel.case_not_kept", shop_id=shop.id, case=case.after_sale_no[:100])
            return False


def _interval_of(shop: ShopRow) -> float:
    return max(setting(shop.settings, "after_sale_interval_s", INTERVAL_S), 1.0)
