"""Planning of stock."""

from typing import Final

from api.language import N_

SUGGESTION_TAB: Final = {
    "open": N_("To decide"),
    "snoozed": N_("Put off"),
    "approved": N_("Orders were made"),
    "dismissed": N_("Not ordered"),
}

SUGGESTION_KIND: Final = {
    "purchase": N_("Purchase"),
    "transfer": N_("Transfer"),
    "dealer": N_("For a dealer"),
}

SUGGESTION_SORT: Final = {
    "cover": N_("Days of cover"),
    "out": N_("Day it is gone"),
    "money": N_("Money"),
}

SUGGESTION_LIMIT: Final = {
    "surplus": N_("Above there is no more to spare."),
    "shelf_life": N_("More would grow too old before it is sold."),
    "budget": N_("The budget does not allow more."),
    "no_rate": N_(
        "Nobody wrote down what the supplier's money is worth; it cannot be ordered until then."
    ),
    "no_supplier": N_("Nobody sells it to us."),
}

SUGGESTION_HINT: Final = {
    "below_moq": N_("less than the supplier sells"),
    "no_step": N_("no whole steps of the supplier"),
    "below_minimum": N_("The supplier takes no orders of less than its minimum."),
    "no_order_day": N_("The supplier takes no orders today."),
}

SUGGESTION_PORT: Final = {
    "": N_("Approved at once. Somebody has to tell the supplier and say so in the inbox."),
    "email": N_("Approved at once and sent to the supplier by e-mail."),
    "json": N_("Approved at once and sent to the supplier's system."),
}

SUGGESTION_ACTION: Final = {
    "quantity": N_("Change the quantity"),
    "snooze": N_("Put off"),
    "dismiss": N_("Do not order"),
}

LEAD_SOURCE: Final = {
    "receipts": N_("from what really came"),
    "terms": N_("by the supplier's terms"),
    "transfers": N_("from transfers that arrived"),
    "setting": N_("as set for transfers"),
    "assumed": N_("assumed: nobody sells it to us yet"),
}

SHAPE: Final = {
    "none": N_("nobody asks for it"),
    "poisson": N_("a slow mover, counted by the Poisson distribution"),
    "negative_binomial": N_("a slow mover in lumps, counted by the negative binomial distribution"),
    "gamma": N_("much demand, by a gamma distribution"),
}

SERVICE_MEASURE: Final = {
    "cycle": N_("of cycles end without a gap"),
    "fill": N_("of units are there at once"),
}
