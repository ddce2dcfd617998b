"""What a request asks of each row of the balance, and what a new order may take."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.stock import Level, ReserveStock, StockKey, StockLine
from domain.shared.ids import LocationId, Sku

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
