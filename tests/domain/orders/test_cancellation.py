"""Cancelling as a plan: what stops, what is asked back on its way, and what cannot be helped."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.cancellation import (
    CancellableLine,
    CancellableOrder,
    CancellableShipment,
    plan_cancellation,
)
from domain.orders.order import OrderStatus, ShipmentStatus
from domain.shared.errors import ActionNotAllowed

PICKING, LEFT = ShipmentStatus.PICKING, ShipmentStatus.IN_TRANSIT
TEA = CancellableLine("tea", "Tea", 2000, False, True, ("S1",))
POT = CancellableLine("pot", "Pot", 900, False, True, ("S2",))
POSTAGE = CancellableLine("post", "Postage", 600, False, False)
ORDER = CancellableOrder(
    "o1", OrderStatus.IN_FULFILMENT, "CNY", 3500, 0, 0, 0, (TEA, POT, POSTAGE),
    (CancellableShipment("S1", LEFT, 2, ("W1",)), CancellableShipment("S2", PICKING, 1)),
)  # fmt: skip


def kinds(order: CancellableOrder, *line_ids: str) -> list[tuple[str, str]]:
    """Effects with their subjects, intercepts asked for."""
    plan = plan_cancellation(order, line_ids, intercept=True)
    return [(effect.kind, effect.subject) for effect in plan.effects]


def test_what_is_on_its_way_is_asked_back_and_what_is_not_is_cancelled() -> None:
    plan = plan_cancellation(ORDER, intercept=True)
    assert kinds(ORDER) == [
        ("stop_picking", "S2"), ("release_stock", "S2"), ("cancel_line", "pot"),
        ("cancel_line", "post"), ("intercept", "W1"), ("comes_back", "S1"), ("refund_due", "o1"),
        ("refund_after_return", "o1"),
    ]  # fmt: skip
    assert (plan.line_ids, plan.intercept_nos, plan.whole_order) == (
        ("pot", "post"),
        ("S1",),
        False,
    )
    assert plan.refund_minor == 1500  # nothing for what comes back: that is paid when it is here


def test_without_intercepting_what_left_cannot_be_stopped() -> None:
    plan = plan_cancellation(ORDER)
    assert plan.intercept_nos == ()
    assert ("cannot_stop", "tea") in [(e.kind, e.subject) for e in plan.effects]
    assert plan.hash != plan_cancellation(ORDER, intercept=True).hash


def test_an_order_that_left_as_a_whole_is_asked_back_and_nothing_is_cancelled() -> None:
    order = replace(ORDER, lines=(TEA, POSTAGE), shipments=ORDER.shipments[:1])
    plan = plan_cancellation(order, intercept=True)
    assert (plan.line_ids, plan.refund_minor, plan.intercept_nos) == ((), 0, ("S1",))
    with pytest.raises(ActionNotAllowed):
        plan_cancellation(order)


def test_a_parcel_with_something_else_in_it_goes_on() -> None:
    both = replace(POT, shipments=("S1",))
    order = replace(ORDER, lines=(TEA, both), shipments=ORDER.shipments[:1])
    with pytest.raises(ActionNotAllowed):
        plan_cancellation(order, ["tea"], intercept=True)
    assert plan_cancellation(order, ["tea", "pot"], intercept=True).intercept_nos == ("S1",)


@pytest.mark.parametrize(
    "change",
    [
        {"status": ShipmentStatus.DELIVERED},
        {"status": ShipmentStatus.EXCEPTION},
        {"waybills": ()},
        {"intercepting": True},
    ],
)
def test_what_is_at_the_door_in_trouble_or_asked_back_already_is_not_asked_back(
    change: dict[str, object],
) -> None:
    shipment = replace(ORDER.shipments[0], **change)  # type: ignore[arg-type]
    order = replace(ORDER, lines=(TEA,), shipments=(shipment,))
    with pytest.raises(ActionNotAllowed):
        plan_cancellation(order, intercept=True)


def test_the_channel_that_holds_the_money_pays_it_back_itself() -> None:
    told = kinds(replace(ORDER, settled_by_channel=True))
    assert ("refund_after_return", "o1") not in told
    assert ("channel_refunds", "o1") in told


_STATUSES = st.sampled_from(list(ShipmentStatus))


@given(st.lists(st.tuples(_STATUSES, st.booleans()), min_size=1, max_size=5), st.data())
def test_no_line_is_cancelled_and_asked_back_and_none_is_forgotten(
    told: list[tuple[ShipmentStatus, bool]], data: st.DataObject
) -> None:
    shipments = tuple(
        CancellableShipment(f"S{n}", status, 1, ("W",) if labelled else ())
        for n, (status, labelled) in enumerate(told)
    )
    live = [s.no for s in shipments if s.status is not ShipmentStatus.CANCELLED]
    lines = tuple(
        CancellableLine(f"l{n}", "", 100, False, True, tuple(
            sorted(data.draw(st.sets(st.sampled_from(live), max_size=2)) if live else ())
        ))
        for n in range(data.draw(st.integers(1, 4)))
    )  # fmt: skip
    order = replace(ORDER, lines=lines, shipments=shipments)
    try:
        plan = plan_cancellation(order, intercept=True)
    except ActionNotAllowed:
        return
    left = {s.no for s in shipments if s.status.has_left}
    cancelled = set(plan.line_ids)
    stuck = {e.subject for e in plan.effects if e.kind == "cannot_stop"}
    back = {line.line_id for line in lines if set(plan.intercept_nos) & set(line.shipments)}
    assert cancelled | stuck | back == {line.line_id for line in lines}
    assert not cancelled & (stuck | back)
    assert all(not left & set(line.shipments) for line in lines if line.line_id in cancelled)
    assert set(plan.intercept_nos) <= left
    assert plan.refund_minor <= order.captured_minor
