"""What of a dealer's report is believed, for any numbers."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.inventory.dealer_words import DOUBT, in_words
from domain.inventory.dealer_reports import (
    Before,
    DealerLine,
    Doubt,
    Habit,
    Known,
    Ours,
    ReportRule,
    expected,
    judge,
    odd,
    refuse_unreadable,
    settle,
    sold_each,
    spread,
    tolerance,
)
from domain.shared.errors import InvalidInput

DAY = date(2026, 11, 20)
LAST = DAY - timedelta(days=7)
units = st.integers(0, 100_000)
rules = st.builds(
    ReportRule, tolerance_percent=st.integers(0, 20), tolerance_units=st.integers(0, 50)
)


def doubts(line: DealerLine, known: Known, rule: ReportRule) -> set[Doubt]:
    return {one.doubt for one in judge([line], DAY, Before(LAST, {line.sku: known}), rule)}


@given(units, units, units, units, rules, st.integers(-100, 100))
def test_what_follows_from_the_last_report_is_believed_and_what_does_not_is_doubted(
    lay: int, came: int, sold: int, back: int, rule: ReportRule, off: int
) -> None:
    known = Known(lay, came, back)
    should = expected(known, sold)
    assume(should + off >= 0 and should >= 0)
    assume(sold == 0 or off)  # else it may be a copy of the last
    found = doubts(DealerLine("A", should + off, sold), known, rule)
    within = abs(off) <= tolerance(known, rule)
    assert (found == set()) == within
    if not within:
        assert found == {Doubt.TOO_MUCH if off > 0 else Doubt.TOO_LITTLE}


@given(units, units, st.integers(1, 1000), rules)
def test_nobody_sells_more_than_he_had(lay: int, came: int, over: int, rule: ReportRule) -> None:
    known = Known(lay, came)
    sold = lay + came + tolerance(known, rule) + over
    assert Doubt.OVERSOLD in doubts(DealerLine("A", 0, sold), known, rule)


@given(units, st.integers(0, 500))
def test_what_is_on_the_way_may_be_counted_already_and_need_not_be(lay: int, way: int) -> None:
    known, rule = Known(lay, on_the_way=way), ReportRule(tolerance_percent=0, tolerance_units=0)
    assert doubts(DealerLine("A", lay + way), known, rule) == set()
    assert doubts(DealerLine("A", lay), known, rule) == set()
    assert doubts(DealerLine("A", lay + way + 1), known, rule) == {Doubt.TOO_MUCH}


@given(st.lists(st.floats(0, 1000), min_size=5, max_size=12), st.floats(0, 1000), st.floats(0, 500))
def test_farther_from_the_usual_is_never_less_odd(
    before: list[float], value: float, farther: float
) -> None:
    middle = sorted(before)[len(before) // 2] if len(before) % 2 else None
    assume(middle is not None and value >= middle)
    assert odd(value + farther, before, 3.5) >= odd(value, before, 3.5)
    assert not odd(middle, before, 3.5)  # type: ignore[arg-type]
    assert not odd(value, before[:4], 3.5)


def test_a_jump_against_his_own_history_is_doubted_unless_we_delivered_it() -> None:
    habit = Habit((2, 2.2, 1.9, 2.1, 2, 1.8), (50, 52, 49, 51, 50, 48))
    rule = ReportRule(tolerance_percent=100)
    jump = DealerLine("A", 50, 140)
    assert Doubt.ODD_SALES in doubts(jump, Known(190, habit=habit), rule)
    assert Doubt.ODD_SALES not in doubts(DealerLine("A", 50, 15), Known(65, habit=habit), rule)
    lots = DealerLine("A", 400, 14)
    assert Doubt.ODD_STOCK in doubts(lots, Known(414, habit=habit), rule)
    assert Doubt.ODD_STOCK not in doubts(lots, Known(50, 364, habit=habit), rule)


def test_every_other_doubt_has_its_case_and_every_doubt_says_why_in_words() -> None:
    known = {
        "A": Known(10, sold_before=3, lots=frozenset({"L1"}), habit=Habit((1,) * 5, (10,) * 5)),
        "B": Known(5, habit=Habit((0,) * 5, (5,) * 5)),
    }
    rule = ReportRule(capacity=20)
    cases = [
        [DealerLine("X", 1), DealerLine("A", 7, 3, "L9"), DealerLine("B", -1, 0)],
        [DealerLine("A", 900, 0)],
        [DealerLine("A", 0, 0)],
        [DealerLine("A", 0, 900)],
        [DealerLine("A", 10, 3), DealerLine("B", 5)],
    ]
    found = [one for lines in cases for one in judge(lines, DAY, Before(LAST, known), rule)]
    found += judge([DealerLine("A", 1)], DAY, Before(None, known), rule)
    assert {one.doubt for one in found} == set(Doubt)
    assert set(DOUBT) == {str(one) for one in Doubt}
    for one in found:
        for language in ("en", "zh"):
            assert "{" not in in_words(language, one)


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ([], DAY),
        ([DealerLine("A", 1), DealerLine("A", 2)], DAY),
        ([DealerLine("A", 1)], DAY + timedelta(days=1)),
        ([DealerLine("A", 1)], DAY - timedelta(days=400)),
        ([DealerLine("A", 10**9)], DAY),
    ],
)
def test_what_is_no_report_is_refused(lines: list[DealerLine], day: date) -> None:
    with pytest.raises(InvalidInput):
        refuse_unreadable(lines, day, DAY)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 99)), min_size=1, max_size=8), st.data()
)
def test_a_report_that_comes_later_for_a_day_between_sells_nothing_twice(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    days, at = [], LAST
    for step, _ in steps:
        at += timedelta(days=step)
        days.append(at)
    sold = [units for _, units in steps]
    # as they came one after the other ...
    told = [(day, days[n - 1] if n else None, sold[n]) for n, day in enumerate(days)]
    assert sold_each(told) == sold
    # ... and with one of them unknown when the next was made
    late = data.draw(st.integers(0, len(days) - 1))
    if late + 1 < len(days):
        day, _, _ = told[late + 1]
        after = days[late - 1] if late else None
        told[late + 1] = (day, after, sold[late] + sold[late + 1])
        assert sold_each(told) == sold


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_units_are_spread_over_days_and_none_is_lost(sold: int, days: int) -> None:
    found = spread(sold, days)
    assert (len(found), sum(found)) == (days, sold)
    assert max(found) - min(found) <= 1


lots = st.dictionaries(st.sampled_from(["", "L1", "L2", "L3"]), st.integers(0, 500), min_size=1)


@given(lots, lots, st.booleans(), st.data())
def test_what_lies_there_is_ours_or_the_dealers_and_counted_once(
    reported: dict[str, int], lying: dict[str, int], consigned: bool, data: st.DataObject
) -> None:
    ours = {lot: Ours(n, data.draw(st.integers(0, n))) for lot, n in lying.items()}
    gone, owned = settle(reported, ours, on_consignment=consigned)
    stays = {lot: one.units - gone.get(lot, 0) for lot, one in ours.items()}
    total = sum(reported.values())
    assert all(0 <= gone.get(lot, 0) <= one.free for lot, one in ours.items())
    assert all(units >= 0 for units in owned.values())
    # only what is promised and was not seen lies there beyond what he reports
    assert sum(stays.values()) + sum(owned.values()) >= total
    if all(one.free == one.units for one in ours.values()):
        assert sum(stays.values()) + sum(owned.values()) == total
        assert consigned or sum(stays.values()) == 0
