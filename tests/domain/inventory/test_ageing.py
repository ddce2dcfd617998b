"""What is done about goods that age: the first thing that helps."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.ageing import Advice, Ageing, AgeingGoods, advise, units_left

NEAR, DEAD = Ageing.NEAR, Ageing.DEAD


def test_what_is_sold_in_time_needs_nobody() -> None:
    assert advise(AgeingGoods(NEAR, 28, 28, 28)) is None
    assert advise(AgeingGoods(NEAR, 29, 28, 28)) is Advice.MARK_DOWN


def test_goods_go_where_they_sell_better_while_there_is_time_for_the_journey() -> None:
    assert advise(AgeingGoods(NEAR, 50, 30, 2, 40)) is Advice.MOVE
    assert advise(AgeingGoods(NEAR, 50, 14, 2, 40)) is Advice.MARK_DOWN
    assert advise(AgeingGoods(DEAD, 50, None, 0, 40)) is Advice.MOVE


def test_what_is_sold_nowhere_goes_back_and_what_is_over_is_destroyed() -> None:
    assert advise(AgeingGoods(DEAD, 5, None, 0)) is Advice.RETURN
    assert advise(AgeingGoods(NEAR, 5, 40, 0)) is Advice.RETURN
    assert advise(AgeingGoods(Ageing.EXPIRED, 5, -1, 90, 90)) is Advice.DESTROY


@given(st.integers(1, 500), st.integers(0, 90), st.integers(0, 300))
def test_never_more_is_left_than_there_is(units: int, days: int, sold: int) -> None:
    left = units_left(AgeingGoods(NEAR, units, days, sold))

    assert 0 <= left <= units
    assert (left == 0) == (sold * days // 28 >= units)
