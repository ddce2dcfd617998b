"""What is kept comes from one place a SKU, whole, and goes to its order without being doubled."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.earmarks import (
    OpenLine,
    Wanted,
    checked_end,
    choose,
    hand_over,
    merged,
)
from domain.inventory.stock import StockKey, StockLine
from domain.shared.errors import InsufficientStock, InvalidInput
from domain.shared.ids import LocationId, Lot, Sku

NOW = datetime(2026, 11, 27, tzinfo=UTC)
KEYS = [
    StockKey(Sku(sku), LocationId(at), Lot(lot))
    for sku in ("A", "B")
    for at in ("HQ", "WEST")
    for lot in ("", "L1")
]
FREE = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 9)), unique_by=lambda one: one[0])
WANTED = st.lists(st.builds(Wanted, st.sampled_from(["A", "B"]), st.integers(1, 12)), min_size=1)
LINES = st.lists(
    st.builds(OpenLine, st.uuids().map(str), st.sampled_from(["A", "B", "C"]), st.integers(0, 6))
)


@given(WANTED, FREE)
def test_all_is_kept_of_what_is_free_or_nothing(
    wanted: list[Wanted], free: list[tuple[StockKey, int]]
) -> None:
    asked = merged(wanted)
    try:
        chosen = choose(asked, free, ["HQ", "WEST"])
    except InsufficientStock:
        short = [line for line in asked if all(
            sum(n for key, n in free if (key.sku, key.location_id) == (line.sku, at))
            < line.quantity for at in ("HQ", "WEST"))]  # fmt: skip
        assert short
        return
    there = dict(free)
    for line in chosen:
        assert 0 < line.quantity <= there[line.key]
    kept = Counter[str]()
    for line in chosen:
        kept[line.key.sku] += line.quantity
    assert kept == {line.sku: line.quantity for line in asked}
    assert len({(line.key.sku, line.key.location_id) for line in chosen}) == len(asked)


@given(FREE, LINES)
def test_kept_units_go_to_lines_that_ask_for_them_and_none_twice(
    held: list[tuple[StockKey, int]], lines: list[OpenLine]
) -> None:
    given_units = hand_over([StockLine(key, units) for key, units in held], lines)

    by_key, by_line = Counter[StockKey](), Counter[str]()
    for one in given_units:
        by_key[one.line.key] += one.line.quantity
        by_line[one.line_id] += one.line.quantity
    assert all(by_key[key] <= units for key, units in held)
    assert all(by_line[line.id] <= line.quantity for line in lines)
    for sku in ("A", "B"):
        kept = sum(units for key, units in held if key.sku == sku)
        asked = sum(line.quantity for line in lines if line.sku == sku)
        assert sum(n for key, n in by_key.items() if key.sku == sku) == min(kept, asked)


@pytest.mark.parametrize(
    "lines",
    [[], [Wanted("A", 0)], [Wanted("A", 1, "HQ"), Wanted("A", 1)], [Wanted("A", 1)] * 101],
)
def test_what_cannot_be_kept_is_refused(lines: list[Wanted]) -> None:
    with pytest.raises(InvalidInput):
        merged(lines)


@pytest.mark.parametrize("hours", [-1, 0, 73])
def test_the_end_lies_ahead_and_not_too_far(hours: int) -> None:
    with pytest.raises(InvalidInput):
        checked_end(NOW, NOW + timedelta(hours=hours), timedelta(hours=72))
