"""What one person does alone is added up: small steps do not pass a limit that asks for two."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import Sessions
from db.ids import new_id
from db.platform.alone import TooMuchAlone, add_alone, take_off, use_up, was_added
from db.sql import run

LIMIT = 100
DAY = timedelta(days=1)


async def _alone(sessions: Sessions, of: str, act: str, much: int) -> bool:
    try:
        async with sessions.begin() as session:
            await add_alone(session, of, act, {of: much}, LIMIT, DAY)
    except TooMuchAlone:
        return False
    return True


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 150)), max_size=12))
async def test_what_passed_never_adds_up_to_more_than_the_limit_and_nothing_small_is_refused(
    web_sessions: Sessions, steps: list[tuple[int, int]]
) -> None:
    of, passed = new_id("x"), dict[str, int]()
    for number, much in steps:  # an act that is tried again counts once, with the most it was
        act = f"{of}/{number}"
        others = sum(units for name, units in passed.items() if name != act)
        went = await _alone(web_sessions, of, act, much)
        assert went == (others + much <= LIMIT)
        if went:
            passed[act] = max(passed.get(act, 0), much)
        assert sum(passed.values()) <= LIMIT


async def test_of_many_at_the_same_time_only_so_many_pass_as_fit(web_sessions: Sessions) -> None:
    went = await asyncio.gather(
        *(_alone(web_sessions, "refund/o", f"act-{n}", 30) for n in range(8))
    )

    assert sum(went) == 3
    async with web_sessions.begin() as session:
        [row] = await run(session, "SELECT sum(much)::int AS much FROM done_alone")
    assert row.much == 90


async def test_each_thing_has_its_own_sum_and_one_too_many_refuses_all(
    web_sessions: Sessions,
) -> None:
    async with web_sessions.begin() as session:
        await add_alone(session, "stock/li", "1", {"li/HQ/A": 60, "li/HQ/B": 100}, LIMIT, DAY)
    with pytest.raises(TooMuchAlone):
        async with web_sessions.begin() as session:
            await add_alone(session, "stock/li", "2", {"li/HQ/A": 40, "li/HQ/B": 1}, LIMIT, DAY)
    async with web_sessions.begin() as session:
        await add_alone(session, "stock/li", "3", {"li/HQ/A": 40, "li/D1/B": 100}, LIMIT, DAY)


async def test_after_a_day_a_person_may_correct_again_but_an_order_remembers(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    assert await _alone(web_sessions, "stock/li", "1", 100)
    async with sessions.begin() as session:
        await run(session, "UPDATE done_alone SET at = at - interval '1 day'")

    with pytest.raises(TooMuchAlone):
        async with web_sessions.begin() as session:
            await add_alone(session, "stock/li", "2", {"stock/li": 1}, LIMIT)
    assert await _alone(web_sessions, "stock/li", "2", 100)


async def test_what_was_refused_or_is_done_by_another_act_counts_no_more(
    web_sessions: Sessions,
) -> None:
    assert await _alone(web_sessions, "refund/o", "refused", 100)
    async with web_sessions.begin() as session:
        assert await was_added(session, "refused")
        await take_off(session, "refused")
        assert not await was_added(session, "refused")
    assert await _alone(web_sessions, "refund/o", "decided", 100)
    async with web_sessions.begin() as session:
        await use_up(session, "decided", 70)

    assert await _alone(web_sessions, "refund/o", "settled", 70)
    assert not await _alone(web_sessions, "refund/o", "more", 1)
