"""What stands at a shop is tried again at once when somebody says so over HTTP: poller and gate."""

import asyncio
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.platform.attention import AttentionActivities
from activities.platform.gates import GateActivities
from api.orders.routes import router
from db.engine import Sessions
from db.platform import pausing
from db.platform.attention import open_attention
from db.sql import run
from domain.channels.messages import Pulled, PulledShop, PullWindow
from domain.platform.gates import TendGate
from domain.shared.errors import CredentialsRefused
from domain.shared.ids import ShopId, gate_workflow_id
from tests.api.orders.app import client_of
from workflows.channels.poller import PollerWorkflow
from workflows.logistics.gate import GateWorkflow

SHOP = PulledShop(ShopId("top-1"), asked="after_sales")
SYSTEM = "shop/top-1"


@dataclass
class FakeWindows:
    """One window that leaves a day's pause, then the shop is switched off."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    times: int = 0

    @activity.defn(name="channel.pull_after_sales")
    async def pull(self, request: PullWindow) -> Pulled:
        self.times += 1
        self.asked.set()
        return Pulled(interval_s=86_400) if self.times == 1 else Pulled(active=False)


async def _rows(sessions: Sessions, statement: str) -> list[tuple[object, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


async def test_a_poller_that_is_to_try_again_asks_at_once_and_its_item_is_closed(
    temporal_env: WorkflowEnvironment, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        item_id = await open_attention(
            session, workflow_id="poller/top-1/after_sales", step_id="channel.after_sales",
            cause="Rejected", error="no permission", system=SYSTEM, actions=("retry",),
        )  # fmt: skip
    windows = FakeWindows()
    worker = Worker(
        temporal_env.client, task_queue="t", workflows=[PollerWorkflow],
        activities=[windows.pull, AttentionActivities(sessions).resolve],
    )  # fmt: skip
    address = f"/api/v1/attention/{item_id}/resolution"
    async with worker, client_of(web_sessions, router, temporal=temporal_env.client) as http:
        poller = await temporal_env.client.start_workflow(
            PollerWorkflow.run, SHOP, id="poller/top-1/after_sales", task_queue="t"
        )
        await asyncio.wait_for(windows.asked.wait(), 30)
        decided = await http.post(address, json={"action": "retry"})
        again = await http.post(address, json={"action": "retry"})
        await poller.result()

    assert (decided.status_code, again.status_code) == (200, 409), (decided.text, again.text)
    assert windows.times == 2
    assert await _rows(sessions, "SELECT resolution, resolved_by FROM attention") == [
        ("retry", "key:test")
    ]


async def test_renewed_credentials_open_the_gate_that_they_had_shut(
    temporal_env: WorkflowEnvironment, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        refusal = CredentialsRefused("session expired", code="27", system="top")
        await pausing.credentials_refused(session, SYSTEM, refusal)
    ((item_id,),) = await _rows(sessions, "SELECT id FROM attention")
    tending = GateActivities(sessions)
    worker = Worker(
        temporal_env.client, task_queue="t", workflows=[GateWorkflow],
        activities=[tending.tend, tending.renewed, AttentionActivities(sessions).resolve],
    )  # fmt: skip
    async with worker, client_of(web_sessions, router, temporal=temporal_env.client) as http:
        gate = await temporal_env.client.start_workflow(
            GateWorkflow.run, TendGate(SYSTEM), id=gate_workflow_id(SYSTEM), task_queue="t"
        )
        address = f"/api/v1/attention/{item_id}/resolution"
        decided = await http.post(address, json={"action": "retry"})
        await gate.terminate()

    assert decided.status_code == 200, decided.text
    async with sessions.begin() as session:
        assert not await pausing.stopped(session, SYSTEM)
    assert await _rows(sessions, "SELECT resolution, resolved_by FROM attention") == [
        ("retry", "key:test")
    ]
    assert await _rows(sessions, "SELECT action, subject FROM audit_log") == [
        ("step.retry", gate_workflow_id(SYSTEM))
    ]
