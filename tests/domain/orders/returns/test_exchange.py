"""Other goods instead: nothing of the sum is lost, and only one side owes the other."""

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.returns.exchange import Wanted, difference, price_of
from domain.orders.returns.money import OrderMoney, PaidLine, Part, Terms, exchanged_for, settle
from domain.shared.ids import Sku

SUMS = st.integers(0, 10**9)


@given(SUMS, SUMS)
def test_what_came_back_pays_for_the_new_goods_as_far_as_it_goes(due: int, price: int) -> None:
    found = difference(due, price)
    assert found.exchanged_minor + found.refund_minor == due
    assert found.exchanged_minor + found.owed_minor == price
    assert min(found.refund_minor, found.owed_minor) == 0


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 10**6)), min_size=1, max_size=5))
def test_the_price_is_that_of_every_unit(goods: list[tuple[int, int]]) -> None:
    wanted = [Wanted(Sku(f"S{n}"), count, minor) for n, (count, minor) in enumerate(goods)]
    assert price_of(wanted) == sum(minor for count, minor in goods for _ in range(count))


@given(st.integers(1, 20), st.data(), SUMS, SUMS)
def test_an_exchange_takes_from_what_is_due_and_never_more(
    quantity: int, data: st.DataObject, paid: int, price: int
) -> None:
    units = data.draw(st.integers(0, quantity))
    order = OrderMoney("CNY", paid, 0, 0, 0, (PaidLine("1", paid, (Part("1/A", quantity),)),))
    plain = settle(order, {"1/A": units}, Terms())
    found = exchanged_for(plain, price)
    assert found.refund_minor + found.exchanged_minor == plain.refund_minor
    assert 0 <= found.exchanged_minor <= min(price, plain.goods_minor)
