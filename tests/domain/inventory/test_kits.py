"""Kits: what two of them share is summed, and a kit is never more than its scarcest part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.kits import (
    Component,
    KitKind,
    Named,
    available,
    components_of,
    lots_first,
    papers_opened,
    refuse_circle,
)
from domain.shared.errors import InvalidInput

GIFT = (Component("tea", 2), Component("cup", 1))
DUO = (Component("tea", 1), Component("pot", 1))


def test_two_kits_that_share_a_component_ask_for_the_sum() -> None:
    wanted = components_of({"gift": 2, "duo": 3, "tea": 1}, {"gift": GIFT, "duo": DUO})

    assert wanted == {"tea": 8, "cup": 2, "pot": 3}


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), st.integers(-2, 40)),
)
def test_so_many_kits_can_be_made_and_not_one_more(
    recipe: dict[str, int], free: dict[str, int]
) -> None:
    parts = [Component(sku, units) for sku, units in recipe.items()]
    kits = available(parts, free)

    def enough(n: int) -> bool:
        return all(free.get(x.sku, 0) >= n * x.quantity for x in parts)

    assert kits >= 0
    assert kits == 0 or enough(kits)
    assert not enough(kits + 1)


@pytest.mark.parametrize(
    "parts",
    [
        (), (Component("tea", 0),), (Component("gift", 1),), (Component("duo", 1),),
        (Component("tea", 1), Component("tea", 2)),
    ],
    ids=("nothing", "no units", "itself", "a virtual kit", "twice"),
)  # fmt: skip
def test_kits_that_nobody_could_pick_are_refused(parts: tuple[Component, ...]) -> None:
    with pytest.raises(InvalidInput):
        refuse_circle("gift", parts, {"duo": KitKind.VIRTUAL})


_LOTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), unique_by=lambda x: x[0])


@given(_LOTS, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 12)))
def test_lots_that_are_asked_for_come_first_and_no_unit_is_lost_or_doubled(
    lots: list[tuple[str, int]], wanted: dict[str, int]
) -> None:
    order = lots_first(lots, wanted)

    for lot, free in lots:
        parts = [units for of, units in order if of == lot]
        assert sum(parts) == free
        assert all(units > 0 for units in parts)
    asked = sum(min(free, wanted.get(lot, 0)) for lot, free in lots)
    taken = 0
    for lot, units in order:  # until all that is asked for is there, nothing else is taken
        if taken >= asked:
            break
        taken += units
        assert units <= wanted[lot]


@given(st.lists(st.sampled_from(("KA-1", "KA-2", "")), max_size=12), st.integers(1, 3))
def test_so_many_kits_of_a_paper_are_opened_as_its_components_came_out_of(
    papers: list[str], each: int
) -> None:
    units = [Named(f"S{n}", paper=paper) for n, paper in enumerate(papers) for _ in range(each)]

    opened = papers_opened({"cup": units}, {"cup": each})

    assert opened == {paper: papers.count(paper) for paper in papers if paper}
