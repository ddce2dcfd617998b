import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.channels.pulling import PullingActivities, message_id, window
from db.channels.ranges import PullRanges
from db.channels.tables import InboxRow, ShopRow
from db.engine import Sessions
from db.orders.tables import SalesOrderRow
from db.platform import pausing
from db.platform.tables import AttentionRow
from domain.channels.messages import Pulled, PullWindow
from domain.orders.snapshot import ChannelState, OrderSnapshot, Version
from domain.shared.errors import CredentialsRefused, Rejected, Unavailable
from domain.shared.ids import ShopId
from integrations.marketplaces.port import ChangedOrder, PulledMarketplace, ShipConfirmation
from tests.shops import VAULT, seed_shops

NOW = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
START = NOW.replace(microsecond=0)
PAGE = 2


@dataclass
class FakeTop:
    """A shop with a list of changes; `broken` maps an order number to what asking for it raises."""

    changes: list[ChangedOrder] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    unreadable: dict[str, Exception] = field(default_factory=dict)
    down: Exception | None = None
    fetched: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    while_reading: Callable[[], None] = lambda: None
    channel: str = "top"

    def change(self, number: str, seconds_ago: float) -> None:
        self.changes.append(ChangedOrder(number, START - timedelta(seconds=seconds_ago)))

    async def pulled(self, shop_id: str) -> PulledMarketplace:
        return self

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        if self.down:
            raise self.down
        return -(-len(self._within(start, end)) // PAGE)

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        self.pages.append(page)
        found = self._within(start, end)[(page - 1) * PAGE : page * PAGE]
        self.while_reading()
        return tuple(found)

    async def fetch_raw(self, external_no: str) -> bytes:
        if external_no in self.broken:
            raise self.broken[external_no]
        self.fetched.append(external_no)
        return json.dumps({"tid": external_no}).encode()

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        number = json.loads(raw)["tid"]
        if number in self.unreadable:
            raise self.unreadable[number]
        return OrderSnapshot(
            "top", "top-1", number, Version(), ChannelState.PAID, "CNY", NOW, (), None
        )

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        raise AssertionError("a poller ships nothing")

    def _within(self, start: datetime, end: datetime) -> list[ChangedOrder]:
        found = [change for change in self.changes if start <= change.modified < end]
        return sorted(found, key=lambda change: change.modified, reverse=True)


async def _pull(sessions: Sessions, shop: FakeTop, attempt: int = 1) -> Pulled:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    activities = PullingActivities(sessions, shop, VAULT, lambda: NOW)
    result: Pulled = await environment.run(activities.pull, PullWindow(ShopId("top-1")))
    return result


async def _inbox(sessions: Sessions) -> dict[str, str]:
    """Order number → why its message is parked."""
    async with sessions.begin() as session:
        rows = (await session.exec(select(InboxRow))).all()
    return {row.external_no: row.parked_reason for row in rows}


async def _shop(sessions: Sessions) -> ShopRow:
    async with sessions.begin() as session:
        row = await session.get(ShopRow, "top-1")
    assert row is not None
    return row


async def _attention(sessions: Sessions) -> list[AttentionRow]:
    async with sessions.begin() as session:
        return list((await session.exec(select(AttentionRow))).all())


async def test_a_window_brings_every_changed_order_and_moves_the_watermark(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600, interval_s=5)
    shop = FakeTop()
    for number in range(5):
        shop.change(f"T{number}", 100 + number)

    pulled = await _pull(sessions, shop)

    assert pulled == Pulled(changed=5, accepted=5, parked=0, behind=False, interval_s=5.0)
    assert await _inbox(sessions) == {f"T{number}": "" for number in range(5)}
    assert shop.pages == [3, 2, 1]
    row = await _shop(sessions)
    assert row.pulled_until == START - timedelta(seconds=3)
    assert row.last_pull_at is not None


async def test_what_the_inbox_has_is_not_fetched_again(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop()
    shop.change("T1", 60)
    await _pull(sessions, shop)
    shop.change("T1", 30)

    pulled = await _pull(sessions, shop)

    assert (pulled.changed, pulled.accepted) == (2, 1)
    assert shop.fetched == ["T1", "T1"]


async def test_an_order_listed_late_with_an_older_time_is_still_found_in_the_overlap(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600, overlap_s=300)
    shop = FakeTop()
    shop.change("T1", 10)
    await _pull(sessions, shop)
    shop.change("T2", 200)

    assert (await _pull(sessions, shop)).accepted == 1
    assert set(await _inbox(sessions)) == {"T1", "T2"}


async def test_an_order_that_changes_while_pages_are_read_makes_no_other_order_slip_through(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop()
    for number in range(4):
        shop.change(f"T{number}", 50 + number)

    def the_latest_leaves_the_window() -> None:
        shop.changes[0] = ChangedOrder("T0", NOW)

    shop.while_reading = the_latest_leaves_the_window

    await _pull(sessions, shop)

    assert set(await _inbox(sessions)) == {"T1", "T2", "T3"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            Rejected("no such trade", code="isv.trade-not-exist"),
            "isv.trade-not-exist: no such trade",
        ),
        (KeyError("receiver"), "unreadable: KeyError"),
    ],
)
async def test_an_order_that_cannot_be_read_is_parked_and_the_window_goes_on(
    sessions: Sessions, error: Exception, reason: str
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(broken={"T1": error})
    for number in range(3):
        shop.change(f"T{number}", 20 + number)

    pulled = await _pull(sessions, shop)

    assert (pulled.accepted, pulled.parked) == (2, 1)
    assert await _inbox(sessions) == {"T0": "", "T1": reason, "T2": ""}
    assert (await _shop(sessions)).pulled_until == START - timedelta(seconds=3)


async def test_an_order_that_cannot_be_translated_keeps_its_body_for_later(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(unreadable={"T1": Rejected("cannot read status", code="unreadable")})
    shop.change("T1", 20)

    await _pull(sessions, shop)

    async with sessions.begin() as session:
        row = (await session.exec(select(InboxRow))).one()
    assert row.parked_reason == "unreadable: cannot read status"
    assert row.order_id is None
    assert row.raw is not None
    assert json.loads(VAULT.open(row.raw, row.id)) == {"tid": "T1"}


async def test_a_shop_that_does_not_answer_leaves_the_watermark_where_it_was(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(down=Unavailable("maintenance"))

    with pytest.raises(Unavailable):
        await _pull(sessions, shop)

    assert (await _shop(sessions)).pulled_until is None
    assert await _attention(sessions) == []


async def test_a_shop_silent_for_long_becomes_attention_until_it_answers(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(down=Unavailable("maintenance"))
    for attempt in (3, 4):
        with pytest.raises(Unavailable):
            await _pull(sessions, shop, attempt)
    (item,) = await _attention(sessions)
    assert (item.workflow_id, item.step_id, item.attempts) == ("poller/top-1", "channel.pull", 2)
    assert item.resolved_at is None

    shop.down = None
    await _pull(sessions, shop)

    (item,) = await _attention(sessions)
    assert (item.resolved_at is not None, item.resolved_by) == (True, "system")


async def test_refused_credentials_stop_the_window_at_once_and_park_no_order(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(broken={"T1": CredentialsRefused("session expired", code="27")})
    shop.change("T1", 20)

    with pytest.raises(CredentialsRefused):
        await _pull(sessions, shop)

    assert await _inbox(sessions) == {}
    (item,) = await _attention(sessions)
    assert (item.cause, item.code) == ("CredentialsRefused", "27")


async def test_one_order_the_shop_does_not_give_out_is_left_to_its_own_workflow(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(broken={"T1": Unavailable("HTTP 500", code="500")})
    shop.change("T0", 20)
    shop.change("T1", 21)
    for attempt in (1, 2):
        with pytest.raises(Unavailable):
            await _pull(sessions, shop, attempt)
    assert await _inbox(sessions) == {"T0": ""}

    pulled = await _pull(sessions, shop, attempt=3)

    assert (pulled.accepted, pulled.parked) == (1, 0)
    assert await _inbox(sessions) == {"T0": "", "T1": ""}
    async with sessions.begin() as session:
        orders = (await session.exec(select(SalesOrderRow.external_no))).all()
        row = (await session.exec(select(InboxRow).where(InboxRow.external_no == "T1"))).one()
    assert sorted(orders) == ["T0", "T1"]
    assert row.raw is None, "its workflow asks the channel"


async def test_nothing_is_left_behind_while_the_shop_gives_out_no_order_at_all(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop(broken={"T0": Unavailable("down"), "T1": Unavailable("down")})
    shop.change("T0", 20)
    shop.change("T1", 21)

    with pytest.raises(Unavailable):
        await _pull(sessions, shop, attempt=9)

    assert await _inbox(sessions) == {}


async def test_a_shop_that_was_switched_off_is_not_asked(sessions: Sessions) -> None:
    await seed_shops(sessions)
    async with sessions.begin() as session:
        row = await session.get(ShopRow, "top-1")
        assert row is not None
        row.active = False
        session.add(row)

    assert (await _pull(sessions, FakeTop(down=AssertionError("asked")))).active is False


def test_the_last_seconds_are_left_to_settle_and_long_absences_are_caught_up_in_steps() -> None:
    shop = ShopRow(id="s", channel="top", external_id="s", name="s", settings={"overlap_s": 60})
    shop.pulled_until = START - timedelta(hours=2)

    start, end, behind = window(shop.settings, shop.pulled_until, NOW)

    assert (start, end, behind) == (
        START - timedelta(hours=2, seconds=60),
        START - timedelta(hours=1, minutes=30),
        True,
    )
    shop.pulled_until = START - timedelta(seconds=10)
    assert window(shop.settings, shop.pulled_until, NOW)[1:] == (
        START - timedelta(seconds=3),
        False,
    )


def test_a_message_is_named_by_order_and_version() -> None:
    assert message_id(ChangedOrder("T1", START)) == "T1:20260301T120000.000000"


async def test_a_shop_that_is_left_alone_is_not_asked_and_goes_on_where_it_stood(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop()
    shop.change("T1", 20)
    async with sessions.begin() as session:
        await pausing.pause(session, "shop/top-1", "Li Lei", "stock-taking")

    assert await _pull(sessions, shop) == Pulled()
    assert await _inbox(sessions) == {}

    async with sessions.begin() as session:
        await pausing.resume(session, "shop/top-1", "Li Lei")
    await _pull(sessions, shop)
    assert await _inbox(sessions) == {"T1": ""}


async def test_a_range_is_pulled_again_beside_the_present_and_the_watermark_stays(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop()
    for number, seconds_ago in (("T1", 20.0), ("OLD1", 86_400.0), ("OLD2", 83_000.0)):
        shop.change(number, seconds_ago)
    await _pull(sessions, shop)
    reached = (await _shop(sessions)).pulled_until
    start, end = START - timedelta(seconds=87_000), START - timedelta(seconds=82_800)
    async with sessions.begin() as session:
        await PullRanges(session, "top-1").ask(start, end, "Li Lei")

    behind: list[bool] = []
    while not behind or behind[-1]:
        behind.append((await _pull(sessions, shop)).behind)

    assert behind == [True, True, False]
    assert set(await _inbox(sessions)) == {"T1", "OLD1", "OLD2"}
    assert (await _shop(sessions)).pulled_until == reached
    async with sessions.begin() as session:
        (done,) = await PullRanges(session, "top-1").latest()
    assert (done.changed, done.accepted, done.parked) == (2, 2, 0)
    assert done.reached_at == done.ends_at
    assert done.finished_at is not None


async def test_a_range_brings_nothing_twice(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop()
    shop.change("T1", 20)
    await _pull(sessions, shop)
    async with sessions.begin() as session:
        await PullRanges(session, "top-1").ask(START - timedelta(60), START, "Li Lei")
        await PullRanges(session, "top-1").stop()
    async with sessions.begin() as session:
        await PullRanges(session, "top-1").ask(START - timedelta(seconds=60), START, "Li Lei")

    await _pull(sessions, shop)

    async with sessions.begin() as session:
        (done, stopped) = await PullRanges(session, "top-1").latest()
    assert (done.changed, done.accepted) == (1, 0)
    assert stopped.reached_at == stopped.starts_at
    assert shop.fetched == ["T1"]
