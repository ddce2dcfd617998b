"""Claims for goods in the books, together with what the moves of their goods book already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.finance.accounts import NUMBER, Account
from domain.finance.goods_claims import (
    ClaimMove,
    ClaimSums,
    GoodsClaimMoney,
    booked,
    moved_on,
)
from domain.finance.stock_rules import GoodsMoved, StockValue, moved
from domain.finance.vouchers import Voucher, balances_of
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import Sku

HQ, TRANSIT = "location:HQ", "location:HQ-transit"
A = Sku("A")
MOVES = list(ClaimMove)


def _balances(vouchers: list[Voucher]) -> dict[Account, int]:
    found = balances_of(entry for voucher in vouchers for entry in voucher.entries)
    return {account: minor for account, minor in found.items() if minor}


def test_goods_that_are_destroyed_and_credited_cost_nothing() -> None:
    values = {A: StockValue(A, 250, "CNY")}
    vouchers = [
        *moved([GoodsMoved(A, 4, "supplier", HQ)], values),
        *moved([GoodsMoved(A, 4, HQ, "adjustment", reason="damaged")], values),
        booked(GoodsClaimMoney("supplier/S", ClaimMove.ACCEPTED, 1000, "CNY")),
        booked(GoodsClaimMoney("supplier/S", ClaimMove.SET_OFF, 1000, "CNY")),
    ]

    assert _balances(vouchers) == {}


def test_missing_goods_that_are_credited_and_set_off_owe_nothing() -> None:
    def line(move: ClaimMove) -> Voucher:
        return booked(GoodsClaimMoney("supplier/S", move, 1000, "CNY", never_came=True))

    assert _balances([line(ClaimMove.ACCEPTED)]) == {
        Account.SUPPLIER_CLAIMS: 1000, Account.GOODS_RECEIVED: -1000,
    }  # fmt: skip
    assert _balances([line(ClaimMove.ACCEPTED), line(ClaimMove.SET_OFF)]) == {}
    assert _balances([line(ClaimMove.ACCEPTED), line(ClaimMove.WRITTEN_OFF)]) == {
        Account.STOCK_DIFFERENCES: 1000, Account.GOODS_RECEIVED: -1000,
    }  # fmt: skip


def test_what_a_carrier_pays_for_goods_lost_between_places_stands_against_the_difference() -> None:
    values = {A: StockValue(A, 250, "CNY", 10)}
    vouchers = [
        *moved([GoodsMoved(A, 2, TRANSIT, "adjustment", reason="lost")], values),
        booked(GoodsClaimMoney("carrier/sf", ClaimMove.ACCEPTED, 400, "CNY")),
        booked(GoodsClaimMoney("carrier/sf", ClaimMove.RECEIVED, 300, "CNY")),
        booked(GoodsClaimMoney("carrier/sf", ClaimMove.WRITTEN_OFF, 100, "CNY")),
    ]

    assert _balances(vouchers) == {
        Account.INVENTORY: -500, Account.STOCK_DIFFERENCES: 200, Account.BANK: 300,
    }  # fmt: skip


def test_no_more_comes_than_was_accepted_and_no_more_is_taken_back_than_there_was() -> None:
    some = ClaimSums(accepted=100, received=60)
    assert moved_on(some, ClaimMove.SET_OFF, 40, "supplier/S").owed == 0
    for move, minor in (
        (ClaimMove.RECEIVED, 41), (ClaimMove.WRITTEN_OFF, 41), (ClaimMove.ACCEPTED, -41),
        (ClaimMove.RECEIVED, -61),
    ):  # fmt: skip
        with pytest.raises(ActionNotAllowed):
            moved_on(some, move, minor, "supplier/S")
    with pytest.raises(ActionNotAllowed):
        moved_on(some, ClaimMove.SET_OFF, 1, "carrier/sf")
    with pytest.raises(InvalidInput):
        moved_on(some, ClaimMove.RECEIVED, 0, "supplier/S")


RECEIPTS = st.tuples(st.just("receive"), st.integers(1, 999), st.integers(0, 10**6))
GOODS = st.tuples(st.sampled_from(("back", "destroyed", "lost")), st.integers(1, 999), st.just(0))
CLAIMS = st.tuples(st.sampled_from(MOVES), st.integers(-(10**6), 10**6), st.just(0))


@given(st.lists(st.one_of(RECEIPTS, GOODS, CLAIMS), max_size=30), st.booleans())
def test_whatever_is_received_claimed_credited_and_written_off_the_books_hold(
    story: list[tuple[str, int, int]], never_came: bool
) -> None:
    """Inventory is units × standard cost, claims are what is owed, and everything balances."""
    values = {A: StockValue(A, 250, "CNY")}
    sums = ClaimSums()
    vouchers: list[Voucher] = []
    gone = {"back": "supplier", "destroyed": "adjustment", "lost": "adjustment"}
    for what, number, price in story:
        if what == "receive":
            line = GoodsMoved(A, number, "supplier", HQ, value_minor=price)
            vouchers += moved([line], values)
        elif what in gone:
            units = min(number, values[A].units)
            if units:
                vouchers += moved([GoodsMoved(A, units, HQ, gone[what])], values)
        else:
            move = ClaimMove(what)
            try:
                sums = moved_on(sums, move, number, "supplier/S")
            except (ActionNotAllowed, InvalidInput):
                continue
            money = GoodsClaimMoney("supplier/S", move, number, "CNY", never_came)
            vouchers.append(booked(money))

    found = _balances(vouchers)
    assert found.get(Account.INVENTORY, 0) == values[A].units * 250
    assert found.get(Account.SUPPLIER_CLAIMS, 0) == sums.owed >= 0
    assert sum(found.values()) == 0
    assert found.keys() <= NUMBER.keys()
