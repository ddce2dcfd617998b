"""What was paid is shared out over everything it was paid for, and goes back at most once."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.returns.money import (
    OrderMoney,
    PaidLine,
    Part,
    Settlement,
    Terms,
    is_whole,
    settle,
    share_out,
    worth_of,
)
from domain.shared.errors import ActionNotAllowed


def order(*lines: PaidLine, captured: int | None = None, freight: int = 0) -> OrderMoney:
    paid = sum(line.payable_minor for line in lines) + freight
    return OrderMoney("CNY", paid if captured is None else captured, 0, 0, freight, lines)


def one(line_id: str, payable: int, quantity: int) -> PaidLine:
    return PaidLine(line_id, payable, (Part(line_id, quantity),))


def after(money: OrderMoney, units: dict[str, int], paid: Settlement) -> OrderMoney:
    """The order once this was paid back."""
    lines = tuple(
        replace(
            line,
            parts=tuple(
                replace(part, refunded=part.refunded + units.get(part.part_id, 0))
                for part in line.parts
            ),
        )
        for line in money.lines
    )
    return replace(
        money,
        lines=lines,
        refunded_minor=money.refunded_minor + paid.refund_minor,
        freight_refunded_minor=money.freight_refunded_minor + paid.freight_minor,
    )


def test_three_units_for_ten_come_back_one_by_one_and_make_ten() -> None:
    money = order(one("A", 1000, 3))
    sums = []
    for _ in range(3):
        paid = settle(money, {"A": 1}, Terms())
        sums.append(paid.refund_minor)
        money = after(money, {"A": 1}, paid)

    assert sums == [333, 333, 334]
    assert money.refundable_minor == 0


def test_of_three_announced_and_two_received_two_are_paid_back() -> None:
    assert settle(order(one("A", 26997, 3)), {"A": 2}, Terms()).refund_minor == 17998


def test_a_discount_line_makes_every_line_cheaper() -> None:
    money = order(one("A", 9000, 1), one("B", 1000, 1), PaidLine("coupon", -1000))

    assert settle(money, {"A": 1}, Terms()).refund_minor == 8100
    assert settle(money, {"B": 1}, Terms()).refund_minor == 900


def test_postage_goes_back_only_when_it_is_said_and_once() -> None:
    money = order(one("A", 1000, 2), freight=600)

    assert settle(money, {"A": 2}, Terms()).refund_minor == 1000
    whole = settle(money, {"A": 2}, Terms(freight=True))
    assert (whole.refund_minor, whole.freight_minor) == (1600, 600)
    rest = settle(after(money, {"A": 2}, whole), {}, Terms(freight=True))
    assert rest.refund_minor == 0


def test_what_was_paid_for_a_deposit_alone_is_all_that_goes_back() -> None:
    money = order(one("A", 1000, 1), one("B", 3000, 1), captured=400)

    assert settle(money, {"A": 1}, Terms()).refund_minor == 100
    assert settle(money, {"A": 1, "B": 1}, Terms()).refund_minor == 400


def test_a_kit_is_worth_what_its_parts_cost_and_no_cent_less() -> None:
    kit = PaidLine("kit", 1000, (Part("cup", 2, weight=300), Part("pot", 1, weight=900)))

    assert settle(order(kit), {"cup": 1}, Terms()).refund_minor == 200
    assert settle(order(kit), {"cup": 2, "pot": 1}, Terms()).refund_minor == 1000


def test_used_goods_are_paid_less() -> None:
    paid = settle(order(one("A", 1000, 1)), {"A": 1}, Terms(deduction_minor=300))

    assert (paid.goods_minor, paid.deduction_minor, paid.refund_minor) == (1000, 300, 700)


def test_goodwill_before_does_not_make_a_return_impossible() -> None:
    money = order(one("A", 1000, 1))
    gift = settle(money, {}, Terms(goodwill_minor=400))
    paid = settle(after(money, {}, gift), {"A": 1}, Terms())

    assert (gift.refund_minor, paid.refund_minor) == (400, 600)


def test_goodwill_beyond_what_is_left_is_refused() -> None:
    with pytest.raises(ActionNotAllowed):
        settle(order(one("A", 1000, 1)), {"A": 1}, Terms(goodwill_minor=1))


def test_a_unit_is_not_paid_back_a_second_time() -> None:
    money = order(one("A", 1000, 2))
    money = after(money, {"A": 2}, settle(money, {"A": 2}, Terms()))

    with pytest.raises(ActionNotAllowed):
        settle(money, {"A": 1}, Terms())


def test_an_order_is_whole_again_when_its_last_unit_is_back() -> None:
    money = order(one("A", 1000, 2), one("B", 500, 1), freight=100)

    assert not is_whole(money, {"A": 2})
    assert is_whole(money, {"A": 2, "B": 1})


sums = st.integers(0, 100_000)
lines_of = st.lists(
    st.tuples(sums, st.lists(st.tuples(st.integers(1, 9), st.integers(0, 500)), max_size=3)),
    min_size=1,
    max_size=6,
)


def _order(
    told: Sequence[tuple[int, list[tuple[int, int]]]], freight: int, less: int
) -> list[PaidLine]:
    return [
        PaidLine(
            f"L{n}",
            payable,
            tuple(
                Part(f"L{n}/{k}", quantity, 0, weight) for k, (quantity, weight) in enumerate(parts)
            ),
        )
        for n, (payable, parts) in enumerate(told)
    ] + ([PaidLine("less", -less)] if less else [])


@given(lines_of, sums, sums, sums)
def test_every_cent_that_was_captured_has_one_place(
    told: list[tuple[int, list[tuple[int, int]]]], freight: int, less: int, captured: int
) -> None:
    money = OrderMoney("CNY", captured, 0, 0, freight, tuple(_order(told, freight, less)))
    shares = share_out(money)

    assert sum(shares.parts.values()) + shares.freight_minor + shares.other_minor == captured
    assert min([*shares.parts.values(), shares.freight_minor, shares.other_minor]) >= 0


@given(sums, st.integers(1, 50), st.lists(st.integers(1, 10), max_size=20))
def test_units_that_come_back_in_any_steps_are_worth_their_line(
    share: int, quantity: int, steps: list[int]
) -> None:
    back, total = 0, 0
    for units in steps:
        total += worth_of(share, quantity, back, units)
        back = min(back + units, quantity)
    total += worth_of(share, quantity, back, quantity - back)

    assert total == share


@given(lines_of, sums, sums, sums, st.data())
def test_whatever_comes_back_no_more_is_paid_than_came_in(
    told: list[tuple[int, list[tuple[int, int]]]],
    freight: int,
    less: int,
    captured: int,
    data: st.DataObject,
) -> None:
    money = OrderMoney("CNY", captured, 0, 0, freight, tuple(_order(told, freight, less)))
    for _ in range(data.draw(st.integers(1, 6))):
        units = {
            part.part_id: data.draw(st.integers(0, part.quantity - part.refunded))
            for line in money.lines
            for part in line.parts
        }
        terms = Terms(
            data.draw(st.booleans()), data.draw(st.integers(0, 500)), data.draw(st.integers(0, 50))
        )
        try:
            paid = settle(money, units, terms)
        except ActionNotAllowed:
            continue
        assert 0 <= paid.refund_minor <= paid.ceiling_minor
        assert paid.refund_minor == (
            paid.goods_minor + paid.freight_minor - paid.deduction_minor + paid.goodwill_minor
        )
        money = after(money, units, paid)
        assert 0 <= money.refunded_minor <= money.captured_minor
