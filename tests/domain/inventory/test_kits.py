"""Kits: what two of them share is summed, and a kit is never more than its scarcest part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.kits import Component, KitKind, available, components_of, refuse_circle
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
