"""Many SKUs at once are reckoned as each alone, and a fill rate is reached by the least stock."""

from math import exp, lgamma, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.planning.nightly import (
    SHAPES,
    Conditions,
    Targets,
    ahead,
    classes,
    learn,
    targets,
)
from domain.inventory.planning.safety_stock import Demand, LeadTime, target

DAILY = st.floats(0, 60)
ROWS = st.lists(
    st.tuples(
        DAILY, st.floats(0, 300), st.floats(0, 30), st.floats(0, 30), st.sampled_from((0.9, 0.95))
    ),
    min_size=1,
    max_size=20,
)


def _targets(
    rows: list[tuple[float, float, float, float, float]], *, fill: bool = False, batch: float = 1
) -> Targets:
    mean, variance, lead, lead_variance, service = np.array(rows, dtype=np.float64).T
    same = np.ones(len(rows))
    return targets(
        Conditions(
            mean, variance, lead, lead_variance, same, service, np.full(len(rows), fill),
            batch * same,
        )
    )  # fmt: skip


@given(ROWS)
def test_many_are_reckoned_as_each_alone(
    rows: list[tuple[float, float, float, float, float]],
) -> None:
    found = _targets(rows)

    for number, (mean, variance, lead, lead_variance, service) in enumerate(rows):
        alone = target(Demand(mean, variance), LeadTime(lead, lead_variance, 1.0), service)
        assert SHAPES[found.shape[number]] is alone.shape
        assert found.expected[number] == pytest.approx(alone.expected)
        # The last digit decides where a probability is met exactly.
        assert abs(int(found.reorder_point[number]) - alone.reorder_point) <= 1


@given(st.floats(0.05, 19), st.floats(0.5, 0.99), st.floats(1, 30))
def test_the_least_stock_reaches_a_fill_rate_of_slow_movers(
    mean: float, service: float, batch: float
) -> None:
    def short(units: int) -> float:
        chance = [exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(200)]
        return sum((k - units) * p for k, p in enumerate(chance) if k > units)

    found = _targets([(mean, mean, 0.0, 0.0, service)], fill=True, batch=batch)
    point, allowed = int(found.reorder_point[0]), (1 - service) * batch

    assert short(point) <= allowed + 1e-9
    assert point == 0 or short(point - 1) > allowed - 1e-9


@given(st.floats(25, 5000), st.floats(0.05, 1.0), st.floats(0.6, 0.99))
def test_what_much_demand_is_short_of_is_what_a_great_sample_of_it_is_short_of(
    mean: float, spread: float, service: float
) -> None:
    variance, batch = max((spread * mean) ** 2, mean), mean
    found = _targets([(mean, variance, 0.0, 0.0, service)], fill=True, batch=batch)
    shape, scale = mean**2 / variance, variance / mean
    sample = np.random.default_rng(7).gamma(shape, scale, 40_000)

    def short(units: int) -> float:
        return float(np.maximum(sample - units, 0).mean())

    point, allowed, near = int(found.reorder_point[0]), (1 - service) * batch, 0.02 * mean
    assert short(point) <= allowed + near
    assert short(point - 1) >= allowed - near


def test_days_on_which_nothing_was_there_teach_nothing_and_a_promotion_is_no_habit() -> None:
    units = np.array([[2.0, 0, 0, 6, 2, 2]])
    usable = np.array([[True, False, False, True, True, True]])
    factors = np.array([[1.0, 1, 1, 3, 1, 1]])

    found = learn(units, usable, factors)

    assert (found.mean[0], found.variance[0], found.days[0]) == (2.0, 0.0, 4)


def test_who_was_never_able_to_sell_is_taken_as_it_sold() -> None:
    found = learn(np.array([[0.0, 3, 0]]), np.zeros((1, 3), dtype=bool), np.ones((1, 3)))

    assert (found.mean[0], found.days[0]) == (1.0, 0)


def test_a_season_ahead_counts_with_the_days_it_has_of_those_that_are_covered() -> None:
    factors = np.array([[1.0, 1, 3, 3], [1.0, 1, 3, 3]])

    assert ahead(factors, np.array([4.0, 1.5])).tolist() == [2.0, 1.0]


def test_the_dearest_four_fifths_are_of_class_a() -> None:
    assert classes([70, 0, 20, 6, 4]).tolist() == ["A", "C", "A", "B", "C"]
    assert classes([0, 0]).tolist() == ["C", "C"]
