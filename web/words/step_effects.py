"""What a decision about a step does, as sentences; `domain.platform.step_effects` has the codes."""

from typing import Final

from api.language import N_

STEP_EFFECT: Final = {
    "promise_again": N_("Its goods are asked for at the sender again"),
    "promised_at_sender": N_("What is free there is promised to the transfer"),
    "promise_what_is_there": N_("What the sender has is promised and sent"),
    "rest_is_dropped": N_("What is lacking is left out of the transfer"),
    "cancel_transfer": N_("The transfer is cancelled"),
    "report_moves_nothing": N_("What was reported moves no stock"),
    # what runs next
    "order_waybills": N_(
        "{other} is asked for the waybills of {subject}. Where an earlier try may have made one, it"
        " is looked for first: nothing is ordered twice."
    ),
    "wait_for_carrier": N_("Then the shipment waits for the carrier."),
    "take_values": N_("Your values take the place of the old ones."),
    "keep_your_numbers": N_("Your number is written down; nobody outside is asked."),
    "source_anew": N_("Then it is decided anew where the goods come from; a new shipment begins."),
    "compare_tariffs": N_("The tariffs are compared once more, also those entered since."),
    "ask_channel": N_("{other} is asked how the order is now."),
    "goes_on_as_told": N_("The order goes on, stops or is cancelled as the answer says."),
    "goes_on_unasked": N_("The order goes on as if nothing had changed."),
    "goes_on_with_what_is_known": N_("The order goes on with what was heard of it so far."),
    "ask_to_void": N_("{other} is asked to void what was ordered for {subject}."),
    "give_back": N_("Then the shipment is given back."),
    "label_anew": N_("Then a label with the new receiver is ordered."),
    "counts_as_void": N_("It counts as void; nobody outside is asked."),
    "leaves_waybills": N_("Nobody is asked to void anything."),
    "tell_channel": N_("{other} is told once more; what it has heard already is not said twice."),
    "leave_out": N_("The step is left out for good."),
    "goes_on": N_("The return goes on; nobody outside is asked."),
    "books_again": N_("The books are looked at again: what was received or counted since counts."),
    "books_as_counted": N_("What the books lack is booked as found, then the sale is booked."),
    "books_nothing": N_("The sale counts as booked by the count that was made."),
    "ask_provider": N_(
        "{other} is asked for refund {subject}, by our number: it looks for an earlier try first."
    ),
    "closes_refund": N_("Nobody outside is asked any more."),
    "asks_supplier_first": N_(
        "{other} is asked for our number first where that is possible, then the order is sent."
    ),
    "waits_for_supplier": N_("Then the supplier's answer is waited for."),
    "tell_supplier_cancelled": N_("{other} is told that nothing more is wanted."),
    "remind_supplier": N_("{other} is reminded once more."),
    "order_return_label": N_("{other} is asked for the waybill of the way back."),
    "order_invoice": N_("The issuer is asked; what it knows under our key is not ordered twice."),
    "enter_voucher": N_("The ERP is asked for our key first, then the voucher is entered."),
    "ask_carrier_back": N_("{other} is asked to bring the parcel back."),
    "wait_for_parcel": N_("From now on we wait for the parcel to come back."),
    "goes_on_from_tables": N_(
        "The tables are read and the order goes on where it stands; nothing that is done is done"
        " again."
    ),
    "wait_for_news": N_("The carrier's next scan is waited for; it is asked after a silent day."),
    "completes_later": N_("The shipment is closed; the order completes after its waiting days."),
    "wake_all": N_("Everything that waits for it is tried again, a few at a time."),
    "first_ticket_holds": N_("The ticket that came first stays as it is; the other is not booked."),
    "item_goes": N_("The item goes from this list; nothing else happens."),
    "ask_shop_again": N_("It is asked again now."),
    # stock
    "stays_reserved": N_("{quantity} units at {place} stay reserved."),
    "units_free": N_("{quantity} units at {place} are free again."),
    "free_once_void": N_("{quantity} units at {place} are free once it is void."),
    "leaves_the_books": N_("What was sold leaves the store's books."),
    "difference_found": N_("The difference is booked as found by a count."),
    "nothing_leaves_books": N_("Nothing more leaves the books."),
    "nothing_more_leaves": N_("Nothing more leaves the books for it."),
    "counted_when_back": N_("Counted when it is back and inspected."),
    "stays_sold": N_("The goods stay sold."),
    # money
    "freight_charged": N_("The carrier charges the freight."),
    "freight_by_you": N_("The freight was agreed by you; nothing is ordered here."),
    "freight_not_charged": N_("No freight, once the waybills are void."),
    "no_freight_once_void": N_("No freight, once it is void."),
    "no_freight_if_void": N_("No freight, if you had it voided."),
    "may_be_charged": N_("The carrier may charge what was ordered."),
    "may_be_refunded": N_("If the buyer cancelled meanwhile, the money has to go back later."),
    "paid_back_once": N_("{amount} go back to the buyer, once."),
    "counts_as_paid": N_("{amount} count as paid back by you; nothing more is sent."),
    "stays_unpaid": N_("{amount} are not paid back."),
    "channel_may_decide": N_("The channel may decide the case by itself and take the money back."),
    "invoiced_once": N_("{amount} are invoiced, once."),
    "counts_as_invoiced": N_("{amount} count as invoiced by you."),
    "not_invoiced": N_("{amount} stay without an invoice."),
    "books_unchanged": N_("Our own books stay as they are."),
    "erp_differs": N_("The ERP lacks this voucher for good."),
    "refund_when_back": N_("Money goes back only when it is back."),
    "no_refund_by_this": N_("Nothing is paid back by this."),
    # parcels
    "waybill_each_box": N_("Boxes with a waybill afterwards: {quantity}."),
    "other_carrier_voids_first": N_(
        "Where another carrier made a waybill already, it is voided first."
    ),
    "your_numbers_printed": N_("Your numbers are put on {quantity} boxes."),
    "waybills_void": N_("Void: {subject}"),
    "unknown_void": N_("What an earlier try may have ordered is void."),
    "waybills_live_on": N_("Stay valid at the carrier: {subject}"),
    "unknown_lives_on": N_("What an earlier try may have ordered stays valid."),
    "may_send_cancelled": N_("Goods may leave that the buyer does not want any more."),
    "goes_on_anyway": N_("The parcel is on its way whatever is decided."),
    "return_waybill": N_("One waybill to our door."),
    "no_return_waybill": N_("The buyer gets no waybill from us."),
    "turns_back": N_("The parcel turns round."),
    "goes_to_buyer": N_("The parcel is delivered to the buyer."),
    "asked_again": N_("The parcel stays as it is; it is looked after as before."),
    "counts_as_delivered": N_("The parcel counts as delivered."),
    # messages
    "channel_after_hand_over": N_("The channel hears the numbers when the carrier has taken it."),
    "nobody_told": N_("Neither the channel nor the buyer hears of it."),
    "carrier_forgets": N_("The carrier hears that it is not needed."),
    "channel_hears_numbers": N_("{other} hears the parcel numbers."),
    "channel_never_hears": N_("{other} never hears of it from us."),
    "channel_hears_answer": N_("{other} hears our answer."),
    "counts_as_told": N_("It counts as told by you."),
    "supplier_gets_order_once": N_("{other} gets the order, once."),
    "supplier_hears_once": N_("{other} hears it once."),
    "buyer_sees_label": N_("The buyer sees the label on the page for returns."),
    "provider_asked_by_number": N_("Only the payment provider hears of it."),
    "issuer_asked_by_key": N_("Only the issuer hears of it."),
    "erp_asked_by_key": N_("Only the ERP hears of it."),
    "carrier_told_back": N_("The carrier is told."),
    # what is undone, one after the other
    "void_waybills": N_("The waybills are voided: {subject}"),
    "void_unknown": N_("What an earlier try may have ordered is looked for and voided."),
    "cancel_shipment": N_("Shipment {subject} is cancelled; picked goods go back to the shelf."),
    "free_units": N_("{quantity} units at {place} are given back."),
}
