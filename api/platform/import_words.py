"""Imports in words: lists, states, and what is wrong with a cell."""

from collections.abc import Mapping, Sequence
from typing import Final

from api.language import N_, translate
from domain.platform.sheets import Column

KIND: Final[Mapping[str, str]] = {
    "products": N_("Products"),
    "stock": N_("Stock counts"),
    "suppliers": N_("Suppliers"),
    "supplier_items": N_("Terms of suppliers"),
    "ship_notices": N_("Ship notices"),
    "dealers": N_("Dealers"),
    "orders": N_("Orders of own shops"),
    "users": N_("People who log in"),
    "customers": N_("Customers"),
    "dealer_stock": N_("Reports of dealers"),
}
EXPORT_LIST: Final[Mapping[str, str]] = {
    **KIND,
    "stock": N_("Stock"),
    "orders": N_("Orders"),
}
IMPORT_STATE: Final[Mapping[str, str]] = {
    "checking": N_("being compared"),
    "checked": N_("waits for your decision"),
    "applying": N_("being applied"),
    "done": N_("done"),
    "discarded": N_("discarded"),
}
ROW_STATE: Final[Mapping[str, str]] = {
    "staged": N_("not compared yet"),
    "bad": N_("bad"),
    "new": N_("new"),
    "changed": N_("changed"),
    "same": N_("same as now"),
    "applied": N_("applied"),
    "failed": N_("failed"),
}
# `{about}` is what the fault names.
FAULT: Final[Mapping[str, str]] = {
    "missing": N_("must not be empty"),
    "too_long": N_("is too long"),
    "not_printable": N_("has characters that cannot be printed"),
    "not_a_number": N_("is no number"),
    "not_whole": N_("is no whole number"),
    "out_of_range": N_("is out of range"),
    "too_many_decimals": N_("has more decimal places than {about}"),
    "shortened_number": N_("was shortened by a spreadsheet; make the column text"),
    "not_a_gtin": N_("is no GTIN of 8, 12, 13 or 14 digits"),
    "wrong_check_digit": N_("has a wrong check digit"),
    "gtin_taken": N_("belongs to {about} already"),
    "not_yes_or_no": N_("is neither yes nor no"),
    "not_a_currency": N_("is no currency such as CNY"),
    "not_among": N_("is none of the allowed words"),
    "not_a_day": N_("is no day such as 2026-03-01"),
    "no_report": N_("this cannot be a report: {about}"),
    "doubt_unknown_sku": N_("will wait for a decision: there is no such SKU {about}"),
    "doubt_unknown_lot": N_("will wait for a decision: nobody knows lot {about}"),
    "doubt_negative": N_("will wait for a decision: units below zero"),
    "doubt_first": N_("will wait for a decision: it is the first report of this place"),
    "doubt_too_much": N_("will wait for a decision: more than should be there ({about})"),
    "doubt_too_little": N_("will wait for a decision: less than should be there ({about})"),
    "doubt_oversold": N_("will wait for a decision: more sold than there was"),
    "doubt_missing": N_("will wait for a decision: {about} is missing in the report"),
    "doubt_odd_sales": N_("will wait for a decision: sales are far from usual"),
    "doubt_odd_stock": N_("will wait for a decision: stock is far from usual"),
    "doubt_over_capacity": N_("will wait for a decision: more than the place holds"),
    "doubt_unchanged": N_("will wait for a decision: it says what the last report said"),
    "not_a_time": N_("is no time such as 2026-03-01 10:30"),
    "twice": N_("stands in row {about} already"),
    "more_cells": N_("has more cells than the first row has headings"),
    "not_csv": N_("this row is no CSV"),
    "unknown_sku": N_("there is no such SKU"),
    "unknown_supplier": N_("there is no such supplier"),
    "unknown_location": N_("there is no such location"),
    "unknown_shop": N_("there is no such own shop"),
    "not_a_log_in_name": N_("is no log-in name: small letters, digits and . _ @ -"),
    "own_account": N_("your own rights another administrator changes"),
    "dealer_needs_place": N_("a dealer must be limited to a location"),
    "whole_company": N_("the whole company is not limited to a location"),
    "place_twice": N_("a location is either with all below it or alone"),
    "masked": N_("is masked, as in a list taken away by somebody who may not see people"),
    "not_a_phone": N_("is no phone number"),
    "phone_taken": N_("belongs to customer {about} already"),
    "below_reserved": N_("less than the {about} units that are promised"),
    "lot_missing": N_("is needed: the lots of this product are written down"),
    "unknown_order": N_("there is no such purchase order or transfer"),
    "order_is_over": N_("nothing is to come on this order"),
    "goes_elsewhere": N_("the goods of its order go to another location"),
    "said_otherwise": N_("this number came before with other goods"),
    "before_produced": N_("is before the day of production"),
    "serials_differ": N_("are not as many as the {about} units"),
    "serial_twice": N_("name one thing twice"),
    "differs_within_notice": N_("differs within the ship notice"),
    "notice_has_faults": N_("its ship notice has faults, see row {about}"),
    "differs_within_order": N_("differs within the order"),
    "order_unreadable": N_("the order cannot be used: {about}"),
    "order_refuses": N_("is not written as orders need it"),
    "negative": N_("must not be below zero"),
    "needs_place": N_("province and city are needed"),
    "order_has_faults": N_("its order has faults, see row {about}"),
}
_MORE: Final[Mapping[str, str]] = {"Result": N_("Result"), "Problem": N_("Problem")}


def heading(column: Column, language: str) -> str:
    """What a column is called in files for people of this language."""
    return column.zh if language == "zh" else column.en


def told(language: str, texts: Sequence[str]) -> list[str]:
    """These headings in the reader's language."""
    return [translate(language, _MORE[text]) for text in texts]
