"""What is told and answered about account books at ERPs."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.channels.addresses import Address, ShortName
from api.channels.credentials import Secret
from api.orders.money import MoneyView
from api.strict import Code, Day, Line, Moment, SafeStr, StrictBody
from domain.finance.accounts import Account

State = Literal["", "wanted", "confirmed", "by_hand", "skipped"]


class NewErpAccount(StrictBody):
    """`base_url` is the company's own server at the vendor, or its data centre there."""

    id: ShortName
    vendor: Code
    name: Line
    base_url: Address
    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    settings: dict[Code, Any] = Field(default_factory=dict, max_length=50)
    expires_at: Moment | None = None


class ErpAccountView(BaseModel):
    """An account and how it is doing. `wanted` vouchers are not there yet; of these, `parked` wait
    for a person."""

    id: str
    vendor: str
    name: str
    base_url: str
    active: bool
    exports_from: date | None
    tried_at: datetime | None
    tried_error: str
    last_call_at: datetime | None
    gate: str
    gate_reason: str
    gate_by: str
    gate_since: datetime | None
    waiting: int
    expires_at: datetime | None
    wanted: int
    parked: int
    confirmed: int
    confirmed_at: datetime | None


class ErpAccounts(BaseModel):
    items: list[ErpAccountView]


class Beginning(StrictBody):
    """Vouchers of this day and later go there by themselves; without one, none do."""

    exports_from: Day | None


class Span(StrictBody):
    """Vouchers booked in these days, first and last included."""

    first_day: Day
    last_day: Day


class Wanted(BaseModel):
    """How many vouchers go there now that did not before."""

    vouchers: int


class AccountCode(StrictBody):
    """What the ERP calls an account, or one party's part of it; an empty code takes it back."""

    account: Account
    party: SafeStr = ""
    code: SafeStr = ""


class AccountCodeView(BaseModel):
    account: Account
    number: str
    party: str
    code: str


class AccountCodes(BaseModel):
    """`missing` accounts have no code yet: a voucher with one of them stops the account."""

    items: list[AccountCodeView]
    missing: list[Account]


class ExportView(BaseModel):
    """A voucher on its way; `number` is the ERP's, `key` what it is found by there."""

    voucher_no: str
    state: str
    number: str
    key: str
    enters_on: date
    sum: MoneyView
    wanted_by: str
    sent_at: datetime | None
    settled_at: datetime | None
    attention_id: str | None
    error: str


class ExportList(BaseModel):
    items: list[ExportView]
    next_cursor: str
