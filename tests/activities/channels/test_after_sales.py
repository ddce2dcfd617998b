"""Refunds and returns that a shop is asked for: kept once per version, and their order is told."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.after_sales import AfterSaleActivities
from db.channels.ranges import PullRanges
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.sql import run
from db.vault import Vault
from domain.channels.messages import Pulled, PullWindow
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import ActionNotAllowed, CredentialsRefused, Rejected, Unavailable
from domain.shared.ids import ShopId
from integrations.marketplaces.port import AfterSaleMarketplace
from tests.shops import VAULT, seed_shops

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeTop:
    """Answers a window with the cases that changed in it."""

    cases: list[AfterSale] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    down: Exception | None = None

    async def after_sales(self, shop_id: str) -> AfterSaleMarketplace:
        return self  # type: ignore[return-value]

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        if self.down:
            raise self.down
        self.asked.append((start, end))
        return tuple(case for case in self.cases if start <= case.modified < end)


def case(
    number: str, seconds_ago: float, stage: AfterSaleStage = AfterSaleStage.REQUESTED
) -> AfterSale:
    return AfterSale(
        f"T-{number}", number, AfterSaleKind.REFUND, stage, str(stage).upper(),
        NOW - timedelta(seconds=seconds_ago), amount_minor=500,
    )  # fmt: skip


async def _pull(
    sessions: Sessions, shop: FakeTop, attempt: int = 1, now: datetime = NOW, vault: Vault = VAULT
) -> Pulled:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    activities = AfterSaleActivities(sessions, shop, vault, lambda: now)
    result: Pulled = await environment.run(activities.pull, PullWindow(ShopId("top-1")))
    return result


async def _say(sessions: Sessions, statement: str) -> list[tuple[object, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


async def test_a_case_is_kept_and_its_order_told_once_per_version(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop([case("R-1", 60), case("R-2", 50)])

    assert (await _pull(sessions, shop)).accepted == 2
    assert (await _pull(sessions, shop)).accepted == 0, "the overlap tells nothing twice"
    shop.cases[0] = case("R-1", 10, AfterSaleStage.DONE)
    assert (await _pull(sessions, shop)).accepted == 1

    told = await _say(sessions, "SELECT external_no, topic, order_id IS NULL FROM inbox ORDER BY 1")
    assert told == [
        ("T-R-1", "after_sale", False),
        ("T-R-1", "after_sale", False),
        ("T-R-2", "after_sale", False),
    ]
    kept = await _say(sessions, "SELECT after_sale_no, stage FROM after_sale ORDER BY 1")
    assert kept == [("R-1", "done"), ("R-2", "requested")]
    assert await _say(sessions, "SELECT count(*) FROM sales_order") == [(2,)]


async def test_refunds_have_a_watermark_of_their_own(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600, overlap_s=60, settle_s=0)
    shop = FakeTop()

    await _pull(sessions, shop)
    await _pull(sessions, shop, now=NOW + timedelta(seconds=120))

    assert shop.asked == [
        (NOW - timedelta(seconds=660), NOW),
        (NOW - timedelta(seconds=60), NOW + timedelta(seconds=120)),
    ]
    assert await _say(sessions, "SELECT pulled_until FROM shop WHERE id = 'top-1'") == [(None,)]


async def test_a_case_that_cannot_be_kept_does_not_stop_the_others(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600)
    odd = dataclasses.replace(case("R-1", 60), vendor_status="a\x00b")
    shop = FakeTop([odd, case("R-2", 50)])

    assert (await _pull(sessions, shop)).accepted == 1

    assert await _say(sessions, "SELECT after_sale_no FROM after_sale") == [("R-2",)]


class ForeignCase(Vault):
    """Says no to one case, as a rule of ours may."""

    def seal(self, plain: bytes, context: str) -> bytes:
        if b"R-1" in plain:
            raise ActionNotAllowed("no parcel is awaited")
        return super().seal(plain, context)


async def test_a_case_that_a_rule_refuses_does_not_stop_the_others(sessions: Sessions) -> None:
    await seed_shops(sessions, first_window_s=600)
    shop = FakeTop([case("R-1", 60), case("R-2", 50)])

    assert (await _pull(sessions, shop, vault=ForeignCase(bytes(32)))).accepted == 1

    assert await _say(sessions, "SELECT after_sale_no FROM after_sale") == [("R-2",)]


@pytest.mark.parametrize(
    ("error", "attempt", "shown"),
    [
        (Rejected("no permission", code="11"), 1, True),
        (Unavailable("down", code="503"), 1, False),
        (Unavailable("down", code="503"), 3, True),
    ],
)
async def test_a_shop_that_refuses_us_is_one_item_until_it_answers(
    sessions: Sessions, error: Exception, attempt: int, shown: bool
) -> None:
    await seed_shops(sessions)
    shop = FakeTop(down=error)
    with pytest.raises(type(error)):
        await _pull(sessions, shop, attempt)
    items = "SELECT workflow_id, actions FROM attention WHERE resolved_at IS NULL"
    expected = [("poller/top-1/after_sales", ["retry"])] if shown else []
    assert await _say(sessions, items) == expected

    shop.down = None
    await _pull(sessions, shop)

    assert await _say(sessions, items) == []


async def test_a_switched_off_shop_is_not_asked(sessions: Sessions) -> None:
    await seed_shops(sessions)
    async with sessions.begin() as session:
        row = await session.get(ShopRow, "top-1")
        assert row is not None
        row.active = False

    assert not (await _pull(sessions, FakeTop(down=Unavailable("down")))).active


async def test_refused_credentials_leave_the_whole_shop_alone(sessions: Sessions) -> None:
    await seed_shops(sessions)
    shop = FakeTop(down=CredentialsRefused("expired", code="27"))
    with pytest.raises(CredentialsRefused):
        await _pull(sessions, shop)
    shop.down = AssertionError("asked although nobody renewed them")

    assert (await _pull(sessions, shop)).active

    items = await _say(sessions, "SELECT system, step_id FROM attention")
    assert items == [("shop/top-1", "credentials")]


async def test_cases_of_a_range_are_asked_for_again_in_windows_and_those_that_are_known_pass(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    shop = FakeTop([case("1", 80_000), case("2", 79_000)])
    await _pull(sessions, shop)  # the present
    start, end = NOW - timedelta(seconds=81_000), NOW - timedelta(seconds=78_000)
    async with sessions.begin() as session:
        await PullRanges(session, "top-1").ask(start, end, "Li Lei", "after_sales")
        await PullRanges(session, "top-1").ask(start, end, "Li Lei")  # of orders: another matter
    while (await _pull(sessions, shop)).behind:
        pass

    async with sessions.begin() as session:
        done = {row.asked: row for row in await PullRanges(session, "top-1").latest()}
        again = await PullRanges(session, "top-1").ask(start, end, "Li Lei", "after_sales")
    cases = done["after_sales"]
    assert (cases.reached_at, cases.changed, cases.parked) == (end, 2, 0)
    assert cases.finished_at is not None
    assert done["orders"].finished_at is None
    assert again is not None
    windows = [(one, two) for one, two in shop.asked if start <= one and two <= end]
    assert windows[0][0] == start
    assert max(two - one for one, two in windows) <= timedelta(minutes=30)
    assert await _say(sessions, "SELECT count(*) FROM after_sale") == [(2,)]
