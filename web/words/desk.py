"""What people do at the desk: what each action does, why it is not possible, what takes it back."""

from typing import Final

from api.language import N_

DOING: Final = {
    "hold": N_("Hold"),
    "release": N_("Release"),
    "address": N_("Change address"),
    "lines": N_("Change lines"),
    "split": N_("Send a part now"),
    "merge": N_("Into one parcel"),
    "unmerge": N_("Ship by itself"),
    "difference": N_("Write down a payment"),
    "cancel": N_("Cancel"),
    "return": N_("Open a return"),
    "return_label": N_("Order a return label"),
    "void_label": N_("Void the return label"),
    "invoice": N_("Ask for an invoice"),
    "cancel_invoice": N_("Cancel the invoice"),
    "reverse_invoice": N_("Take the invoice back"),
    "note": N_("Write a note"),
    "tag": N_("Tag"),
}

DOING_ICON: Final = {
    "hold": "hand-stop", "release": "player-play", "address": "map-pin", "lines": "edit",
    "split": "arrows-split-2", "merge": "arrows-join-2", "unmerge": "arrows-split-2",
    "difference": "cash", "cancel": "x", "return": "receipt-refund",
    "return_label": "truck-return", "void_label": "x", "invoice": "receipt",
    "cancel_invoice": "x", "reverse_invoice": "receipt-refund", "note": "pencil", "tag": "tag",
}  # fmt: skip

# The page of an action, where it is that of another one too.
DOING_FORM: Final = {
    "void_label": "return_label",
    "cancel_invoice": "invoice",
    "reverse_invoice": "invoice",
}

# One key each, for those who work without a mouse.
DOING_KEY: Final = {"hold": "h", "release": "r", "address": "a", "note": "n", "tag": "t"}

# What the same does to many orders at once, each with its own shipments.
BULK_EFFECTS: Final = {
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
    "picked": N_("Something is picked already."),
    "packed": N_("It is packed already."),
    "hidden_receiver": N_("The platform hides the receiver; correct it there."),
    "no_receiver": N_("Nobody told us the receiver yet."),
    "nothing_left": N_("Nothing of it has left yet."),
    "not_delivered": N_("Nothing of it was delivered yet."),
    "label_open": N_("There is an open return label."),
    "no_label": N_("There is no label that could be void."),
    "invoice_open": N_("There is an invoice already."),
    "no_invoice": N_("There is no invoice."),
    "issued": N_("It is issued already."),
    "not_issued": N_("It is not issued yet."),
    "other_channel": N_("Orders of this channel are changed where they were bought."),
    "not_paid": N_("The order is not paid."),
    "held": N_("It is held: release it first."),
    "cash_on_delivery": N_("It is paid on delivery: one sum is collected, by one parcel."),
    "shared": N_("It goes in one parcel with others: part them first."),
    "not_shared": N_("Nothing of it goes with another order."),
    "not_planned": N_("Nothing of it is planned yet."),
    "nobody_else": N_("Nobody else gets something that could go with it."),
    "nothing_owed": N_("Nothing is owed."),
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
