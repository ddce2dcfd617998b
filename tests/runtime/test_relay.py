import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from db.channels.tables import InboxRow, ShopRow
from db.engine import Sessions
from db.orders.tables import OrderLateFactRow
from db.platform import outbox
from db.platform.outbox import queue_signal
from db.platform.tables import AttentionRow, OutboxRow
from db.shared.intake import accept
from db.sql import run
from domain.orders.messages import MessageArrived, OrderRef, StateChanged
from domain.shared.ids import InboxId
from integrations.webhooks import WebhookSender
from runtime.chaining import Chaining
from runtime.exporting import Exporting
from runtime.fan_out import SignalFanOut, WebhookFanOut
from runtime.handing_over import HandingOver
from runtime.housekeeping import Housekeeping
from runtime.invoicing import Invoicing
from runtime.posting import Posting
from runtime.redrive import Redrive
from runtime.relay import BATCH, Pace, Relay
from runtime.renewing import Renewal
from tests.shops import VAULT, own_order, seed_shops

DOWN = RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")


@dataclass
class FakeEngine:
    """A Temporal client that remembers who was told what. `down` and `refuses` raise instead."""

    told: list[tuple[str, str, Any]] = field(default_factory=list)
    down: Exception | None = None
    refuses: dict[str, Exception] = field(default_factory=dict)
    calls: int = 0

    async def start_workflow(
        self, name: str, order: OrderRef, *, id: str, start_signal_args: list[Any], **_: Any
    ) -> None:
        assert name == "Order"
        self._call(id)
        self.told.append((id, order.order_id, start_signal_args[0]))

    def get_workflow_handle(self, id: str) -> "FakeHandle":
        return FakeHandle(self, id)

    def _call(self, id: str) -> None:
        self.calls += 1
        if self.down:
            raise self.down
        if id in self.refuses:
            raise self.refuses[id]

    @property
    def client(self) -> Client:
        return cast(Client, self)


@dataclass
class FakeHandle:
    engine: FakeEngine
    id: str

    async def signal(self, name: str, payload: Any, **_: Any) -> None:
        self.engine._call(self.id)
        self.engine.told.append((self.id, name, payload))


async def _accept(sessions: Sessions, number: str, message: str = "", **order: Any) -> str:
    async with sessions.begin() as session:
        kept = await accept(
            session, VAULT, source="own", shop_id="own-1", channel="own", topic="order",
            message_id=message or f"m-{number}", external_no=number, raw=own_order(number, **order),
        )  # fmt: skip
    return kept.inbox_id


async def _message(sessions: Sessions, inbox_id: str) -> InboxRow:
    async with sessions.begin() as session:
        row = await session.get(InboxRow, inbox_id)
    assert row is not None
    return row


async def _change(sessions: Sessions, statement: str, **parameters: Any) -> None:
    async with sessions.begin() as session:
        await run(session, statement, **parameters)


async def _attention(sessions: Sessions) -> list[tuple[str, str]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(AttentionRow).order_by(AttentionRow.id))).all()
    return [(row.workflow_id, row.step_id) for row in rows]


def _handing_over(sessions: Sessions, engine: FakeEngine) -> HandingOver:
    late = LateFacts(Adapters(sessions, VAULT, httpx.AsyncClient()), VAULT)
    return HandingOver(sessions, engine.client, late)


def _relay(sessions: Sessions, engine: FakeEngine) -> Relay:
    return Relay(
        _handing_over(sessions, engine),
        SignalFanOut(sessions, engine.client),
        WebhookFanOut(sessions, VAULT, WebhookSender(httpx.AsyncClient())),
        Housekeeping(sessions),
        Redrive(sessions, engine.client),
        Renewal(sessions, VAULT, Adapters(sessions, VAULT, httpx.AsyncClient())),
        Posting(sessions),
        Exporting(sessions),
        Invoicing(sessions),
        Chaining(sessions, Path(tempfile.mkdtemp()) / "anchor"),
    )


async def _until(done: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await done():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


async def test_a_new_message_goes_to_the_workflow_of_its_order_once(sessions: Sessions) -> None:
    await seed_shops(sessions)
    inbox_id = await _accept(sessions, "A-1")
    engine = FakeEngine()
    handing_over = _handing_over(sessions, engine)

    assert await handing_over.once(BATCH) == 1
    assert await handing_over.once(BATCH) == 0

    row = await _message(sessions, inbox_id)
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
    inbox_id = await _accept(sessions, "A-1")
    engine = FakeEngine()
    handing_over = _handing_over(sessions, engine)
    later = "UPDATE inbox SET handed_at = handed_at - make_interval(secs => :seconds)"
    await handing_over.once(BATCH)

    await _change(sessions, later, seconds=58)
    assert await handing_over.once(BATCH) == 0
    await _change(sessions, later, seconds=3)
    for _ in range(3):
        assert await handing_over.once(BATCH) == 1
        await _change(sessions, later, seconds=61)

    assert (await _message(sessions, inbox_id)).hand_overs == 4
    await _change(sessions, "UPDATE inbox SET applied_at = clock_timestamp()")
    assert await handing_over.once(BATCH) == 0


async def test_the_engine_is_handed_no_more_than_is_applied_and_silence_does_not_count_for_long(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    inbox = [await _accept(sessions, f"A-{number}") for number in range(6)]
    engine = FakeEngine()
    handing_over = replace(_handing_over(sessions, engine), under_way=3)
    applied = "UPDATE inbox SET applied_at = clock_timestamp() WHERE id = :id"

    assert [await handing_over.once(BATCH) for _ in range(2)] == [3, 0]
    await _change(sessions, applied, id=inbox[1])
    assert await handing_over.once(BATCH) == 1
    later = "UPDATE inbox SET handed_at = handed_at - interval '61 s'"
    await _change(sessions, later)
    assert await handing_over.once(BATCH) == 2 + 3  # the rest, and the three that are silent
    await _change(sessions, later)
    assert await handing_over.once(BATCH) == 5
    fresh = [await _accept(sessions, f"B-{number}") for number in range(4)]
    assert await handing_over.once(BATCH) == 3  # the five silent ones do not hold them up

    rows = [await _message(sessions, one) for one in [*inbox, *fresh]]
    assert [row.hand_overs for row in rows] == [3, 1, 3, 3, 2, 2, 1, 1, 1, 0]


async def test_parked_messages_are_not_handed_over(sessions: Sessions) -> None:
    await seed_shops(sessions)
    await _accept(sessions, "")
    engine = FakeEngine()

    assert await _handing_over(sessions, engine).once(BATCH) == 0
    assert engine.calls == 0


async def test_while_the_engine_is_down_nothing_is_lost_and_then_everything_catches_up(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    engine = FakeEngine(down=DOWN)
    relay = asyncio.create_task(_relay(sessions, engine).run())
    try:
        for number in range(30):
            await _accept(sessions, f"A-{number}")
        async with sessions.begin() as session:
            await queue_signal(session, "order/x", "state_changed", StateChanged("mapping"))
        await _until(lambda: _true(engine.calls >= 3))
        assert engine.told == []

        engine.down = None
        await _until(lambda: _true(len(engine.told) >= 31))
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


async def _true(value: bool) -> bool:
    return value


async def test_while_the_engine_is_down_one_call_at_a_time_asks_whether_it_is_back(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    for number in range(5):
        await _accept(sessions, f"A-{number}")
    engine = FakeEngine(down=DOWN)
    handing_over = _handing_over(sessions, engine)
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


async def test_several_workers_hand_every_message_over_once(sessions: Sessions) -> None:
    await seed_shops(sessions)
    for number in range(60):
        await _accept(sessions, f"A-{number % 20}", f"m-{number}")
    engine = FakeEngine()
    workers = [_handing_over(sessions, engine) for _ in range(4)]

    while sum(await asyncio.gather(*(worker.once(7) for worker in workers))):
        pass

    told = [message.inbox_id for _, _, message in engine.told]
    assert (len(told), len(set(told))) == (60, 60)


async def test_the_messages_of_one_order_go_in_the_order_they_came(sessions: Sessions) -> None:
    await seed_shops(sessions)
    came = [await _accept(sessions, "A-1", f"m-{number}") for number in range(10)]
    engine = FakeEngine()

    await _handing_over(sessions, engine).once(BATCH)

    assert [message.inbox_id for _, _, message in engine.told] == came


async def test_a_message_the_engine_refuses_does_not_keep_the_others(sessions: Sessions) -> None:
    await seed_shops(sessions)
    await _accept(sessions, "BAD")
    await _accept(sessions, "GOOD")
    refusal = RPCError("too large", RPCStatusCode.INVALID_ARGUMENT, b"")
    engine = FakeEngine(refuses={"order/own/own-1/BAD": refusal})

    assert await _handing_over(sessions, engine).once(BATCH) == 2

    assert [workflow_id for workflow_id, _, _ in engine.told] == ["order/own/own-1/GOOD"]


async def test_an_order_whose_workflow_has_ended_before_it_becomes_attention(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    await _accept(sessions, "A-1")
    workflow_id = "order/own/own-1/A-1"
    ended = WorkflowAlreadyStartedError(workflow_id, "Order")
    handing_over = _handing_over(sessions, FakeEngine(refuses={workflow_id: ended}))

    for _ in range(2):
        await handing_over.once(BATCH)
        await _change(sessions, "UPDATE inbox SET handed_at = handed_at - interval '61 s'")

    assert await _attention(sessions) == [(workflow_id, "workflow")]


CLOSED = "UPDATE sales_order SET status = :status, channel_state = :told, version_revision = 1"


async def test_news_about_a_closed_order_is_kept_told_to_a_person_and_starts_nothing(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    inbox_id = await _accept(sessions, "A-1", revision=2, state="paid")
    await _change(sessions, CLOSED, status="cancelled", told="cancelled")
    engine = FakeEngine()

    assert await _handing_over(sessions, engine).once(BATCH) == 1
    assert await _handing_over(sessions, engine).once(BATCH) == 0

    assert engine.calls == 0
    row = await _message(sessions, inbox_id)
    assert (row.outcome, row.applied_at is not None) == ("late", True)
    assert await _attention(sessions) == [("order/own/own-1/A-1", "late_fact")]
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
    inbox_id = await _accept(sessions, "A-1", revision=revision, state=state)
    await _change(sessions, CLOSED, status=status, told=told)

    await _handing_over(sessions, FakeEngine()).once(BATCH)

    assert (await _message(sessions, inbox_id)).outcome == "late"
    assert await _attention(sessions) == []
    async with sessions.begin() as session:
        assert len((await session.exec(select(OrderLateFactRow))).all()) == 1


async def test_a_late_message_nobody_can_read_is_shown_to_a_person(sessions: Sessions) -> None:
    await seed_shops(sessions)
    inbox_id = await _accept(sessions, "A-1")
    await _change(sessions, CLOSED, status="completed", told="paid")
    await _change(sessions, "UPDATE inbox SET raw = 'damaged'")

    await _handing_over(sessions, FakeEngine()).once(BATCH)

    assert (await _message(sessions, inbox_id)).outcome == "late"
    assert await _attention(sessions) == [("order/own/own-1/A-1", "late_fact")]


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
    await _change(sessions, "UPDATE outbox SET due_at = due_at - interval '61 s'")
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


async def test_bodies_and_told_rows_are_forgotten_after_their_time(sessions: Sessions) -> None:
    await seed_shops(sessions)
    old, fresh, parked = [await _accept(sessions, number) for number in ("1", "2", "")]
    applied = "UPDATE inbox SET applied_at = clock_timestamp() - :age WHERE id = :id"
    await _change(sessions, applied, age=timedelta(days=31), id=old)
    await _change(sessions, applied, age=timedelta(days=29), id=fresh)
    await _change(sessions, applied, age=timedelta(days=31), id=parked)
    async with sessions.begin() as session:
        for _ in range(2):
            await queue_signal(session, "order/1", "state_changed", StateChanged("hold"))
    sent = "UPDATE outbox SET sent_at = clock_timestamp() - interval '8 d' WHERE id = 1"
    await _change(sessions, sent)

    assert await Housekeeping(sessions).once(BATCH) == 2

    assert [(await _message(sessions, one)).raw is None for one in (old, fresh, parked)] == [
        True, False, False,
    ]  # fmt: skip
    async with sessions.begin() as session:
        assert [row.id for row in (await session.exec(select(OutboxRow))).all()] == [2]


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


async def test_a_corrected_address_that_was_refused_is_forgotten_after_its_time(
    sessions: Sessions,
) -> None:
    for number, age in (("old", "8 days"), ("fresh", "1 day")):
        await _change(
            sessions,
            "INSERT INTO correction (id, workflow_id, step_id, data, actor, at) VALUES"
            f" (:id, 'order/1', 'address', '{{\"name\": \"x\"}}', 'a', now() - interval '{age}')",
            id=number,
        )

    assert await Housekeeping(sessions).once(BATCH) == 1

    async with sessions.begin() as session:
        kept = await run(session, "SELECT id, data FROM correction ORDER BY id")
    assert [tuple(row) for row in kept] == [("fresh", {"name": "x"}), ("old", {})]
