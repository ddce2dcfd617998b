"""Clocks of promises: what moves them, what stops them, when they are looked at."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.promises import (
    Clock,
    ClockState,
    Hold,
    Level,
    Promise,
    Promised,
    moved,
    over,
    pick_by,
    promises,
    to_say,
    untold_at,
)

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Shanghai
H = timedelta(hours=1)
moments = st.integers(-5000, 5000).map(lambda n: NOON + timedelta(minutes=n))


@st.composite
def _hold(draw: st.DrawFn) -> Hold:
    start = draw(moments)
    length = draw(st.none() | st.integers(0, 3000))
    return start, None if length is None else start + timedelta(minutes=length)


holds = st.lists(_hold(), max_size=5)


def clock(order: Promised, which: Clock) -> Promise:
    return next(one for one in promises(order) if one.clock is which)


def test_the_carriers_last_visit_counts_else_a_margin() -> None:
    assert pick_by(Promised(NOON)) == NOON - 4 * H
    carried = Promised(NOON, cutoff=time(11), zone="Asia/Shanghai")
    assert pick_by(carried) == NOON - H
    missed = Promised(NOON, cutoff=time(17), zone="Asia/Shanghai")
    assert pick_by(missed) == NOON - 19 * H


def test_it_should_be_at_the_door_so_many_days_after_it_should_leave() -> None:
    assert clock(Promised(NOON), Clock.DELIVER_BY).due == NOON + timedelta(days=3)
    assert clock(Promised(NOON, to_door=7), Clock.DELIVER_BY).due == NOON + timedelta(days=7)


def test_a_hold_stops_our_clocks_and_not_the_channels() -> None:
    held = Promised(NOON, holds=((NOON - 10 * H, None),))
    now = NOON + 100 * H
    assert [one.state(now) for one in promises(held)] == [
        ClockState.STOPPED, ClockState.LATE, ClockState.STOPPED,
    ]  # fmt: skip
    after = Promised(NOON, holds=((NOON - 10 * H, NOON - 7 * H),))
    assert clock(after, Clock.PICK_BY).due == NOON - H
    assert clock(after, Clock.SHIP_BY).due == NOON


def test_a_hold_that_comes_too_late_changes_nothing() -> None:
    late = Promised(NOON, holds=((NOON - 3 * H, None),))
    assert clock(late, Clock.PICK_BY).state(NOON) is ClockState.LATE


def test_it_is_said_once_for_each_level_and_the_loudest_alone() -> None:
    order = promises(Promised(NOON))
    [warned] = to_say(order, (), NOON - 5 * H)
    assert (warned.promise.clock, warned.level) == (Clock.PICK_BY, Level.WARNING)
    told = [warned.step]
    assert not to_say(order, told, NOON - 5 * H)
    assert untold_at(order, told) == NOON - 4 * H
    late = to_say(order, told, NOON)
    assert [(one.promise.clock, one.level) for one in late] == [
        (Clock.PICK_BY, Level.ESCALATION), (Clock.SHIP_BY, Level.ESCALATION),
    ]  # fmt: skip
    told += [one.step for one in late]
    assert not to_say(order, told, NOON)
    assert over(order, told) == (warned.step,)


def test_what_was_said_is_over_when_it_is_kept_held_or_moved() -> None:
    [warned] = to_say(promises(Promised(NOON)), (), NOON - 5 * H)
    began = NOON - 5 * H
    for order in (
        Promised(NOON, picked=True),
        Promised(NOON, holds=((began, None),)),
        Promised(NOON, holds=((began, began + H / 4),)),
        Promised(NOON + H),
    ):
        assert over(promises(order), [warned.step]) == (warned.step,)
    assert not over(promises(Promised(NOON)), [warned.step])
    assert over((), [warned.step]) == (warned.step,)


@given(moments, holds, _hold())
def test_holding_never_makes_a_stopping_clock_earlier(
    due: datetime, some: list[Hold], one_more: Hold
) -> None:
    before, stopped = moved(due, some)
    after, still = moved(due, [*some, one_more])
    if not still:
        assert after >= before
        assert not stopped
    assert before >= due


@given(moments, holds, moments)
def test_met_is_final(ship_by: datetime, some: list[Hold], now: datetime) -> None:
    order = promises(Promised(ship_by, some, picked=True, left=True, delivered=True))
    assert {one.state(now) for one in order} == {ClockState.MET}
    assert untold_at(order, ()) is None
    assert not to_say(order, (), now)


@given(moments, holds, moments)
def test_the_next_moment_is_after_now_and_looking_then_says_something(
    ship_by: datetime, some: list[Hold], now: datetime
) -> None:
    for one in promises(Promised(ship_by, some)):
        at = one.next_moment(now)
        if at is not None:
            assert at > now
            assert one.state(at) is not one.state(now)


@given(moments, holds, moments)
def test_after_saying_everything_nothing_is_left_to_say_now(
    ship_by: datetime, some: list[Hold], now: datetime
) -> None:
    order = promises(Promised(ship_by, some))
    told = [one.step for one in to_say(order, (), now)]
    at = untold_at(order, told)
    assert at is None or at > now
