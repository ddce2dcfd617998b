"""What actions do to stock, money and parcels, and whom they tell: one sentence for each effect."""

from typing import Final

from api.language import N_
from web.words.orders import EFFECT

EFFECT_ON: Final = {
    "stock": N_("Stock"),
    "money": N_("Money"),
    "parcels": N_("Parcels"),
    "messages": N_("Messages"),
}

# What is said where nothing is touched.
UNTOUCHED: Final = {
    "stock": N_("Nothing changes."),
    "money": N_("Nothing is paid or paid back."),
    "parcels": N_("Nothing changes."),
    "messages": N_("Nobody outside hears of it."),
}

EFFECT_LINE: Final = {
    **EFFECT,
    # stock
    "kept": N_("{subject}: {quantity} units stay reserved at {place}"),
    "freed": N_("{subject}: {quantity} units are free again at {place}"),
    "goes_on_waiting": N_("{quantity} units go on waiting for stock"),
    "leaves_queue": N_("{quantity} units wait for stock no more"),
    "will_be_reserved": N_("{quantity} units are reserved at once, as far as they are there"),
    "reserved_once_paid": N_("{quantity} units are reserved once the order is paid"),
    "reserved_instead": N_("{subject} is reserved at {place} instead; where it was it is free"),
    "reserved_new": N_("{quantity} units are reserved at {place}"),
    "reserved_there": N_("{quantity} units are reserved at {place}; where they were they are free"),
    "planned_again": N_("{subject}: {quantity} units are freed at {place} and planned again"),
    "units_freed": N_("{subject}: {quantity} units are free again"),
    "free_at": N_("{subject}: {quantity} needed; free now: {other}"),
    "reserved_of": N_("{subject}: {quantity} units are reserved at {place}"),
    "reserved_later": N_("{subject}: {quantity} units are reserved once the hold is gone"),
    "inspected_first": N_("Up to {quantity} units come back; they count once they are inspected"),
    # money
    "costs": N_("The order costs {amount} instead of {before}"),
    "owed": N_("The buyer owes {amount}; the order is held until that is paid"),
    "owed_now": N_("{amount} are owed; what you write down counts as received"),
    "goes_unpaid": N_("Goods go out though {amount} are not paid"),
    "price_follows": N_("The difference is shown as soon as lines are chosen"),
    "carriage_more": N_("A parcel more costs {amount} by the tariffs"),
    "freight": N_("Freight by the tariffs: {amount} instead of {before}"),
    "freight_less": N_("Freight falls: the plan says by how much"),
    "freight_more": N_("Freight rises: the plan says by how much"),
    "rated_again": N_("Freight is worked out for the new address"),
    "decided_first": N_("Nothing yet: the decision about the return shows it to the cent"),
    "way_back_costs": N_("The carrier charges us for the way back"),
    "invoiced_now": N_("An invoice over {amount} is issued at once"),
    "invoiced_later": N_("An invoice over {amount} is issued when the goods have left"),
    "not_issued": N_("Invoice {subject} is not issued"),
    "red_invoice": N_("A red invoice takes {amount} of {subject} back"),
    # parcels
    "parcels": N_("Parcels: {quantity} instead of {other}"),
    "stops": N_("{subject} at {place} stops: {other}"),
    "others_stop": N_("Order {subject} is in the same parcel and stops with it"),
    "goes_on": N_("{subject} has left and goes on: {other}"),
    "moves_on": N_("{subject} at {place} goes on: {other}"),
    "waits_for_rest": N_("{subject} at {place} waits for the rest of the order"),
    "holds_stay": N_("Nothing moves yet: {quantity} more holds stay"),
    "labelled_again": N_("{subject} at {place} gets a new waybill"),
    "leaves_box": N_("Order {subject} goes without it"),
    "box_opened": N_("The closed box of {subject} is opened and packed anew"),
    "may_be_divided": N_("{subject}: of {quantity} units at {place} some can go now"),
    "may_go_with": N_("Order {subject} can go in the same parcel"),
    "one_parcel": N_("One parcel goes from {place}, packed as shipment {subject}"),
    "rides": N_("{subject} goes in the parcel of {other}"),
    "goes_now": N_("{quantity} units go now, in a parcel of their own"),
    "goes_later": N_("{quantity} units stay for a later parcel"),
    "labelled_with": N_("{subject} at {place} gets a new waybill, by {other}"),
    "goes_there_too": N_("{subject}: {place} sends there too, by {other}"),
    "goes_there_with": N_("{subject}: {place} sends there by {other} instead"),
    "not_served": N_("{subject}: no carrier goes there from {place}"),
    "goes_along": N_("What is new goes along with {subject} from {place}"),
    "new_shipment": N_("A new shipment goes from {place}, by {subject}"),
    "deliver_by_still": N_("To be delivered by {at}, as before"),
    "deliver_by": N_("To be delivered by {at}; it was {earlier}"),
    "waybill_back": N_("A waybill back to {place} is ordered"),
    # messages
    "carrier_cancels": N_("{other} is told that waybill {subject} is void"),
    "carrier_asked_back": N_("{other} is asked to bring {subject} back"),
    "carrier_collects": N_("The carrier is asked to collect it from the buyer"),
    "channel_not_told": N_("The channel is not told, and does not overwrite it later"),
    "same_waybill": N_("Each channel is told the same waybill when the parcel leaves"),
    "buyer_told_way": N_("The buyer sees it on the page for returns"),
    "channel_case": N_("The channel hears of it where it keeps a case"),
    "issuer_sends": N_("The issuer sends it to the buyer"),
    "colleagues_read": N_("Colleagues who may read the order see it; nobody outside does"),
}

# What people should not overlook.
BAD_EFFECTS: Final = frozenset(
    {"cannot_stop", "goes_unpaid", "box_opened", "owed", "others_stop", "not_served"}
)

# There `other` is the carrier that is told.
TELLS_CARRIER: Final = frozenset(
    {"carrier_cancels", "carrier_asked_back", "labelled_with", "goes_there_too", "goes_there_with"}
)
NAMES_CARRIER: Final = frozenset({"new_shipment"})  # as their subject

UNDO: Final = {
    "release": N_("Releasing takes it back."),
    "hold": N_("Holding takes it back."),
    "address": N_("The old address can be entered again."),
    "lines": N_("The lines can be changed back."),
    "merge": N_("They can be put together again."),
    "unmerge": N_("Each order can be shipped by itself again."),
    "withdraw": N_("The return can be withdrawn."),
    "void": N_("The label can be made void."),
    "return_label": N_("Another label can be ordered."),
    "cancel_invoice": N_("It can be cancelled; once issued, a red invoice takes it back."),
    "invoice": N_("Another one can be asked for."),
    "take_back": N_("Whoever wrote it can take it back."),
    "untag": N_("The tag comes off again."),
    "": N_("This cannot be taken back."),
}

UNTIL: Final = {
    "": N_("At any time."),
    "next_step": N_("Until its next step."),
    "pick": N_("Until something is picked."),
    "label": N_("Until the label is made."),
    "hand_over": N_("Until the carrier has the parcel."),
    "goods_in": N_("Until goods come in."),
    "collected": N_("Until the carrier has collected it."),
    "issued": N_("Until it is issued."),
}
