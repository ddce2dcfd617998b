"""Permissions in the words of people who give them."""

from typing import Final

from api.language import N_

PERMISSION: Final = {
    "public": N_("Without logging in"),
    "logged_in": N_("Log in"),
    "read_orders": N_("See orders and returns"),
    "change_orders": N_("Hold, change and cancel orders"),
    "read_notes": N_("Read notes"),
    "write_notes": N_("Write notes and tags"),
    "erase_people": N_("Erase people's data"),
    "change_products": N_("Change products and partners"),
    "read_engine": N_("Look into the workflow engine"),
    "read_audit": N_("Read the audit trail"),
    "read_customers": N_("See the customer book"),
    "reveal_receivers": N_("See whole names, phones and addresses"),
    "block_buyers": N_("Block buyers"),
    "decide_returns": N_("Decide about returns"),
    "take_differences": N_("Take payments of differences"),
    "see_photos": N_("See photos of returned goods"),
    "approve_goodwill": N_("Approve goodwill above the limit"),
    "claim_from_carriers": N_("Claim from carriers"),
    "write_off_claims": N_("Write claims off"),
    "read_claims": N_("See claims"),
    "read_purchases": N_("See suppliers and purchase orders"),
    "buy": N_("Order from suppliers"),
    "read_attention": N_("See steps that wait"),
    "answer_attention": N_("Say what becomes of steps that wait"),
    "resolve_steps": N_("Decide about steps that wait"),
    "read_stock": N_("See stock"),
    "try_sourcing": N_("See and try where orders are sent from"),
    "change_stock": N_("Receive and correct stock"),
    "work_in_warehouse": N_("Pick, pack and hand over"),
    "read_channels": N_("See shops and channels"),
    "change_channels": N_("Change shops and channels"),
    "read_books": N_("See the books"),
    "keep_books": N_("Keep the books"),
    "manage_accounts": N_("Manage people and keys"),
    "manage_company": N_("Manage the company's shops, carriers, accounts and subscribers"),
    "read_metrics": N_("Read figures of the processes"),
}
