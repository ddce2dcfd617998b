"""What is kept no longer than it is of use."""

from datetime import timedelta

from sqlmodel import select

from db.engine import Sessions
from db.platform.outbox import queue_signal
from db.platform.tables import OutboxRow
from db.sql import run
from domain.orders.messages import StateChanged
from runtime.housekeeping import Housekeeping
from runtime.relay import BATCH
from tests.runtime.relaying import (
    change,
    message_of,
    taken_in,
)
from tests.shops import seed_shops


async def test_bodies_and_told_rows_are_forgotten_after_their_time(sessions: Sessions) -> None:
    await seed_shops(sessions)
    old, fresh, parked = [await taken_in(sessions, number) for number in ("1", "2", "")]
    applied = "UPDATE inbox SET applied_at = clock_timestamp() - :age WHERE id = :id"
    await change(sessions, applied, age=timedelta(days=31), id=old)
    await change(sessions, applied, age=timedelta(days=29), id=fresh)
    await change(sessions, applied, age=timedelta(days=31), id=parked)
    async with sessions.begin() as session:
        for _ in range(2):
            await queue_signal(session, "order/1", "state_changed", StateChanged("hold"))
    sent = "UPDATE outbox SET sent_at = clock_timestamp() - interval '8 d' WHERE id = 1"
    await change(sessions, sent)

    assert await Housekeeping(sessions).once(BATCH) == 2

    assert [(await message_of(sessions, one)).raw is None for one in (old, fresh, parked)] == [
        True, False, False,
    ]  # fmt: skip
    async with sessions.begin() as session:
        assert [row.id for row in (await session.exec(select(OutboxRow))).all()] == [2]


async def test_a_corrected_address_that_was_refused_is_forgotten_after_its_time(
    sessions: Sessions,
) -> None:
    for number, age in (("old", "8 days"), ("fresh", "1 day")):
        await change(
            sessions,
            "INSERT INTO correction (id, workflow_id, step_id, data, actor, at) VALUES"
            f" (:id, 'order/1', 'address', '{{\"name\": \"x\"}}', 'a', now() - interval '{age}')",
            id=number,
        )

    assert await Housekeeping(sessions).once(BATCH) == 1

    async with sessions.begin() as session:
        kept = await run(session, "SELECT id, data FROM correction ORDER BY id")
    assert [tuple(row) for row in kept] == [("fresh", {"name": "x"}), ("old", {})]
