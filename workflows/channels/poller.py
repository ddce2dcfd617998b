"""One shop asked again and again, for ever: for orders, for refunds, or for queued messages."""

from datetime import timedelta

import structlog
from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.channels.after_sales import AfterSaleActivities
from activities.channels.pulling import PullingActivities
from activities.channels.queued import QueueActivities
from domain.channels.messages import Pulled, PulledShop, PullWindow
from domain.orders.messages import Accepted, ResolveStep
from workflows.shared.items import close_item, only_retry
from workflows.shared.options import PULL

log = structlog.get_logger()

_ROUNDS = 200
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 300.0


@workflow.defn(name="Poller")
class PollerWorkflow:
    """Asks one shop for one thing; where it stands is in the database, any run can take over."""

    @workflow.init
    def __init__(self, shop: PulledShop) -> None:
        self._wanted = False
        self._failures = shop.failures
        self._is_first = True

    @workflow.run
    async def run(self, shop: PulledShop) -> None:
        """Pull, pause, again; ends only when the shop is switched off."""
        for _ in range(_ROUNDS):
            self._wanted = False
            pulled = await self._pull(shop)
            if pulled is not None and not pulled.active:
                return
            if pulled is None or not pulled.behind:
                await self._pause(pulled)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(PulledShop(shop.shop_id, self._failures, shop.asked))

    @workflow.signal
    def pull_now(self) -> None:
        """Somebody wants to see the latest at once."""
        self._wanted = True

    @workflow.update
    async def resolve_step(self, decision: ResolveStep) -> Accepted:
        """A person mended the cause: asked at once; should it fail again, there is a new item."""
        await close_item(decision)
        self._wanted = True
        return Accepted("decided")

    @resolve_step.validator
    def _check_decision(self, decision: ResolveStep) -> None:
        only_retry(decision)

    @workflow.query
    def failures(self) -> int:
        """How many windows in a row could not be read."""
        return self._failures

    async def _pull(self, shop: PulledShop) -> Pulled | None:
        """The window's result; None when the shop could not be read for a minute."""
        try:
            window = PullWindow(shop.shop_id, self._is_first)
            match shop.asked:
                case "orders":
                    pulled = await workflow.execute_activity_method(
                        PullingActivities.pull, window, **PULL
                    )
                case "after_sales":
                    pulled = await workflow.execute_activity_method(
                        AfterSaleActivities.pull, window, **PULL
                    )
                case "messages":
                    pulled = await workflow.execute_activity_method(
                        QueueActivities.consume, window, **PULL
                    )
        except ActivityError as error:
            self._failures += 1
            log.warning("channel.pull_failed", shop_id=shop.shop_id, error=str(error.cause)[:200])
            return None
        self._failures = 0
        self._is_first = False
        return pulled

    async def _pause(self, pulled: Pulled | None) -> None:
        if pulled is None:
            pause_s = min(_FIRST_PAUSE_S * 2 ** min(self._failures, 10), _LONGEST_PAUSE_S)
        else:
            pause_s = pulled.interval_s
        try:
            await workflow.wait_condition(lambda: self._wanted, timeout=timedelta(seconds=pause_s))
        except TimeoutError:
            return
