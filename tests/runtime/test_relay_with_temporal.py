"""The same promises against a real engine: what the fake one assumes is so."""

import httpx
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from db.engine import Sessions
from db.platform.outbox import queue_signal
from db.platform.tables import AttentionRow, OutboxRow
from db.shared.intake import accept
from db.sql import run
from domain.orders.messages import StateChanged
from runtime.fan_out import SignalFanOut
from runtime.handing_over import HandingOver
from runtime.temporal import TASK_QUEUE
from tests.runtime.stub_order import StubOrder
from tests.shops import VAULT, own_order, seed_shops

ORDER = "order/own/own-1/A%2F1"


async def _accept(sessions: Sessions, message_id: str) -> str:
    async with sessions.begin() as session:
        kept = await accept(
            session, VAULT, source="own", shop_id="own-1", channel="own", topic="order",
            message_id=message_id, external_no="A/1", raw=own_order("A/1"),
        )  # fmt: skip
    return kept.inbox_id


async def test_messages_start_one_workflow_signals_reach_it_and_its_end_is_noticed(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    await seed_shops(sessions)
    late = LateFacts(Adapters(sessions, VAULT, httpx.AsyncClient()), VAULT)
    handing_over = HandingOver(sessions, temporal_env.client, late)
    signals = SignalFanOut(sessions, temporal_env.client)
    first = await _accept(sessions, "m-1")
    await handing_over.once(100)
    second = await _accept(sessions, "m-2")
    await handing_over.once(100)

    async with Worker(temporal_env.client, task_queue=TASK_QUEUE, workflows=[StubOrder]):
        async with sessions.begin() as session:
            await queue_signal(session, ORDER, "state_changed", StateChanged("over"))
            await queue_signal(session, "order/nobody", "state_changed", StateChanged("over"))
        await signals.once(100)
        seen = await temporal_env.client.get_workflow_handle(ORDER, result_type=list[str]).result()
        third = await _accept(sessions, "m-3")
        await handing_over.once(100)

    assert seen[1:] == [first, second]
    async with sessions.begin() as session:
        (lost,) = (await session.exec(select(OutboxRow).where(OutboxRow.error != ""))).all()
        (item,) = (await session.exec(select(AttentionRow))).all()
        rows = await run(session, "SELECT applied_at FROM inbox WHERE id = :id", id=third)
    assert lost.target == "order/nobody"
    assert (item.workflow_id, item.step_id, item.order_id) == (ORDER, "workflow", seen[0])
    assert rows[0].applied_at is None
