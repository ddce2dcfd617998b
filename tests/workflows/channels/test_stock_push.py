"""The teller of stock runs for ever, survives trouble, and does at once what a person asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.platform.attention import AttentionActivities
from api.orders.routes import router
from db.engine import Sessions
from db.platform.attention import open_attention
from db.sql import run
from domain.channels.messages import StockedShop, StockTold, TryListing
from domain.shared.ids import ShopId
from runtime.temporal import plugin
from tests.api.orders.app import client_of
from workflows.channels.stock_push import StockPushWorkflow

SHOP = StockedShop(ShopId("top-1"))


@dataclass
class FakeRounds:
    """Answers rounds one after the other, then the shop is switched off."""

    answers: list[StockTold | Exception] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurried: list[str] = field(default_factory=list)

    @activity.defn(name="stock.push")
    async def push(self, request: StockedShop) -> StockTold:
        assert request == SHOP
        self.at.append(activity.info().scheduled_time.timestamp())
        answer = self.answers.pop(0) if self.answers else StockTold(active=False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="stock.try_again")
    async def try_again(self, request: TryListing) -> None:
        self.hurried.append(request.step_id)


@asynccontextmanager
async def _running(
    env: WorkflowEnvironment, rounds: FakeRounds, *more: object
) -> AsyncIterator[WorkflowHandle[StockPushWorkflow, None]]:
    activities = [rounds.push, rounds.try_again, *more]
    async with Worker(
        env.client,
        task_queue="t",
        workflows=[StockPushWorkflow],
        activities=activities,  # type: ignore[arg-type]
    ):
        yield await env.client.start_workflow(
            StockPushWorkflow.run, SHOP, id="stock-push/top-1", task_queue="t"
        )


async def test_a_shop_is_looked_after_until_it_is_switched_off(
    temporal_env: WorkflowEnvironment,
) -> None:
    rounds = FakeRounds([StockTold(told=3), StockTold()])

    async with _running(temporal_env, rounds) as teller:
        await teller.result()

    assert len(rounds.at) == 3
    replayer = Replayer(workflows=[StockPushWorkflow], plugins=[plugin()])
    await replayer.replay_workflow(await teller.fetch_history())


async def test_trouble_is_a_pause_and_never_the_end(temporal_env: WorkflowEnvironment) -> None:
    bug = ApplicationError("bug", non_retryable=True)
    rounds = FakeRounds([bug, StockTold(), bug])

    async with _running(temporal_env, rounds) as teller:
        await teller.result()

    gaps = [round(later - earlier) for earlier, later in pairwise(rounds.at)]
    assert (gaps[0] >= 60, gaps[1] < 60, gaps[2] >= 60) == (True, True, True)


async def test_it_starts_anew_before_its_history_grows_long(
    temporal_env: WorkflowEnvironment,
) -> None:
    rounds = FakeRounds([StockTold()] * 201)

    async with _running(temporal_env, rounds) as teller:
        first_run = teller.first_execution_run_id
        await teller.result()

    assert len(rounds.at) == 202
    last = await temporal_env.client.get_workflow_handle("stock-push/top-1").describe()
    assert last.run_id != first_run


async def test_trying_again_over_http_closes_the_item_and_hurries_the_product(
    temporal_env: WorkflowEnvironment, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        item_id = await open_attention(
            session, workflow_id="stock-push/top-1", step_id="stock.push/T-A", cause="Rejected",
            error="no such item", system="shop/top-1", actions=("retry",),
        )  # fmt: skip
    address = f"/api/v1/attention/{item_id}/resolution"
    held = asyncio.Event()
    rounds = FakeRounds()

    @activity.defn(name="stock.push")
    async def push(request: StockedShop) -> StockTold:
        await held.wait()
        return StockTold(active=False)

    rounds_push = Worker(
        temporal_env.client, task_queue="t", workflows=[StockPushWorkflow],
        activities=[push, rounds.try_again, AttentionActivities(sessions).resolve],
    )  # fmt: skip
    async with rounds_push, client_of(web_sessions, router, temporal=temporal_env.client) as http:
        teller = await temporal_env.client.start_workflow(
            StockPushWorkflow.run, SHOP, id="stock-push/top-1", task_queue="t"
        )
        body = {"action": "skip", "reason": "no"}
        refused = await http.post(address, json=body)
        decided = await http.post(address, json={"action": "retry"})
        held.set()
        await teller.result()

    assert (refused.status_code, decided.status_code) == (409, 200), (refused.text, decided.text)
    assert rounds.hurried == ["stock.push/T-A"]
    async with sessions.begin() as session:
        items = await run(session, "SELECT resolution, resolved_by FROM attention")
        noted = await run(session, "SELECT action, subject FROM audit_log")
    assert [row.resolution for row in items] == ["retry"]
    assert ("step.retry", "stock-push/top-1") in [tuple(row) for row in noted]
