"""Steps that got stuck, why, and what people may do about them."""

from typing import Final

from api.language import N_

CAUSE: Final = {
    "InsufficientStock": N_("Not enough free stock"),
    "CountShort": N_("A count misses promised units"),
    "CountLate": N_("A count is late"),
    "CountNeedsApproval": N_("A count needs a second person"),
    "ReceiptCaseWaits": N_("Nobody has decided about a case of a receipt"),
    "DealerReportLate": N_("A dealer's report is late"),
    "TransferLate": N_("The transfer is late"),
    "TransferDiffers": N_("The transfer did not arrive as it was sent"),
    "Late": N_("A promise is in danger"),
    "NotPosted": N_("Cannot be posted"),
    "NumbersDiffer": N_("Numbers that should agree differ"),
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
    "ReturnSoonLate": N_("A return is soon late"),
    "InvoiceFailed": N_("The invoice was not issued"),
    "InvoiceLate": N_("An invoice takes longer than it should"),
    "ReturnLate": N_("A return waits longer than promised"),
    "ClaimExpiring": N_("The time to file a claim at the carrier is soon over"),
    "ClaimExpired": N_("The time to file a claim at the carrier is over"),
    "ClaimWaits": N_("The carrier is late with its answer or its money"),
    "Recalled": N_("Recalled goods are in a shipment"),
    "RecallSilent": N_("Recalled goods are not accounted for"),
    "SupplierSilent": N_("The supplier does not answer"),
    "PurchaseLate": N_("Goods from a supplier are late"),
    "PurchaseShort": N_("The supplier promises less than was ordered"),
    "GoodsDelayed": N_("Promised goods come later than was told"),
    "PurchaseRefused": N_("The supplier refuses the order"),
    "ClaimSilent": N_("The carrier stays silent after several reminders"),
}

STEP: Final = {
    "promise": N_("Keep what was promised"),
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
    "claim_late": N_("Go on with the claim"),
    "recall": N_("See to the recall"),
    "recall.freeze": N_("Freeze the recalled lots"),
    "recall.stop_picks": N_("Take recalled lots out of open picks"),
    "recall.intercept": N_("Ask recalled parcels back"),
    "recall.tell": N_("Tell those who have recalled goods"),
    "recall.remind": N_("Remind those who have recalled goods"),
    "transfer_reserve": N_("Promise the goods of a transfer"),
    "transfer_post": N_("Book what was reported of a transfer"),
    "report_late": N_("Ask a dealer for his report"),
    "transfer_late": N_("Look after a late transfer"),
    "count_short": N_("Look after units that a count misses"),
    "count_late": N_("Have it counted"),
    "count_approval": N_("Approve what a count corrects"),
    "count_post": N_("Book what a count found"),
    "receipt_case": N_("Decide about a case of a receipt"),
    "receipt_take_back": N_("Take a receipt back"),
    "transfer_differs": N_("Decide about differences of a transfer"),
    "reveals": N_("Ask why so many receivers were looked at"),
    "intercept": N_("Have the parcel brought back"),
    "return_refund": N_("Pay the return back"),
    "invoice": N_("Issue an invoice"),
    "voucher_export": N_("Send a voucher to the ERP"),
    "purchase_send": N_("Send a purchase order to the supplier"),
    "purchase_cancel": N_("Tell the supplier that it is cancelled"),
    "purchase_nudge": N_("Remind the supplier"),
    "purchase_late": N_("Ask the supplier where the goods are"),
    "purchase_short": N_("Decide what becomes of the missing goods"),
    "goods_delayed": N_("Tell the buyer of another day"),
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
    "claim_late.done_by_hand": N_("Seen"),
    "recall.done_by_hand": N_("Seen"),
    "purchase_late.done_by_hand": N_("Seen"),
    "purchase_short.done_by_hand": N_("Seen"),
    "goods_delayed.done_by_hand": N_("The buyer knows"),
    "count_late.retry": N_("Give it another day"),
    "count_late.retry_with": N_("Give it some days"),
    "count_late.skip": N_("Go on without the rest"),
    "count_late.compensate": N_("Drop the count"),
    "count_approval.retry": N_("Ask again"),
    "count_approval.skip": N_("Drop the count"),
    "count_approval.compensate": N_("Count it all again"),
    "count_post.skip": N_("Drop the count"),
    "count_post.compensate": N_("Count it all again"),
    "receipt_case.retry": N_("Remind me tomorrow"),
    "receipt_case.retry_with": N_("Remind me in some days"),
    "receipt_case.skip": N_("Do not remind again"),
    "receipt_case.compensate": N_("Take the receipt back"),
    "reveals.done_by_hand": N_("Seen"),
    "promise.done_by_hand": N_("Seen"),
    "intercept.done_by_hand": N_("The carrier was asked"),
    "intercept.skip": N_("Let it go on to the buyer"),
}

ACTION_MEANS: Final = {
    "retry": N_("The same call once more; nothing is done twice."),
    "retry_with": N_("Correct what was wrong, then the step runs with your values."),
    "done_by_hand": N_("You did it yourself outside; record the result and the order goes on."),
    "skip": N_("Leave the step out for good; the order goes on without it."),
    "compensate": N_("Undo the work back to before this step; the stock is free again."),
    "count_late.retry": N_("It waits one more day, then somebody is asked again."),
    "count_late.retry_with": N_("It waits as many days as you say."),
    "count_late.skip": N_("What was counted is posted; what nobody counted is due again."),
    "count_late.compensate": N_("Nothing of it is booked."),
    "count_approval.retry": N_("It is asked for under Approvals once more."),
    "count_approval.skip": N_("Nothing of it is booked."),
    "count_approval.compensate": N_(
        "Nothing of it is booked; a new count of the same products begins."
    ),
    "count_post.skip": N_("Nothing of it is booked."),
    "count_post.compensate": N_(
        "Nothing of it is booked; a new count of the same products begins."
    ),
    "receipt_case.retry": N_("It is decided on its page; you hear of it again tomorrow."),
    "receipt_case.retry_with": N_("It is decided on its page; you hear of it again then."),
    "receipt_case.skip": N_("The case stays open, and nobody is reminded of it."),
    "receipt_case.compensate": N_(
        "The whole receipt leaves stock by an opposite posting, as long as its units are free."
    ),
    "carry_out.retry": N_("After goods were received or counted: what is there now leaves."),
    "carry_out.done_by_hand": N_(
        "What the books do not have is booked as found by a count, then it leaves."
    ),
    "carry_out.skip": N_("The count was made after the sale: nothing more leaves the books."),
    "ticket_conflict.done_by_hand": N_(
        "If the other one was a sale too, the till sends it under a number of its own."
    ),
    "late_fact.done_by_hand": N_("Nothing more happens by itself; say what you did."),
    "voucher_export.retry_with": N_(
        "Where the month is closed there: the day it shall be entered on, such as 2026-03-01."
    ),
    "voucher_export.done_by_hand": N_(
        "You entered it in the ERP; its number there is kept with the voucher."
    ),
    "voucher_export.skip": N_("The voucher stays out of the ERP for good."),
    "purchase_send.done_by_hand": N_(
        "You told the supplier yourself; its number of the order is kept, and we wait for its"
        " answer."
    ),
    "purchase_cancel.done_by_hand": N_("The supplier knows that nothing more is wanted."),
    "purchase_nudge.skip": N_("This reminder is left out; the next one comes by itself."),
    "purchase_late.done_by_hand": N_(
        "The item goes until the next reminder; another day is recorded on the purchase order."
    ),
    "goods_delayed.done_by_hand": N_("The item goes; the order goes on waiting."),
    "purchase_short.done_by_hand": N_(
        "The item goes; the purchase order is cancelled or closed on its own page."
    ),
    "promise.done_by_hand": N_("The item goes; the order and its clock stay as they are."),
    "return_late.done_by_hand": N_("The item goes; the return itself is decided on its page."),
    "intercept.done_by_hand": N_("You asked the carrier yourself; we wait for the parcel now."),
    "intercept.skip": N_("The parcel is delivered as if nobody had cancelled."),
    "recall.done_by_hand": N_(
        "The item goes; what became of the units is said on the recall's page."
    ),
    "claim_late.done_by_hand": N_(
        "The item goes until the next reminder; what was done is recorded on the claim."
    ),
}

PROMISE: Final = {
    "pick_by": N_("Pick by"),
    "ship_by": N_("Ship by"),
    "deliver_by": N_("Deliver by"),
}

PROMISE_STATE: Final = {
    "running": N_("In time"),
    "stopped": N_("Stopped by a hold"),
    "warned": N_("Soon late"),
    "late": N_("Late"),
    "met": N_("Kept"),
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
    "booked_on": N_("Day of booking"),
    "erp_no": N_("Number in the ERP"),
    "days": N_("Days"),
    "supplier_ref": N_("The supplier's number of the order"),
}


def step_kind(step_id: str) -> str:
    """`parcel:lost` is a `parcel` step, `stock.push/TEA-1` one that tells stock."""
    return step_id.split(":")[0].split("/")[0]


def deed(step_id: str, action: str) -> str:
    """The key of what a person may do: some steps call it otherwise than all others."""
    own = f"{step_kind(step_id)}.{action}"
    return own if own in ACTION_MEANS else action
