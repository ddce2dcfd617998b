import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from domain.channels.messages import Pulled, PulledShop, PullWindow
from domain.shared.errors import CredentialsRefused
from domain.shared.ids import ShopId
from runtime.temporal import plugin
from workflows.channels.poller import PollerWorkflow

SHOP = PulledShop(ShopId("top-1"))
END = Pulled(active=False)


@dataclass
class FakeShop:
    """Answers windows with `answers` one after the other, then is switched off."""

    answers: list[Pulled | Exception] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name="channel.pull")
    async def pull(self, request: PullWindow) -> Pulled:
        assert request.shop_id == "top-1"
        self.at.append(activity.info().scheduled_time.timestamp())
        self.asked.set()
        answer = self.answers.pop(0) if self.answers else END
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def gaps(self) -> list[int]:
        return [round(later - earlier) for earlier, later in pairwise(self.at)]


@asynccontextmanager
async def _worker(env: WorkflowEnvironment, shop: FakeShop) -> AsyncIterator[None]:
    async with Worker(
        env.client, task_queue="t", workflows=[PollerWorkflow], activities=[shop.pull]
    ):
        yield


async def _start(env: WorkflowEnvironment) -> WorkflowHandle[PollerWorkflow, None]:
    return await env.client.start_workflow(
        PollerWorkflow.run, SHOP, id="poller/top-1", task_queue="t"
    )


async def _story(env: WorkflowEnvironment, answers: Sequence[Pulled | Exception]) -> FakeShop:
    shop = FakeShop(list(answers))
    async with _worker(env, shop):
        poller = await _start(env)
        await poller.result()
    await Replayer(workflows=[PollerWorkflow], plugins=[plugin()]).replay_workflow(
        await poller.fetch_history()
    )
    return shop


async def test_a_shop_is_pulled_again_after_its_interval_until_it_is_switched_off(
    temporal_env: WorkflowEnvironment,
) -> None:
    shop = await _story(temporal_env, [Pulled(interval_s=60), Pulled(interval_s=600)])

    assert shop.gaps == [60, 600]


async def test_while_a_shop_is_behind_it_is_pulled_without_a_pause(
    temporal_env: WorkflowEnvironment,
) -> None:
    shop = await _story(temporal_env, [Pulled(behind=True), Pulled(behind=True)])

    assert shop.gaps == [0, 0]


async def test_a_shop_that_refuses_us_is_asked_again_more_and_more_rarely(
    temporal_env: WorkflowEnvironment,
) -> None:
    refusal = CredentialsRefused("session expired", code="27")
    answers: list[Pulled | Exception] = [*[refusal] * 7, Pulled(interval_s=60)]

    shop = await _story(temporal_env, answers)

    assert shop.gaps == [10, 20, 40, 80, 160, 300, 300, 60]


async def test_even_a_bug_in_pulling_does_not_end_the_poller(
    temporal_env: WorkflowEnvironment,
) -> None:
    shop = await _story(temporal_env, [ApplicationError("bug", non_retryable=True)])

    assert shop.gaps == [10]


async def test_somebody_who_cannot_wait_gets_the_next_window_at_once(
    temporal_env: WorkflowEnvironment,
) -> None:
    shop = FakeShop([Pulled(interval_s=86_400)])
    async with _worker(temporal_env, shop):
        poller = await _start(temporal_env)
        await asyncio.wait_for(shop.asked.wait(), 10)
        await poller.signal(PollerWorkflow.pull_now)
        await poller.result()

    assert len(shop.at) == 2
    assert shop.at[1] - shop.at[0] < timedelta(hours=1).total_seconds()


async def test_a_poller_starts_anew_before_its_history_grows_long(
    temporal_env: WorkflowEnvironment,
) -> None:
    shop = FakeShop([*[Pulled(behind=True)] * 201])
    async with _worker(temporal_env, shop):
        poller = await _start(temporal_env)
        first_run = poller.first_execution_run_id
        await poller.result()

    assert len(shop.at) == 202
    last = await temporal_env.client.get_workflow_handle("poller/top-1").describe()
    assert last.run_id != first_run
