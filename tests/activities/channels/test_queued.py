"""Messages out of a shop's queue: kept for good before they are confirmed, and never twice."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.queued import QueueActivities
from db.engine import Sessions
from db.sql import run
from domain.channels.messages import Pulled, PullWindow
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import Rejected, Unavailable
from domain.shared.ids import ShopId
from integrations.marketplaces.port import Push, Queued, QueueMarketplace
from tests.shops import VAULT, seed_shops


@dataclass
class FakeQueue:
    """Gives what is not confirmed again at every call."""

    waiting: list[Queued] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    permits: int = 0
    deaf: Exception | None = None
    down: Exception | None = None

    async def queued(self, shop_id: str) -> QueueMarketplace:
        return self  # type: ignore[return-value]

    async def permit(self) -> None:
        self.permits += 1

    async def consume(self) -> tuple[Queued, ...]:
        if self.down:
            raise self.down
        return tuple(self.waiting)

    async def confirm(self, done: tuple[str, ...], failed: tuple[str, ...]) -> None:
        if self.deaf:
            raise self.deaf
        self.confirmed += done
        self.failed += failed
        self.waiting = [one for one in self.waiting if one.receipt not in done]


def message(number: int, order: str = "T-1", **more: object) -> Queued:
    push = Push(f"tmc:{number}", "taobao_trade_TradeBuyerPay", order, b"{}", **more)  # type: ignore[arg-type]
    return Queued(str(number), push)


async def _consume(
    sessions: Sessions, queue: FakeQueue, *, first: bool = False, attempt: int = 1
) -> Pulled:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    activities = QueueActivities(sessions, queue, VAULT)
    request = PullWindow(ShopId("top-1"), first)
    result: Pulled = await environment.run(activities.consume, request)
    return result


async def _say(sessions: Sessions, statement: str) -> list[tuple[object, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


async def test_messages_are_kept_then_confirmed_and_those_not_followed_confirmed_alone(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    queue = FakeQueue([message(1), message(2), Queued("3", None)])

    pulled = await _consume(sessions, queue, first=True)

    assert (pulled.changed, pulled.accepted, pulled.behind) == (3, 2, True)
    assert (queue.confirmed, queue.permits) == (["1", "2", "3"], 1)
    kept = await _say(sessions, "SELECT message_id, external_no FROM inbox ORDER BY 1")
    assert kept == [("tmc:1", "T-1"), ("tmc:2", "T-1")]
    assert not (await _consume(sessions, queue)).behind
    assert queue.permits == 1


async def test_what_could_not_be_confirmed_comes_again_and_is_not_kept_twice(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    queue = FakeQueue([message(1)], deaf=Unavailable("down", code="503"))
    with pytest.raises(Unavailable):
        await _consume(sessions, queue)
    queue.deaf = None

    assert (await _consume(sessions, queue)).accepted == 0

    assert queue.confirmed == ["1"]
    assert await _say(sessions, "SELECT count(*) FROM inbox") == [(1,)]


async def test_a_refund_message_keeps_its_case_and_tells_the_order_once(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    case = AfterSale(
        "T-1", "R-1", AfterSaleKind.REFUND, AfterSaleStage.REQUESTED, "RefundCreated",
        datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    queue = FakeQueue([message(1, after_sale=case), message(2, after_sale=case)])

    await _consume(sessions, queue)

    assert await _say(sessions, "SELECT after_sale_no, stage FROM after_sale") == [
        ("R-1", "requested")
    ]
    topics = await _say(sessions, "SELECT topic, count(*) FROM inbox GROUP BY 1 ORDER BY 1")
    assert topics == [("after_sale", 1), ("taobao_trade_TradeBuyerPay", 2)]


async def test_one_message_that_cannot_be_kept_is_given_back_and_the_others_go_on(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    odd = Queued("1", Push("tmc:1", "t\x00", "T-1", b"{}"))
    queue = FakeQueue([odd, message(2)])

    await _consume(sessions, queue)

    assert (queue.confirmed, queue.failed) == (["2"], ["1"])


async def test_a_queue_that_refuses_us_is_one_item(sessions: Sessions) -> None:
    await seed_shops(sessions)
    queue = FakeQueue(down=Rejected("no permission", code="isv.permission"))

    with pytest.raises(Rejected):
        await _consume(sessions, queue)

    items = await _say(sessions, "SELECT workflow_id, step_id, code FROM attention")
    assert items == [("poller/top-1/messages", "channel.consume", "isv.permission")]
