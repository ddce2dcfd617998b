"""News about orders that are over: kept, and told to a person where it matters."""

import pytest
from sqlmodel import select
from temporalio.exceptions import WorkflowAlreadyStartedError

from db.engine import Sessions
from db.orders.tables import OrderLateFactRow
from runtime.relay import BATCH
from tests.runtime.relaying import (
    FakeEngine,
    attention,
    change,
    handing_over_to,
    message_of,
    taken_in,
)
from tests.shops import seed_shops

CLOSED = "UPDATE sales_order SET status = :status, channel_state = :told, version_revision = 1"


async def test_an_order_whose_workflow_has_ended_before_it_becomes_attention(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    await taken_in(sessions, "A-1")
    workflow_id = "order/own/own-1/A-1"
    ended = WorkflowAlreadyStartedError(workflow_id, "Order")
    handing_over = handing_over_to(sessions, FakeEngine(refuses={workflow_id: ended}))

    for _ in range(2):
        await handing_over.once(BATCH)
        await change(sessions, "UPDATE inbox SET handed_at = handed_at - interval '61 s'")

    assert await attention(sessions) == [(workflow_id, "workflow")]


async def test_news_about_a_closed_order_is_kept_told_to_a_person_and_starts_nothing(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    inbox_id = await taken_in(sessions, "A-1", revision=2, state="paid")
    await change(sessions, CLOSED, status="cancelled", told="cancelled")
    engine = FakeEngine()

    assert await handing_over_to(sessions, engine).once(BATCH) == 1
    assert await handing_over_to(sessions, engine).once(BATCH) == 0

    assert engine.calls == 0
    row = await message_of(sessions, inbox_id)
    assert (row.outcome, row.applied_at is not None) == ("late", True)
    assert await attention(sessions) == [("order/own/own-1/A-1", "late_fact")]
    async with sessions.begin() as session:
        late = (await session.exec(select(OrderLateFactRow))).one()
    assert (late.inbox_id, late.order_id, late.fact) == (inbox_id, row.order_id, "paid")


@pytest.mark.parametrize(
    ("status", "told", "revision", "state"),
    [
        ("cancelled", "cancelled", 2, "cancelled"),
        ("completed", "paid", 1, "paid"),
    ],
)
async def test_what_was_to_be_expected_about_a_closed_order_is_kept_and_bothers_nobody(
    sessions: Sessions, status: str, told: str, revision: int, state: str
) -> None:
    await seed_shops(sessions)
    inbox_id = await taken_in(sessions, "A-1", revision=revision, state=state)
    await change(sessions, CLOSED, status=status, told=told)

    await handing_over_to(sessions, FakeEngine()).once(BATCH)

    assert (await message_of(sessions, inbox_id)).outcome == "late"
    assert await attention(sessions) == []
    async with sessions.begin() as session:
        assert len((await session.exec(select(OrderLateFactRow))).all()) == 1


async def test_a_late_message_nobody_can_read_is_shown_to_a_person(sessions: Sessions) -> None:
    await seed_shops(sessions)
    inbox_id = await taken_in(sessions, "A-1")
    await change(sessions, CLOSED, status="completed", told="paid")
    await change(sessions, "UPDATE inbox SET raw = 'damaged'")

    await handing_over_to(sessions, FakeEngine()).once(BATCH)

    assert (await message_of(sessions, inbox_id)).outcome == "late"
    assert await attention(sessions) == [("order/own/own-1/A-1", "late_fact")]
