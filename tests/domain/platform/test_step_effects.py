"""What follows from each decision, told before it is made."""

from dataclasses import replace

import pytest

from domain.orders.effects import Effect, Effects
from domain.platform.step_effects import Preview, StepNow, previews
from web.words import STEP_EFFECT

LABEL = StepNow("label", "O-1-1", "carrier/sf", "杭州仓", 3, 2)


def only(step: StepNow, action: str) -> Preview:
    [preview] = previews(step, [action])
    return preview


def kinds(effects: tuple[Effect, ...]) -> list[str]:
    return [one.kind for one in effects]


def test_trying_again_orders_nothing_twice_and_keeps_what_is_reserved() -> None:
    preview = only(LABEL, "retry")

    assert kinds(preview.then) == ["order_waybills", "wait_for_carrier"]
    assert preview.effects.stock == (
        Effect("stays_reserved", "O-1-1", 3, "杭州仓", "carrier/sf", currency="CNY"),
    )
    assert (preview.effects.parcels[0].kind, preview.effects.parcels[0].quantity) == (
        "waybill_each_box",
        2,
    )
    assert preview.undone == ()


def test_taking_back_names_what_is_undone_in_its_order() -> None:
    lost = only(LABEL, "compensate")
    known = only(replace(LABEL, waybills=("SF1", "SF2")), "compensate")

    assert kinds(lost.undone) == ["void_unknown", "cancel_shipment", "free_units"]
    assert kinds(known.undone) == ["void_waybills", "cancel_shipment", "free_units"]
    assert known.undone[0].subject == "SF1, SF2"
    assert kinds(known.effects.stock) == ["units_free"]


def test_before_anything_was_ordered_nothing_is_void() -> None:
    preview = only(replace(LABEL, kind="rate"), "compensate")

    assert kinds(preview.undone) == ["cancel_shipment", "free_units"]
    assert preview.effects.parcels == ()


def test_a_label_that_is_only_renewed_keeps_its_stock() -> None:
    step = replace(LABEL, kind="void_label", waybills=("SF1",))

    assert kinds(only(step, "skip").effects.stock) == ["units_free"]
    assert kinds(only(replace(step, given_back=False), "skip").effects.stock) == ["stays_reserved"]


@pytest.mark.parametrize(("kind", "action"), [("promise", "done_by_hand"), ("stock.push", "retry")])
def test_what_touches_nothing_says_so(kind: str, action: str) -> None:
    preview = only(StepNow(kind), action)

    assert len(preview.then) == 1
    assert preview.effects == Effects()


def test_every_line_has_a_sentence_and_every_sentence_a_line() -> None:
    from domain.platform.step_effects import _PLANS, _UNKNOWN

    used = {
        code
        for plans in _PLANS.values()
        for plan in plans.values()
        for lines in (plan.then, plan.stock, plan.money, plan.parcels, plan.messages, plan.undone)
        for code in lines.split()
    }

    assert used | set(_UNKNOWN.values()) | {"item_goes", "ask_shop_again"} == set(STEP_EFFECT)
