"""Formulas give what the books print (Snyder & Shen, Fundamentals of Supply Chain Theory)."""

import pytest

from domain.inventory.planning.lot_sizing import economic_order, wagner_whitin
from domain.inventory.planning.reorder import (
    newsvendor,
    poisson_order_up_to,
    poisson_reorder_point,
)


def test_the_economic_order_of_example_3_1() -> None:
    found = economic_order(fixed_cost=8, holding_cost=0.225, demand=1300)

    assert (round(found.quantity, 2), round(found.cost, 2)) == (304.05, 68.41)


def test_the_plan_of_example_3_9() -> None:
    found = wagner_whitin([90, 120, 80, 70], fixed_cost=500, holding_cost=2)

    assert (found.quantities, found.cost) == ((210, 0, 150, 0), 1380)


def test_the_newsvendor_of_example_4_3() -> None:
    found = newsvendor(holding_cost=0.18, shortage_cost=0.70, mean=50, deviation=8)

    assert (round(found.level, 2), round(found.cost, 4)) == (56.60, 1.9976)


def test_the_order_up_to_level_of_example_4_7() -> None:
    found = poisson_order_up_to(holding_cost=1, shortage_cost=4, fixed_cost=5, mean=6)

    assert (found.reorder_point, found.level) == (4, 10)
    assert found.cost == pytest.approx(8.0341, abs=5e-5)


def test_the_reorder_point_of_example_5_8() -> None:
    found = poisson_reorder_point(
        holding_cost=20, shortage_cost=150, fixed_cost=100, rate=1.5, lead_time=2
    )

    assert (found.reorder_point, found.quantity) == (3, 5)
    assert found.cost == pytest.approx(107.92, abs=5e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: economic_order(0, 1, 1),
        lambda: wagner_whitin([1, -1], 1, 1),
        lambda: newsvendor(1, 1, 0, 1),
        lambda: poisson_order_up_to(0, 1, 1, 1),
        lambda: poisson_reorder_point(1, 1, 1, 1, 0),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=r"cost|mean|demand"):
        wrong()
