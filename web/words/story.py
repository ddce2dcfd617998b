"""The story of an order, and who acts in it."""

from collections.abc import Mapping
from typing import Any, Final

from api.language import N_
from web.words.channels import AFTER_SALE_KIND, AFTER_SALE_STAGE, CHANNEL
from web.words.claims import CLAIM_KIND, CLAIM_OUTCOME, CLAIM_WAITS
from web.words.orders import CHANNEL_STATE, HOLD
from web.words.parcels import PARCEL_STATUS, SHIPMENT_STATUS
from web.words.returns import (
    CASE_VERDICT,
    DISPOSITION,
    RETURN_KIND,
    RETURN_OUTCOME,
    RETURN_REASON,
    RETURN_WAITS,
)

ROLE: Final = {
    "customer_service": N_("Customer service"),
    "warehouse": N_("Warehouse"),
    "buyer": N_("Purchasing"),
    "finance": N_("Finance"),
    "dealer": N_("Dealer"),
    "manager": N_("Manager"),
    "admin": N_("Administrator"),
}

ACTOR: Final = {"system": N_("System"), "channel": N_("Channel"), "buyer": N_("The buyer")}

# A line of the story: kind → sentence; `{names}` come from the line's data, translated by kind.
STORY: Final = {
    "received": N_("Order received from {channel}"),
    "channel_state": N_("The channel says: {state}"),
    "channel_update": N_("The channel updated the order"),
    "channel_change_too_late": N_("The channel changed the order after work on it had begun"),
    "replanned": N_("Changed by the channel; planned again"),
    "held": N_("Held: {hold}"),
    "hold_released": N_("Hold released: {hold}"),
    "allocated": N_("Stock reserved at {location} for shipment {shipment}"),
    "backordered": N_("Not enough stock: {missing}"),
    "shipments_started": N_("Given to the warehouse"),
    "pick_list": N_("On the pick list"),
    "picked": N_("Picked"),
    "short_pick": N_("Not found while picking: {missing}"),
    "packed": N_("Packed and weighed"),
    "labelled": N_("Waybill {waybills}"),
    "handed_over": N_("Handed over to the carrier"),
    "tracked": N_("Parcel: {status}"),
    "stopped": N_("Shipment taken back; its stock is free again"),
    "settled": N_("Parcel settled by hand: {status}"),
    "address_changed": N_("Address corrected"),
    "cancelled": N_("Order cancelled"),
    "lines_cancelled": N_("Lines cancelled"),
    "cancel_too_late": N_("Too late to cancel: the parcel had left"),
    "kept_back": N_("Not handed over: held at the last moment"),
    "label_anew": N_("The receiver changed: the waybill is void, a new one is ordered"),
    "refund_settled": N_("Refund paid and recorded"),
    "payment_captured": N_("Payment received: {amount}"),
    "difference_paid": N_("The buyer paid {amount} of the difference ({reference})"),
    "second_payment": N_("Paid once more than owed: {amount} goes back by itself"),
    "start_refund": N_("Refund started through the payment provider"),
    "refund_processing": N_("The payment provider is paying {amount} back"),
    "refund_succeeded": N_("Paid back: {amount}"),
    "refund_abnormal": N_("The payment provider could not pay {amount} out"),
    "refund_closed": N_("The payment provider gave up the refund of {amount}"),
    "refund_by_hand": N_("Paid back by hand: {amount}"),
    "refund_skipped": N_("Refund of {amount} left out"),
    "give_back_unpaid": N_("Not paid in time; the stock was given back"),
    "release_presale": N_("The pre-sale date has come"),
    "complete": N_("Order completed"),
    "noted": N_("Wrote a note"),
    "note_taken_back": N_("Took a note back"),
    "tagged": N_("Put the tag “{tag}” on"),
    "untagged": N_("Took the tag “{tag}” off"),
    "sent_before": N_("It was sent before we heard of it; nothing is left to do"),
    "after_sale": N_("Case {after_sale_no}: {after_sale_kind}, {after_sale_stage}"),
    "fetch_skipped": N_("Went on without asking the channel"),
    "merged": N_("Goes in one parcel from {location}: orders {orders}"),
    "rejoined": N_("All of it goes in one parcel again, from {location}"),
    "parted": N_("Goes by itself again: orders {orders}"),
    "sent_ahead": N_("Goes now, in a shipment of its own ({shipment}): {lines}"),
    "lines_edited": N_("Lines changed: {lines}"),
    "carried_out": N_("Carried out of {location}: {goods}"),
    "carried_out_counted": N_("Carried out of {location}, the difference booked: {goods}"),
    "carried_out_before": N_("Carried out of {location}, its books knew of it: {goods}"),
    "ticket_conflict": N_("The ticket came again with other content; the first one holds"),
    "return_opened": N_("Return {return_no} opened: {return_kind}, {return_reason}"),
    "return_by_rules": N_("Return {return_no} approved by the rules"),
    "return_approve": N_("Return {return_no} approved"),
    "return_reject": N_("Return {return_no} rejected"),
    "return_settle": N_("Return {return_no}: decided what is paid back"),
    "return_asked": N_("Return {return_no}: the buyer was asked: {question}"),
    "return_answered": N_("Return {return_no}: the buyer answered"),
    "return_photos": N_("Return {return_no}: {photos} photos came"),
    "return_sent": N_("Return {return_no} is on its way: {waybills}"),
    "return_received": N_("Return {return_no} came in at {location}: {goods}"),
    "return_inspected": N_("Return {return_no}: {goods}, {disposition}, {location}"),
    "return_uninspected": N_("Return {return_no}: {goods}, {disposition} taken back: {reason}"),
    "return_reopened": N_("Return {return_no} was over; goods came all the same"),
    "return_replaced": N_("Return {return_no}: order {order_no} sends the goods anew"),
    "return_told": N_("Return {return_no}: the channel was told ({verdict})"),
    "return_settled": N_("Return {return_no}: {amount} are paid back"),
    "return_paid_by_hand": N_("Return {return_no}: {amount} paid back otherwise"),
    "return_rest_left_out": N_("Return {return_no}: {amount} left out"),
    "return_late": N_("Return {return_no} is late: {return_waits}"),
    "return_closed": N_("Return {return_no} closed: {return_outcome}"),
    "intercept_wanted": N_("Asked back on its way: {waybills}"),
    "intercept_asked": N_("The carrier brings parcel {waybills} back"),
    "intercept_came_back": N_("Parcel {waybills} came back; its goods are a return"),
    "intercept_too_late": N_("Asked back too late: parcel {waybills} was delivered"),
    "intercept_lost": N_("Parcel {waybills} was lost on its way back"),
    "intercept_given_up": N_("Parcel {waybills} is not asked back after all"),
    "claim_opened": N_("Claim {claim_no} opened for parcel {waybills}: {claim_kind}"),
    "claim_filed": N_("Claim {claim_no} filed at the carrier as {reference}: {amount}"),
    "claim_accepted": N_("Claim {claim_no}: the carrier accepts {amount}"),
    "claim_refused": N_("Claim {claim_no}: the carrier refused: {reason}"),
    "claim_paid": N_("Claim {claim_no}: {amount} came in"),
    "claim_written_off": N_("Claim {claim_no}: {amount} written off: {reason}"),
    "claim_withdrawn": N_("Claim {claim_no} withdrawn, {amount} paid back: {reason}"),
    "claim_found": N_("Claim {claim_no}: the parcel is there after all"),
    "claim_late": N_("Claim {claim_no}, reminder {times}: {claim_waits}"),
    "claim_closed": N_("Claim {claim_no} closed: {claim_outcome}"),
    "goods_expected": N_("Missing goods ({skus}) are expected on {day}, with {purchase_no}"),
    "goods_delayed": N_(
        "Missing goods ({skus}): no day is known any more; {purchase_no} is late or short"
    ),
}

STORY_ICON: Final = {
    "received": "inbox", "channel_state": "message-circle", "channel_update": "message-circle",
    "held": "hand-stop", "hold_released": "player-play", "allocated": "map-pin",
    "backordered": "hourglass", "shipments_started": "building-warehouse",
    "pick_list": "list-check", "picked": "basket-check", "short_pick": "alert-triangle",
    "merged": "arrows-join-2", "rejoined": "arrows-join-2", "parted": "arrows-split-2",
    "sent_ahead": "arrows-split-2", "lines_edited": "edit",
    "packed": "package", "labelled": "tag", "handed_over": "truck-loading", "tracked": "truck",
    "stopped": "arrow-back-up", "cancelled": "x", "lines_cancelled": "x",
    "address_changed": "map-2", "refund_settled": "cash",
    "payment_captured": "cash", "difference_paid": "cash", "second_payment": "cash",
    "start_refund": "cash",
    "refund_processing": "cash", "refund_succeeded": "cash", "refund_by_hand": "cash",
    "refund_abnormal": "alert-triangle", "refund_closed": "alert-triangle",
    "complete": "circle-check",
    "sent_before": "truck", "noted": "pencil", "note_taken_back": "arrow-back-up",
    "tagged": "tag", "untagged": "tag-off",
    "channel_change_too_late": "alert-triangle", "replanned": "refresh",
    "after_sale": "receipt-refund", "carried_out": "shopping-bag",
    "carried_out_counted": "shopping-bag", "carried_out_before": "shopping-bag",
    "ticket_conflict": "alert-triangle",
    "return_opened": "receipt-refund", "return_by_rules": "receipt-refund",
    "return_approve": "receipt-refund", "return_reject": "x", "return_settle": "receipt-refund",
    "return_asked": "message-circle", "return_answered": "message-circle",
    "return_sent": "truck", "return_photos": "photo", "return_received": "package",
    "return_inspected": "list-check",
    "return_uninspected": "arrow-back-up",
    "return_told": "message-circle", "return_replaced": "package",
    "return_reopened": "alert-triangle", "return_settled": "cash", "return_paid_by_hand": "cash",
    "return_rest_left_out": "cash", "return_late": "alert-triangle",
    "return_closed": "circle-check",
    "intercept_wanted": "truck-return", "intercept_asked": "truck-return",
    "intercept_came_back": "package", "intercept_too_late": "alert-triangle",
    "intercept_lost": "alert-triangle", "intercept_given_up": "x",
    "claim_opened": "receipt-refund", "claim_filed": "receipt-refund", "claim_accepted": "cash",
    "claim_refused": "x", "claim_paid": "cash", "claim_written_off": "x",
    "claim_withdrawn": "arrow-back-up", "claim_found": "package", "claim_late": "alert-triangle",
    "claim_closed": "circle-check", "goods_expected": "calendar",
    "goods_delayed": "alert-triangle",
    "cancel_too_late": "alert-triangle", "kept_back": "hand-stop", "label_anew": "tag",
}  # fmt: skip

_TRANSLATED: Final[Mapping[str, Mapping[str, str]]] = {
    "channel": CHANNEL,
    "hold": HOLD,
    "state": CHANNEL_STATE,
    "after_sale_kind": AFTER_SALE_KIND,
    "after_sale_stage": AFTER_SALE_STAGE,
    "return_kind": RETURN_KIND,
    "return_reason": RETURN_REASON,
    "return_outcome": RETURN_OUTCOME,
    "return_waits": RETURN_WAITS,
    "disposition": DISPOSITION,
    "verdict": CASE_VERDICT,
    "claim_kind": CLAIM_KIND,
    "claim_outcome": CLAIM_OUTCOME,
    "claim_waits": CLAIM_WAITS,
}


def story_values(kind: str, data: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """What a story's sentence is filled with: name → (text, whether it is ours to translate)."""
    values: dict[str, tuple[str, bool]] = {}
    for name, value in data.items():
        words = _TRANSLATED.get(name)
        if name == "status":
            words = SHIPMENT_STATUS if kind == "settled" else PARCEL_STATUS
        known = words.get(str(value)) if words else None
        values[name] = (known, True) if known else (str(value), False)
    return values
