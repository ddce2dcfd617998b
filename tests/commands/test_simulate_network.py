"""A SKU's network, from what the planner knows of its places."""

from math import sqrt
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.simulate_network import BUYERS, _try, trees_of
from domain.inventory.planning.multi_echelon import place_stock


def _place(id: str, above: str | None, lead: float, deviation: float = 3.0) -> SimpleNamespace:
    return SimpleNamespace(
        location_id=id, parent_id=above, deviation=deviation, lead_mean=lead, unit_minor=1000,
        transfer_days=2,
    )  # fmt: skip


def test_a_hub_with_a_long_lead_time_keeps_the_stock_of_those_below() -> None:
    rows = [_place("HQ", None, 20, 0.0), _place("R1", "HQ", 20), _place("R2", "HQ", 20),
            _place("FAR", "elsewhere", 4)]  # fmt: skip

    network, far = trees_of(rows, 2.0, 0, 0.25)
    found = place_stock(network)

    assert [stage.days for stage in network.stages] == [20, 2, 2]
    assert {name: kept.promised for name, kept in found.stages.items()} == {
        "HQ": 0, "R1": 0, "R2": 0,
    }  # fmt: skip
    assert found.stages["HQ"].units > found.stages["R1"].units
    assert [stage.name for stage in far.stages] == ["FAR"]


def test_buyers_of_a_hub_wait_no_longer_than_others() -> None:
    """Published nowhere: with one place below, all of it can be reckoned by hand."""
    rows = [_place("HQ", None, 9, 4.0), _place("R1", "HQ", 9, 3.0)]

    [network] = trees_of(rows, 2.0, 0, 0.25)
    tried = _try(network)

    assert [(stage.name, stage.days, stage.promised) for stage in network.stages] == [
        ("HQ", 9, None), ("R1", 2, 0), ("HQ" + BUYERS, 0, 0),
    ]  # fmt: skip
    # in the hub: sqrt(3² + 4²) × 2 × sqrt(9) = 30 for both, then two days more for the other
    assert tried.best.stages["HQ"].units == pytest.approx(30)
    assert tried.best.stages["R1"].units == pytest.approx(6 * sqrt(2))
    # each for itself: eleven days here, nine there
    alone = {name: units for name, (units, _) in tried.alone.items()}
    assert alone == pytest.approx({"HQ": 0, "R1": 6 * sqrt(11), "HQ" + BUYERS: 24})
    assert tried.best.cost < tried.alone_cost


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30), st.floats(0, 50)), min_size=1,
             max_size=8),
    st.integers(0, 5),
)  # fmt: skip
def test_placed_together_it_never_costs_more_than_each_for_itself(
    drawn: list[tuple[int, int, float]], wait: int
) -> None:
    rows = [
        _place(f"P{n}", f"P{above}" if above < n else None, lead, deviation)
        for n, (above, lead, deviation) in enumerate(drawn)
    ]
    for network in trees_of(rows, 1.64, wait, 0.25):
        tried = _try(network)
        assert tried.best.cost <= tried.alone_cost + 1e-6
