"""What is said about purchase orders and suppliers over the API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy.engine import Row

from api.orders.money import MoneyView
from api.strict import Code, Day, SafeStr, StrictBody, Sum, Switch
from db.inventory.purchase_queries import PurchaseDetail, SupplierDetail
from domain.inventory.purchasing.acts import PurchaseAction, PurchasePlan, actions_of
from domain.inventory.purchasing.model import Purchase

Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Some = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
Days = Annotated[int, Field(strict=True, ge=0, le=730)]
Weekdays = Annotated[str, Field(pattern="^1?2?3?4?5?6?7?$", min_length=1)]
Link = Annotated[str, Field(max_length=500, pattern=r"^\S*$")]


class WantedLine(StrictBody):
    """Base units of one SKU; without a price, at the supplier's."""

    sku: Code
    units: Units
    price: Sum | None = None


class PurchaseRequest(StrictBody):
    """Without `wanted_on`, as soon as the supplier's terms allow."""

    supplier: Code
    location_id: Code
    lines: list[WantedLine] = Field(min_length=1, max_length=1000)
    wanted_on: Day | None = None
    reason: SafeStr = ""


class PurchaseEdit(StrictBody):
    """All lines of a draft anew; `version` is the one that was shown."""

    version: Units
    lines: list[WantedLine] = Field(min_length=1, max_length=1000)
    wanted_on: Day | None = None


class PromisedUnits(StrictBody):
    """What the supplier promises of one line."""

    line_no: Units
    units: Some


class AmendedLineBody(StrictBody):
    """A line as it is wanted now; without a number it is a new one, without a price at the price
    it has, or the supplier's."""

    line_no: Units | None = None
    sku: Code
    units: Units
    price: Sum | None = None


class PurchaseWish(StrictBody):
    """action: submit | take_back | answer | expect | amend | cancel | close. `units` are what the
    supplier promises where it is not all of a line; `lines` all that an amendment wants: a line
    that is not named is wanted no more."""

    action: PurchaseAction
    units: list[PromisedUnits] = Field(default_factory=list, max_length=1000)
    lines: list[AmendedLineBody] = Field(default_factory=list, max_length=1000)
    expected_on: Day | None = None


class PurchaseDecided(PurchaseWish):
    """Confirms the plan that was shown. `reference` is the supplier's number of the order."""

    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: SafeStr = ""
    reference: SafeStr = ""


class PurchaseCreated(StrictBody):
    no: str


class PurchaseEffectView(StrictBody):
    """One thing a decision does; see docs/purchasing.md."""

    kind: str
    units: int
    amount: MoneyView
    text: str


class PurchasePlanView(StrictBody):
    """What a decision does; `state` is what the order is then."""

    action: PurchaseAction
    state: str
    effects: list[PurchaseEffectView]
    plan_hash: str

    @classmethod
    def of(cls, plan: PurchasePlan, currency: str) -> "PurchasePlanView":
        return cls(
            action=plan.action,
            state=plan.after.state,
            effects=[
                PurchaseEffectView(
                    kind=one.kind, units=one.units, text=one.text,
                    amount=MoneyView.of(one.amount_minor, currency),
                )
                for one in plan.effects
            ],
            plan_hash=plan.hash,
        )  # fmt: skip


class PurchaseSummary(StrictBody):
    """state: draft | awaiting_approval | approved | sent | acknowledged | partly_received |
    received | closed | cancelled. waits_for: buyer | approval | sending | answer | goods | decision
    | corrections; `due_at` is when it acts by itself."""

    no: str
    supplier: str
    location_id: str
    state: str
    late: bool
    waits_for: str
    due_at: datetime | None
    wanted_on: date | None
    expected_on: date | None
    total: MoneyView
    ordered: int
    received: int
    open_units: int
    supplier_ref: str
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "PurchaseSummary":
        return cls.model_validate(_summary(row))


class PurchaseLineView(StrictBody):
    """`acknowledged` is what the supplier promised; none while it said nothing. `dropped`: a later
    revision wants none of it."""

    line_no: int
    sku: str
    name: str
    ordered: int
    acknowledged: int | None
    received: int
    cancelled: int
    dropped: bool
    price: MoneyView


class AdviceView(StrictBody):
    """kind: below_moq | not_in_steps | no_terms | price_differs | below_minimum | no_order_day;
    line 0 = the whole order."""

    kind: str
    line_no: int
    told: int
    best: int


class PurchaseStoryView(StrictBody):
    at: datetime
    kind: str
    actor: str
    data: dict[str, str]


class PurchaseView(PurchaseSummary):
    """The supplier knows revision `told_revision`. `numbers` are those a suggestion was made from;
    `advice` what the terms say to a draft."""

    version: int
    revision: int
    told_revision: int
    answer: str
    over_receipt_percent: int
    source: str
    reason: str
    numbers: dict[str, Any]
    approved_by: str
    ended_reason: str
    lines: list[PurchaseLineView]
    advice: list[AdviceView]
    actions: list[PurchaseAction]
    story: list[PurchaseStoryView]

    @classmethod
    def whole(cls, detail: PurchaseDetail, purchase: Purchase) -> "PurchaseView":
        row = detail.row
        names = ("version", "revision", "told_revision", "answer", "over_receipt_percent",
                 "source", "reason", "numbers", "approved_by", "ended_reason")  # fmt: skip
        return cls(
            **_summary(row),
            **{name: getattr(row, name) for name in names},
            lines=[_line(one, row.currency) for one in detail.lines],
            advice=[
                AdviceView(kind=a.kind, line_no=a.line_no, told=a.told, best=a.best)
                for a in detail.advice
            ],
            actions=list(actions_of(purchase)),
            story=[
                PurchaseStoryView(at=one.at, kind=one.kind, actor=one.actor, data=one.data)
                for one in detail.story
            ],
        )


class SupplierSummary(StrictBody):
    """Of the last half year: `ended` orders, how many came on time, units ordered and received."""

    code: str
    name: str
    active: bool
    currency: str
    port: str
    lead_time_days: int
    items: int
    open: int
    late: int
    ended: int
    on_time: int
    ordered: int
    received: int

    @classmethod
    def of(cls, row: Row[Any]) -> "SupplierSummary":
        return cls.model_validate(_supplier(row))


class SupplierItemBody(StrictBody):
    """How one SKU is bought; quantities in base units. Without a lead time, the supplier's.
    `min_life_days` must remain when the goods come in, or they are set apart."""

    price: Sum
    supplier_sku: SafeStr = ""
    moq: Units = 1
    multiple: Units = 1
    case_pack: Units = 1
    lead_time_days: Days | None = None
    min_life_days: Annotated[int, Field(strict=True, ge=0, le=36_500)] = 0
    preferred: Switch = False
    active: Switch = True


class SupplierItemView(StrictBody):
    sku: str
    name: str
    supplier_sku: str
    price: MoneyView
    moq: int
    multiple: int
    case_pack: int
    lead_time_days: int | None
    min_life_days: int
    preferred: bool
    active: bool


class SupplierTerms(StrictBody):
    """`order_days`: days of the week on which orders are taken, Monday is 1. port: "" (told by a
    person) | email | json. An `address` or `secret` that is left empty stays as it is. `budget`:
    what may be bought in a month without a second person, null is no limit."""

    lead_time_days: Days
    order_days: Weekdays = "1234567"
    days_off: list[Day] = Field(default_factory=list, max_length=400)
    minimum: Sum = "0"
    over_receipt_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    acknowledge_hours: Annotated[int, Field(strict=True, ge=1, le=2160)] = 48
    remind_days: Annotated[int, Field(strict=True, ge=0, le=60)] = 2
    port: Literal["", "email", "json"] = ""
    address: Link = ""
    secret: Link = ""
    budget: Sum | None = None


class SupplierView(SupplierSummary):
    """Secrets are written, never read. `bought`: this month."""

    order_days: str
    days_off: list[date]
    minimum: MoneyView
    budget: MoneyView | None
    bought: MoneyView
    over_receipt_percent: int
    acknowledge_hours: int
    remind_days: int
    terms: list[SupplierItemView]
    orders: list[PurchaseSummary]

    @classmethod
    def whole(cls, detail: SupplierDetail) -> "SupplierView":
        terms = detail.terms
        names = ("order_days", "days_off", "over_receipt_percent", "acknowledge_hours",
                 "remind_days")  # fmt: skip
        return cls(
            **_supplier(detail.row),
            **{name: getattr(terms, name) for name in names},
            minimum=MoneyView.of(terms.minimum_minor, terms.currency),
            budget=None
            if terms.budget_minor is None
            else MoneyView.of(terms.budget_minor, terms.currency),
            bought=MoneyView.of(detail.bought_minor, terms.currency),
            terms=[_item(one, terms.currency) for one in detail.items],
            orders=[PurchaseSummary.of(one) for one in detail.orders],
        )


def _summary(row: Row[Any]) -> dict[str, Any]:
    names = ("no", "supplier", "location_id", "state", "late", "waits_for", "due_at", "wanted_on",
             "expected_on", "ordered", "received", "open_units", "supplier_ref", "created_at",
             "closed_at")  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return told | {"late": bool(row.late), "total": MoneyView.of(row.total_minor, row.currency)}


def _line(row: Row[Any], currency: str) -> PurchaseLineView:
    names = ("line_no", "sku", "name", "ordered", "acknowledged", "received", "cancelled",
             "dropped")  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return PurchaseLineView(**told, price=MoneyView.of(row.price_minor, currency))


def _supplier(row: Row[Any]) -> dict[str, Any]:
    names = ("code", "name", "active", "currency", "port", "lead_time_days", "items", "open",
             "late", "ended", "on_time", "ordered", "received")  # fmt: skip
    return {name: getattr(row, name) if getattr(row, name) is not None else 0 for name in names}


def _item(row: Row[Any], currency: str) -> SupplierItemView:
    names = ("sku", "name", "supplier_sku", "moq", "multiple", "case_pack", "lead_time_days",
             "min_life_days", "preferred", "active")  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return SupplierItemView(**told, price=MoneyView.of(row.price_minor, currency))
