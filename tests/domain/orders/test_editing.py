"""Other lines before the pick: what they cost, who owes the difference, and that it adds up."""

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logistics.tariff import TariffRow
from domain.orders.added_units import Added, Shelves
from domain.orders.cancellation import CancellableLine, CancellableOrder, plan_cancellation
from domain.orders.companions import Companion, Piece, Waiting
from domain.orders.editing import EditableLine, EditableOrder, EditPlan, Offered, plan_edit
from domain.orders.messages import LineUnits
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.sourcing.model import Candidate
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.money import share_of

_NUMBERS = itertools.count()
ONE = Waiting("1-1", "o", "HQ", ShipmentStatus.PICKING, (Piece("l1/A", "l1", "A", 2),))
TARIFF = TariffRow(
    "sf", "2", "*", "*", 1000, 1200, 500, 300, 0, 0, 0, "CNY", date(2020, 1, 1), date(2099, 1, 1)
)
ORDER = Companion("o", "1", "mini", "b", "r", OrderStatus.IN_FULFILMENT, shipments=(ONE,))
TEA = EditableLine("l1", "Tea", "X-A", 2, 2000)
POT = EditableLine("l2", "Pot", "X-B", 1, 900)
WHAT = EditableOrder(ORDER, "own", "CNY", 2900, 2900, (TEA, POT), {"C": Offered("C", "Cup", 500)})


def test_more_units_are_owed_and_fewer_are_paid_back() -> None:
    more = plan_edit(WHAT, [LineUnits("l1", 3)])
    assert (more.payable_after_minor, more.owed_minor, more.refund_minor) == (3900, 1000, 0)
    fewer = plan_edit(WHAT, [LineUnits("l1", 1)])
    assert (fewer.payable_after_minor, fewer.owed_minor, fewer.refund_minor) == (1900, 0, 1000)


def test_a_line_is_replaced_added_or_taken_out() -> None:
    replaced = plan_edit(WHAT, [LineUnits("l2", 2, "C")])
    assert [(x.sku, x.quantity_before, x.quantity_after) for x in replaced.lines] == [
        ("X-B", 1, 0), ("C", 0, 2)
    ]  # fmt: skip
    assert (replaced.owed_minor, replaced.refund_minor) == (100, 0)
    assert plan_edit(WHAT, [LineUnits("", 1, "C")]).owed_minor == 500
    assert plan_edit(WHAT, [LineUnits("", 1, "C", 300)]).owed_minor == 300
    assert plan_edit(WHAT, [LineUnits("l2", 0)]).refund_minor == 900


HQ, SOUTH = (
    Candidate(place, 1.0, 0, 0, free, (TARIFF,))
    for place, free in (("HQ", {"A": 3}), ("SOUTH", {"A": 9, "C": 5}))
)
STOCKED = replace(
    WHAT, lines=(replace(TEA, parts=(("l1/A", "A", 1),)), POT),
    shelves=Shelves((HQ, SOUTH), reserves=True),
)  # fmt: skip


def test_what_is_added_goes_along_where_it_lies_with_the_rest_or_by_itself() -> None:
    along = plan_edit(STOCKED, [LineUnits("l1", 5)])
    assert along.added == (Added("1-1", "HQ", (("l1/A", "A", 3),)),)
    [apart] = plan_edit(STOCKED, [LineUnits("l1", 6)]).added
    assert (apart.shipment_no, apart.location_id, apart.lines) == ("", "SOUTH", (("l1/A", "A", 4),))
    [new] = plan_edit(STOCKED, [LineUnits("", 2, "C")]).added
    assert (new.location_id, new.lines, new.carrier) == ("SOUTH", (("+0", "C", 2),), "sf")


def test_a_shipment_that_is_emptied_takes_nothing_along() -> None:
    both = replace(STOCKED, shelves=Shelves((replace(HQ, free={"C": 9}),), reserves=True))

    [instead] = plan_edit(both, [LineUnits("l1", 2, "C")]).added

    assert instead.shipment_no == ""
    assert (
        plan_edit(both, [LineUnits("l1", 1), LineUnits("", 1, "C")]).added[0].shipment_no == "1-1"
    )


def test_more_than_there_is_is_refused_with_how_many_there_are() -> None:
    with pytest.raises(ActionNotAllowed, match="of A 12 are free, 13 are needed"):
        plan_edit(STOCKED, [LineUnits("l1", 15)])
    held = replace(STOCKED, shelves=replace(STOCKED.shelves, reserves=False))
    assert plan_edit(held, [LineUnits("l1", 15)]).added == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"channel": "top"}, "changed where they were bought"),
        ({"order": replace(ORDER, status=OrderStatus.CANCELLED)}, "is cancelled"),
        ({"order": replace(ORDER, has_left=True)}, "has left already"),
        ({"order": replace(ORDER, holds=(HoldKind.UNPAID,))}, "held: unpaid"),
        ({"order": replace(ORDER, shipments=(replace(ONE, picked=True),))}, "picked already"),
        ({"order": replace(ORDER, shipments=(replace(ONE, box="x"),))}, "part them first"),
    ],
)
def test_lines_that_may_not_change_say_why(change: dict[str, object], why: str) -> None:
    with pytest.raises(ActionNotAllowed, match=why):
        plan_edit(replace(WHAT, **change), [LineUnits("l1", 1)])  # type: ignore[arg-type]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ActionNotAllowed, match="nothing would change"):
        plan_edit(WHAT, [LineUnits("l1", 2)])
    with pytest.raises(ActionNotAllowed, match="cancel the order instead"):
        plan_edit(WHAT, [LineUnits("l1", 0), LineUnits("l2", 0)])
    with pytest.raises(InvalidInput, match="no such line"):
        plan_edit(WHAT, [LineUnits("l9", 1)])
    with pytest.raises(InvalidInput, match="given twice"):
        plan_edit(WHAT, [LineUnits("l1", 1), LineUnits("l1", 0)])
    with pytest.raises(InvalidInput, match="there is no SKU D"):
        plan_edit(WHAT, [LineUnits("", 1, "D")])


def after(what: EditableOrder, plan: EditPlan, *, paid: bool) -> EditableOrder:
    """The order as the next change finds it."""
    changed = {line.line_id: line for line in plan.lines if line.line_id}
    lines = [
        replace(one, quantity=now.quantity_after, payable_minor=now.payable_after_minor)
        if (now := changed.get(one.line_id))
        else one
        for one in what.lines
    ]
    lines += [
        EditableLine(f"n{next(_NUMBERS)}", x.title, x.sku, x.quantity_after,
                     x.payable_after_minor)
        for x in plan.lines
        if not x.line_id
    ]  # fmt: skip
    received = what.received_minor - plan.refund_minor + (plan.owed_minor if paid else 0)
    return replace(
        what, payable_minor=plan.payable_after_minor, received_minor=received,
        lines=tuple(line for line in lines if line.quantity),
    )  # fmt: skip


@given(data=st.data())
def test_whatever_is_edited_paid_and_cancelled_the_money_adds_up(data: st.DataObject) -> None:
    """The order costs what its lines cost; what came in and stays is never more than that once the
    refunds are paid, and a cancellation gives back the rest to the cent."""
    what, refunded, paid_in = WHAT, 0, WHAT.received_minor
    for _ in range(data.draw(st.integers(1, 6))):
        wanted = [
            LineUnits(line.line_id, data.draw(st.integers(0, 4)),
                      data.draw(st.sampled_from(["", "C"])))
            for line in what.lines
        ]  # fmt: skip
        if data.draw(st.booleans()):
            wanted.append(LineUnits("", data.draw(st.integers(1, 3)), "C"))
        try:
            plan = plan_edit(what, wanted)
        except ActionNotAllowed:
            continue
        assert not (plan.owed_minor and plan.refund_minor)
        pays = data.draw(st.booleans())
        refunded += plan.refund_minor
        paid_in += plan.owed_minor if pays else 0
        what = after(what, plan, paid=pays)
        assert what.payable_minor == sum(line.payable_minor for line in what.lines)
        assert what.received_minor <= what.payable_minor
        assert paid_in - refunded == what.received_minor >= 0
    lines = tuple(
        CancellableLine(x.line_id, x.title, x.payable_minor, False, True) for x in what.lines
    )
    owed = what.payable_minor - what.received_minor
    order = CancellableOrder(
        "o", OrderStatus.ALLOCATED, "CNY", paid_in, refunded, 0, 0, lines, (), owed_minor=owed
    )
    assert plan_cancellation(order).refund_minor == what.received_minor
    if len(lines) > 1:
        part = plan_cancellation(order, [lines[0].line_id]).refund_minor
        assert part == max(lines[0].payable_minor - owed, 0)
        assert what.received_minor - part <= what.payable_minor - lines[0].payable_minor


def test_a_share_is_rounded_once_half_away_from_zero() -> None:
    assert share_of(1000, 1, 3) == 333
    assert share_of(5, 1, 2) == 3
    assert share_of(-5, 1, 2) == -3
