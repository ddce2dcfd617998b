"""The order message of our own channel: mini program, POS, phone, anyone who can sign.

`python -m integrations.marketplaces.own_schema > integrations/marketplaces/own_schema.json`
writes the published JSON schema.
"""

import json
import re
import sys
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.orders.snapshot import LineKind

MOST_LINES: Final = 1000
_ZERO: Final = Decimal(0)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f]")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_AMOUNT: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$"


def _safe(text: str) -> str:
    if _CONTROLS.search(text):
        raise PydanticCustomError("not_printable", "must not contain control characters")
    return unicodedata.normalize("NFC", text)


def _label(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise PydanticCustomError("not_printable", "must be printable, without blanks at its ends")
    return unicodedata.normalize("NFC", text)


def _time(value: object) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise PydanticCustomError("not_a_time", "must be an RFC 3339 time with a zone")
    time = datetime.fromisoformat(value.upper())
    if not 2000 <= time.year < 2200:
        raise PydanticCustomError("not_a_time", "must lie between the years 2000 and 2199")
    return time.astimezone(UTC)


def _amount(value: object) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(_AMOUNT, value):
        raise PydanticCustomError("not_a_number", 'must be a decimal in a string, such as "12.50"')
    return Decimal(value)


Safe = Annotated[str, StringConstraints(strict=True), AfterValidator(_safe)]
Label = Annotated[str, StringConstraints(strict=True), AfterValidator(_label)]
Time = Annotated[datetime, BeforeValidator(_time)]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": _AMOUNT, "examples": ["12.50"]}),
]


class OwnState(StrEnum):
    """How far the order is for the sender; what is shipped and delivered we tell the sender."""

    UNPAID = "unpaid"
    PAID = "paid"
    FROZEN = "frozen"
    CANCELLED = "cancelled"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnLine(Strict):
    """Sums are for the whole line, in the order's currency, tax included."""

    line_no: Label = Field(min_length=1, max_length=64)
    sku: Label = Field(default="", max_length=100, description="required for goods")
    title: Safe = Field(default="", max_length=500)
    quantity: StrictInt = Field(ge=1, le=1_000_000)
    payable: Amount = Field(description="what the buyer pays; negative for a discount only")
    kind: LineKind = LineKind.GOODS
    list: Amount | None = Field(default=None, description="before discounts; payable when absent")
    tax: Amount = Field(default=_ZERO, description="contained in payable")
    gift: StrictBool = False
    cancelled: StrictBool = False
    refund_in_progress: StrictBool = False


class OwnReceiver(Strict):
    """In China the division code or the names of province, city and district say where."""

    name: Safe = Field(min_length=1, max_length=100)
    phone: Safe = Field(min_length=5, max_length=30, pattern=r"^[0-9+()#\- ]+$")
    detail: Safe = Field(min_length=1, max_length=300, description="street, number, floor")
    company: Safe = Field(default="", max_length=100)
    country: Label = Field(default="CN", pattern="^[A-Z]{2}$", description="ISO 3166-1")
    division_code: Label = Field(default="", pattern="^([0-9]{6})?$", description="GB/T 2260")
    province: Safe = Field(default="", max_length=100)
    city: Safe = Field(default="", max_length=100)
    district: Safe = Field(default="", max_length=100)
    postcode: Label = Field(default="", max_length=20)


class OwnOrder(Strict):
    """The whole order as it is at `revision`; a higher revision replaces it, a lower is ignored."""

    order_no: Label = Field(min_length=1, max_length=64)
    revision: StrictInt = Field(ge=1, le=9_007_199_254_740_991)
    state: OwnState
    currency: Label = Field(pattern="^[A-Z]{3}$", description="ISO 4217")
    placed_at: Time
    lines: tuple[OwnLine, ...] = Field(
        max_length=MOST_LINES, json_schema_extra={"minItems": 1}, description="at least one"
    )
    receiver: OwnReceiver | None = None
    paid_at: Time | None = Field(default=None, description="placed_at when absent and paid")
    captured: Amount | None = Field(
        default=None, description="money received; when absent all of it once paid, else nothing"
    )
    freight: Amount = Field(default=_ZERO, description="postage that is not a line")
    ship_by: Time | None = None
    presale_until: Time | None = None
    cash_on_delivery: StrictBool = False
    test_order: StrictBool = False
    gift: StrictBool = False
    invoice_request: Safe = Field(default="", max_length=500)
    buyer_remark: Safe = Field(default="", max_length=2000)
    seller_remark: Safe = Field(default="", max_length=2000)
    buyer_ref: Label = Field(default="", max_length=128, description="your id of the buyer")


def published_schema() -> str:
    """The JSON schema we publish, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **OwnOrder.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(published_schema())
