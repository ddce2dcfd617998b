"""The relay as a whole: what is lost while the engine is down, and how fast it works."""

import asyncio

import pytest
from sqlmodel import select
from temporalio.service import RPCError

from db.channels.tables import InboxRow
from db.engine import Sessions
from db.platform.outbox import queue_signal
from db.platform.tables import OutboxRow
from domain.orders.messages import StateChanged
from runtime.relay import BATCH, Pace
from tests.runtime.relaying import (
    DOWN,
    FakeEngine,
    handing_over_to,
    relay_to,
    taken_in,
    until,
)
from tests.shops import seed_shops


async def _true(value: bool) -> bool:
    return value


async def test_while_the_engine_is_down_nothing_is_lost_and_then_everything_catches_up(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    engine = FakeEngine(down=DOWN)
    relay = asyncio.create_task(relay_to(sessions, engine).run())
    try:
        for number in range(30):
            await taken_in(sessions, f"A-{number}")
        async with sessions.begin() as session:
            await queue_signal(session, "order/x", "state_changed", StateChanged("mapping"))
        await until(lambda: _true(engine.calls >= 3))
        assert engine.told == []

        engine.down = None
        await until(lambda: _true(len(engine.told) >= 31))
        await asyncio.sleep(0.5)
    finally:
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)

    orders = [workflow_id for workflow_id, _, _ in engine.told if workflow_id != "order/x"]
    assert sorted(orders) == sorted(f"order/own/own-1/A-{number}" for number in range(30))
    async with sessions.begin() as session:
        rows = (await session.exec(select(InboxRow))).all()
        signal = (await session.exec(select(OutboxRow))).one()
    assert {row.hand_overs for row in rows} == {1}
    assert (signal.sent_at is not None, signal.error) == (True, "")


async def test_while_the_engine_is_down_one_call_at_a_time_asks_whether_it_is_back(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    for number in range(5):
        await taken_in(sessions, f"A-{number}")
    engine = FakeEngine(down=DOWN)
    handing_over = handing_over_to(sessions, engine)
    pace = Pace("inbox")

    for calls in (5, 6, 7):
        with pytest.raises(RPCError) as error:
            await handing_over.once(pace.limit)
        pace.failed(error.value)
        assert engine.calls == calls

    assert pace.pause_s == pytest.approx(1.6)
    async with sessions.begin() as session:
        rows = (await session.exec(select(InboxRow))).all()
    assert {(row.hand_overs, row.handed_at) for row in rows} == {(0, None)}


def test_the_pace_is_quick_with_work_slow_without_and_patient_with_failures() -> None:
    pace = Pace("inbox")
    pace.went_well(BATCH)
    assert pace.pause_s == 0.0
    pace.went_well(1)
    assert pace.pause_s == 0.2
    for _ in range(10):
        pace.went_well(0)
    assert pace.pause_s == 1.0

    pauses = []
    for _ in range(7):
        pace.failed(DOWN)
        pauses.append(pace.pause_s)
    assert pauses == [0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert pace.limit == 1
    pace.went_well(1)
    assert (pace.pause_s, pace.limit) == (0.0, BATCH)
