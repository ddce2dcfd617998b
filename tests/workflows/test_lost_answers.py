"""Whatever activity's answer is lost after its work was done, the end is the same."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from db.audit import audit
from db.engine import Sessions
from domain.orders.messages import Accepted, Cancel
from tests.workflows.test_order import order_id, plan_hash
from tests.workflows.world import Company, company, own_order

TO_THE_DOOR = (
    "order.look",
    "order.apply",
    "order.allocate",
    "order.record",
    "shipment.open",
    "shipment.pick_confirmed",
    "shipment.packed",
    "shipment.rate",
    "waybill.create",
    "shipment.labelled",
    "shipment.hand_over",
    "channel.confirm_shipment",
    "shipment.track",
)
AND_BACK = (
    "order.plan_cancellation",
    "shipment.halt",
    "waybill.void",
    "shipment.stop",
    "order.carry_out_cancellation",
    "attention.park",
)


class LoseAnswer(Interceptor):
    """The first time this activity has done its work, the worker dies before it can say so."""

    def __init__(self, activity_type: str) -> None:
        self.activity_type = activity_type
        self.lost = 0

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Lose(next, self)


class _Lose(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, owner: LoseAnswer) -> None:
        super().__init__(next)
        self._owner = owner

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        name = getattr(input.fn, "__temporal_activity_definition").name
        if name == self._owner.activity_type and not self._owner.lost:
            self._owner.lost += 1
            raise ConnectionError("the answer was lost")
        return answer


async def clean(shop: Company) -> None:
    async with shop.sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.parametrize("activity_type", TO_THE_DOOR)
async def test_an_order_is_delivered_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await shop.seed()
        order = await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.ship(no)
        await shop.status("shipped")
        await shop.deliver(no)
        assert await order.result() == "completed"

        assert loser.lost == 1
        assert shop.outside.sf.creates == 1
        assert len(shop.outside.shop.confirmed) in (1, 2 if "confirm" in activity_type else 1)
        assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (8, 0)
        assert await shop.row("SELECT count(*) FROM shipment") == (1,)
        await clean(shop)


@pytest.mark.parametrize("activity_type", AND_BACK)
async def test_a_labelled_order_is_taken_back_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await shop.seed()
        order = await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.pick(no)
        await shop.pack(no)
        await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")
        await shop.status("in_fulfilment")
        command = Cancel(await plan_hash(shop, await order_id(shop)), "too late", "kefu")
        await order.execute_update("cancel", command, result_type=Accepted)
        await shop.status("cancelled")
        await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", "refund")

        assert loser.lost == 1
        assert set(shop.outside.sf.cancelled) == {"SF000000000001"}
        assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 0)
        assert await shop.row("SELECT refund_due_minor FROM sales_order") == (2000,)
        await clean(shop)
