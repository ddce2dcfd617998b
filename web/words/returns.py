"""Returns, for us and for the buyer."""

from typing import Final

from api.language import N_

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
    "exchange": N_("The same goods, or others, are sent once these are here and accepted."),
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
    "goodwill": N_("Goodwill is asked for"),
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
    "send_other": N_("{quantity} × {subject} are sent instead, for {amount}"),
    "pays_new_goods": N_("{amount} of it pay for the new goods"),
    "collect": N_("The buyer still owes {amount}; the goods leave once it is paid"),
    "let_go": N_("{quantity} × {subject} do not come back"),
}
