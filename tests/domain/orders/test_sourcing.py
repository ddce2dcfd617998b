"""Where an order is sent from: what holds for every order and network."""

from dataclasses import replace
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.orders.sourcing.model import Candidate, Demand, Strategy
from domain.orders.sourcing.source import source
from tests.domain.orders.sourcing_cases import (
    SKUS,
    STRATEGIES,
    cost,
    every_plan,
    networks,
    orders,
    sent,
    wanted_units,
)

MANY = tuple(f"S{number}" for number in range(14))
caps = st.one_of(st.none(), st.integers(1, 4))
small = st.tuples(orders(), networks())
large = st.tuples(
    orders(skus=MANY, most_units=70, most_lines=30),
    networks(skus=MANY, most_free=60, most_places=7),
)
any_case = st.one_of(small, large)
Case = tuple[list[Demand], list[Candidate]]


@given(any_case, STRATEGIES, caps)
def test_no_location_promises_more_than_it_has_even_to_two_lines_of_one_sku(
    case: Case, strategy: Strategy, cap: int | None
) -> None:
    free = {c.location_id: c.free for c in case[1]}
    for (place, sku), quantity in sent(source(*case, strategy, cap)).items():
        assert 0 < quantity <= free[place][sku]


@given(any_case, STRATEGIES, caps)
def test_every_unit_of_every_line_is_either_placed_once_or_missing(
    case: Case, strategy: Strategy, cap: int | None
) -> None:
    decision = source(*case, strategy, cap)
    for demand in case[0]:
        placed = sum(q for p in decision.plan for line, _, q in p.lines if line == demand.line_id)
        missing = sum(q for line, _, q in decision.missing if line == demand.line_id)
        assert placed + missing == demand.quantity


@given(any_case, STRATEGIES)
def test_without_a_cap_only_what_nobody_has_is_missing(case: Case, strategy: Strategy) -> None:
    decision = source(*case, strategy)
    missing: dict[str, int] = {}
    for _, sku, quantity in decision.missing:
        missing[sku] = missing.get(sku, 0) + quantity
    for sku, wanted in wanted_units(case[0]).items():
        there = sum(max(c.free[sku], 0) for c in case[1])
        assert missing.get(sku, 0) == max(wanted - there, 0)
    assert not decision.over_parcel_cap


@given(any_case, STRATEGIES, st.integers(1, 4))
def test_there_are_never_more_parcels_than_allowed_and_one_per_location(
    case: Case, strategy: Strategy, cap: int
) -> None:
    places = [p.location_id for p in source(*case, strategy, cap).plan]
    assert len(places) == len(set(places)) <= cap


@given(any_case, STRATEGIES, caps)
def test_the_reported_cost_is_what_the_parcels_cost_by_the_rules(
    case: Case, strategy: Strategy, cap: int | None
) -> None:
    decision = source(*case, strategy, cap)
    lines = {demand.line_id: demand for demand in case[0]}
    places = {c.location_id: c for c in case[1]}
    for placement in decision.plan:
        parcel = {lines[line]: quantity for line, _, quantity in placement.lines}
        assert placement.cost_minor == cost(places[placement.location_id], parcel)
    assert decision.total_minor == sum(p.cost_minor for p in decision.plan)


@given(orders(skus=SKUS[:2], most_units=2, most_lines=3), networks(SKUS[:2], 2, 3), caps)
def test_no_plan_at_all_places_more_or_costs_less(
    demands: list[Demand], candidates: list[Candidate], cap: int | None
) -> None:
    decision = source(demands, candidates, Strategy.CHEAPEST, cap)
    unit = {demand.sku: demand for demand in demands}
    places = {c.location_id: c for c in candidates}
    best = min(
        (
            -sum(sum(parcel.values()) for parcel in plan.values()),
            sum(
                cost(places[place], {unit[sku]: quantity for sku, quantity in parcel.items()})
                for place, parcel in plan.items()
            ),
            len(plan),
        )
        for plan in every_plan(demands, candidates)
        if cap is None or len(plan) <= cap
    )
    assert (-sum(sent(decision).values()), decision.total_minor, len(decision.plan)) == best
    assert decision.proven


@given(any_case, STRATEGIES, caps, st.randoms())
def test_the_order_in_which_locations_are_listed_changes_nothing(
    case: Case, strategy: Strategy, cap: int | None, random: Random
) -> None:
    demands, candidates = case
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert source(demands, shuffled, strategy, cap) == source(demands, candidates, strategy, cap)


@given(any_case)
def test_the_nearest_location_sends_everything_when_it_has_everything(case: Case) -> None:
    demands, others = case
    wanted = wanted_units(demands)
    assume(any(wanted.values()))
    farther = [replace(c, distance_km=c.distance_km + 2) for c in others]
    nearest = replace(others[0], location_id="nearest", distance_km=1, free=wanted)
    plan = source(demands, [*farther, nearest], Strategy.NEAREST).plan
    assert [p.location_id for p in plan] == ["nearest"]


@given(small)
def test_inventory_first_never_needs_more_parcels_than_another_plan(case: Case) -> None:
    fewest = len(source(*case, Strategy.INVENTORY_FIRST).plan)
    for strategy in Strategy:
        assert fewest <= len(source(*case, strategy).plan)


@given(small)
def test_by_priority_no_unit_comes_from_a_later_place_than_it_could(case: Case) -> None:
    demands, candidates = case
    units = sent(source(demands, candidates, Strategy.PRIORITY))
    for sku, wanted in wanted_units(demands).items():
        left = wanted
        for priority in sorted({c.priority for c in candidates}):
            same = [c for c in candidates if c.priority == priority]
            first = min(left, sum(max(c.free[sku], 0) for c in same))
            assert sum(units.get((c.location_id, sku), 0) for c in same) == first
            left -= first
