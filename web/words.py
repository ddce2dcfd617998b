"""Codes of the business in plain words. Sentences are English here; catalogues translate them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.language import N_
from api.orders.sourcing_words import CARRIER as CARRIER

ORDER_STATUS: Final = {
    "received": N_("Received"),
    "on_hold": N_("On hold"),
    "backordered": N_("Waiting for stock"),
    "allocated": N_("Allocated"),
    "in_fulfilment": N_("In the warehouse"),
    "shipped": N_("Shipped"),
    "delivered": N_("Delivered"),
    "completed": N_("Completed"),
    "cancelled": N_("Cancelled"),
}

SHIPMENT_STATUS: Final = {
    "allocated": N_("Allocated"),
    "picking": N_("To be picked"),
    "packed": N_("Packed"),
    "labelled": N_("Labelled"),
    "handed_over": N_("Handed over"),
    "in_transit": N_("On its way"),
    "delivered": N_("Delivered"),
    "exception": N_("Problem on the way"),
    "cancelled": N_("Cancelled"),
}

PARCEL_STATUS: Final = {
    "labelled": N_("Labelled"),
    "picked_up": N_("Picked up"),
    "in_transit": N_("On its way"),
    "out_for_delivery": N_("Out for delivery"),
    "at_pickup_point": N_("At a pick-up point"),
    "delivered": N_("Delivered"),
    "exception": N_("Problem on the way"),
    "returning": N_("Coming back"),
    "returned": N_("Came back"),
    "lost": N_("Lost"),
    "unknown": N_("Unknown"),
}

INCIDENT: Final = {
    "refused": N_("Refused by the receiver"),
    "unreachable": N_("Receiver not reached"),
    "deliver_later": N_("Receiver asked for another day"),
    "wrong_address": N_("Address or phone is wrong"),
    "forbidden_goods": N_("Goods that may not be sent"),
    "called_back": N_("Called back by us"),
    "damaged": N_("Damaged on the way"),
    "lost": N_("Lost on the way"),
    "misrouted": N_("Sent the wrong way"),
    "delayed": N_("Delayed by the carrier"),
    "weather": N_("Weather"),
    "customs": N_("Held by customs"),
    "unexplained": N_("The carrier gives no reason"),
}

FAULT: Final = {
    "carrier": N_("Carrier's fault"),
    "receiver": N_("Receiver's fault"),
    "sender": N_("Sender's fault"),
    "weather": N_("Nobody's fault"),
    "customs": N_("Customs"),
    "other": N_("Fault not known"),
}

HOLD: Final = {
    "unpaid": N_("Not paid"),
    "unmapped_sku": N_("Unknown product"),
    "address": N_("Address"),
    "risk": N_("Risk check"),
    "manual": N_("Held by hand"),
    "cash_on_delivery": N_("Cash on delivery"),
    "presale": N_("Pre-sale"),
    "refund_in_progress": N_("Refund in progress"),
    "frozen_by_channel": N_("Frozen by the channel"),
    "no_lines": N_("Nothing to send"),
    "no_such_order": N_("No such order"),
    "sent_elsewhere": N_("Sent elsewhere"),
    "stock_count": N_("Stock count differs"),
}

WAITS_FOR: Final = {
    "decision": N_("A step cannot go on by itself: somebody has to decide."),
    "refund": N_("Money is due back to the buyer: pay it, then record it here."),
    "refund_running": N_("The refund is on its way through the payment provider."),
    "channel": N_("Waiting for the channel to tell us about the order."),
    "stock": N_("Waiting for stock: goods that come in go to the oldest payment first."),
    "warehouse": N_("Stock is reserved; the warehouse gets it next."),
    "picking": N_("Waiting for the warehouse to pick it."),
    "packing": N_("Picked; waiting to be packed."),
    "label": N_("Packed; waiting for a waybill from the carrier."),
    "hand_over": N_("Labelled; waiting for the carrier to collect it."),
    "delivery": N_("On its way to the receiver."),
    "parcel": N_("Something happened to a parcel; somebody has to look."),
    "completion": N_("Delivered; it is completed after the return period."),
    "hold:unpaid": N_("Waiting for the payment."),
    "hold:unmapped_sku": N_(
        "A product of the channel is not known here; map it and the order goes on."
    ),
    "hold:address": N_("The address is missing or incomplete; correct it and the order goes on."),
    "hold:risk": N_("Somebody has to look at it before it goes out."),
    "hold:manual": N_("Held by hand until somebody releases it."),
    "hold:cash_on_delivery": N_("Cash on delivery: to be confirmed with the buyer."),
    "hold:presale": N_("Pre-sale: waiting for the promised date."),
    "hold:refund_in_progress": N_(
        "The buyer asked for a refund; waiting for the channel's decision."
    ),
    "hold:frozen_by_channel": N_("The channel forbids shipping for now."),
    "hold:no_lines": N_("Nothing on this order can be sent."),
    "hold:no_such_order": N_(
        "The channel cancelled an order that it never told us about; release it to close it."
    ),
    "hold:sent_elsewhere": N_(
        "The channel says it is sent, and it was not us; release it to close the order."
    ),
    "hold:stock_count": N_(
        "Sold and carried out, but the store's books have too few: receive or count, or decide."
    ),
}
NOTHING: Final = N_("Nothing: the order goes on by itself.")
CLOSED: Final = N_("The order is closed.")

LINE_KIND: Final = {
    "goods": N_("Goods"),
    "service": N_("Service"),
    "charge": N_("Charge"),
    "discount": N_("Discount"),
}

CHANNEL: Final = {
    "top": N_("Tmall/Taobao"),
    "jd": N_("JD.com"),
    "pdd": N_("Pinduoduo"),
    "douyin": N_("Douyin"),
    "wechat": N_("WeChat shop"),
    "woocommerce": "WooCommerce",
    "shopify": "Shopify",
    "own": N_("Own channel"),
    "pos": N_("Store tills"),
}

# How a channel itself names a shop.
EXTERNAL_ID: Final = {
    "top": N_("The seller's nick, or another name of the shop on Tmall or Taobao."),
    "jd": N_("The vender id (商家编号)."),
    "pdd": N_("The mall id (店铺 ID)."),
    "douyin": N_("Douyin's shop id: it stands in every message Douyin sends."),
    "wechat": N_("The app id of the shop (wx…)."),
    "woocommerce": N_("The shop's address without https, such as shop.example."),
    "shopify": N_("The shop's own domain, such as name.myshopify.com."),
    "own": N_("Any name; one shop of yours has it."),
    "pos": N_("Any name; one group of tills has it."),
}

TICKET: Final = {
    "accepted": N_("New"),
    "duplicate": N_("Known before"),
    "conflict": N_("Number used twice"),
    "parked": N_("Parked"),
    "rejected": N_("Not taken"),
}

TENDER: Final = {
    "cash": N_("Cash"),
    "card": N_("Card"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "voucher": N_("Voucher"),
    "stored_value": N_("Stored value"),
    "other": N_("Other"),
}

PAYMENT_PROVIDER: Final = {
    "wechatpay": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "stripe": "Stripe",
}

PAYMENT_PURPOSE: Final = {
    "order": N_("for the order"),
    "surplus": N_("paid once too often"),
    "other_currency": N_("in another currency: look at it"),
}

REFUND_STATE: Final = {
    "intended": N_("being asked for"),
    "processing": N_("on its way"),
    "succeeded": N_("paid back"),
    "abnormal": N_("not paid out"),
    "closed": N_("given up by the provider"),
    "by_hand": N_("paid by hand"),
    "skipped": N_("left out"),
}

RETURN_KIND: Final = {
    "return": N_("Return and refund"),
    "refund_only": N_("Refund only"),
    "came_back": N_("Came back undelivered"),
}

RETURN_CHOICE: Final = {
    **RETURN_KIND,
    "exchange": N_("Exchange"),
    "resend": N_("Send anew"),
}

REMEDY: Final = {
    "refund": N_("Refund"),
    "exchange": N_("Exchange"),
    "resend": N_("Send anew"),
}

RETURN_KIND_MEANS: Final = {
    "exchange": N_("The same goods are sent anew once these are here and accepted."),
    "resend": N_("Lost or damaged: the same goods are sent anew, nothing comes back."),
    "return": N_("The goods come back first; money follows for what really came."),
    "refund_only": N_("The goods stay with the buyer, or it is about money alone."),
    "came_back": N_("Refused or undeliverable; it is on its way to us already."),
}

RETURN_ORIGIN: Final = {
    "customer_service": N_("Customer service"),
    "consumer": N_("The buyer"),
    "channel": N_("Channel"),
    "tracking": N_("The carrier's tracking"),
    "till": N_("Store tills"),
    "import": N_("Replay of past orders"),
}

RETURN_DECISION: Final = {
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "withdrawn": N_("Withdrawn"),
}

RETURN_QUEUE: Final = {
    "": N_("All open"),
    "decide": N_("To be decided"),
    "settle": N_("To be settled"),
    "buyer": N_("Waits for the buyer"),
    "coming": N_("Coming back"),
    "inspect": N_("To be inspected"),
    "paying": N_("Being paid back"),
    "closed": N_("Closed"),
}

RETURN_REASON: Final = {
    "changed_mind": N_("Changed their mind"),
    "wrong_size": N_("Does not fit"),
    "damaged": N_("Damaged"),
    "defective": N_("Does not work"),
    "wrong_item": N_("Wrong item sent"),
    "missing_parts": N_("Something is missing"),
    "not_as_described": N_("Not as described"),
    "late": N_("Arrived too late"),
    "lost": N_("Lost on the way"),
    "refused": N_("Refused at the door"),
    "returned_to_sender": N_("Sent back by the carrier"),
    "goodwill": N_("Goodwill"),
    "other": N_("Something else"),
}

RETURN_STATUS: Final = {
    "requested": N_("To be decided"),
    "approved": N_("Waits for the parcel"),
    "in_transit": N_("Coming back"),
    "received": N_("To be inspected"),
    "inspected": N_("To be settled"),
    "refunding": N_("Being paid back"),
    "closed": N_("Closed"),
}

RETURN_OUTCOME: Final = {
    "refunded": N_("Paid back"),
    "replaced": N_("Sent anew"),
    "nothing_due": N_("Nothing paid back"),
    "rejected": N_("Rejected"),
    "expired": N_("Nothing was sent in time"),
    "withdrawn": N_("Withdrawn"),
}

RETURN_WAITS: Final = {
    "decision": N_("Somebody has to approve or reject it."),
    "buyer_answer": N_("The buyer was asked something; our clock stands still."),
    "buyer_parcel": N_("The buyer has to send the goods and tell the parcel's number."),
    "parcel": N_("The parcel is on its way to us."),
    "inspection": N_("The goods are here and have to be inspected."),
    "settlement": N_("Somebody has to say what is paid back."),
    "refund": N_("The payment provider is paying it back."),
    "refund_by_hand": N_("No payment is known: somebody has to pay it and record it."),
    "channel_refund": N_("The channel pays it back itself."),
}

# The same for the buyer.
RETURN_FOR_BUYER: Final = {
    "decision": N_("We look at your request."),
    "parcel": N_("Your parcel is on its way to us:"),
    "inspection": N_("Your parcel is here; we look at it."),
    "settlement": N_("We look at what you sent back."),
    "refund": N_("Your money is on its way."),
    "refund_by_hand": N_("Your money is on its way."),
    "channel_refund": N_("You are paid back where you bought it."),
}

RETURN_DOUBT: Final = {
    "not_delivered": N_("The order is not delivered yet"),
    "outside_window": N_("The time for returns is over"),
    "amount": N_("The sum is above what the rules may approve"),
    "history": N_("This buyer has returned often"),
    "goods": N_("Goods of a kind that a person decides about"),
    "reason": N_("The reason needs a person"),
    "without_goods": N_("Money is asked for without goods coming back"),
}

DISPOSITION: Final = {
    "resell": N_("For sale again"),
    "refurbish": N_("To be refurbished"),
    "scrap": N_("Scrap"),
    "to_supplier": N_("Back to the supplier"),
    "to_customer": N_("Back to the buyer"),
}

CASE_VERDICT: Final = {
    "agree": N_("agreed"),
    "refuse": N_("refused"),
    "received": N_("goods received"),
}

RETURN_EFFECT: Final = {
    "expect_goods": N_("{quantity} × {subject} may come back"),
    "goods_stay": N_("{quantity} × {subject} stay with the buyer"),
    "goods_accepted": N_("{quantity} × {subject} were accepted"),
    "goods_refused": N_("{quantity} × {subject} go back to the buyer"),
    "pay_goods": N_("{amount} for the goods"),
    "pay_postage": N_("{amount} for the postage"),
    "pay_less": N_("{amount} less"),
    "pay_goodwill": N_("{amount} as goodwill"),
    "pays_provider": N_("{amount} go back through the payment provider"),
    "pays_channel": N_("The channel pays {amount} back itself"),
    "pays_person": N_("{amount} have to be paid by hand: no payment is known"),
    "pays_nothing": N_("Nothing is paid back"),
    "send_anew": N_("{quantity} × {subject} are sent anew"),
    "let_go": N_("{quantity} × {subject} do not come back"),
}

CHANNEL_STATE: Final = {
    "unpaid": N_("not paid"),
    "paid": N_("paid"),
    "part_shipped": N_("partly shipped"),
    "shipped": N_("shipped"),
    "completed": N_("completed"),
    "cancelled": N_("cancelled"),
    "frozen": N_("frozen"),
}

ROLE: Final = {
    "customer_service": N_("Customer service"),
    "warehouse": N_("Warehouse"),
    "buyer": N_("Buyer"),
    "finance": N_("Finance"),
    "manager": N_("Manager"),
    "admin": N_("Administrator"),
}

# What the trade calls the accounts of the books.
ACCOUNT: Final = {
    "cash_on_hand": N_("Cash on hand"),
    "bank": N_("Bank"),
    "cash_at_provider": N_("Money at payment providers"),
    "channel_receivable": N_("Receivable from channels"),
    "buyer_receivable": N_("Receivable from buyers"),
    "carrier_collected": N_("Collected by carriers"),
    "inventory": N_("Inventory"),
    "stock_differences": N_("Stock differences"),
    "goods_received": N_("Goods received, not invoiced"),
    "buyer_deposits": N_("Buyer deposits"),
    "tax_payable": N_("Tax payable"),
    "payments_to_return": N_("Payments to return"),
    "opening_balance": N_("Opening balance"),
    "sales": N_("Sales"),
    "discounts": N_("Discounts"),
    "refunds": N_("Refunds of sales"),
    "freight_income": N_("Freight income"),
    "other_income": N_("Other income"),
    "cost_of_goods_sold": N_("Cost of goods sold"),
    "cost_differences": N_("Changes of standard cost"),
    "samples": N_("Samples"),
    "internal_use": N_("Internal use"),
}

# What a voucher stands for.
BOOKED: Final = {
    "captured": N_("Paid by the buyer"),
    "refunded": N_("Paid back to the buyer"),
    "payment": N_("Payment at the provider"),
    "refund": N_("Refund paid out"),
    "tender": N_("Taken at the till"),
    "stock": N_("Goods moved"),
    "collected": N_("Collected at the door"),
    "closed": N_("Order closed"),
    "cost": N_("New standard cost"),
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
    "sent_before": N_("It was sent before we heard of it; nothing is left to do"),
    "after_sale": N_("Case {after_sale_no}: {after_sale_kind}, {after_sale_stage}"),
    "fetch_skipped": N_("Went on without asking the channel"),
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
    "return_sent": N_("Return {return_no} is on its way: {waybills}"),
    "return_received": N_("Return {return_no} came in at {location}: {goods}"),
    "return_inspected": N_("Return {return_no}: {goods}, {disposition}, {location}"),
    "return_reopened": N_("Return {return_no} was over; goods came all the same"),
    "return_replaced": N_("Return {return_no}: order {order_no} sends the goods anew"),
    "return_told": N_("Return {return_no}: the channel was told ({verdict})"),
    "return_settled": N_("Return {return_no}: {amount} are paid back"),
    "return_paid_by_hand": N_("Return {return_no}: {amount} paid back otherwise"),
    "return_rest_left_out": N_("Return {return_no}: {amount} left out"),
    "return_late": N_("Return {return_no} is late: {return_waits}"),
    "return_closed": N_("Return {return_no} closed: {return_outcome}"),
}

STORY_ICON: Final = {
    "received": "inbox", "channel_state": "message-circle", "channel_update": "message-circle",
    "held": "hand-stop", "hold_released": "player-play", "allocated": "map-pin",
    "backordered": "hourglass", "shipments_started": "building-warehouse",
    "pick_list": "list-check", "picked": "basket-check", "short_pick": "alert-triangle",
    "packed": "package", "labelled": "tag", "handed_over": "truck-loading", "tracked": "truck",
    "stopped": "arrow-back-up", "cancelled": "x", "lines_cancelled": "x",
    "address_changed": "map-2", "refund_settled": "cash",
    "payment_captured": "cash", "second_payment": "cash", "start_refund": "cash",
    "refund_processing": "cash", "refund_succeeded": "cash", "refund_by_hand": "cash",
    "refund_abnormal": "alert-triangle", "refund_closed": "alert-triangle",
    "complete": "circle-check",
    "sent_before": "truck",
    "channel_change_too_late": "alert-triangle", "replanned": "refresh",
    "after_sale": "receipt-refund", "carried_out": "shopping-bag",
    "carried_out_counted": "shopping-bag", "carried_out_before": "shopping-bag",
    "ticket_conflict": "alert-triangle",
    "return_opened": "receipt-refund", "return_by_rules": "receipt-refund",
    "return_approve": "receipt-refund", "return_reject": "x", "return_settle": "receipt-refund",
    "return_asked": "message-circle", "return_answered": "message-circle",
    "return_sent": "truck", "return_received": "package", "return_inspected": "list-check",
    "return_told": "message-circle", "return_replaced": "package",
    "return_reopened": "alert-triangle", "return_settled": "cash", "return_paid_by_hand": "cash",
    "return_rest_left_out": "cash", "return_late": "alert-triangle",
    "return_closed": "circle-check",
    "cancel_too_late": "alert-triangle", "kept_back": "hand-stop", "label_anew": "tag",
}  # fmt: skip

CAUSE: Final = {
    "NotPosted": N_("Cannot be posted"),
    "Unavailable": N_("The other side does not answer"),
    "AnswerLost": N_("No answer came; it may have been done"),
    "RateLimited": N_("The other side asks us to slow down"),
    "Rejected": N_("The other side refuses the request"),
    "CredentialsRefused": N_("The other side refuses our credentials"),
    "SettingsRefused": N_("A setting of ours cannot be used"),
    "NeedsPlatformWaybill": N_("Only the platform can make this waybill"),
    "NotOffered": N_("The carrier offers no such service"),
    "RefundDue": N_("Money is due back to the buyer"),
    "NotEnoughBalance": N_("Our balance at the payment provider is too small: top up, then retry"),
    "RefundAbnormal": N_("The refund was accepted but could not be paid out"),
    "RefundClosed": N_("The payment provider gave the refund up; retry uses a new number"),
    "RefundedTwice": N_("A refund arrived that a person had settled another way"),
    "Parcel": N_("A parcel needs attention"),
    "Bug": N_("An unexpected failure"),
    "InvalidInput": N_("A value cannot be used"),
    "UnreadableMessage": N_("A message cannot be read"),
    "StockCountDiffers": N_("The books have too few of what was sold"),
    "TicketConflict": N_("A ticket number came with two contents"),
    "LateFact": N_("News about a closed order"),
    "ReturnLate": N_("A return waits longer than promised"),
}

STEP: Final = {
    "label": N_("Order a waybill"),
    "void_label": N_("Void the waybill"),
    "look": N_("Ask the channel before going on"),
    "run": N_("The order as a whole"),
    "rate": N_("Choose the carrier"),
    "return_label": N_("Order a return label"),
    "void_return": N_("Void the return label"),
    "ship_confirm": N_("Tell the channel"),
    "fetch": N_("Ask the channel for the order"),
    "refund": N_("Pay the refund"),
    "refund_twice": N_("A refund paid twice"),
    "channel.pull": N_("Pull orders"),
    "channel.after_sales": N_("Pull refunds and returns"),
    "channel.consume": N_("Take messages"),
    "stock.push": N_("Tell the stock for sale"),
    "stock.drift": N_("Compare the stock for sale"),
    "stalled": N_("No news of the parcel"),
    "parcel": N_("Look after the parcel"),
    "credentials": N_("Renew the credentials"),
    "settings": N_("Mend the settings"),
    "carry_out": N_("Book what was carried out"),
    "ticket_conflict": N_("Compare two tickets"),
    "late_fact": N_("Read what the channel says"),
    "return_late": N_("Go on with the return"),
    "return_refund": N_("Pay the return back"),
    "case_answer": N_("Answer the case at the channel"),
}

ACTION: Final = {
    "retry": N_("Try again"),
    "retry_with": N_("Try again with other values"),
    "done_by_hand": N_("Done by hand"),
    "skip": N_("Skip"),
    "compensate": N_("Take back"),
    "carry_out.done_by_hand": N_("Book the difference as counted"),
    "carry_out.skip": N_("The books knew of it"),
    "ticket_conflict.done_by_hand": N_("The first one holds"),
    "late_fact.done_by_hand": N_("Read and dealt with"),
    "return_late.done_by_hand": N_("Seen"),
}
ACTION_MEANS: Final = {
    "retry": N_("The same call once more; nothing is done twice."),
    "retry_with": N_("Correct what was wrong, then the step runs with your values."),
    "done_by_hand": N_("You did it yourself outside; record the result and the order goes on."),
    "skip": N_("Leave the step out for good; the order goes on without it."),
    "compensate": N_("Undo the work back to before this step; the stock is free again."),
    "carry_out.retry": N_("After goods were received or counted: what is there now leaves."),
    "carry_out.done_by_hand": N_(
        "What the books do not have is booked as found by a count, then it leaves."
    ),
    "carry_out.skip": N_("The count was made after the sale: nothing more leaves the books."),
    "ticket_conflict.done_by_hand": N_(
        "If the other one was a sale too, the till sends it under a number of its own."
    ),
    "late_fact.done_by_hand": N_("Nothing more happens by itself; say what you did."),
    "return_late.done_by_hand": N_("The item goes; the return itself is decided on its page."),
}

INPUT: Final = {
    "carrier": N_("Carrier"),
    "product": N_("Carrier's product"),
    "waybill_no": N_("Waybill number"),
    "name": N_("Name"),
    "phone": N_("Phone"),
    "province": N_("Province"),
    "city": N_("City"),
    "district": N_("District"),
    "detail": N_("Street and number"),
}

EFFECT: Final = {
    "stop_picking": N_("Stop shipment {subject}"),
    "void_label": N_("Void waybill {subject}"),
    "release_stock": N_("Free {quantity} units of shipment {subject}"),
    "cancel_line": N_("Cancel line: {subject}"),
    "refund_due": N_("{amount} become due back to the buyer"),
    "channel_refunds": N_("The channel pays the money back itself"),
    "cannot_stop": N_("Cannot be stopped any more, it has left: {subject}"),
}

RETURN_STATE: Final = {
    "wanted": N_("Return label is being ordered"),
    "ordered": N_("Return label ordered"),
    "cancelling": N_("Return label is being voided"),
    "cancelled": N_("Voided"),
    "arrived": N_("Goods are back"),
}

AFTER_SALE_KIND: Final = {
    "refund": N_("Refund"),
    "return": N_("Return"),
    "exchange": N_("Exchange"),
    "repair": N_("Repair"),
    "other": N_("After-sales"),
}

AFTER_SALE_STAGE: Final = {
    "requested": N_("waits for our answer"),
    "agreed": N_("agreed"),
    "on_the_way": N_("goods coming back"),
    "received": N_("goods received"),
    "refused": N_("refused"),
    "closed": N_("closed"),
    "done": N_("settled"),
    "unknown": N_("unknown"),
}

# Whether we call a shop or carrier now.
GATE: Final = {
    "flowing": N_("Open"),
    "draining": N_("Going on, one after the other"),
    "holding": N_("Does not answer; tried again by itself"),
    "paused": N_("Paused"),
    "credentials": N_("Credentials refused"),
    "settings": N_("A setting cannot be used"),
    "switched_off": N_("Switched off"),
}

RANGE_ASKED: Final = {
    "orders": N_("Orders"),
    "after_sales": N_("Refunds and returns"),
}

MATCH: Final = {
    "code": N_("same code"),
    "barcode": N_("same barcode"),
    "like_code": N_("code written otherwise"),
    "name": N_("similar name"),
}

LOCATION_KIND: Final = {
    "hq": N_("Head warehouse"),
    "region": N_("Regional warehouse"),
    "store": N_("Store"),
    "dealer": N_("Dealer"),
    "transit": N_("On the way"),
}

# How a status looks: the name of a colour in app.css.
TONE: Final = {
    "received": "calm", "on_hold": "wait", "backordered": "wait", "allocated": "go",
    "in_fulfilment": "go", "picking": "go", "packed": "go", "labelled": "go",
    "handed_over": "go", "shipped": "go", "in_transit": "go", "picked_up": "go",
    "out_for_delivery": "go", "at_pickup_point": "go", "delivered": "done", "completed": "done",
    "cancelled": "off", "exception": "stop", "returning": "stop", "returned": "stop",
    "lost": "stop", "unknown": "off", "flowing": "done", "draining": "go", "holding": "wait",
    "requested": "wait", "approved": "go", "inspected": "wait", "refunding": "go",
    "closed": "off", "refunded": "done", "replaced": "done", "nothing_due": "off",
    "rejected": "stop",
    "expired": "off", "withdrawn": "off",
    "paused": "wait", "credentials": "stop", "settings": "stop", "switched_off": "off",
}  # fmt: skip

# What shipments wait for, from the earliest to the latest; an order waits for the slowest.
_STAGES: Final = ("warehouse", "picking", "packing", "label", "hand_over", "delivery")

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


def waits_code(waits_for: str, steps: int, stages: Sequence[str]) -> str:
    """The one thing an order waits for: a decision, what holds it, or its slowest shipment."""
    if steps and waits_for != "refund":
        return "decision"
    if waits_for in _STAGES:
        return next((stage for stage in _STAGES if stage in stages), waits_for)
    return waits_for


def step_kind(step_id: str) -> str:
    """`parcel:lost` is a `parcel` step, `stock.push/TEA-1` one that tells stock."""
    return step_id.split(":")[0].split("/")[0]


def deed(step_id: str, action: str) -> str:
    """The key of what a person may do: some steps call it otherwise than all others."""
    own = f"{step_id}.{action}"
    return own if own in ACTION_MEANS else action
