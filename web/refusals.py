"""Sentences that rules and steps write in English, for readers of other languages.

Below the pages nobody knows who will read: a rule refuses, a step parks, a hold is placed with an
English sentence. Here each is known by its shape, so that the catalogue can translate it.
"""

import re
from functools import cache
from typing import Final

from api.channels.settings import SENTENCES
from api.language import N_, translate
from web import words

# `{name}` stands for what the sentence speaks of; it stays as it is.
_SENTENCES: Final = (
    N_("there is no such queue"),
    N_("there is no such choice"),
    N_("there is no such reason"),
    N_("there is no such line"),
    N_("there is no such disposition"),
    N_("this is no number"),
    N_("the form cannot be read; open the page again"),
    N_(
        "listing_unknown: the listing's {number} is not known yet; "
        "an order that carries it brings it"
    ),
    N_("listing_unknown: {count} products have SKU {sku}"),
    N_("listing_ambiguous: {count} products have SKU {sku}"),
    N_("location_needed: {count} locations have it: the shop's setting location_id names which"),
    N_("more than {n} vouchers; choose fewer days"),
    N_("the first day comes after the last"),
    N_("there is no such voucher"),
    N_("{currency} has {digits} decimal places"),
    N_("a reason is needed"),
    N_("this order is sent back where it was bought"),
    N_("this is no number"),
    N_("the answer is empty"),
    N_("what is sent anew without coming back must be named"),
    N_("an exchange begins with goods that come back"),
    N_("this channel is answered in its own back office"),
    N_("the shop's setting {key} is missing"),
    N_("the case is {stage}, the answer {verdict} is not awaited"),
    N_("the case is a {kind} by now; we decided about something else"),
    N_("the channel pays the whole case, and less than that was settled"),
    N_("exchanges of Taobao and Tmall are answered in their back office"),
    N_("Tmall wants a picture as proof of a refusal"),
    N_("Douyin wants this answer in its back office"),
    N_("this return has more lines than can be processed at once"),
    N_("the refund does not fit the payments that Shopify shows"),
    N_("Pinduoduo documents no call that refuses"),
    N_("Pinduoduo documents no call for this kind of case"),
    N_("WeChat wants the parcel of an exchange, in its back office"),
    N_("Douyin's numbers of addresses are digits, not {address}"),
    N_("return {no} waits longer than promised"),
    N_("return {no} is soon late"),
    N_("there is no such action, or its reason is missing"),
    N_("claim {no} waits longer than it should"),
    N_("there is no such claim"),
    N_("there is no claim {no}"),
    N_("there is no parcel {no}"),
    N_("this parcel has no claim"),
    N_("the parcel never left"),
    N_("none of these lines is in this parcel"),
    N_("this order is only a test"),
    N_("the claim is closed"),
    N_("the claim is not filed yet"),
    N_("the claim moved on since the plan was shown"),
    N_("the parcel was found"),
    N_("the parcel was not found"),
    N_("more than the carrier answers for"),
    N_("less than the carrier accepted already"),
    N_("less than the carrier has paid already"),
    N_("more than the carrier has paid"),
    N_("the carrier has paid already"),
    N_("more than was claimed"),
    N_("a sum is needed"),
    N_("sums must not be negative"),
    N_("this day is yet to come"),
    N_("the carrier's number of the claim is needed"),
    N_("claims are given up by finance or a manager"),
    N_("a sum has {digits} decimal places at most"),
    N_("{left} units of {line} wait for inspection, {units} are named"),
    N_("more of {sku} came back than was sent"),
    N_("no goods come back with this return"),
    N_("goodwill above the limit is given by a manager"),
    N_("the order has no money left for this goodwill"),
    N_("it was decided already"),
    N_("there is nothing to settle by hand now"),
    N_("nothing was asked"),
    N_("the return does not wait for a decision of ours"),
    N_("no parcel is awaited"),
    N_("goods have come in, or money is on its way"),
    N_("the return moved on since the plan was shown"),
    N_("this case has a return already"),
    N_("{left} units of {sku} can come back, {units} are asked"),
    N_("choose what comes back, or a sum"),
    N_("lines with quantities above zero are needed"),
    N_("quantities must be above zero"),
    N_("{name} is no line of this return"),
    N_("{name} is no line of this order"),
    N_("the return is {outcome}"),
    N_("there is no such return"),
    N_("a photo has at most 5 MB"),
    N_("a SKU is given twice"),
    N_("there is no SKU {sku}"),
    N_("SKU {sku} has no price in {currency}"),
    N_("other goods are for an exchange"),
    N_("payment {number} is written down already"),
    N_("nothing is owed for this order"),
    N_("at most {sum} are owed"),
    N_("there is no such order of an exchange"),
    N_("the buyer owes {sum} for the exchange"),
    N_("at most {n} photos"),
    N_("this is no JPEG, PNG or WebP picture"),
    N_("a photo has at most 50 million pixels"),
    N_("the return has no such photo"),
    N_("there is no return {no}"),
    N_("the shop is paused already"),
    N_("the account is paused already"),
    N_("there is no payment provider {name}"),
    N_("nobody called {name} issues invoices"),
    N_("there is such an account already, or another one for this shop"),
    N_("there is no such account"),
    N_("no account issues invoices for this shop"),
    N_("no tax category for: {names}"),
    N_("there is no money that an invoice could be about"),
    N_("nothing to invoice"),
    N_("the order is cancelled"),
    N_("the order has an invoice already"),
    N_("only an invoice that waits for its goods can be cancelled"),
    N_("only an issued invoice can be taken back"),
    N_("the law knows these rates: {rates}"),
    N_("there is no such product or tax category"),
    N_("its issuer has had it for days and says nothing final"),
    N_("the issuer gives no reason"),
    N_("the order is in {currency}; invoices are in {home}"),
    N_("there is no ERP {name}"),
    N_("there is an ERP account of that name already"),
    N_("an account cannot have this name"),
    N_("there is no such ERP account"),
    N_("no account code for: {accounts}"),
    N_("setting {key} is needed"),
    N_("setting account_book is needed: the number of the account book"),
    N_("the voucher is in {currency}, the account book in {home}: no rate is known"),
    N_("there is no shop {shop}"),
    N_("secrets needed: {names}"),
    N_("there is a payment account of that name already"),
    N_("the address must be a whole https address"),
    N_("there is no channel {name}"),
    N_("there is no carrier {name}"),
    N_("a shop cannot have this name"),
    N_("there is a shop of that name already"),
    N_("this shop of the channel is here already"),
    N_("somebody added this shop a moment ago"),
    N_("a shop of this channel is not called: it has no address"),
    N_("there is an account at this carrier already"),
    N_("{field}: String should match pattern '{pattern}'"),
    N_("it is not paused"),
    N_("another range of this shop is being pulled"),
    N_("no range of this shop is being pulled"),
    N_("the range must end after it starts"),
    N_("the range must lie in the past"),
    N_("at most 90 days can be pulled again at once"),
    N_("this shop is not pulled"),
    N_("a day must be a date, such as 2026-03-01"),
    N_("fill in at least one secret"),
    N_("this system has no secret of that name"),
    N_("{name} must be text, and not empty"),
    N_("{name} must be base64 text, with or without whsec_ before it"),
    N_("there is no SKU {sku}"),
    N_("corrected values are needed"),
    N_("waybill_no is needed: the number of the waybill you ordered"),
    N_("{action} is not offered for {step}"),
    N_("nothing waits for this decision any more"),
    N_("this item was resolved already"),
    N_("step {step} does not wait for anybody"),
    N_("a hold {kind} goes by itself once its cause is mended"),
    N_("the order has no hold {kind}"),
    N_("the order is already held by hand"),
    N_("the order is {status}"),
    N_("order {no} is {status}"),
    N_("the order moved on since the plan was shown"),
    N_("everything asked for has already left"),
    N_("not open on this order: {lines}"),
    N_("a cancellation is being carried out"),
    N_("a parcel is packed already; cancel it or let it go"),
    N_("only the platform knows this receiver; correct it there"),
    N_("there is no order {no}"),
    N_("there is no shipment {no}"),
    N_("shipment {no} has {units} units for {boxes} boxes"),
    N_("shipment {no} is not picked yet"),
    N_("shipment {no} was packed otherwise"),
    N_("shipment {no} was picked otherwise"),
    N_("shipment {no} is {status}"),
    N_("the order of shipment {no} is held: {holds}"),
    N_("more found than asked of {skus}"),
    N_("say how many were found of {skus}"),
    N_("there is no location {location}"),
    N_("a box cannot be that heavy"),
    N_("a quantity must be a whole number"),
    N_("a weight must be kilograms, such as 1.25"),
    N_("weigh at least one box"),
    N_("no tariff of any carrier covers this way"),
    N_("no location ships orders"),
    N_("the platform hides the receiver: order the waybill there, record it as by hand"),
    N_(
        "the platform hides the receiver: enter {settings} in the settings of the shop and retry,"
        " or order the waybill there and record its number as done by hand"
    ),
    N_("the platform hides who gets shipment {no}"),
    N_("shipment {no} has no label made by its platform"),
    N_("{waybill} was ordered by hand: void it there, record it as by hand"),
    N_("{waybill} is on another parcel"),
    N_("a waybill number has letters, digits and - only"),
    N_("no news from the carrier for three days"),
    N_("nobody tells us where this parcel is: has it arrived?"),
    N_("money is due back to the buyer"),
    N_("waybill numbers needed: {boxes}"),
    N_("{field}: String should have at least {count} character"),
    N_("{field}: String should have at most {count} characters"),
    N_("the channel changed the lines after work on them had begun: {lines}"),
    N_("the channel changed the receiver after the label was made"),
    N_("shipment {no} gets a new label: its receiver has changed"),
    N_("a parcel has left already"),
    N_("must not contain control characters"),
    N_("there is no such action"),
    N_("there is no such action, or its reason is missing"),
    N_("there is no such hold"),
    N_("there is no such status"),
    N_("there is no such order"),
    N_("there is no such SKU"),
    N_("there is no such shipment"),
    N_("{action} takes no values"),
    N_("not asked for: {names}"),
    N_("{field} cannot be used"),
    N_("a SKU is named twice; add its quantities up"),
    N_("not on this pick list: {skus}"),
    N_("{store} has too few of what was sold, by its books: {missing}"),
    N_("ticket {no} came again with other content"),
    N_("ticket_conflict: this number came before with other content"),
    N_("returned_goods: goods that came back are not taken from tickets yet"),
    N_("choose a file"),
    N_("there is no such store"),
    N_("the file cannot be read: {why}"),
    N_("large amount"),
    N_("blocked buyer: {reason}"),
    *SENTENCES.values(),
)


# What stands for a code is said in words too.
_CODES: Final = {
    "status": {**words.SHIPMENT_STATUS, **words.ORDER_STATUS},
    "outcome": words.RETURN_OUTCOME,
    "kind": words.HOLD,
    "holds": words.HOLD,
    "action": words.ACTION,
    "field": words.INPUT,
    "accounts": words.ACCOUNT,
}


def said(language: str, sentence: str) -> str:
    """The sentence in this language; what people or partners wrote stays as it is."""
    for pattern, known in _shapes():
        if match := pattern.fullmatch(sentence):
            values = {
                name: _in_words(language, name, text) for name, text in match.groupdict().items()
            }
            told = translate(language, known, **values)
            return told[:1].upper() + told[1:]
    return sentence


def _in_words(language: str, name: str, text: str) -> str:
    known = _CODES.get(name, {})
    codes = text.split(", ") if name in ("holds", "accounts") else [text]
    return ", ".join(translate(language, known.get(code, code)) for code in codes)


@cache
def _shapes() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_shape(known), re.DOTALL), known) for known in _SENTENCES)


def _shape(sentence: str) -> str:
    """`order {no} is {status}` as an expression with a group for each name."""
    parts = re.split(r"{([a-z]+)}", sentence)
    return "".join(
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
