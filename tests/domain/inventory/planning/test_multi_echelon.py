"""Where networks keep their safety stock: published examples, and two ways that agree."""

import random
from collections.abc import Callable
from math import sqrt
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.inventory.planning.multi_echelon import (
    Network,
    Placement,
    Stage,
    is_tree,
    longest,
    place_anywhere,
    place_on_tree,
    place_stock,
    pooled,
)

# Graves & Willems (2003), Supply Chain Design: Safety Stock Placement and Supply Chain
# Configuration: assembling a bulldozer. Stage: days, cost added, who gets its parts.
BULLDOZER = {
    "boggie assembly": (11, 575, "suspension group"),
    "brake group": (8, 3850, "final drive and brake"),
    "case": (15, 2200, "case and frame"),
    "case and frame": (16, 1500, "common subassembly"),
    "chassis": (7, 4320, "main assembly"),
    "common subassembly": (5, 8000, "main assembly"),
    "dressed-out engine": (10, 4100, "main assembly"),
    "drive group": (9, 1550, "final drive and brake"),
    "engine": (7, 4500, "dressed-out engine"),
    "fans": (12, 650, "dressed-out engine"),
    "fender group": (9, 900, "chassis"),
    "final assembly": (4, 8000, ""),
    "final drive and brake": (6, 3680, "common subassembly"),
    "frame assembly": (19, 605, "case and frame"),
    "main assembly": (8, 12000, "final assembly"),
    "pin assembly": (35, 90, "suspension group"),
    "plant carrier": (9, 155, "final drive and brake"),
    "platform group": (6, 725, "chassis"),
    "roll-over group": (8, 1150, "chassis"),
    "suspension group": (7, 3600, "final assembly"),
    "track roller frame": (10, 3000, "suspension group"),
    "transmission": (15, 7450, "common subassembly"),
}


def _worth(name: str) -> int:
    parts = (part for part, (_, _, into) in BULLDOZER.items() if into == name)
    return BULLDOZER[name][1] + sum(map(_worth, parts))


def bulldozer() -> Network:
    """Five a day, give or take three; 30 % a year for stock; 95 % of service."""
    return Network(
        tuple(
            Stage(name, days, 0.3 * _worth(name), promised=None if into else 0)
            for name, (days, _, into) in BULLDOZER.items()
        ),
        tuple((name, into) for name, (_, _, into) in BULLDOZER.items() if into),
        dict.fromkeys(BULLDOZER, 1.645 * 3),
    )  # fmt: skip


@pytest.mark.parametrize("way", [place_on_tree, place_anywhere])
def test_the_bulldozer_keeps_its_published_stock(way: Callable[[Network], Placement]) -> None:
    assert _worth("final assembly") * 5 * 260 == 94_380_000  # what a year's bulldozers cost
    assert round(way(bulldozer()).cost, -3) == 633_000


@pytest.mark.parametrize("way", [place_on_tree, place_anywhere])
def test_a_small_tree_keeps_what_the_book_says(way: Callable[[Network], Placement]) -> None:
    """Snyder & Shen (2nd ed.), example 6.5."""
    arcs = (("1", "3"), ("3", "2"), ("3", "4"))
    stages = (
        Stage("1", 2, 1, inbound=1), Stage("2", 1, 3, promised=0), Stage("3", 1, 2),
        Stage("4", 1, 3, promised=1),
    )  # fmt: skip
    network = Network(stages, arcs, pooled(arcs, {"2": 1, "4": 1}, "1234"))

    found = way(network)

    assert found.cost == pytest.approx(8.277916867529369)
    assert {name: kept.promised for name, kept in found.stages.items()} == {
        "1": 0, "2": 0, "3": 0, "4": 1,
    }  # fmt: skip


# Willems (2008), Data set: real-world multi-echelon supply chains used for inventory optimization,
# Manufacturing & Service Operations Management 10(1), chain 04: every factory uses the same parts.
# Stage: days, cost added, who gets its goods, and by what its own customers' demand varies a day.
EVERY: Final = "M1 M2 M3 M4 M5 M6 M7"
CHAIN_04: Final = {
    "P1": (90, 26.3, EVERY, 0), "P2": (120, 27.92, EVERY, 0), "P3": (120, 34.56, EVERY, 0),
    "P4": (0, 106.34, EVERY, 0), "M1": (35, 9.7, "D1", 0), "M2": (35, 10.13, "D2", 0),
    "M3": (35, 7.37, "D3", 0), "M4": (35, 5.26, "D4", 0), "M5": (35, 5.85, "D5", 0),
    "M6": (35, 6.3, "D6", 0), "M7": (35, 5.48, "D7", 0), "D1": (35, 9.02, "D8 D9 D10", 0),
    "D2": (35, 4.54, "", 5), "D3": (35, 7.55, "", 5), "D4": (35, 8.55, "D11", 0),
    "D5": (35, 4.01, "", 5), "D6": (35, 4.02, "", 5), "D7": (35, 3.96, "", 5),
    "D8": (14, 2.57, "", 2), "D9": (14, 2.16, "", 3), "D10": (0, 1.05, "", 5),
    "D11": (0, 7.37, "", 5),
}  # fmt: skip


def test_a_real_chain_with_rings_keeps_its_published_stock() -> None:
    """49,000 a year at 35 % for stock, 96 % of service (Humair & Willems 2011, supplement)."""
    arcs = tuple((name, to) for name, (_, _, into, _) in CHAIN_04.items() for to in into.split())

    def worth(name: str) -> float:
        return CHAIN_04[name][1] + sum(worth(source) for source, to in arcs if to == name)

    stages = tuple(
        Stage(name, days, 0.35 * worth(name), promised=None if into else 0)
        for name, (days, _, into, _) in CHAIN_04.items()
    )
    own = {name: 1.751 * varies for name, (_, _, _, varies) in CHAIN_04.items() if varies}

    assert round(
        place_stock(Network(stages, arcs, pooled(arcs, own, list(CHAIN_04)))).cost, -3
    ) == (49_000)


@st.composite
def networks(draw: st.DrawFn, *, ring: bool = False) -> Network:
    """Stages one after the other, each joined to an earlier one, either way round."""
    count = draw(st.integers(3 if ring else 1, 6))
    names = [f"s{n}" for n in range(count)]
    arcs = set()
    for n in range(1, count):
        earlier = names[draw(st.integers(0, n - 1))]
        arcs.add((earlier, names[n]) if draw(st.booleans()) else (names[n], earlier))
    if ring:
        order = longest(Network(tuple(Stage(name, 1, 1) for name in names), tuple(arcs), {}))
        first, second, *_ = sorted(names, key=lambda name: (order[name], name))
        last = max(names, key=lambda name: (order[name], name))
        arcs.add((first, last) if (first, last) not in arcs else (second, last))
    ends = {name for name in names if not any(source == name for source, _ in arcs)}
    chance = random.Random(draw(st.integers(0, 10**6)))
    stages = tuple(
        Stage(
            name, chance.randint(0, 5), chance.uniform(0.1, 9), chance.randint(0, 2),
            chance.randint(0, 2) if name in ends else chance.choice((None, None, 3)),
        )
        for name in names
    )  # fmt: skip
    own = {name: chance.uniform(0.5, 4) for name in ends}
    return Network(stages, tuple(sorted(arcs)), pooled(sorted(arcs), own, names))


@settings(max_examples=40)
@given(networks())
def test_trees_are_solved_alike_by_both_ways(network: Network) -> None:
    by_programme, by_highs = place_on_tree(network), place_anywhere(network)

    assert by_programme.cost == pytest.approx(by_highs.cost, rel=1e-6, abs=1e-6)


@settings(max_examples=40)
@given(networks() | networks(ring=True))
def test_promises_are_kept_and_no_dearer_than_everybody_for_himself(network: Network) -> None:
    found = place_stock(network) if is_tree(network) else place_anywhere(network)
    stages = {stage.name: stage for stage in network.stages}

    for name, kept in found.stages.items():
        assert kept.covered == kept.inbound + stages[name].days - kept.promised >= 0
        promised = stages[name].promised
        assert promised is None or kept.promised <= promised
    for source, target in network.arcs:
        assert found.stages[target].inbound >= found.stages[source].promised
    alone = sum(
        stage.holding * network.deviation[stage.name] * sqrt(stage.inbound + stage.days)
        for stage in network.stages
    )
    assert found.cost <= alone + 1e-6


def test_a_circle_is_no_network() -> None:
    with pytest.raises(ValueError, match="circle"):
        pooled((("a", "b"), ("b", "a")), {}, ("a", "b"))
