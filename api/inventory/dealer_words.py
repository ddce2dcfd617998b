"""Doubts about a dealer's report in words, with their numbers."""

from typing import Final

from api.language import N_, translate
from domain.inventory.dealer_reports import Verdict

DOUBT: Final = {
    "unknown_sku": N_("There is no such product."),
    "unknown_lot": N_("We never sent lot {lot}, and do not know it."),
    "negative": N_("Units cannot be below zero: in stock {stock}, sold {sold}."),
    "first": N_("It is the first report of this place: there is nothing to compare it with."),
    "too_much": N_(
        "More than can be there: {lay} last time + {came} delivered − {sold} sold − {back} returned"
        " = {should}, {way} more are on the way; reported are {stock}. Off by up to {off} is"
        " accepted."
    ),
    "too_little": N_(
        "Less than should be there: {lay} last time + {came} delivered − {sold} sold − {back}"
        " returned = {should}; reported are {stock}. Off by up to {off} is accepted."
    ),
    "oversold": N_(
        "Sold {sold}, yet there were {lay} last time, {came} were delivered and {way} are on the"
        " way."
    ),
    "missing": N_("It is not in the report; {lay} should lie there."),
    "odd_sales": N_("Sold {sold} in {days} days; usual are about {usual}."),
    "odd_stock": N_("In stock {stock}; usual are about {usual}."),
    "over_capacity": N_("In stock {stock} in all; the place holds {capacity}."),
    "unchanged": N_("It says exactly what the last report said, sales too."),
}


def in_words(language: str, verdict: Verdict) -> str:
    """Why a report, or a product in it, is doubted."""
    return translate(language, DOUBT[str(verdict.doubt)]).format(**verdict.numbers)
