"""Selling ahead of stock never promises more than lies there and is still to come."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.selling import SellRule, Why, offer
from domain.inventory.preorders import PreorderMode, PreorderRule, open_ahead, promise_day
from domain.inventory.purchasing.expecting import Supply, Waiting, expected
from domain.shared.errors import InvalidInput

TODAY = date(2026, 11, 27)
UNITS = st.integers(0, 10_000)
RULES = st.sampled_from(
    (PreorderRule(), PreorderRule(PreorderMode.INBOUND), PreorderRule(PreorderMode.FIXED, 5))
)


@given(RULES, UNITS, UNITS, UNITS, st.integers(0, 100), UNITS)
def test_no_more_is_offered_than_lies_there_and_may_be_promised_less_what_is_promised(
    rule: PreorderRule, free: int, waiting: int, inbound: int, share: int, buffer: int
) -> None:
    ahead = rule.ahead(inbound)
    made = offer(SellRule(share_percent=share, buffer=buffer), [(free - waiting, ahead, 1)])

    assert 0 <= made.stock <= max(free - waiting, 0)
    assert made.preorder >= 0
    assert made.stock + made.preorder <= max(free + ahead - waiting, 0)
    assert made.stock + made.preorder == made.steps[-1].units
    whole = offer(SellRule(), [(free - waiting, ahead, 1)])
    assert whole.preorder == open_ahead(rule, free, waiting, inbound)


@given(UNITS, UNITS, st.lists(UNITS, max_size=20))
def test_orders_that_come_one_after_the_other_are_promised_no_unit_twice(
    free: int, inbound: int, wishes: list[int]
) -> None:
    rule, waiting, promised = PreorderRule(PreorderMode.INBOUND), 0, 0
    for wish in wishes:
        made = offer(SellRule(), [(free - waiting, rule.ahead(inbound), 1)])
        sold = min(wish, made.stock + made.preorder)
        waiting, promised = waiting + sold, promised + sold
    assert promised <= min(free + inbound, sum(wishes)) or made.steps[-1].why is Why.MOST


@given(UNITS, st.lists(st.tuples(UNITS, st.integers(-5, 50)), max_size=6))
def test_the_day_of_the_next_unit_is_one_on_which_enough_has_come(
    short: int, told: list[tuple[int, int]]
) -> None:
    supplies = [Supply(units, TODAY + timedelta(days)) for units, days in told]
    day = promise_day(short, supplies, TODAY)
    timely = [one for one in supplies if one.on is not None and one.on >= TODAY]
    if day is None:
        assert sum(one.units for one in timely) <= short
    else:
        assert sum(one.units for one in timely if one.on is not None and one.on <= day) > short


def test_an_order_that_pays_later_has_what_is_left_of_the_supply() -> None:
    queue = [Waiting("first", 3), Waiting("second", 1)]
    assert expected(queue, [Supply(3, TODAY)], TODAY) == {"first": TODAY, "second": None}


@pytest.mark.parametrize(
    ("mode", "units"), [(PreorderMode.OFF, 1), (PreorderMode.FIXED, 0), (PreorderMode.INBOUND, 2)]
)
def test_units_are_said_where_they_count(mode: PreorderMode, units: int) -> None:
    with pytest.raises(InvalidInput):
        PreorderRule(mode, units)
