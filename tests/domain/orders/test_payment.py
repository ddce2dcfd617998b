"""What a payment is for, what is refunded of which, and how patiently a refund is followed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.lifecycle import NextStep, OrderState, next_step, waits_for
from domain.orders.order import OrderStatus
from domain.orders.payment import (
    LONGEST_LOOK,
    PaidOrder,
    PaymentPurpose,
    Refundable,
    look_after,
    purpose_of,
    share_out,
)

OPEN, CANCELLED = OrderStatus.RECEIVED, OrderStatus.CANCELLED
ORDER, SURPLUS = PaymentPurpose.ORDER, PaymentPurpose.SURPLUS


@pytest.mark.parametrize(
    ("status", "payable", "captured", "counted", "amount", "purpose"),
    [
        (OPEN, 2000, 0, 0, 2000, ORDER),  # told before the channel said that it is paid
        (OPEN, 2000, 2000, 0, 2000, ORDER),  # the channel said so first
        (OPEN, 2000, 2000, 2000, 2000, SURPLUS),  # paid twice
        (OPEN, 2000, 0, 0, 500, ORDER),  # a deposit
        (OPEN, 2000, 500, 500, 1500, ORDER),  # and its balance
        (OPEN, 2000, 500, 500, 1501, SURPLUS),  # more than it costs
        (OPEN, 0, 0, 0, 2000, ORDER),  # an order nobody described yet
        (CANCELLED, 2000, 0, 0, 2000, SURPLUS),  # paid after it was cancelled
        (CANCELLED, 2000, 2000, 0, 2000, ORDER),  # the money the order owes back, told late
        (CANCELLED, 2000, 2000, 2000, 2000, SURPLUS),
    ],
)
def test_a_payment_beyond_what_the_order_costs_is_one_too_many(
    status: OrderStatus,
    payable: int,
    captured: int,
    counted: int,
    amount: int,
    purpose: PaymentPurpose,
) -> None:
    order = PaidOrder(status, "CNY", payable, captured, counted)

    assert purpose_of(order, amount, "CNY") is purpose


def test_money_of_another_currency_is_for_a_person_to_look_at() -> None:
    order = PaidOrder(OPEN, "CNY", 2000, 0, 0)

    assert purpose_of(order, 2000, "USD") is PaymentPurpose.OTHER_CURRENCY


@given(
    st.integers(min_value=0, max_value=10_000),
    st.lists(st.integers(min_value=0, max_value=5_000), max_size=5),
)
def test_no_payment_gives_back_more_than_it_has_and_nothing_is_lost(
    due: int, free: list[int]
) -> None:
    payments = [Refundable(str(number), minor) for number, minor in enumerate(free)]

    shares = dict(share_out(due, payments))

    assert sum(shares.values()) == min(due, sum(free))
    assert all(0 < share <= free[int(payment)] for payment, share in shares.items())


def test_a_refund_is_asked_about_less_often_but_for_ever() -> None:
    waits = [look_after(looks) for looks in range(200)]

    assert waits[0] == timedelta(seconds=10)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_LOOK


@pytest.mark.parametrize(
    ("due", "to_start", "running", "step", "code"),
    [
        (0, False, False, NextStep.CLOSE, ""),
        (500, False, False, NextStep.SETTLE_REFUND, "refund"),
        (500, True, False, NextStep.START_REFUND, "refund_running"),
        (500, False, True, NextStep.WAIT, "refund_running"),
        (500, True, True, NextStep.START_REFUND, "refund_running"),
    ],
)
def test_a_closed_order_is_over_when_no_money_is_due(
    due: int, to_start: bool, running: bool, step: NextStep, code: str
) -> None:
    state = OrderState(
        "o", 0, CANCELLED, refund_due_minor=due, refund_to_start=to_start, refund_running=running
    )

    assert next_step(state, datetime(2026, 5, 1, tzinfo=UTC)) is step
    assert waits_for(state) == code


def test_an_order_that_goes_on_gives_back_the_cancelled_part_at_once() -> None:
    state = OrderState("o", 0, OPEN, known=True, refund_due_minor=500, refund_to_start=True)

    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert next_step(state, now) is NextStep.START_REFUND
