"""What the audit checks, in the words of the trade."""

from typing import Final

from api.language import N_

AUDIT_CHECK: Final = {
    "goods_claims_are_what_their_ledger_says": N_(
        "What was accepted of a claim for goods, came, was set off or written off is in its ledger"
    ),
    "goods_claims_are_told_to_the_books_once": N_(
        "The books were told of every line of claims for goods once, and of nothing else"
    ),
    "what_is_credited_is_claimed": N_(
        "Every case that a supplier credits and every claimed difference of ours is a claim"
    ),
    "ledger_equals_balance": N_("What the moves add up to is what the balance says"),
    "reserved_equals_reservations": N_("What is reserved is the sum of the held reservations"),
    "nothing_is_negative": N_("No stock is negative and none is promised twice"),
    "no_stock_held_for_closed_orders": N_("A closed order holds no stock"),
    "held_stock_has_an_order": N_(
        "Stock is only held for orders, transfers and earmarks that exist"
    ),
    "served_backorder_holds_its_units": N_(
        "Who was served from the queue holds the units until a shipment takes them"
    ),
    "nobody_waits_for_free_goods": N_(
        "Nobody is first in a queue for goods that lie free at that location and stay"
        " good for long enough, however far they go"
    ),
    "lines_belong_to_their_order": N_("What a shipment carries is what its order line asked for"),
    "posted_equals_issued": N_("Goods that left on paper left the ledger, and the other way round"),
    "dealers_reported_their_goods": N_(
        "What dealers own, and what left our stock for them, is in a report that counts or did"
    ),
    "shipped_within_ordered": N_("No more is in shipments than was ordered"),
    "one_parcel_is_in_one_place": N_(
        "What goes in the parcel of another shipment is where that one is, and as far"
    ),
    "refunds_within_payments": N_("No order got back more than it paid"),
    "refunds_within_their_payment": N_(
        "What went back and what is on its way back is what the refunds of a payment say"
    ),
    "refunds_belong_to_their_order": N_(
        "A refund of an order is of a payment of that order, in its currency"
    ),
    "confirmed_refunds_are_written_down": N_(
        "Every refund a provider confirmed is one we wrote down before asking"
    ),
    "promised_for_returns": N_("What orders promise for returns is what returns have not paid yet"),
    "returned_units_are_in_a_return": N_(
        "Units that came back or are asked back are those of returns, and so are those paid back"
    ),
    "returned_goods_entered_the_books": N_(
        "What was received and inspected of returns is in the ledger, once"
    ),
    "one_live_label_per_parcel": N_("Every confirmed waybill belongs to a parcel"),
    "goods_on_the_way_lie_in_transit": N_(
        "What transfers have on the way lies at their places in transit"
    ),
    "claims_are_what_their_ledger_says": N_(
        "What carriers accepted and paid, and what of it was written off, is in the ledger of each"
    ),
    "closed_claims_are_settled": N_(
        "Of a closed claim everything came or was given up, and its carrier owes nothing"
    ),
    "one_claim_a_parcel": N_("Every claim is of a parcel that left, and no parcel has two"),
    "money_of_claims_is_told_to_the_books": N_(
        "The books were told of everything in the ledgers of claims, and of nothing else"
    ),
    "vouchers_balance": N_("Every voucher has two sides, and they are equal"),
    "sums_of_orders_are_told_to_the_books": N_(
        "What orders captured and refunded is what the books were told"
    ),
    "money_is_told_to_the_books": N_(
        "The books were told of every payment, of every refund that was paid, and of no other"
    ),
    "goods_are_told_to_the_books": N_("The books were told of all goods that came or went"),
    "told_money_is_booked": N_("What was told of money is what its voucher says"),
    "sales_within_ordered": N_("No more of a line became sales than was ordered"),
    "shipments_became_sales": N_("What left for a buyer became sales"),
    "inventory_is_units_times_cost": N_(
        "The inventory account is what lies there at its standard cost"
    ),
    "books_know_the_stock": N_(
        "The units the books value are what the moves they were told of add up to"
    ),
    "vouchers_go_to_their_erps": N_(
        "Every voucher of an ERP's days is on its way there or arrived"
    ),
    "invoices_say_what_is_kept": N_(
        "No issued invoice says more than its order keeps, once the books know what went back"
    ),
    "red_invoices_add_up": N_("What a blue invoice says was taken back is what its red ones take"),
    "issued_invoices_were_ordered": N_(
        "Whoever issues an invoice was asked to, under the key we wrote down before"
    ),
    "exported_vouchers_were_confirmed": N_(
        "A voucher counts as exported exactly when its ERP confirmed it, and none without a key"
    ),
    "ended_leases_gave_back": N_("A lease whose time is over gave its units back"),
    "sums_equal_balances": N_(
        "What is shown of a brand and a category is what its balances add up to"
    ),
    "serials_equal_units": N_(
        "Where papers name units, as many serial numbers lie as units, but for those sought"
    ),
}
FINDING_ENDING: Final = {"by_itself": N_("Gone by itself"), "repaired": N_("Repaired")}

# Words of a finding; others are names of documents and stay as they are.
FACT: Final = {
    "sku": N_("Product"),
    "location_id": N_("Location"),
    "lot": N_("Lot"),
    "condition": N_("Condition"),
    "owner": N_("Owner"),
    "brand": N_("Brand"),
    "category": N_("Category"),
    "no": N_("No."),
    "status": N_("Status"),
    "state": N_("Status"),
    "on_hand": N_("On hand"),
    "reserved": N_("Reserved"),
    "ledger": N_("By the ledger"),
    "balance": N_("By the balance"),
    "reservations": N_("By the reservations"),
    "shown": N_("Shown"),
    "balances": N_("By the balances"),
    "reservation_id": N_("Reservation"),
    "expires_at": N_("Ends"),
    "claim_no": N_("Claim"),
    "accepted_minor": N_("Accepted"),
    "received_minor": N_("Received"),
    "set_off_minor": N_("Set off"),
    "written_off_minor": N_("Written off"),
    "claimed_minor": N_("Claimed"),
    "amount_minor": N_("Amount"),
    "told": N_("Told to the books"),
    "origin": N_("Origin"),
}
