"""What becomes of goods at the ramp: nothing is lost, and nothing wrong goes on sale."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.cost import moving_average
from domain.inventory.receipt_cases import Case, CaseState, GoodsGo, decisions, goods_go
from domain.inventory.receiving import (
    Counted,
    Expected,
    Missing,
    Scan,
    SourceKind,
    Trouble,
    Verdict,
    assess,
    tally,
)
from domain.shared.errors import ActionNotAllowed

TODAY = date(2026, 3, 1)
SKUS = ("CUP", "POT", "TEA")
DAYS = st.none() | st.integers(-20, 400).map(lambda days: TODAY + timedelta(days=days))

COUNTED = st.lists(
    st.builds(
        Counted,
        sku=st.sampled_from((*SKUS, "ELSE")),
        units=st.integers(1, 30),
        verdict=st.sampled_from(Verdict),
        lot=st.sampled_from(("", "L1", "L2")),
        expires_on=DAYS,
    ),
    max_size=12,
)


@st.composite
def _expected(draw: st.DrawFn) -> list[Expected]:
    return [
        Expected(
            line_no,
            draw(st.sampled_from(SKUS)),
            draw(st.integers(0, 40)),
            tolerance_units=draw(st.integers(0, 5)),
            least_life_days=draw(st.sampled_from((0, 30))),
            cost_minor=draw(st.none() | st.integers(0, 1000)),
            lots=draw(st.sampled_from((frozenset[str](), frozenset({"L1"})))),
            announced_units=draw(st.none() | st.integers(0, 40)),
        )
        for line_no in range(1, draw(st.integers(1, 4)) + 1)
    ]


@given(_expected(), COUNTED)
def test_every_unit_that_stands_there_is_taken_down(
    expected: list[Expected], counted: list[Counted]
) -> None:
    found = assess(expected, counted, TODAY)
    came: Counter[tuple[object, ...]] = Counter()
    kept: Counter[tuple[object, ...]] = Counter()
    for one in counted:
        came[one.sku, one.lot, one.expires_on, one.bin] += one.units
    for line in found.lines:
        kept[line.sku, line.lot, line.expires_on, line.bin] += line.units
    assert kept == came
    assert [line.line_no for line in found.lines] == list(range(1, len(found.lines) + 1))


@given(_expected(), COUNTED)
def test_what_goes_on_sale_was_ordered_and_is_good(
    expected: list[Expected], counted: list[Counted]
) -> None:
    found = assess(expected, counted, TODAY)
    room = {line.line_no: line.units + line.tolerance_units for line in expected}
    by_no = {line.line_no: line for line in expected}
    for line_no, units in found.received.items():
        assert units <= room[line_no]
    for line in found.lines:
        assert (line.verdict is Verdict.ACCEPTED) == (line.trouble is Trouble.NONE)
        if line.verdict is Verdict.ACCEPTED:
            assert by_no[line.source_line_no].sku == line.sku
            assert line.expires_on is None or line.expires_on >= TODAY


@given(_expected(), COUNTED, st.randoms())
def test_the_order_of_the_scans_is_no_matter(
    expected: list[Expected],
    counted: list[Counted],
    random: Random,
) -> None:
    shuffled = list(counted)
    random.shuffle(shuffled)
    assert assess(expected, shuffled, TODAY) == assess(expected, counted, TODAY)


def test_more_than_is_tolerated_is_kept_apart_and_the_better_goods_have_the_room() -> None:
    old, fresh = TODAY + timedelta(days=50), TODAY + timedelta(days=300)
    found = assess(
        [Expected(1, "TEA", 10, tolerance_units=1, cost_minor=500)],
        [
            Counted("TEA", 8, lot="OLD", expires_on=old),
            Counted("TEA", 8, lot="NEW", expires_on=fresh),
        ],
        TODAY,
    )
    assert [(x.lot, x.units, x.verdict, x.trouble) for x in found.lines] == [
        ("NEW", 8, Verdict.ACCEPTED, Trouble.NONE),
        ("OLD", 3, Verdict.ACCEPTED, Trouble.NONE),
        ("OLD", 5, Verdict.QUARANTINE, Trouble.OVER),
    ]
    assert found.received == {1: 11}
    assert sum(line.value_minor or 0 for line in found.lines) == 16 * 500


@pytest.mark.parametrize(
    ("counted", "trouble"),
    [
        (Counted("ELSE", 1), Trouble.WRONG_SKU),
        (Counted("TEA", 1, Verdict.REJECTED, "L1", expires_on=date(2027, 3, 1)), Trouble.DAMAGED),
        (Counted("TEA", 1, lot="L1", expires_on=TODAY - timedelta(days=1)), Trouble.EXPIRED),
        (Counted("TEA", 1, lot="L9", expires_on=date(2027, 3, 1)), Trouble.UNKNOWN_LOT),
        (Counted("TEA", 1, lot="L1", expires_on=TODAY + timedelta(days=89)), Trouble.SHORT_LIFE),
        (Counted("TEA", 1, lot="L1"), Trouble.SHORT_LIFE),
        (Counted("TEA", 1, lot="L1", lot_differs=True), Trouble.LOT_DIFFERS),
        (Counted("TEA", 1, Verdict.QUARANTINE, "L1", None, date(2028, 1, 1)), Trouble.INSPECTION),
        (Counted("TEA", 1, lot="L1", expires_on=TODAY + timedelta(days=90)), Trouble.NONE),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_name(counted: Counted, trouble: Trouble) -> None:
    line = Expected(1, "TEA", 5, least_life_days=90, lots=frozenset({"L1"}))
    assert [found.trouble for found in assess([line], [counted], TODAY).lines] == [trouble]


def test_announced_units_that_did_not_come_are_missing_and_broken_ones_came() -> None:
    found = assess(
        [Expected(1, "CUP", 10, announced_units=10, cost_minor=70)],
        [Counted("CUP", 6), Counted("CUP", 1, Verdict.REJECTED)],
        TODAY,
    )
    assert found.missing == (Missing("CUP", 3, 1, 70),)
    assert found.received == {1: 6}


def test_goods_that_nobody_announced_come_in_unless_they_are_expired() -> None:
    gone = TODAY - timedelta(days=1)
    found = assess(
        [], [Counted("CUP", 2), Counted("TEA", 1, expires_on=gone)], TODAY, announced=False
    )
    assert [(x.sku, x.trouble) for x in found.lines] == [
        ("CUP", Trouble.NONE),
        ("TEA", Trouble.EXPIRED),
    ]


def test_a_moving_average_is_the_weighted_one() -> None:
    assert moving_average(100, 1000, 50, 50 * 1300) == 1100  # (100 × 10.00 + 50 × 13.00) ÷ 150
    assert moving_average(0, 900, 10, 10 * 450) == 450  # nothing was left of the old ones
    assert moving_average(40, 0, 10, 10 * 450) == 450  # nobody had said a cost before
    assert moving_average(2, 3, 1, 4) == 3  # 3.33
    assert moving_average(1, 3, 1, 4) == 4  # 3.5


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**5), st.integers(0, 10**6))
def test_an_average_lies_between_and_taking_back_restores_it(
    units: int, cost: int, received: int, price: int
) -> None:
    after = moving_average(units, cost, received, received * price)
    low, high = (price, price) if units == 0 else (min(cost, price), max(cost, price))
    assert low <= after <= high
    if units and after:
        back = moving_average(units + received, after, -received, -received * price)
        assert back >= 0
        off = (units + received) / units  # half a smallest unit of money for each unit
        assert abs(back - cost) <= off / 2 + 1


def test_a_scan_counts_once_and_not_when_it_was_taken_back() -> None:
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    one, two = Counted("CUP", 1), Counted("CUP", 5)
    scans = [
        Scan("b-undo", at, undoes="b"),  # it overtook the scan that it takes back
        Scan("a", at, one),
        Scan("b", at, two),
        Scan("a", at, one),
    ]
    assert tally(scans) == {"a": one}


@given(st.sampled_from(Trouble), st.sampled_from(SourceKind), st.booleans())
def test_every_case_can_end_and_never_by_selling_what_is_expired(
    trouble: Trouble, source: SourceKind, expired: bool
) -> None:
    case = Case(trouble, source, expired)
    assert decisions(case)
    if expired and trouble is not Trouble.SHORT:
        with pytest.raises(ActionNotAllowed):
            goods_go(case, CaseState.ACCEPTED)
    for decision in decisions(case):
        assert (goods_go(case, decision) is GoodsGo.NOWHERE) == (trouble is Trouble.SHORT)
    assert decisions(Case(trouble, source, expired, CaseState.CREDITED)) == ()
