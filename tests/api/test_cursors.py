"""Cursors of lists hold whatever codes people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import cursor_of, parts_of
from api.strict import clean
from domain.shared.errors import InvalidInput

_WORDS = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=40).map(clean)


@given(st.lists(_WORDS, min_size=1, max_size=5))
def test_a_cursor_is_read_as_it_was_written(parts: list[str]) -> None:
    assert parts_of(cursor_of(*parts), len(parts)) == tuple(parts)


@pytest.mark.parametrize("text", ["x", "|", "A|B", "W10=", cursor_of("a")])
def test_a_cursor_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parts_of(text, 2)


def test_the_first_page_has_none_and_codes_may_hold_bars() -> None:
    assert parts_of("", 3) is None
    assert parts_of(cursor_of("2026-11-27", "A|B", "L|1"), 3) == ("2026-11-27", "A|B", "L|1")
