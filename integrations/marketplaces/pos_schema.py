"""The tickets of a till, as a batch of a day sends them.

`python -m integrations.marketplaces.pos_schema > integrations/marketplaces/pos_schema.json`
writes the published JSON schema.
"""

import json
import sys
from typing import Annotated, Final

from pydantic import Field, StrictInt

from integrations.marketplaces.own_schema import MOST_LINES, Label, Safe, Strict, Time

MOST_TICKETS: Final = 1000
_MOST_UNITS: Final = 1_000_000
_MOST_MINOR: Final = 10**12
_NAME: Final = r"^[^/]+$"

Minor = Annotated[StrictInt, Field(ge=0, le=_MOST_MINOR)]


class PosLine(Strict):
    """One article. Sums are minor units (fen, cents), tax included."""

    sku: Label = Field(
        min_length=1, max_length=100, description="our SKU, its barcode, or a mapped SKU of yours"
    )
    quantity: StrictInt = Field(
        ge=-_MOST_UNITS, le=_MOST_UNITS, description="below zero: goods that came back"
    )
    unit_price_minor: Minor
    title: Safe = Field(default="", max_length=500)
    discount_minor: Minor = Field(default=0, description="off the whole line")
    tax_minor: Minor = Field(default=0, description="contained in what the line costs")


class PosPayment(Strict):
    """What stays in the till: change given back is not in it."""

    kind: Label = Field(
        pattern="^[a-z][a-z0-9_]{0,31}$", description="cash, card, wechat, alipay, voucher, …"
    )
    amount_minor: StrictInt = Field(ge=-_MOST_MINOR, le=_MOST_MINOR)
    reference: Label = Field(default="", max_length=100, description="the terminal's own number")


class PosTicket(Strict):
    """One sale that was carried out of a store. Store, till and number name it for good."""

    store: Label = Field(min_length=1, max_length=40, description="a location of kind store")
    till: Label = Field(min_length=1, max_length=20, pattern=_NAME)
    number: Label = Field(min_length=1, max_length=40, pattern=_NAME)
    sold_at: Time
    lines: tuple[PosLine, ...] = Field(
        max_length=MOST_LINES, json_schema_extra={"minItems": 1}, description="at least one"
    )
    payments: tuple[PosPayment, ...] = Field(
        default=(), max_length=50, description="they add up to the ticket's total"
    )
    currency: Label = Field(default="CNY", pattern="^[A-Z]{3}$", description="ISO 4217")
    discount_minor: Minor = Field(default=0, description="off the whole ticket")


class PosBatch(Strict):
    """What a till sends at once; in any order, as often as it likes."""

    tickets: tuple[PosTicket, ...] = Field(max_length=MOST_TICKETS, min_length=1)


def published_schema() -> str:
    """The JSON schema we publish, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PosBatch.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(published_schema())
