"""Roll-up loses and invents nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.network import Units, roll_up, whole
from domain.inventory.stock import Level, Place
from domain.shared.ids import LocationId, Sku


def place(name: str, kind: str, parent: str | None = None) -> Place:
    above = None if parent is None else LocationId(parent)
    return Place(LocationId(name), name, kind, above)


def level(name: str, on_hand: int, reserved: int = 0, waiting: int = 0) -> Level:
    return Level(LocationId(name), Sku("A"), on_hand, reserved, waiting)


TREE = [
    place("HQ", "hq"),
    place("EAST", "region", "HQ"),
    place("S1", "store", "EAST"),
    place("S2", "store", "EAST"),
    place("TO-S1", "transit", "S1"),
]


def test_a_region_has_its_own_units_and_those_of_its_stores() -> None:
    stock = roll_up(TREE, [level("EAST", 10, 4), level("S1", 5, 1, 3), level("S2", 1, 1, 2)])
    by_name = {p.place.name: p for p in stock}

    assert by_name["EAST"].own == Units(10, 4, 6, 0)
    assert by_name["EAST"].with_below == Units(16, 6, 7, 0)
    assert by_name["HQ"].own == Units()
    assert by_name["HQ"].with_below == Units(16, 6, 7, 0)


def test_units_on_their_way_count_where_they_go_but_are_not_on_hand() -> None:
    stock = roll_up(TREE, [level("TO-S1", 7)])
    by_name = {p.place.name: p for p in stock}

    assert by_name["S1"].own == Units(in_transit=7)
    assert by_name["HQ"].with_below == Units(in_transit=7)
    assert "TO-S1" not in by_name


def test_a_circle_in_the_tree_is_an_error() -> None:
    with pytest.raises(ValueError, match="below itself"):
        roll_up([place("A", "hq", "B"), place("B", "region", "A")], [level("A", 1)])


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 99), st.integers(0, 99)), max_size=30),
)
def test_the_roots_together_have_what_all_places_have(
    parents: list[int], counts: list[tuple[int, int, int]]
) -> None:
    # Place n lies below an earlier one, or is a root.
    places = [
        place(f"L{n}", "region", f"L{above % n}" if n and above % 3 else None)
        for n, above in enumerate(parents)
    ]
    levels = [level(f"L{n}", a + b, b) for n, a, b in counts if n < len(parents)]

    stock = roll_up(places, levels)

    roots = sum((p.with_below for p in stock if p.place.parent_id is None), Units())
    assert roots == whole(stock)
    assert roots == Units(
        sum(at.on_hand for at in levels),
        sum(at.reserved for at in levels),
        sum(at.on_hand - at.reserved for at in levels),
    )
