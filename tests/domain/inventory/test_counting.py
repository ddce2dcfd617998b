"""What is counted when, by whom again, and what a count changes after the world went on."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.counting import (
    AbcClass,
    Counted,
    LineState,
    Tolerance,
    abc_classes,
    corrected,
    due,
    may_count,
    state_of,
)

TODAY = date(2026, 11, 26)
EVERY = {AbcClass.A: 30, AbcClass.B: 90, AbcClass.C: 0}


def test_few_skus_make_most_of_the_value() -> None:
    turnover = {"tea": 800, "cup": 150, "pot": 40, "set": 10, "dust": 0}

    assert abc_classes(turnover) == {
        "tea": AbcClass.A, "cup": AbcClass.B, "pot": AbcClass.C, "set": AbcClass.C,
        "dust": AbcClass.C,
    }  # fmt: skip


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10**9), max_size=30))
def test_a_class_never_turns_over_less_than_the_next(turnover: dict[str, int]) -> None:
    classes = abc_classes(turnover)

    assert set(classes) == set(turnover)
    for one, two in (("A", "B"), ("B", "C")):
        upper = [turnover[sku] for sku, klass in classes.items() if klass == one]
        lower = [turnover[sku] for sku, klass in classes.items() if klass == two]
        assert not upper or not lower or min(upper) >= max(lower)


def test_what_was_never_counted_comes_before_what_is_long_overdue() -> None:
    classes = {"a": AbcClass.A, "b": AbcClass.B, "c": AbcClass.C, "new": AbcClass.A}
    last = {"a": TODAY - timedelta(days=31), "b": TODAY - timedelta(days=89), "c": date(2020, 1, 1)}

    assert due(classes, last, EVERY, TODAY) == ["new", "a"]


def test_a_look_that_is_far_off_is_taken_again_by_somebody_else() -> None:
    first = Counted(90, 100, by="anna")
    assert state_of([first], Tolerance(5, 2)) is LineState.RECOUNT
    assert not may_count([first], "anna")
    assert may_count([first], "ben")
    assert state_of([first, Counted(90, 100, by="ben")], Tolerance()) is LineState.AGREED
    assert state_of([first, Counted(95, 100, by="ben")], Tolerance()) is LineState.RECOUNT
    assert state_of([first, Counted(100, 100, by="ben")], Tolerance()) is LineState.AGREED


def test_sales_between_two_looks_do_not_make_them_differ() -> None:
    looks = [Counted(90, 100, by="anna"), Counted(70, 80, by="ben")]

    assert state_of(looks, Tolerance()) is LineState.AGREED


def test_goods_that_were_picked_are_missed_on_no_shelf() -> None:
    assert Counted(units=7, book=10, in_hand=3).difference == 0


@given(
    st.integers(0, 50),
    st.integers(-20, 20),
    st.lists(st.tuples(st.sampled_from(["move", "correct"]), st.integers(-9, 9))),
)
def test_any_moves_and_corrections_after_a_look_end_with_book_and_shelf_alike(
    shelf: int, error: int, later: list[tuple[str, int]]
) -> None:
    book = max(shelf + error, 0)
    counted, adjusted = Counted(shelf, book, adjusted=5), 5
    for kind, units in later:
        book += units
        if kind == "move":
            shelf += units
        else:  # a short pick, another count: the book alone
            adjusted += units

    book += corrected(counted, adjusted)

    assert book == shelf
