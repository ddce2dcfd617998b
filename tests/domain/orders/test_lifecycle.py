"""What an order does next: decided from its state and the time alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activities.orders.ports import OrderRules
from domain.orders.lifecycle import NextStep, OrderState, ShipmentState, next_step, wake_at
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAID = OrderState("o", 1, OrderStatus.RECEIVED, known=True, paid=True)


def shipments(*statuses: ShipmentStatus) -> tuple[ShipmentState, ...]:
    return tuple(ShipmentState(str(n), f"shipment/{n}", one) for n, one in enumerate(statuses))


@pytest.mark.parametrize("days", [0, 3, 7])
def test_a_delivered_order_is_completed_after_as_many_days_as_the_company_says(days: int) -> None:
    rules = OrderRules(completed_after=timedelta(days=days))
    delivered = replace(PAID, delivered_at=NOW, shipments=shipments(ShipmentStatus.DELIVERED))
    state = rules.on(delivered)

    due = NOW + timedelta(days=days)
    assert next_step(state, due, {"0"}) is NextStep.COMPLETE
    just_before = due - timedelta(microseconds=1)
    assert next_step(state, just_before, {"0"}) is NextStep.WAIT
    assert wake_at(state, just_before) == due


def test_an_order_that_is_not_delivered_is_never_completed() -> None:
    assert OrderRules(completed_after=timedelta(0)).on(PAID) == PAID


@pytest.mark.parametrize(
    ("statuses", "cancellable", "step"),
    [
        ((), True, NextStep.CANCEL),
        ((ShipmentStatus.LABELLED,), True, NextStep.CANCEL),
        ((ShipmentStatus.HANDED_OVER, ShipmentStatus.PICKING), True, NextStep.CANCEL),
        ((ShipmentStatus.HANDED_OVER, ShipmentStatus.CANCELLED), False, NextStep.WAIT),
        ((ShipmentStatus.IN_TRANSIT,), False, NextStep.WAIT),
    ],
)
def test_what_the_channel_cancelled_is_taken_back_as_far_as_it_is_here(
    statuses: tuple[ShipmentStatus, ...], cancellable: bool, step: NextStep
) -> None:
    state = replace(
        PAID, cancelled_by_channel=True, cancellable=cancellable, shipments=shipments(*statuses)
    )
    started = {one.no for one in state.shipments}
    assert next_step(state, NOW, started) is step


def test_lines_the_channel_closed_are_cancelled_before_anything_is_reserved() -> None:
    state = replace(PAID, to_allocate=True, lines_to_cancel=("o.2",))
    assert next_step(state, NOW) is NextStep.CANCEL_LINES


@pytest.mark.parametrize("kind", list(HoldKind))
def test_nothing_goes_to_the_warehouse_while_anything_holds(kind: HoldKind) -> None:
    state = replace(PAID, holds=(kind,), shipments=shipments(ShipmentStatus.ALLOCATED))
    assert next_step(state, NOW) is not NextStep.START_SHIPMENTS


def test_stock_of_who_did_not_pay_in_time_is_given_back_and_not_reserved_again() -> None:
    unpaid = replace(PAID, paid=False, holds=(HoldKind.UNPAID,), unpaid_reserved_until=NOW)
    assert next_step(unpaid, NOW) is NextStep.GIVE_BACK_UNPAID
    given_back = replace(
        unpaid, unpaid_reserved_until=None, stock_given_back=True, to_allocate=True
    )
    assert next_step(given_back, NOW) is NextStep.WAIT
    assert wake_at(given_back, NOW) is None
