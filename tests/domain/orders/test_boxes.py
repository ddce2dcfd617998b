"""What channels are told about boxes adds up to what was sent."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.boxes import share_over_boxes

LINES = st.dictionaries(st.text("123456", min_size=1, max_size=3), st.integers(1, 50), max_size=8)


@given(LINES, st.integers(1, 20))
def test_every_unit_is_in_exactly_one_box(lines: dict[str, int], boxes: int) -> None:
    shares = share_over_boxes(lines, boxes)

    assert len(shares) == boxes
    assert sum(map(Counter, shares), Counter[str]()) == Counter(lines)
    filled = [sum(share.values()) for share in shares]
    assert max(filled) - min(filled) <= 1


def test_a_single_box_has_all_of_it() -> None:
    assert share_over_boxes({"1": 2, "2": 1}, 1) == ({"1": 2, "2": 1},)


def test_two_boxes_share_the_lines_in_order() -> None:
    assert share_over_boxes({"1": 2, "2": 1, "3": 1}, 2) == ({"1": 2}, {"2": 1, "3": 1})
