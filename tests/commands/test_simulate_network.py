"""A SKU's network, from what the planner knows of its places."""

from types import SimpleNamespace

from commands.simulate_network import trees_of
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
