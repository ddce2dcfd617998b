"""What each action does to stock, money, parcels and messages is computed from the order."""

from dataclasses import replace

import pytest

from domain.orders.actions import Doing, WhyNot, doable
from domain.orders.cancellation import CancellationPlan, PlannedEffect
from domain.orders.effects import UNDO, Effect, Effects, OrderNow, ShipmentNow
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.plan_effects import effects_of_cancellation
from domain.orders.previews import effects_of

HERE = ShipmentNow("S1", ShipmentStatus.PICKING, "Main", 3)
LABELLED = ShipmentNow("S2", ShipmentStatus.LABELLED, "South", 1, ("W1",), "sf", picked=True)
LEFT = ShipmentNow("S3", ShipmentStatus.IN_TRANSIT, "Main", 2, ("W2",), "zto", picked=True)
ORDER = OrderNow(
    "1", OrderStatus.IN_FULFILMENT, shipments=(HERE, LABELLED, LEFT), payable_minor=5000,
    received_minor=5000, receiver="contact",
)  # fmt: skip


def kinds(effects: Effects) -> dict[str, list[str]]:
    return {
        on: [f"{one.kind}:{one.subject}".rstrip(":") for one in getattr(effects, on)]
        for on in ("stock", "money", "parcels", "messages")
    }


def test_a_hold_keeps_stock_stops_what_is_here_and_lets_go_on_what_has_left() -> None:
    effects = effects_of(Doing.HOLD, ORDER)

    assert kinds(effects) == {
        "stock": ["kept:S1", "kept:S2"], "money": [], "messages": [],
        "parcels": ["stops:S1", "stops:S2", "goes_on:S3"],
    }  # fmt: skip
    assert effects.stock[0] == Effect("kept", "S1", 3, "Main")
    assert effects.undo == UNDO["hold"]


def test_a_release_moves_nothing_while_another_hold_stays_but_reserves_what_is_known() -> None:
    held = replace(
        ORDER, shipments=(), open_units=4, holds=frozenset({HoldKind.PRESALE, HoldKind.RISK})
    )

    effects = effects_of(Doing.RELEASE, held, HoldKind.PRESALE)

    assert effects.stock == (Effect("will_be_reserved", quantity=4),)
    assert effects.parcels == (Effect("holds_stay", quantity=1),)
    assert effects_of(Doing.RELEASE, held, HoldKind.RISK).stock == ()  # it is still a pre-sale


def test_a_release_says_that_goods_go_without_their_money() -> None:
    unpaid = replace(ORDER, received_minor=1000, holds=frozenset({HoldKind.UNPAID}))

    effects = effects_of(Doing.RELEASE, unpaid, HoldKind.UNPAID)

    assert [(one.kind, one.amount_minor) for one in effects.money] == [("goes_unpaid", 4000)]
    assert kinds(effects)["parcels"] == ["moves_on:S1", "moves_on:S2"]


def test_what_waited_too_long_for_its_payment_is_not_reserved_by_a_release() -> None:
    unpaid = replace(
        ORDER, shipments=(), open_units=4, stock_given_back=True, holds=frozenset({"unpaid"})
    )

    assert kinds(effects_of(Doing.RELEASE, unpaid, "unpaid"))["stock"] == ["reserved_once_paid"]


def test_an_address_voids_the_waybills_that_exist_and_tells_their_carrier() -> None:
    effects = effects_of(Doing.ADDRESS, replace(ORDER, shipments=(HERE, LABELLED)))

    assert kinds(effects)["parcels"] == ["void_label:W1", "labelled_again:S2"]
    assert effects.messages == (Effect("carrier_cancels", "W1", other="sf"),)


def test_money_of_a_platform_is_paid_back_by_the_platform() -> None:
    ours, theirs = (
        effects_of(Doing.CANCEL, ORDER),
        effects_of(Doing.CANCEL, replace(ORDER, channel="top")),
    )

    assert [(one.kind, one.amount_minor) for one in ours.money] == [("refund_due", 5000)]
    assert kinds(theirs)["money"] == ["channel_refunds"]
    assert ours.undo is None


def test_a_planned_cancellation_stands_by_what_it_touches_and_names_the_carriers_it_asks() -> None:
    plan = CancellationPlan(
        "o1", False, ("l1",), ("S2",), 900,
        (PlannedEffect("void_label", "W1"), PlannedEffect("release_stock", "S2", 1),
         PlannedEffect("cancel_line", "l1"), PlannedEffect("intercept", "W2"),
         PlannedEffect("refund_due", "o1", 0, 900, "CNY")),
        ("S3",),
    )  # fmt: skip

    assert kinds(effects_of_cancellation(plan, ORDER)) == {
        "stock": ["release_stock:S2", "cancel_line:l1"],
        "money": ["refund_due:o1"],
        "parcels": ["void_label:W1", "intercept:W2"],
        "messages": ["carrier_cancels:W1", "carrier_asked_back:W2"],
    }


def test_every_action_has_effects_and_every_undo_is_an_action_people_know() -> None:
    for doing in Doing:
        effects = effects_of(doing, replace(ORDER, holds=frozenset({"risk"})), "risk")
        assert effects.undo == UNDO.get(doing)


@pytest.mark.parametrize(
    ("doing", "change", "obstacle"),
    [
        (Doing.ADDRESS, {}, WhyNot.HAS_LEFT),
        (Doing.ADDRESS, {"shipments": (HERE, LABELLED)}, ""),
        (Doing.ADDRESS, {"shipments": (HERE,), "receiver": "masked"}, WhyNot.HIDDEN_RECEIVER),
        (Doing.LINES, {"shipments": (HERE,)}, ""),
        (Doing.LINES, {"shipments": (HERE,), "channel": "top"}, WhyNot.OTHER_CHANNEL),
        (Doing.LINES, {"shipments": (LABELLED,)}, WhyNot.PICKED),
        (Doing.LINES, {"shipments": (replace(HERE, goes_with=("2",)),)}, WhyNot.SHARED),
        (Doing.SPLIT, {"shipments": (HERE,)}, ""),
        (Doing.SPLIT, {"shipments": (HERE,), "cash_on_delivery": True}, WhyNot.CASH_ON_DELIVERY),
        (Doing.SPLIT, {"shipments": (LEFT,)}, WhyNot.HAS_LEFT),
        (Doing.MERGE, {"shipments": (HERE,), "goes_with": ("2",)}, ""),
        (Doing.MERGE, {"shipments": (HERE,)}, WhyNot.NOBODY_ELSE),
        (Doing.MERGE, {"shipments": (HERE, replace(HERE, no="S4"))}, ""),
        (Doing.MERGE, {"shipments": (HERE, replace(HERE, no="S4", box="S1"))}, WhyNot.NOBODY_ELSE),
        (Doing.UNMERGE, {"shipments": (replace(HERE, goes_with=("2",)),)}, ""),
        (Doing.UNMERGE, {}, WhyNot.NOT_SHARED),
        (Doing.DIFFERENCE, {}, WhyNot.NOTHING_OWED),
        (Doing.DIFFERENCE, {"holds": frozenset({"difference"}), "received_minor": 0,
                            "takes_difference": True}, ""),
        (Doing.VOID_LABEL, {}, WhyNot.NO_LABEL),
        (Doing.VOID_LABEL, {"label_open": "R1", "label_may_go": True}, ""),
        (Doing.CANCEL_INVOICE, {"invoice_open": "I1", "invoice_issued": True}, WhyNot.ISSUED),
        (Doing.REVERSE_INVOICE, {"invoice_open": "I1", "invoice_issued": True}, ""),
    ],
)  # fmt: skip
def test_each_action_says_why_it_is_not_possible_now(
    doing: Doing, change: dict[str, object], obstacle: str
) -> None:
    found = {one.doing: one.obstacle for one in doable(replace(ORDER, **change))}  # type: ignore[arg-type]

    assert found[doing] == obstacle
