"""What goods are worth in the books: units at their standard cost, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.finance.accounts import NUMBER, Account
from domain.finance.stock_rules import GoodsMoved, StockValue, cost_changed, moved
from domain.shared.ids import Sku

HQ, SHOP = "location:HQ", "location:S1"
A = Sku("A")


@pytest.mark.parametrize(
    ("move", "units", "against"),
    [
        (GoodsMoved(A, 3, "supplier", HQ), 3, Account.GOODS_RECEIVED),
        (GoodsMoved(A, 3, "supplier", HQ, document_kind="opening"), 3, Account.OPENING_BALANCE),
        (GoodsMoved(A, 3, HQ, "supplier"), -3, Account.GOODS_RECEIVED),
        (GoodsMoved(A, 3, HQ, "customer"), -3, Account.COST_OF_GOODS_SOLD),
        (GoodsMoved(A, 3, "customer", HQ), 3, Account.COST_OF_GOODS_SOLD),
        (GoodsMoved(A, 3, HQ, "adjustment", reason="count"), -3, Account.STOCK_DIFFERENCES),
        (GoodsMoved(A, 3, "adjustment", HQ, reason="found"), 3, Account.STOCK_DIFFERENCES),
        (GoodsMoved(A, 3, HQ, "adjustment", reason="damaged"), -3, Account.STOCK_DIFFERENCES),
        (GoodsMoved(A, 3, HQ, "adjustment", reason="sample"), -3, Account.SAMPLES),
        (GoodsMoved(A, 3, HQ, "adjustment", reason="internal_use"), -3, Account.INTERNAL_USE),
        (GoodsMoved(A, 3, HQ, SHOP), 0, None),
        (GoodsMoved(A, 3, "supplier", HQ, owner="dealer"), 0, None),
    ],
)
def test_goods_that_come_or_go_are_booked_against_where_they_came_from_or_went(
    move: GoodsMoved, units: int, against: Account | None
) -> None:
    values = {A: StockValue(A, 250, "CNY", 10)}

    vouchers = moved([move], values)

    assert values[A].units == 10 + units
    if against is None:
        assert vouchers == []
        return
    sides = {e.side.account: e.debit_minor - e.credit_minor for e in vouchers[0].entries}
    assert sides == {Account.INVENTORY: units * 250, against: -units * 250}


def test_goods_whose_cost_nobody_said_move_without_a_sum() -> None:
    values = {A: StockValue(A, 0, "CNY")}

    (voucher,) = moved([GoodsMoved(A, 3, "supplier", HQ)], values)

    assert voucher.entries == ()
    assert values[A].units == 3


MOVES = st.tuples(st.integers(1, 10**6), st.sampled_from(("supplier", "customer", "adjustment")))


@given(st.lists(st.one_of(MOVES, st.integers(0, 10**9)), max_size=20))
def test_the_inventory_account_is_units_times_cost_whatever_happens(
    steps: list[tuple[int, str] | int],
) -> None:
    value = StockValue(A, 100, "CNY")
    inventory = 0
    for step in steps:
        if isinstance(step, int):
            vouchers = [cost_changed(value, step)]
        else:
            quantity, place = step
            goes = place == "customer"
            move = GoodsMoved(A, quantity, HQ if goes else place, place if goes else HQ)
            vouchers = moved([move], {A: value})
        for entry in (e for voucher in vouchers for e in voucher.entries):
            if entry.side.account is Account.INVENTORY:
                inventory += entry.debit_minor - entry.credit_minor
        assert inventory == value.value_minor


def test_every_account_has_a_number_of_its_own() -> None:
    assert set(NUMBER) == set(Account)
    assert len(set(NUMBER.values())) == len(NUMBER)
