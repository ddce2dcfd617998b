"""One rule judges a lot: the last good day counts, and what remains is counted at the door."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.expiry import (
    Fitness,
    FreeLot,
    LifeRule,
    LotState,
    ShelfLife,
    Wanted,
    at_the_door,
    days_needed,
    expiry_of,
    fitness,
    fits,
    take_first,
    today_at,
)
from domain.shared.errors import InvalidInput

SHANGHAI = "Asia/Shanghai"
NOW = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai, still the 1st
TODAY = date(2026, 3, 1)

lots = st.builds(
    FreeLot,
    st.text("AB12", min_size=1, max_size=3),
    st.integers(0, 40),
    st.none() | st.integers(-30, 400).map(lambda days: TODAY + timedelta(days=days)),
    st.builds(ShelfLife, st.sampled_from((0, 90, 365)), st.integers(0, 60)),
)
wishes = st.builds(
    Wanted,
    st.builds(LifeRule, st.integers(0, 120), st.integers(0, 100)),
    st.integers(0, 10),
    st.none() | st.integers(-3, 20).map(lambda days: NOW + timedelta(days=days)),
)


def test_today_is_the_date_on_the_clock_of_the_place() -> None:
    later = NOW + timedelta(hours=1)

    assert (today_at(SHANGHAI, NOW), today_at(SHANGHAI, later)) == (TODAY, date(2026, 3, 2))
    assert today_at("America/New_York", later) == TODAY


def test_the_day_of_expiry_is_the_last_good_one() -> None:
    assert fitness(TODAY, TODAY, TODAY) is Fitness.GOOD
    assert fitness(TODAY, TODAY + timedelta(days=1), TODAY) is Fitness.EXPIRED
    assert fitness(TODAY, TODAY, TODAY + timedelta(days=1)) is Fitness.SHORT
    assert fitness(None, TODAY, TODAY, 300) is Fitness.GOOD


@pytest.mark.parametrize(
    ("state", "said"), [(LotState.HOLD, Fitness.HELD), (LotState.RECALLED, Fitness.RECALLED)]
)
def test_a_lot_that_is_kept_back_is_not_good_however_fresh(state: LotState, said: Fitness) -> None:
    assert fitness(date(2030, 1, 1), TODAY, TODAY, 0, state) is said


def test_a_share_of_the_life_is_rounded_up_and_the_own_minimum_always_holds() -> None:
    assert days_needed(ShelfLife(365, 30), LifeRule(share_percent=33)) == 121
    assert days_needed(ShelfLife(365, 130), LifeRule(days=60, share_percent=33)) == 130
    assert days_needed(ShelfLife(), LifeRule(share_percent=50)) == 0


def test_what_remains_is_counted_at_the_promised_delivery() -> None:
    wanted = Wanted(LifeRule(days=30), to_door=3, ship_by=NOW + timedelta(days=2))
    arrives = at_the_door(wanted, SHANGHAI, NOW)

    assert arrives == date(2026, 3, 6)
    assert fits(FreeLot("L", 1, date(2026, 4, 5)), wanted, SHANGHAI, NOW)
    assert not fits(FreeLot("L", 1, date(2026, 4, 4)), wanted, SHANGHAI, NOW)


def test_what_should_have_left_already_leaves_today() -> None:
    assert at_the_door(Wanted(ship_by=NOW - timedelta(days=9)), SHANGHAI, NOW) == TODAY


def test_a_lot_without_a_printed_date_ends_with_its_shelf_life() -> None:
    assert expiry_of(TODAY, None, ShelfLife(90)) == date(2026, 5, 30)
    assert expiry_of(TODAY, date(2026, 4, 1), ShelfLife(90)) == date(2026, 4, 1)
    assert expiry_of(TODAY, None, ShelfLife()) is None


def test_nobody_asks_for_more_than_the_whole_life() -> None:
    with pytest.raises(InvalidInput):
        LifeRule(share_percent=101)


@given(st.lists(lots, max_size=8, unique_by=lambda lot: lot.lot), st.integers(0, 120), wishes)
def test_first_expired_goes_first_never_an_unfit_lot_and_the_sums_match(
    free: list[FreeLot], quantity: int, wanted: Wanted
) -> None:
    before = {lot.lot: lot.units for lot in free}
    by_name = {lot.lot: lot for lot in free}
    fit = {lot.lot for lot in free if fits(lot, wanted, SHANGHAI, NOW)}

    taken = take_first(free, quantity, lambda lot: fits(lot, wanted, SHANGHAI, NOW))

    assert sum(n for _, n in taken) == min(quantity, sum(before[lot] for lot in fit))
    assert {lot for lot, _ in taken} <= fit
    assert all(before[lot] - by_name[lot].units == n for lot, n in taken)
    days = [by_name[lot].expires_on or date.max for lot, _ in taken]
    assert days == sorted(days)
    # whatever expires earlier than the last one taken, and fits, is used up
    for lot in fit:
        if taken and (by_name[lot].expires_on or date.max) < days[-1]:
            assert by_name[lot].units == 0
    for lot, _ in taken:
        ends = by_name[lot].expires_on
        assert ends is None or ends >= at_the_door(wanted, SHANGHAI, NOW) >= TODAY
