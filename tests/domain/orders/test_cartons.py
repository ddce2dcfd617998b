"""What is suggested can be packed: everything inside, nothing through anything else."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.cartons import (
    MOST_PIECES,
    Carton,
    FullCarton,
    Piece,
    Placed,
    agrees,
    suggest_cartons,
)

S, M, L = (
    Carton("S", (200, 150, 100), 80, 5_000),
    Carton("M", (300, 250, 200), 150, 10_000),
    Carton("L", (500, 400, 400), 400, 25_000),
)
sides = st.tuples(*[st.integers(1, 450)] * 3)
pieces = st.lists(
    st.builds(Piece, st.sampled_from("ABC"), sides, st.integers(0, 6_000)), max_size=12
)


def apart(one: Placed, other: Placed) -> bool:
    return any(
        one.at[n] + one.sides[n] <= other.at[n] or other.at[n] + other.sides[n] <= one.at[n]
        for n in range(3)
    )


def can_be_packed(full: FullCarton) -> bool:
    inside = all(
        one.at[n] >= 0 and one.at[n] + one.sides[n] <= full.carton.sides[n]
        for one in full.placed
        for n in range(3)
    )
    turned = all(sorted(one.sides) == sorted(one.piece.sides) for one in full.placed)
    alone = all(apart(one, other) for one, other in combinations(full.placed, 2))
    return inside and turned and alone and full.weight_g <= full.carton.most_g


@given(pieces)
def test_every_piece_lies_once_inside_a_carton_beside_the_others(goods: list[Piece]) -> None:
    found = suggest_cartons(goods, [L, S, M])

    if found is not None:
        assert all(can_be_packed(full) for full in found)
        assert Counter(one.piece for full in found for one in full.placed) == Counter(goods)


def test_the_smallest_carton_that_takes_everything_is_taken() -> None:
    box = Piece("A", (100, 75, 100), 500)

    assert [full.carton.code for full in suggest_cartons([box] * 4, [L, M, S]) or ()] == ["S"]
    assert [full.carton.code for full in suggest_cartons([box] * 5, [L, M, S]) or ()] == ["M"]


def test_a_long_piece_is_turned() -> None:
    assert suggest_cartons([Piece("A", (10, 10, 480), 1)], [S, M, L]) is not None


def test_what_is_too_much_for_one_goes_into_several() -> None:
    found = suggest_cartons([Piece("A", (400, 400, 400), 20_000)] * 2, [S, L])

    assert [full.carton.code for full in found or ()] == ["L", "L"]
    assert [full.weight_g for full in found or ()] == [20_400, 20_400]


@pytest.mark.parametrize(
    "goods",
    [
        [],
        [Piece("A", (0, 10, 10), 1)],
        [Piece("A", (501, 10, 10), 1)],
        [Piece("A", (10, 10, 10), 26_000)],
        [Piece("A", (1, 1, 1), 1)] * (MOST_PIECES + 1),
    ],
)
def test_nothing_is_suggested_where_nothing_can_be_known(goods: list[Piece]) -> None:
    assert suggest_cartons(goods, [S, M, L]) is None


def test_without_cartons_nothing_is_suggested() -> None:
    assert suggest_cartons([Piece("A", (1, 1, 1), 1)], []) is None


@pytest.mark.parametrize(
    ("actual", "good"), [(1000, True), (1050, True), (950, True), (1051, False), (0, False)]
)
def test_a_weight_agrees_within_the_wider_tolerance(actual: int, good: bool) -> None:
    assert agrees(actual, 1000, 20, 5) is good
    assert agrees(actual, 1000, 50, 1) is good
