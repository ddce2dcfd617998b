"""Signals that transactions queue: in their order, and never lost."""

from sqlmodel import col, select
from temporalio.service import RPCError, RPCStatusCode

from db.engine import Sessions
from db.platform import outbox
from db.platform.outbox import queue_signal
from db.platform.tables import OutboxRow
from domain.orders.messages import StateChanged
from runtime.fan_out import SignalFanOut
from runtime.relay import BATCH
from tests.runtime.relaying import (
    FakeEngine,
    change,
)


async def test_signals_to_one_workflow_go_in_the_order_they_were_queued(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as session:
        for number in range(6):
            message = StateChanged("hold", str(number))
            await queue_signal(session, f"order/{number % 2}", "state_changed", message)
    engine = FakeEngine()

    assert await SignalFanOut(sessions, engine.client).once(BATCH) == 6

    told = [(workflow_id, payload["ref"]) for workflow_id, _, payload in engine.told]
    assert [ref for workflow_id, ref in told if workflow_id == "order/0"] == ["0", "2", "4"]
    assert [ref for workflow_id, ref in told if workflow_id == "order/1"] == ["1", "3", "5"]


async def test_a_signal_queued_in_a_transaction_that_is_undone_is_never_sent(
    sessions: Sessions,
) -> None:
    async with sessions() as session:
        await queue_signal(session, "order/1", "state_changed", StateChanged("hold"))
        await session.rollback()

    assert await SignalFanOut(sessions, FakeEngine().client).once(BATCH) == 0


async def test_a_row_that_was_taken_and_never_told_is_told_after_its_lease(
    sessions: Sessions,
) -> None:
    async with sessions.begin() as session:
        await queue_signal(session, "order/1", "state_changed", StateChanged("hold"))
    async with sessions.begin() as session:
        assert len(await outbox.claim(session, "signal", BATCH)) == 1
    engine = FakeEngine()
    fan_out = SignalFanOut(sessions, engine.client)

    assert await fan_out.once(BATCH) == 0
    await change(sessions, "UPDATE outbox SET due_at = due_at - interval '61 s'")
    assert await fan_out.once(BATCH) == 1

    assert len(engine.told) == 1


async def test_a_signal_to_a_workflow_that_is_over_is_not_tried_again(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        for target in ("order/over", "order/on"):
            await queue_signal(session, target, "state_changed", StateChanged("hold"))
    gone = RPCError("not found", RPCStatusCode.NOT_FOUND, b"")
    engine = FakeEngine(refuses={"order/over": gone})
    fan_out = SignalFanOut(sessions, engine.client)

    await fan_out.once(BATCH)
    assert await fan_out.once(BATCH) == 0

    async with sessions.begin() as session:
        rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))).all()
    assert [(row.sent_at is not None, bool(row.error)) for row in rows] == [
        (True, True),
        (True, False),
    ]
