"""One shop that is told what it may sell: looked after again and again, for ever."""

from datetime import timedelta

import structlog
from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.channels.stock_push import StockPushActivities
from domain.channels.messages import StockedShop, StockTold, TryListing
from domain.orders.messages import Accepted, ResolveStep
from workflows.shared.items import close_item, only_retry
from workflows.shared.options import DATABASE, PULL

log = structlog.get_logger()

_ROUNDS = 200
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)


@workflow.defn(name="StockPush")
class StockPushWorkflow:
    """What was told is in the database, so any run can take over."""

    @workflow.init
    def __init__(self, shop: StockedShop) -> None:
        self._wanted = False
        self._shop_id = shop.shop_id

    @workflow.run
    async def run(self, shop: StockedShop) -> None:
        """Round after round; ends only when the shop is switched off."""
        for _ in range(_ROUNDS):
            self._wanted = False
            told = await self._round(shop)
            if told is None:
                await self._pause()
            elif not told.active:
                return
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(shop)

    @workflow.update
    async def resolve_step(self, decision: ResolveStep) -> Accepted:
        """A person mended the cause: told at once; should it fail again, there is a new item."""
        await workflow.execute_local_activity_method(
            StockPushActivities.try_again,
            TryListing(self._shop_id, decision.step_id),
            **DATABASE,
        )
        await close_item(decision)
        self._wanted = True
        return Accepted("decided")

    @resolve_step.validator
    def _check_decision(self, decision: ResolveStep) -> None:
        only_retry(decision)

    async def _round(self, shop: StockedShop) -> StockTold | None:
        """The round's result; None when the shop could not be told anything."""
        try:
            return await workflow.execute_activity_method(StockPushActivities.push, shop, **PULL)
        except ActivityError as error:
            log.warning("stock.push_failed", shop_id=shop.shop_id, error=str(error.cause)[:200])
            return None

    async def _pause(self) -> None:
        try:
            await workflow.wait_condition(lambda: self._wanted, timeout=_PAUSE_AFTER_TROUBLE)
        except TimeoutError:
            return
