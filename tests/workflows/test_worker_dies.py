"""The worker dies right after each activity has committed, each time before it could say so.

What a workflow had not told the engine is lost then: it is built again from its history, and the
same activity is asked to do the same once more. Here that happens after every single activity.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.client import OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle, ChildWorkflowHandle

from db.engine import Sessions
from tests.workflows.test_lost_answers import AND_BACK, TO_THE_DOOR
from tests.workflows.world import Company, company, own_order

DEAD: Final = "WorkerDied"
# How long the engine waits for a task that a dead worker had: ten seconds, unless it is told.
TASK_TIMEOUT: Final = timedelta(seconds=1)


class Death(Interceptor, ClientInterceptor):
    """Kills the worker once after each activity; `after` tells which ones."""

    def __init__(self) -> None:
        self.after: list[str] = []
        self._seen: set[tuple[str, str, str]] = set()

    def strikes(self) -> bool:
        """Whether this activity is done for the first time."""
        info = activity.info()
        this = (info.workflow_id or "", info.activity_type, info.activity_id)
        if this in self._seen:
            return False
        self._seen.add(this)
        self.after.append(info.activity_type)
        return True

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Dying(next, self)

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _LosesItsTask

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Hurries(next)


class _Hurries(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_timeout = TASK_TIMEOUT
        return await super().start_workflow(input)


class _Dying(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, death: Death) -> None:
        super().__init__(next)
        self._death = death

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        if self._death.strikes():
            # A lost answer of a normal activity is one more attempt of it; that of a local one
            # takes along everything its workflow has not told yet.
            raise ApplicationError("gone", type=DEAD, non_retryable=activity.info().is_local)
        return answer


class _LosesItsTask(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Lost(outbound))


class _Lost(WorkflowOutboundInterceptor):
    async def start_child_workflow(
        self, input: StartChildWorkflowInput
    ) -> ChildWorkflowHandle[Any, Any]:
        input.task_timeout = TASK_TIMEOUT
        return await super().start_child_workflow(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:
        task: Any = asyncio.create_task(_or_forget_all(super().start_local_activity(input)))
        return cast("ActivityHandle[Any]", task)


async def _or_forget_all(handle: ActivityHandle[Any]) -> Any:
    try:
        return await handle
    except ApplicationError as error:
        if error.type == DEAD:
            raise RuntimeError("the worker died before it could say so") from None
        raise


@pytest.fixture
def death() -> Death:
    return Death()


async def test_an_order_is_delivered_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions, death: Death
) -> None:
    async with company(temporal_env.client, sessions, death) as shop:
        await shop.seed()
        shop.patience = 1200
        order = await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.ship(no)
        await shop.status("shipped")
        await shop.deliver(no)

        assert await order.result() == "completed"

        assert set(death.after) >= set(TO_THE_DOOR) - {"order.look"}
        assert len(shop.outside.sf.waybills) == 1
        assert shop.outside.sf.cancelled == []
        assert len({told.waybill_no for told in shop.outside.shop.confirmed}) == 1
        assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (8, 0)
        assert await shop.row("SELECT count(*) FROM attention") == (0,)
        assert await told_twice(shop) == []
        await shop.adds_up()


async def test_a_labelled_order_is_taken_back_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions, death: Death
) -> None:
    async with company(temporal_env.client, sessions, death) as shop:
        await shop.seed()
        shop.patience = 1200
        order = await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.pick(no)
        await shop.pack(no)
        await shop.shipment_is(no, "labelled")
        await shop.status("in_fulfilment")
        await shop.cancel(order)
        await shop.status("cancelled")
        await shop.parked("refund")

        assert set(death.after) >= set(AND_BACK)
        labels = list(shop.outside.sf.waybills.values())
        assert len(labels) == 1
        assert set(shop.outside.sf.cancelled) == set(labels)
        assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 0)
        assert await shop.row("SELECT refund_due_minor FROM sales_order") == (2000,)
        assert await told_twice(shop) == []
        await shop.adds_up()


async def told_twice(shop: Company) -> list[str]:
    """Lines of the story that are there more than once, though their deed was done once."""
    row = await shop.row(
        "SELECT coalesce(array_agg(kind || ' ' || n), '{}') FROM ("
        " SELECT kind, count(*) AS n FROM order_event WHERE kind NOT IN ('tracked', 'allocated')"
        " GROUP BY order_id, source, kind) AS told WHERE n > 1"
    )
    return list(row[0])
