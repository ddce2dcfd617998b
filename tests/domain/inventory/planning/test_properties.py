"""What holds for any costs and any demand."""

from itertools import product
from math import exp, factorial

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.inventory.planning.lot_sizing import economic_order, wagner_whitin
from domain.inventory.planning.policies import Dynamic, Levels, MinMax
from domain.inventory.planning.reorder import poisson_order_up_to, poisson_reorder_point
from domain.inventory.planning.safety_stock import NOTHING, Demand, LeadTime, Shape, target
from domain.inventory.planning.simulation import simulate

COSTS = st.floats(0.1, 100)


@given(COSTS, COSTS, st.floats(0.1, 10_000), st.floats(0.2, 5))
def test_no_other_order_quantity_is_cheaper(
    fixed: float, holding: float, demand: float, factor: float
) -> None:
    best = economic_order(fixed, holding, demand)
    other = best.quantity * factor

    assert fixed * demand / other + holding * other / 2 >= best.cost * (1 - 1e-9)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=7), COSTS, COSTS)
def test_no_other_plan_is_cheaper_and_nothing_is_short(
    demand: list[int], fixed: float, holding: float
) -> None:
    def cost(orders: tuple[bool, ...]) -> float:
        """Each order lasts until the next; before the first one there is no demand."""
        total, last = 0.0, None
        for period, needed in enumerate(demand):
            if orders[period]:
                last, total = period, total + fixed
            if needed and last is None:
                return float("inf")
            total += holding * (period - (last or 0)) * needed
        return total

    best = wagner_whitin(demand, fixed, holding)
    there = 0
    for ordered, needed in zip(best.quantities, demand, strict=True):
        there += ordered - needed
        assert there >= 0

    assert sum(best.quantities) == sum(demand)
    cheapest = min(cost(orders) for orders in product((False, True), repeat=len(demand)))
    assert best.cost >= cheapest - 1e-6
    if demand[0]:
        assert best.cost <= cheapest + 1e-6


@settings(max_examples=30)
@given(st.floats(0.5, 20), st.floats(1, 60), st.floats(0, 60), st.floats(0.3, 12))
def test_an_order_up_to_level_is_no_dearer_than_its_neighbours(
    holding: float, shortage: float, fixed: float, mean: float
) -> None:
    best = poisson_order_up_to(holding, shortage, fixed, mean)

    assert best.reorder_point < best.level
    for low in range(best.reorder_point - 2, best.reorder_point + 3):
        for high in range(max(low, best.level - 2) + 1, best.level + 3):
            assert _cost(holding, shortage, fixed, mean, low, high) >= best.cost * (1 - 1e-9)


def _cost(holding: float, shortage: float, fixed: float, mean: float, low: int, high: int) -> float:
    """By the renewal reward theorem, term by term."""
    chance = [exp(-mean) * mean**k / factorial(k) for k in range(120)]

    def one(units: int) -> float:
        return sum(
            p * (holding * max(units - d, 0) + shortage * max(d - units, 0))
            for d, p in enumerate(chance)
        )

    visits = [1 / (1 - chance[0])]
    for j in range(1, high - low):
        before = sum(chance[i] * visits[j - i] for i in range(1, j + 1))
        visits.append(before / (1 - chance[0]))
    return (fixed + sum(v * one(high - j) for j, v in enumerate(visits))) / sum(visits)


@settings(max_examples=30)
@given(COSTS, COSTS, COSTS, st.floats(0.1, 5), st.floats(0.5, 5))
def test_a_dearer_shortage_never_lowers_the_reorder_point(
    holding: float, shortage: float, fixed: float, rate: float, lead: float
) -> None:
    cheap = poisson_reorder_point(holding, shortage, fixed, rate, lead)
    dear = poisson_reorder_point(holding, shortage * 2, fixed, rate, lead)

    assert dear.reorder_point + dear.quantity >= cheap.reorder_point + cheap.quantity
    assert dear.cost >= cheap.cost - 1e-9


@given(st.floats(0, 200), st.floats(0, 5_000), st.floats(0, 60), st.floats(0.5, 0.999))
def test_more_service_never_asks_for_less_stock(
    mean: float, variance: float, days: float, service: float
) -> None:
    lead, demand = LeadTime(days), Demand(mean, variance)
    low, high = target(demand, lead, 0.5), target(demand, lead, service)

    assert high.reorder_point >= low.reorder_point >= 0
    assert high.safety >= 0
    assert (high.shape is Shape.NONE) == (mean * (days + 1) < NOTHING)


def test_a_slow_mover_is_counted_and_a_lumpy_one_asks_for_more() -> None:
    calm = target(Demand(0.1, 0.1), LeadTime(9), 0.95)
    lumpy = target(Demand(0.1, 0.5), LeadTime(9), 0.95)

    assert (calm.shape, calm.reorder_point) == (Shape.POISSON, 3)  # P(X ≤ 3) = 0.981, ≤ 2: 0.920
    assert lumpy.shape is Shape.NEGATIVE_BINOMIAL
    assert lumpy.reorder_point > calm.reorder_point


def test_a_late_supplier_asks_for_more() -> None:
    punctual = target(Demand(10, 25), LeadTime(7), 0.95)
    late = target(Demand(10, 25), LeadTime(7, variance=9), 0.95)

    assert late.safety > punctual.safety > 0


@given(st.lists(st.integers(0, 30), min_size=30, max_size=60), st.integers(1, 9))
def test_nothing_is_sold_that_was_not_there_or_not_asked_for(sold: list[int], lead: int) -> None:
    for policy in (
        MinMax(7, 14, LeadTime(lead), 20),
        Dynamic(0.9, 14, LeadTime(lead), 20),
    ):
        outcome = simulate(policy, sold, 20, lead)

        assert 0 <= outcome.sold <= outcome.asked == sum(sold[20:])
        assert outcome.unit_days >= 0


def test_a_policy_that_orders_enough_sells_all() -> None:
    class Plenty:
        def levels(self, sold: object) -> Levels:
            return Levels(900, 1000)

    outcome = simulate(Plenty(), [5] * 60, 30, 7)

    assert (outcome.asked, outcome.sold, outcome.days) == (150, 150, 30)
    assert outcome.orders == 1  # 100 units last 20 days; the next order is on its way at the end
