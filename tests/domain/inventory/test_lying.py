"""Ages lose no unit, and the newest arrivals are those that are still there."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.lying import AGES, COVERS, Layer, Lying, by_age, by_cover, fifo

TODAY = date(2026, 11, 26)
arrivals = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), max_size=9).map(
    lambda found: [Layer(TODAY - timedelta(days=d), units) for d, units in sorted(found)]
)


def _lying(on_hand: int, came: list[Layer], sold: int = 0, left: date | None = None) -> Lying:
    return Lying("A", "Tea", "HQ", "HQ", on_hand, 0, sold, left, fifo(on_hand, came))


@given(st.integers(0, 600), arrivals)
def test_every_unit_has_one_age_and_none_is_older_than_it_must_be(
    on_hand: int, came: list[Layer]
) -> None:
    layers = fifo(on_hand, came)

    assert sum(layer.units for layer in layers) == on_hand
    assert sum(by_age([_lying(on_hand, came)], TODAY)) == on_hand
    known = [layer for layer in layers if layer.day is not None]
    assert sum(layer.units for layer in known) == min(on_hand, sum(one.units for one in came))
    for layer, arrived in zip(known, came, strict=False):
        assert layer.day == arrived.day
        assert layer.units == arrived.units or layer is known[-1]


def test_ages_and_covers_fall_into_their_buckets() -> None:
    came = [Layer(TODAY - timedelta(days=d), 10) for d in (0, 30, 31, 90, 181)]

    assert by_age([_lying(55, came)], TODAY) == [20, 10, 10, 0, 10, 5]
    assert len(by_age([], TODAY)) == len(AGES) + 1
    assert _lying(10, came, sold=28).cover_days == 10
    assert by_cover([_lying(10, came, sold=28), _lying(1, came), _lying(280, came, sold=56)]) == [
        0, 1, 0, 0, 0, 1, 1,
    ]  # fmt: skip
    assert len(by_cover([])) == len(COVERS) + 1


def test_dead_is_what_neither_left_nor_came_for_long() -> None:
    old = [Layer(TODAY - timedelta(days=120), 10)]

    assert _lying(10, old).is_dead(TODAY, 90)
    assert not _lying(10, old).is_dead(TODAY, 121)
    assert not _lying(10, old, left=TODAY - timedelta(days=5)).is_dead(TODAY, 90)
    assert _lying(10, []).is_dead(TODAY, 90)
    assert _lying(10, old).oldest_days(TODAY) == 120
    assert _lying(11, old).oldest_days(TODAY) is None
