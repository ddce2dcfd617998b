"""What a request asks of each row of the balance, and what a new order may take."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.stock import (
    Level,
    ReserveStock,
    StockKey,
    StockLine,
    by_sku,
    from_lots,
)
from domain.shared.ids import LocationId, Lot, Sku

_KEYS = st.builds(
    StockKey, st.sampled_from([Sku("A"), Sku("B")]), st.sampled_from([LocationId("HQ")])
)
_LINES = st.lists(st.builds(StockLine, _KEYS, st.integers(1, 100)), max_size=8)


@given(_LINES)
def test_lines_of_one_key_are_one_claim(lines: list[StockLine]) -> None:
    merged = ReserveStock("R", tuple(lines)).merged()

    assert sum(merged.values()) == sum(line.quantity for line in lines)
    assert set(merged) == {line.key for line in lines}


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_new_order_may_take_what_is_neither_reserved_nor_awaited(
    free: int, reserved: int, waiting: int
) -> None:
    level = Level(LocationId("HQ"), Sku("A"), free + reserved, reserved, waiting)

    assert level.available == (free - waiting if waiting < free else 0)


_UNITS = st.integers(0, 50)
_LOTS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["", "L1", "L2"]), _UNITS),
    unique_by=lambda lot: lot[:2],
)


@given(_LOTS, st.dictionaries(st.sampled_from([Sku("A"), Sku("B")]), st.integers(1, 80)))
def test_units_are_taken_from_lots_in_their_order_and_never_more_than_is_free(
    told: list[tuple[str, str, int]], wanted: dict[Sku, int]
) -> None:
    lots = [(StockKey(Sku(sku), LocationId("S"), Lot(lot)), free) for sku, lot, free in told]

    lines = from_lots(lots, wanted)

    taken = {line.key: line.quantity for line in lines}
    assert len(taken) == len(lines)
    assert all(0 < units <= dict(lots)[key] for key, units in taken.items())
    for sku, units in wanted.items():
        free = sum(amount for key, amount in lots if key.sku == sku)
        assert by_sku(lines).get(sku, 0) == min(units, free)
    touched = [key for key, free in lots if key.sku in wanted and free]
    emptied = [key for key in touched if taken.get(key) == dict(lots)[key]]
    for sku in wanted:  # only the last lot that was touched keeps something
        mine = [key for key in touched if key.sku == sku and key in taken]
        assert all(key in emptied for key in mine[:-1])
