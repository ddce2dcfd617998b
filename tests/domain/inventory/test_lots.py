"""Which lots leave: what was taken is promised, and nothing is promised twice or forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.lots import (
    goes_on_sale_without_lot,
    lots_that_left,
    not_found,
    rebooking,
)
from domain.inventory.stock import StockKey, StockLine
from domain.shared.ids import NO_LOT, LocationId, Lot, Sku

A, B, C = Lot("A"), Lot("B"), Lot("C")
SKU = Sku("TEA")


def held(**units: int) -> list[StockLine]:
    return [StockLine(StockKey(SKU, LocationId("HQ"), Lot(lot)), n) for lot, n in units.items()]


def test_a_lot_that_is_promised_needs_no_rebooking() -> None:
    assert rebooking(A, {A: 2}, {A: 2}, 0).gives == {}


def test_a_lot_that_is_free_takes_over_from_the_promised_one() -> None:
    plan = rebooking(B, {B: 1}, {A: 2}, 5)

    assert (plan.gives, plan.lacking) == ({A: 1}, 0)


def test_a_lot_without_free_units_is_lacking() -> None:
    assert rebooking(B, {B: 2}, {A: 2}, 1).lacking == 1


def test_units_that_the_books_keep_without_a_lot_may_be_of_any() -> None:
    plan = rebooking(B, {B: 2}, {NO_LOT: 2}, 0)

    assert (plan.gives, plan.lacking) == ({}, 0)
    assert rebooking(C, {B: 2, C: 1}, {NO_LOT: 2, A: 1}, 0).lacking == 1


def test_the_lots_in_hand_are_not_given_up_for_another() -> None:
    assert rebooking(C, {A: 1, C: 1}, {A: 1, B: 1}, 9).gives == {B: 1}


UNITS = st.dictionaries(st.sampled_from([NO_LOT, A, B, C]), st.integers(0, 5))


@given(st.sampled_from([A, B, C]), UNITS, UNITS, st.integers(0, 5))
def test_a_rebooking_never_takes_more_than_is_promised_or_free(
    lot: Lot, taken: dict[Lot, int], promised: dict[Lot, int], free: int
) -> None:
    plan = rebooking(lot, taken, promised, free)

    assert sum(plan.gives.values()) <= free
    assert all(0 < units <= promised[one] - (taken.get(one, 0) if one else 0)
               for one, units in plan.gives.items())  # fmt: skip
    assert lot not in plan.gives
    after = {one: promised.get(one, 0) - plan.gives.get(one, 0) for one in [NO_LOT, A, B, C]}
    after[lot] += sum(plan.gives.values())
    if not plan.lacking and sum(taken.values()) <= sum(promised.values()):
        assert taken.get(lot, 0) <= after[lot] + after[NO_LOT]


def test_what_was_in_hand_is_not_what_is_missing() -> None:
    both = held(A=2, B=2)

    assert not_found(both, {SKU: 2}, {SKU: {A: 1, B: 1}}) == held(A=1, B=1)
    assert not_found(both, {SKU: 3}, {SKU: {B: 1}}) == held(B=1)
    assert not_found(both, {}, {}) == both


@given(UNITS, UNITS, st.integers(0, 30))
def test_as_many_are_missing_as_were_not_found(
    promised: dict[Lot, int], lots: dict[Lot, int], found: int
) -> None:
    lines = [StockLine(StockKey(SKU, LocationId("HQ"), lot), n) for lot, n in promised.items() if n]

    missing = not_found(lines, {SKU: found}, {SKU: dict(lots.items())})

    assert sum(line.quantity for line in missing) == max(0, sum(promised.values()) - found)


def test_a_scanned_lot_stands_for_units_that_the_books_keep_without_one() -> None:
    assert lots_that_left({NO_LOT: 2}, {"X": 1}) == {"": 1, "X": 1}
    assert lots_that_left({A: 1, NO_LOT: 1}, {"A": 2}) == {"A": 2}
    assert lots_that_left({A: 2}, {"B": 1}) == {"A": 2}


@given(
    units=st.integers(-3, 3), lot=st.sampled_from([NO_LOT, A]),
    condition=st.sampled_from(["good", "damaged", "quarantine"]),
    owner=st.sampled_from(["own", "dealer"]),
)  # fmt: skip
def test_only_more_good_units_of_ours_ask_for_a_lot(
    units: int, lot: Lot, condition: str, owner: str
) -> None:
    line = StockLine(StockKey(SKU, LocationId("HQ"), lot, condition, owner), units)
    may_lack_it = units <= 0 or lot != NO_LOT or condition != "good" or owner != "own"
    assert goes_on_sale_without_lot(line) is not may_lack_it
