"""Limits are kept by all processes together, and a vendor's word to wait is heard by all."""

import asyncio
from datetime import timedelta

import pytest

from activities.shared.pace import SharedPace
from db.engine import Sessions
from db.platform.pace import prune_buckets
from db.sql import run
from domain.shared.errors import CredentialsRefused, RateLimited
from integrations.access import Limit

LIMITS = {"orders": Limit(5, 3600.0), "stock": Limit(50, 5.0)}


def pace(sessions: Sessions, patience_s: float = 0.0, app: str = "app") -> SharedPace:
    return SharedPace(sessions, "pdd", app, LIMITS, patience_s)


async def called(one: SharedPace, method: str) -> bool:
    try:
        async with one.call(method):
            return True
    except RateLimited:
        return False


async def test_two_processes_share_one_limit(sessions: Sessions, web_sessions: Sessions) -> None:
    paces = [pace(sessions), pace(web_sessions)]

    went = await asyncio.gather(*(called(paces[n % 2], "orders") for n in range(20)))

    assert sum(went) == 5


async def test_methods_and_apps_have_limits_of_their_own(sessions: Sessions) -> None:
    for _ in range(5):
        assert await called(pace(sessions), "orders")

    assert not await called(pace(sessions), "orders")
    assert await called(pace(sessions), "stock")
    assert await called(pace(sessions, app="another"), "orders")


async def test_calls_come_back_with_time(sessions: Sessions) -> None:
    went = await asyncio.gather(*(called(pace(sessions), "stock") for _ in range(60)))
    assert 50 <= sum(went) < 60

    assert await called(pace(sessions, patience_s=5.0), "stock")


async def test_how_long_to_wait_is_told(sessions: Sessions) -> None:
    for _ in range(5):
        await called(pace(sessions), "orders")

    with pytest.raises(RateLimited) as refused:
        async with pace(sessions).call("orders"):
            raise AssertionError("nothing was left")

    assert 600 < refused.value.retry_after_s <= 720
    assert refused.value.code == "paced"


@pytest.mark.parametrize("method", ["orders", "without-a-limit"])
async def test_a_vendor_that_says_wait_is_heard_by_all(
    sessions: Sessions, web_sessions: Sessions, method: str
) -> None:
    with pytest.raises(RateLimited):
        async with pace(sessions).call(method):
            raise RateLimited("slow down", retry_after_s=90, code="429", system="pdd")

    with pytest.raises(RateLimited) as refused:
        async with pace(web_sessions).call(method):
            raise AssertionError("the vendor wants no calls")

    assert 60 < refused.value.retry_after_s <= 90
    assert await called(pace(web_sessions), "stock")


async def test_another_failure_holds_nobody(sessions: Sessions) -> None:
    with pytest.raises(ZeroDivisionError):
        async with pace(sessions).call("stock"):
            raise ZeroDivisionError

    assert await called(pace(sessions), "stock")


async def test_a_vendor_that_repeats_a_secret_is_not_quoted_with_it(sessions: Sessions) -> None:
    shared = SharedPace(sessions, "top", "app", secrets=("canary-session-token", "123456"))

    told = CredentialsRefused("session canary-session-token of 123456", code="27", system="top")

    with pytest.raises(CredentialsRefused) as refused:
        async with shared.call("trade.get"):
            raise told

    assert str(refused.value) == "session *** of 123456"
    assert "canary" not in repr(shared)


async def test_each_waybill_has_a_bucket_of_its_own_and_full_ones_are_forgotten(
    sessions: Sessions,
) -> None:
    one = SharedPace(sessions, "kuaidi100", "us", {"waybill": Limit(2, 86_400.0)}, 0.0)

    assert [await called(one, "waybill:SF1") for _ in range(3)] == [True, True, False]
    assert await called(one, "waybill:SF2")
    async with sessions.begin() as session:
        await run(
            session,
            "UPDATE rate_bucket SET refilled_at = now() - interval '3 days' WHERE key LIKE '%SF2'",
        )
        assert await prune_buckets(session, timedelta(days=2)) == 1
    assert not await called(one, "waybill:SF1")
    assert [await called(one, "waybill:SF2") for _ in range(3)] == [True, True, False]
