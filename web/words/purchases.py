"""Purchase orders and suppliers."""

from typing import Final

from api.language import N_

PURCHASE_STATE: Final = {
    "draft": N_("Draft"),
    "awaiting_approval": N_("To be approved"),
    "approved": N_("Being sent"),
    "sent": N_("With the supplier"),
    "acknowledged": N_("Answered by the supplier"),
    "partly_received": N_("Partly received"),
    "received": N_("All received"),
    "closed": N_("Closed"),
    "cancelled": N_("Cancelled"),
}

PURCHASE_TAB: Final = {
    "": N_("Not ended"),
    "late": N_("Overdue"),
    "buyer": N_("For the buyer"),
    "approval": N_("To be approved"),
    "answer": N_("At the supplier"),
    "goods": N_("Goods on their way"),
    "ended": N_("Ended"),
}

PURCHASE_WAITS: Final = {
    "": N_("It is looked at in a moment."),
    "buyer": N_("The buyer has to submit it."),
    "approval": N_("A second person has to approve it."),
    "sending": N_("It is being sent to the supplier."),
    "answer": N_("The supplier has to answer."),
    "goods": N_("The goods have to come."),
    "decision": N_("The supplier refused: cancel it and order elsewhere."),
    "corrections": N_("Everything came. It closes by itself unless a receipt is corrected."),
}

PURCHASE_DUE: Final = {
    "answer": N_("The supplier is reminded"),
    "goods": N_("The supplier is reminded"),
    "corrections": N_("It closes"),
}

PURCHASE_ACTION: Final = {
    "submit": N_("Submit"),
    "approve": N_("Approve"),
    "refuse": N_("Refuse"),
    "take_back": N_("Take back to a draft"),
    "answer": N_("Enter the supplier's answer"),
    "expect": N_("Another day"),
    "amend": N_("Change what is ordered"),
    "cancel": N_("Cancel the purchase order"),
    "close": N_("Close short"),
}

PURCHASE_EFFECT: Final = {
    "over_budget": N_("Only {amount} of the budget are left: a second person is asked"),
    "asks_approval": N_("{amount} are above the limit: a second person is asked"),
    "approves": N_("The order over {amount} is approved"),
    "sends": N_("It goes to the supplier at once"),
    "to_draft": N_("It is a draft again and can be changed"),
    "promised": N_("The supplier promises units: {units}"),
    "not_promised": N_("Not promised: {units}; the buyer is asked what becomes of them"),
    "refused_by_supplier": N_("The supplier promises nothing; nobody waits for goods any more"),
    "expects": N_("Expected on {text}; orders that wait for the goods hear it"),
    "gives_up": N_("Units that will not come any more: {units}"),
    "tells_supplier": N_("The supplier is told, once"),
    "keeps": N_("Received units stay: {units}"),
    "over": N_("The purchase order is over"),
    "adds": N_("{units} more of {text}"),
    "takes_off": N_("{units} fewer of {text}"),
    "drops": N_("{text} is wanted no more"),
    "reprices": N_("{text} at {amount} each"),
    "amends": N_("Revision {units} over {amount} goes to the supplier, who has to answer anew"),
}

PURCHASE_ADVICE: Final = {
    "below_moq": N_("Line {line}: {told} is below the least quantity; {best} would be taken"),
    "not_in_steps": N_("Line {line}: {told} is no whole case; {best} would be"),
    "no_terms": N_("Line {line}: this supplier has no terms for the product"),
    "price_differs": N_("Line {line}: the price differs from the agreed one"),
    "below_minimum": N_("The order is below the supplier's smallest sum"),
    "no_order_day": N_("The supplier takes no orders today; the next day is in {best} days"),
}

SUPPLIER_PORT: Final = {
    "": N_("told by a person"),
    "email": N_("by e-mail"),
    "json": N_("by signed JSON"),
}

PURCHASE_STORY: Final = {
    "drafted": N_("Drafted"),
    "edited": N_("Lines changed; there are {lines} now"),
    "submitted": N_("Submitted for approval"),
    "approved": N_("The order was approved"),
    "refused": N_("Not approved: {reason}"),
    "taken_back": N_("Taken back to a draft"),
    "sent": N_("Sent to the supplier"),
    "answered": N_(
        "The supplier promises {promised} of {ordered} units, expected on {expected_on}"
    ),
    "answered_too_late": N_("The supplier answered when the order was over already"),
    "answered_to_earlier": N_("The supplier answered to an earlier revision; nothing changed"),
    "expected": N_("Expected on {expected_on}"),
    "amended": N_("Changed to revision {revision}: {changes}"),
    "amendment_sent": N_("Revision {revision} was sent to the supplier"),
    "due_soon": N_("The goods are due soon"),
    "late": N_("The goods are late; reminder {times}"),
    "silent": N_("The supplier does not answer; reminder {times}"),
    "received": N_("{units} units came on {document}; still open: {open}"),
    "cancelled": N_("Cancelled: {reason}"),
    "closed_short": N_("Closed short: {reason}"),
    "closed": N_("Closed: all units came"),
    "cancellation_sent": N_("The supplier knows that nothing more is wanted"),
    "cancellation_by_hand": N_("Somebody told the supplier that nothing more is wanted"),
}

PURCHASE_DOING_ICON: Final = {
    "submit": "send", "answer": "message-circle", "expect": "calendar", "cancel": "x",
    "close": "x", "amend": "edit", "take_back": "arrow-back-up",
}  # fmt: skip

PURCHASE_STORY_ICON: Final = {
    "late": "alert-triangle", "silent": "alert-triangle", "received": "package", "sent": "send",
    "answered": "message-circle", "cancelled": "x", "closed": "circle-check", "edited": "edit",
    "amended": "edit", "amendment_sent": "send",
    "expected": "calendar", "due_soon": "calendar", "taken_back": "arrow-back-up",
}  # fmt: skip
