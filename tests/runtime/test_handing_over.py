"""Messages handed over to the workflows of their orders, until they are applied."""

import asyncio
from dataclasses import replace

from temporalio.service import RPCError, RPCStatusCode

from db.channels.tables import ShopRow
from db.engine import Sessions
from domain.orders.messages import MessageArrived
from domain.shared.ids import InboxId
from runtime.relay import BATCH
from tests.runtime.relaying import (
    FakeEngine,
    change,
    handing_over_to,
    message_of,
    taken_in,
)
from tests.shops import seed_shops


async def test_a_new_message_goes_to_the_workflow_of_its_order_once(sessions: Sessions) -> None:
    await seed_shops(sessions)
    inbox_id = await taken_in(sessions, "A-1")
    engine = FakeEngine()
    handing_over = handing_over_to(sessions, engine)

    assert await handing_over.once(BATCH) == 1
    assert await handing_over.once(BATCH) == 0

    row = await message_of(sessions, inbox_id)
    arrived = MessageArrived(InboxId(inbox_id))
    assert engine.told == [("order/own/own-1/A-1", row.order_id, arrived)]
    assert (row.hand_overs, row.handed_at is not None, row.applied_at) == (1, True, None)
    async with sessions.begin() as session:
        shop = await session.get(ShopRow, "own-1")
    assert shop is not None
    assert shop.last_push_at is not None


async def test_a_message_nobody_applied_is_handed_over_again_after_a_minute_for_ever(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    inbox_id = await taken_in(sessions, "A-1")
    engine = FakeEngine()
    handing_over = handing_over_to(sessions, engine)
    later = "UPDATE inbox SET handed_at = handed_at - make_interval(secs => :seconds)"
    await handing_over.once(BATCH)

    await change(sessions, later, seconds=58)
    assert await handing_over.once(BATCH) == 0
    await change(sessions, later, seconds=3)
    for _ in range(3):
        assert await handing_over.once(BATCH) == 1
        await change(sessions, later, seconds=61)

    assert (await message_of(sessions, inbox_id)).hand_overs == 4
    await change(sessions, "UPDATE inbox SET applied_at = clock_timestamp()")
    assert await handing_over.once(BATCH) == 0


async def test_the_engine_is_handed_no_more_than_is_applied_and_silence_does_not_count_for_long(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    inbox = [await taken_in(sessions, f"A-{number}") for number in range(6)]
    engine = FakeEngine()
    handing_over = replace(handing_over_to(sessions, engine), under_way=3)
    applied = "UPDATE inbox SET applied_at = clock_timestamp() WHERE id = :id"

    assert [await handing_over.once(BATCH) for _ in range(2)] == [3, 0]
    await change(sessions, applied, id=inbox[1])
    assert await handing_over.once(BATCH) == 1
    later = "UPDATE inbox SET handed_at = handed_at - interval '61 s'"
    await change(sessions, later)
    assert await handing_over.once(BATCH) == 2 + 3  # the rest, and the three that are silent
    await change(sessions, later)
    assert await handing_over.once(BATCH) == 5
    fresh = [await taken_in(sessions, f"B-{number}") for number in range(4)]
    assert await handing_over.once(BATCH) == 3  # the five silent ones do not hold them up

    rows = [await message_of(sessions, one) for one in [*inbox, *fresh]]
    assert [row.hand_overs for row in rows] == [3, 1, 3, 3, 2, 2, 1, 1, 1, 0]


async def test_parked_messages_are_not_handed_over(sessions: Sessions) -> None:
    await seed_shops(sessions)
    await taken_in(sessions, "")
    engine = FakeEngine()

    assert await handing_over_to(sessions, engine).once(BATCH) == 0
    assert engine.calls == 0


async def test_several_workers_hand_every_message_over_once(sessions: Sessions) -> None:
    await seed_shops(sessions)
    for number in range(60):
        await taken_in(sessions, f"A-{number % 20}", f"m-{number}")
    engine = FakeEngine()
    workers = [handing_over_to(sessions, engine) for _ in range(4)]

    while sum(await asyncio.gather(*(worker.once(7) for worker in workers))):
        pass

    told = [message.inbox_id for _, _, message in engine.told]
    assert (len(told), len(set(told))) == (60, 60)


async def test_the_messages_of_one_order_go_in_the_order_they_came(sessions: Sessions) -> None:
    await seed_shops(sessions)
    came = [await taken_in(sessions, "A-1", f"m-{number}") for number in range(10)]
    engine = FakeEngine()

    await handing_over_to(sessions, engine).once(BATCH)

    assert [message.inbox_id for _, _, message in engine.told] == came


async def test_a_message_the_engine_refuses_does_not_keep_the_others(sessions: Sessions) -> None:
    await seed_shops(sessions)
    await taken_in(sessions, "BAD")
    await taken_in(sessions, "GOOD")
    refusal = RPCError("too large", RPCStatusCode.INVALID_ARGUMENT, b"")
    engine = FakeEngine(refuses={"order/own/own-1/BAD": refusal})

    assert await handing_over_to(sessions, engine).once(BATCH) == 2

    assert [workflow_id for workflow_id, _, _ in engine.told] == ["order/own/own-1/GOOD"]
