"""Carriers come at a time on the clock of the place, on the days on which it works."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.promises import Promised, pick_by
from domain.orders.visits import WorkDays, last_visit, next_visit, was_here_today

SHANGHAI = ZoneInfo("Asia/Shanghai")
THURSDAY = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)  # ten o'clock there
WEEKDAYS = WorkDays("12345")
HOLIDAYS = WorkDays(
    "12345", off=frozenset({date(2026, 11, 27)}), on=frozenset({date(2026, 11, 28)})
)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI).astimezone(UTC)


def test_a_visit_is_on_the_clock_of_the_place_and_never_past() -> None:
    assert next_visit(time(18), SHANGHAI, THURSDAY) == at(26, 18)
    assert next_visit(time(10), SHANGHAI, THURSDAY) == at(27, 10)
    assert last_visit(time(10), SHANGHAI, THURSDAY) == at(26, 10)
    assert last_visit(time(18), SHANGHAI, THURSDAY) == at(25, 18)


def test_nobody_comes_on_a_weekend_or_a_holiday_and_on_a_day_worked_instead_somebody_does() -> None:
    friday_night = at(27, 20)

    assert next_visit(time(18), SHANGHAI, friday_night, WEEKDAYS) == at(30, 18)
    assert next_visit(time(9), SHANGHAI, THURSDAY, HOLIDAYS) == at(28, 9)
    assert last_visit(time(18), SHANGHAI, at(29, 12), WEEKDAYS) == at(27, 18)
    assert not was_here_today(time(9), SHANGHAI, at(29, 12), WEEKDAYS)
    assert was_here_today(time(9), SHANGHAI, at(28, 12), HOLIDAYS)


def test_a_place_that_never_works_is_visited_by_nobody() -> None:
    assert next_visit(time(9), SHANGHAI, THURSDAY, WorkDays("")) is None
    assert not was_here_today(time(9), SHANGHAI, THURSDAY, WorkDays(""))


def test_what_must_leave_on_sunday_is_picked_before_fridays_visit() -> None:
    sunday = Promised(at(29, 12), cutoff=time(18), zone="Asia/Shanghai", days=WEEKDAYS)
    closed = Promised(at(29, 12), cutoff=time(18), zone="Asia/Shanghai", days=WorkDays(""))

    assert pick_by(sunday) == at(27, 18)
    assert pick_by(closed) == at(29, 8)


@given(
    st.times(),
    st.integers(0, 600 * 24 * 60).map(lambda minutes: THURSDAY + timedelta(minutes=minutes)),
    st.sets(st.sampled_from("1234567"), min_size=1),
    st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 1)), max_size=5),
)
def test_between_the_last_and_the_next_visit_there_is_none(
    hour: time, now: datetime, weekdays: set[str], off: set[date]
) -> None:
    days = WorkDays("".join(sorted(weekdays)), frozenset(off))

    before, after = (find(hour, SHANGHAI, now, days) for find in (last_visit, next_visit))

    assert before is not None
    assert after is not None
    assert before <= now < after
    between = before.astimezone(SHANGHAI).date() + timedelta(days=1)
    while between < after.astimezone(SHANGHAI).date():
        assert not days.works(between)
        between += timedelta(days=1)
