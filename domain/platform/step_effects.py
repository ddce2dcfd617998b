"""What follows from a decision about a step that waits: told before it is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.orders.effects import Effect, Effects


@dataclass(frozen=True, slots=True)
class StepNow:
    """What of a step decides about what follows. `kind` is its name without a subject."""

    kind: str
    subject: str = ""  # its shipment, refund, return, invoice …
    system: str = ""
    place: str = ""  # where its goods lie
    units: int = 0
    boxes: int = 0
    waybills: tuple[str, ...] = ()
    given_back: bool = True  # its shipment ends; else it only gets another label
    amount_minor: int = 0
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision does: the steps that follow, what they touch, and what is undone, one after
    the other."""

    action: str
    then: tuple[Effect, ...]
    effects: Effects
    undone: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    """Codes of what follows."""

    then: str = ""
    stock: str = ""
    money: str = ""
    parcels: str = ""
    messages: str = ""
    undone: str = ""


_LABELLED: Final = _Plan(
    "order_waybills wait_for_carrier", "stays_reserved", "freight_charged", "waybill_each_box",
    "channel_after_hand_over",
)  # fmt: skip
_TAKEN_BACK: Final = _Plan(
    "source_anew", "units_free", "freight_not_charged", "waybills_void", "nobody_told",
    "void_waybills cancel_shipment free_units",
)  # fmt: skip
_VOIDED: Final = _Plan(
    "ask_to_void give_back", "free_once_void", "no_freight_once_void", "waybills_void",
    "carrier_forgets",
)  # fmt: skip
_SEEN: Final = _Plan("item_goes")
_ASK_AGAIN: Final = _Plan("ask_shop_again")

_WAITS_LONGER: Final = _Plan("waits_longer")
_NOT_BOOKED: Final = _Plan("count_not_booked")
_COUNTED_ANEW: Final = _Plan("count_not_booked counted_anew")

_PLANS: Final[Mapping[str, Mapping[str, _Plan]]] = {
    "count_late": {
        "retry": _WAITS_LONGER,
        "retry_with": _WAITS_LONGER,
        "skip": _Plan("counted_is_posted rest_due_again"),
        "compensate": _NOT_BOOKED,
    },
    "count_approval": {
        "retry": _Plan("asked_under_approvals"),
        "skip": _NOT_BOOKED,
        "compensate": _COUNTED_ANEW,
    },
    "count_post": {
        "retry": _Plan("counted_is_posted"),
        "skip": _NOT_BOOKED,
        "compensate": _COUNTED_ANEW,
    },
    "receipt_case": {
        "retry": _WAITS_LONGER,
        "retry_with": _WAITS_LONGER,
        "skip": _Plan("nobody_reminded"),
        "compensate": _Plan("receipt_leaves"),
    },
    "receipt_take_back": {"retry": _Plan("receipt_leaves"), "skip": _WAITS_LONGER},
    "label": {
        "retry": _LABELLED,
        "retry_with": _Plan(
            "take_values order_waybills wait_for_carrier", "stays_reserved", "freight_charged",
            "other_carrier_voids_first waybill_each_box", "channel_after_hand_over",
        ),
        "done_by_hand": _Plan(
            "keep_your_numbers wait_for_carrier", "stays_reserved", "freight_by_you",
            "your_numbers_printed", "channel_after_hand_over",
        ),
        "compensate": _TAKEN_BACK,
    },
    "rate": {
        "retry": _Plan("compare_tariffs order_waybills", "stays_reserved", "freight_charged"),
        "compensate": _TAKEN_BACK,
    },
    "look": {
        "retry": _Plan("ask_channel goes_on_as_told", "stays_reserved"),
        "skip": _Plan(
            "goes_on_unasked", "stays_reserved", "may_be_refunded", "may_send_cancelled"
        ),
    },
    "void_label": {
        "retry": _VOIDED,
        "done_by_hand": _Plan(
            "counts_as_void give_back", "units_free", "no_freight_if_void", "waybills_void"
        ),
        "skip": _Plan(
            "leaves_waybills give_back", "units_free", "may_be_charged", "waybills_live_on"
        ),
    },
    "void_label.anew": {
        "retry": _Plan("ask_to_void label_anew", "stays_reserved", "freight_charged",
                       "waybills_void waybill_each_box", "carrier_forgets"),
        "done_by_hand": _Plan("counts_as_void label_anew", "stays_reserved", "freight_charged",
                              "waybills_void waybill_each_box"),
        "skip": _Plan("leaves_waybills label_anew", "stays_reserved", "may_be_charged",
                      "waybills_live_on waybill_each_box"),
    },
    "ship_confirm": {
        "retry": _Plan("tell_channel", messages="channel_hears_numbers", parcels="goes_on_anyway"),
        "skip": _Plan("leave_out", messages="channel_never_hears", parcels="goes_on_anyway"),
    },
    "fetch": {
        "retry": _Plan("ask_channel goes_on_as_told"),
        "skip": _Plan("goes_on_with_what_is_known"),
    },
    "carry_out": {
        "retry": _Plan("books_again", "leaves_the_books"),
        "done_by_hand": _Plan("books_as_counted", "difference_found leaves_the_books"),
        "skip": _Plan("books_nothing", "nothing_leaves_books"),
    },
    "refund": {
        "retry": _Plan("ask_provider", money="paid_back_once", messages="provider_asked_by_number"),
        "done_by_hand": _Plan("closes_refund", money="counts_as_paid"),
        "skip": _Plan("closes_refund", money="stays_unpaid"),
    },
    "return_refund": {
        "done_by_hand": _Plan("closes_refund", money="counts_as_paid"),
        "skip": _Plan("closes_refund", money="stays_unpaid"),
    },
    "return_label": {
        "retry": _Plan(
            "order_return_label", money="freight_charged", parcels="return_waybill",
            messages="buyer_sees_label",
        ),
        "skip": _Plan("leave_out", parcels="no_return_waybill"),
    },
    "void_return": {
        "retry": _Plan("ask_to_void", parcels="waybills_void", money="no_freight_once_void",
                       messages="carrier_forgets"),
        "done_by_hand": _Plan("counts_as_void", money="no_freight_if_void"),
        "skip": _Plan("leaves_waybills", parcels="waybills_live_on", money="may_be_charged"),
    },
    "case_answer": {
        "retry": _Plan("tell_channel", messages="channel_hears_answer"),
        "done_by_hand": _Plan("goes_on", messages="counts_as_told"),
        "skip": _Plan("goes_on", messages="channel_never_hears", money="channel_may_decide"),
    },
    "invoice": {
        "retry": _Plan("order_invoice", money="invoiced_once", messages="issuer_asked_by_key"),
        "done_by_hand": _Plan("keep_your_numbers", money="counts_as_invoiced"),
        "skip": _Plan("leave_out", money="not_invoiced"),
    },
    "voucher_export": {
        "retry": _Plan("enter_voucher", money="books_unchanged", messages="erp_asked_by_key"),
        "retry_with": _Plan(
            "take_values enter_voucher", money="books_unchanged", messages="erp_asked_by_key"
        ),
        "done_by_hand": _Plan("keep_your_numbers", money="books_unchanged"),
        "skip": _Plan("leave_out", money="erp_differs"),
    },
    "purchase_send": {
        "retry": _Plan("asks_supplier_first", messages="supplier_gets_order_once"),
        "done_by_hand": _Plan("keep_your_numbers waits_for_supplier", messages="counts_as_told"),
    },
    "purchase_cancel": {
        "retry": _Plan("tell_supplier_cancelled", messages="supplier_hears_once"),
        "done_by_hand": _Plan("goes_on", messages="counts_as_told"),
    },
    "purchase_nudge": {
        "retry": _Plan("remind_supplier", messages="supplier_hears_once"),
        "skip": _Plan("leave_out"),
    },
    "intercept": {
        "retry": _Plan("ask_carrier_back", "counted_when_back", "refund_when_back", "turns_back",
                       "carrier_told_back"),
        "done_by_hand": _Plan("wait_for_parcel", "counted_when_back", "refund_when_back",
                              "turns_back"),
        "skip": _Plan("leave_out", "stays_sold", "no_refund_by_this", "goes_to_buyer"),
    },
    "transfer_reserve": {
        "retry": _Plan("promise_again", "promised_at_sender"),
        "skip": _Plan("promise_what_is_there", "rest_is_dropped"),
        "compensate": _Plan("cancel_transfer", "units_free"),
    },
    "transfer_post": {
        "retry": _Plan("books_again"),
        "skip": _Plan("books_nothing", "report_moves_nothing"),
    },
    "run": {"retry": _Plan("goes_on_from_tables")},
    "parcel": {
        "retry": _Plan("wait_for_news", parcels="asked_again"),
        "done_by_hand": _Plan("completes_later", parcels="counts_as_delivered"),
    },
    "stalled": {
        "retry": _Plan("wait_for_news", parcels="asked_again"),
        "done_by_hand": _Plan("completes_later", parcels="counts_as_delivered"),
    },
    "credentials": {"retry": _Plan("wake_all")},
    "settings": {"retry": _Plan("wake_all")},
    "ticket_conflict": {"done_by_hand": _Plan("first_ticket_holds", "nothing_more_leaves")},
}  # fmt: skip


def previews(step: StepNow, actions: Iterable[str]) -> tuple[Preview, ...]:
    """What each of these decisions does."""
    return tuple(_preview(step, action) for action in actions)


def _preview(step: StepNow, action: str) -> Preview:
    unknown = _SEEN if action == "done_by_hand" else _ASK_AGAIN
    kind = step.kind if step.given_back else f"{step.kind}.anew"
    plan = (_PLANS.get(kind) or _PLANS.get(step.kind, {})).get(action, unknown)
    effects = Effects(
        _lines(step, plan.stock), _lines(step, plan.money), _lines(step, plan.parcels),
        _lines(step, plan.messages),
    )  # fmt: skip
    return Preview(action, _lines(step, plan.then), effects, _lines(step, plan.undone))


def _lines(step: StepNow, codes: str) -> tuple[Effect, ...]:
    told = (code for code in codes.split() if code not in _UNKNOWN or _may_be_ordered(step))
    return tuple(_effect(step, code) for code in told)


def _effect(step: StepNow, code: str) -> Effect:
    subject = step.subject
    if code in _UNKNOWN:
        subject, code = ", ".join(step.waybills), code if step.waybills else _UNKNOWN[code]
    quantity = step.boxes if code in _OF_BOXES else step.units
    return Effect(
        code, subject, quantity, step.place, step.system, step.amount_minor,
        currency=step.currency,
    )  # fmt: skip


def _may_be_ordered(step: StepNow) -> bool:
    """Whether there is a waybill, or an earlier try may have made one; only packed boxes have."""
    return bool(step.waybills) or (step.boxes > 0 and step.kind != "rate")


_OF_BOXES: Final = frozenset({"waybill_each_box", "your_numbers_printed"})
# Lines about waybills, and how they are told where no number came back.
_UNKNOWN: Final = {
    "waybills_void": "unknown_void",
    "void_waybills": "void_unknown",
    "waybills_live_on": "unknown_lives_on",
}
