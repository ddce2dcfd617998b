"""One shop that is told what it may sell: looked after again and again, for ever."""

from datetime import timedelta

import structlog
from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.channels.stock_push import StockPushActivities
from domain.channels.messages import StockedShop, StockTold
from workflows.shared.options import PULL

log = structlog.get_logger()

_ROUNDS = 200
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)


@workflow.defn(name="StockPush")
class StockPushWorkflow:
    """What was told is in the database, so any run can take over."""

    @workflow.run
    async def run(self, shop: StockedShop) -> None:
        """Round after round; ends only when the shop is switched off."""
        for _ in range(_ROUNDS):
            told = await self._round(shop)
            if told is None:
                await workflow.sleep(_PAUSE_AFTER_TROUBLE)
            elif not told.active:
                return
        workflow.continue_as_new(shop)

    async def _round(self, shop: StockedShop) -> StockTold | None:
        """The round's result; None when the shop could not be told anything."""
        try:
            return await workflow.execute_activity_method(StockPushActivities.push, shop, **PULL)
        except ActivityError as error:
            log.warning("stock.push_failed", shop_id=shop.shop_id, error=str(error.cause)[:200])
            return None
