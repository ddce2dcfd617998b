"""What people do at the desk: what each action does, why it is not possible, what takes it back."""

from typing import Final

from api.language import N_

DOING: Final = {
    "hold": N_("Hold"),
    "release": N_("Release"),
    "address": N_("Change address"),
    "cancel": N_("Cancel"),
    "return": N_("Open a return"),
    "return_label": N_("Order a return label"),
    "invoice": N_("Ask for an invoice"),
    "note": N_("Write a note"),
    "tag": N_("Tag"),
}

DOING_ICON: Final = {
    "hold": "hand-stop", "release": "player-play", "address": "map-pin", "cancel": "x",
    "return": "receipt-refund", "return_label": "truck-return", "invoice": "receipt",
    "note": "pencil", "tag": "tag",
}  # fmt: skip

# One key each, for those who work without a mouse.
DOING_KEY: Final = {"hold": "h", "release": "r", "address": "a", "note": "n", "tag": "t"}

# What each does to stock, money, parcels, and what others are told.
DOING_EFFECTS: Final = {
    "hold": (
        N_("What is reserved stays reserved."),
        N_("Nothing is paid or paid back."),
        N_("The order stops before its next step. A parcel that has left goes on."),
        N_("Neither the channel nor the buyer hears of it."),
    ),
    "release": (
        N_("Stock is reserved once no hold is left, if it is not yet."),
        N_("Nothing is paid or paid back."),
        N_("The order goes on where it stopped, once no hold is left."),
        N_("Neither the channel nor the buyer hears of it."),
    ),
    "address": (
        N_("Reservations stay where they are."),
        N_("Freight is worked out anew with the next waybill."),
        N_("Waybills that exist are void and ordered anew."),
        N_("The carrier gets the new receiver; the channel is not told."),
    ),
    "cancel": (
        N_("What has not left is free again."),
        N_("What was paid for it goes back."),
        N_("Waybills are void; parcels on their way are asked back."),
        N_("The channel hears of it where it takes refunds."),
    ),
    "return": (
        N_("Nothing, until goods come in and are inspected."),
        N_("Nothing, until the return is decided."),
        N_("The buyer sends the goods back once it is approved."),
        N_("The buyer sees it on the page for returns."),
    ),
    "return_label": (
        N_("Nothing, until goods come in and are inspected."),
        N_("The carrier charges us for the way back."),
        N_("A waybill to our door is ordered from the carrier."),
        N_("The carrier is asked to collect it."),
    ),
    "invoice": (
        N_("Nothing."),
        N_("The invoice covers what is kept when the goods have left."),
        N_("Nothing."),
        N_("The issuer sends it to the buyer's address."),
    ),
    "note": (
        N_("Nothing."), N_("Nothing."), N_("Nothing."),
        N_("Only people who may read orders see it."),
    ),
    "tag": (
        N_("Nothing."), N_("Nothing."), N_("Nothing."),
        N_("Only people who may read orders see it."),
    ),
}  # fmt: skip

EFFECT_ON: Final = (N_("Stock"), N_("Money"), N_("Parcels"), N_("Messages"))

UNDO: Final = {
    "release": N_("Releasing takes it back."),
    "hold": N_("Holding takes it back, before the next step."),
    "address": N_("The old address can be entered again."),
    "withdraw": N_("It can be withdrawn until goods come in."),
    "void": N_("The label can be void until it is collected."),
    "cancel_invoice": N_("It can be cancelled until it is issued; then a red one takes it back."),
    "take_back": N_("Whoever wrote it can take it back."),
    "untag": N_("The tag comes off again."),
    "": N_("This cannot be taken back."),
}

OBSTACLE: Final = {
    "closed": N_("The order is closed."),
    "has_left": N_("A parcel has left already."),
    "held_already": N_("It is held by hand already."),
    "not_held": N_("It has no such hold."),
    "goes_by_itself": N_("This hold goes by itself once its cause is mended."),
    "tagged_already": N_("It has this tag already."),
    "not_tagged": N_("It does not have this tag."),
    "too_many_tags": N_("It has as many tags as an order may have."),
    "packed": N_("It is packed already."),
    "hidden_receiver": N_("The platform hides the receiver; correct it there."),
    "no_receiver": N_("Nobody told us the receiver yet."),
    "nothing_left": N_("Nothing of it has left yet."),
    "not_delivered": N_("Nothing of it was delivered yet."),
    "label_open": N_("There is an open return label."),
    "invoice_open": N_("There is an invoice already."),
    "sold_in_store": N_("The buyer took the goods along."),
    "ActionNotAllowed": N_("Not possible any more when its turn came."),
    "OrderClosed": N_("The order is closed."),
    "NoAnswer": N_("Its workflow did not answer."),
}

BULK_ACTION: Final = {
    "hold": N_("Hold"),
    "release": N_("Release"),
    "tag": N_("Put a tag on"),
    "untag": N_("Take a tag off"),
}

BULK_STATE: Final = {
    "running": N_("Under way"),
    "done": N_("Done"),
    "stopped": N_("Stopped"),
}

BULK_ITEM: Final = {
    "waiting": N_("Waiting"),
    "done": N_("Done"),
    "refused": N_("Not possible"),
    "left_out": N_("Left out"),
}

TAG_COLOUR: Final = {
    "grey": N_("Grey"),
    "blue": N_("Blue"),
    "green": N_("Green"),
    "yellow": N_("Yellow"),
    "red": N_("Red"),
    "purple": N_("Purple"),
}

AUTO_RELEASE: Final = {
    "payment": N_("when it is paid"),
    "mapping": N_("when the product is known"),
    "address": N_("when the address is mended"),
    "date": N_("when its date comes"),
    "channel": N_("when the channel says so"),
    "stock": N_("when the books agree"),
}

KEYS: Final = (
    ("/", N_("Find an order by any number")),
    ("j", N_("Next row")),
    ("k", N_("Row before")),
    ("Enter", N_("Open the row")),
    ("x", N_("Choose the row")),
    ("h", N_("Hold the order")),
    ("r", N_("Release the order")),
    ("a", N_("Change the address")),
    ("n", N_("Write a note")),
    ("t", N_("Tag the order")),
    ("?", N_("Show these keys")),
    ("Esc", N_("Close, or leave the field")),
)
