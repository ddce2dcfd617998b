"""Claims against carriers."""

from typing import Final

from api.language import N_

CLAIM_KIND: Final = {
    "lost": N_("Lost on the way"),
    "damaged": N_("Damaged on the way"),
}

CLAIM_ORIGIN: Final = {
    "tracking": N_("by the carrier's scan"),
    "return": N_("by a return"),
    "bench": N_("by the returns bench"),
    "customer_service": N_("by customer service"),
}

CLAIM_STATUS: Final = {
    "opened": N_("To be filed"),
    "filed": N_("Filed"),
    "accepted": N_("Accepted by the carrier"),
    "refused": N_("Refused"),
    "closed": N_("Closed"),
}

CLAIM_OUTCOME: Final = {
    "paid": N_("Paid by the carrier"),
    "written_off": N_("Written off"),
    "found": N_("Parcel found"),
}

CLAIM_WAITS: Final = {
    "filing": N_("Somebody has to file it at the carrier."),
    "answer": N_("The carrier has to answer."),
    "money": N_("The carrier has to pay."),
    "decision": N_("The carrier refused: file it again, or write it off."),
    "rest": N_("The carrier paid a part: file the rest again, or write it off."),
    "found": N_("The parcel is there: withdraw the claim at the carrier."),
}

CLAIM_QUEUE: Final = {
    "": N_("All open"),
    "file": N_("To be filed"),
    "answer": N_("Answer awaited"),
    "money": N_("Money awaited"),
    "decide": N_("Claims to be decided"),
    "closed": N_("Closed"),
}

CLAIM_LIMIT: Final = {
    "insured": N_("at most what the parcel was insured for"),
    "limit": N_("at most what the contract with the carrier says"),
    "freight": N_("at most so many times the freight, by the contract with the carrier"),
}

CLAIM_BASIS: Final = {
    "cost": N_("at standard cost"),
    "sales": N_("at what was paid for them"),
}

CLAIM_ACTION: Final = {
    "file": N_("Filed at the carrier"),
    "accept": N_("The carrier accepted"),
    "refuse": N_("The carrier refused"),
    "pay": N_("Money came"),
    "write_off": N_("Write off"),
    "settle_found": N_("Withdrawn: parcel found"),
}

CLAIM_MONEY: Final = {
    "accepted": N_("Accepted by the carrier"),
    "received": N_("Money received"),
    "written_off": N_("Written off"),
}

CLAIM_EFFECT: Final = {
    "asks_carrier": N_("{amount} are claimed from the carrier"),
    "asks_less": N_("{amount} that could be claimed are left out"),
    "carrier_owes": N_("The carrier owes {amount}"),
    "not_accepted": N_("{amount} are not accepted"),
    "owes_no_more": N_("The carrier does not owe {amount} any more"),
    "money_in": N_("{amount} came in"),
    "still_owed": N_("The carrier still owes {amount}"),
    "gives_up": N_("{amount} do not come any more"),
    "keeps": N_("{amount} that came are kept"),
    "pays_back": N_("{amount} go back to the carrier"),
    "closes": N_("The claim is closed"),
}
