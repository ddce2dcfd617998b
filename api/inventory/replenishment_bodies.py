"""What is said about suggestions and policies over the API."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictInt

from api.orders.money import MoneyView
from api.orders.returns import minor
from api.strict import Code, Day, Line, Reason, SafeStr, StrictBody, Sum
from db.inventory.approval_plans import ApprovalPlan, NewDocument
from db.inventory.planning_settings import Season, ServiceOf, Setting
from domain.shared.money import COMPANY_CURRENCY, Money

Units = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]
Share = Annotated[str, Field(pattern=r"^0?\.[0-9]{1,5}$")]
Factor = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
ExchangeRate = Annotated[str, Field(pattern=r"^[0-9]{1,8}(\.[0-9]{1,8})?$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Abc = Literal["A", "B", "C"]
_ABC: Final[dict[str, Abc]] = {"A": "A", "B": "B", "C": "C"}
Ids = Annotated[list[Code], Field(min_length=1, max_length=500)]


class WhyView(StrictBody):
    """What a suggestion follows from. `position` = free + on_order + in_transit - promised; below
    `reorder_point` it is filled up to `order_up_to`. `late`: put off by suppliers for too long to
    count; `sold_since`: what a dealer will have sold since the last report. limits: surplus |
    shelf_life | budget | no_rate."""

    free: int
    on_order: int
    late: int = 0
    sold_since: int = 0
    in_transit: int
    promised: int
    position: int
    reorder_point: int
    order_up_to: int
    wanted: int
    daily: float
    safety: float
    moq: int
    step: int
    case_pack: int
    shelf_days: int | None
    limits: list[str]
    above: dict[str, int]


class SuggestionView(StrictBody):
    """kind: purchase | transfer | dealer. state: open | approved | dismissed | superseded.
    `planned` is what the planner said, `units` what stands now; `source` a supplier or location."""

    id: str
    kind: str
    sku: str
    name: str
    location: str
    source: str
    planned: int
    units: int
    value: MoneyView
    order_on: date
    arrives_on: date
    cover_days: float
    out_on: date | None
    abc: str
    state: str
    snoozed_until: date | None
    document_no: str
    reason: str
    why: WhyView

    @classmethod
    def of(cls, row: Any) -> "SuggestionView":
        """As the desk shows it."""
        return cls(
            id=row.id, kind=row.kind, sku=row.sku, name=row.name, location=row.location_id,
            source=row.source_id or row.supplier, planned=row.planned, units=row.quantity,
            value=MoneyView.of(row.quantity * row.unit_minor, row.currency),
            order_on=row.order_on, arrives_on=row.arrives_on, cover_days=row.cover_days,
            out_on=row.out_on, abc=row.class_, state=row.state, snoozed_until=row.snoozed_until,
            document_no=row.document_no, reason=row.reason, why=WhyView(**row.numbers),
        )  # fmt: skip


class NewQuantity(StrictBody):
    """In base units; the supplier's steps are a hint, no rule."""

    units: Units


class Snooze(StrictBody):
    """Hidden until that day; null brings it back."""

    until: Day | None


class Dismissal(StrictBody):
    """Why nothing is ordered."""

    reason: Reason


class ToApprove(StrictBody):
    """Suggestions that are to become orders."""

    ids: Ids


class Approval(StrictBody):
    """Confirms the plan that was shown. `consent` says who agreed, where goods go to a dealer."""

    ids: Ids
    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    consent: SafeStr = ""


class OrderedView(StrictBody):
    """hint: below_moq | no_step, or nothing."""

    suggestion_id: str
    sku: str
    units: int
    hint: str


class DocumentView(StrictBody):
    """One order: a purchase order of one supplier for one location, or a transfer of one route.
    `no` is empty while it is a plan. `state` is what it is then: approved (a purchase order goes to
    the supplier by `port`, a transfer's goods are promised) | awaiting_approval (of a second
    person; then it goes by itself; why: limit | budget). hints: below_minimum | no_order_day."""

    kind: str
    source: str
    location: str
    no: str
    state: str
    why: str
    port: str
    hints: list[str]
    total: MoneyView
    lines: list[OrderedView]

    @classmethod
    def of(cls, one: NewDocument) -> "DocumentView":
        """As it will be, or is."""
        lines = [
            OrderedView(
                suggestion_id=line.suggestion_id, sku=line.sku, units=line.units, hint=line.hint
            )
            for line in one.lines
        ]
        return cls(
            kind=one.kind, source=one.source, location=one.location_id, no=one.no,
            state=one.state, why=one.why, port=one.port, hints=list(one.hints),
            total=MoneyView.of(one.total_minor, one.currency), lines=lines,
        )  # fmt: skip


class ApprovalPlanView(StrictBody):
    """What approving does."""

    plan_hash: str
    documents: list[DocumentView]

    @classmethod
    def of(cls, plan: ApprovalPlan) -> "ApprovalPlanView":
        """With its hash."""
        return cls(plan_hash=plan.hash, documents=[DocumentView.of(one) for one in plan.documents])


class PolicyView(StrictBody):
    """When a SKU is ordered again at a location and up to what, and all it follows from: demand a
    day, lead time and review in days. lead_source: receipts | terms | transfers | setting |
    assumed. measure: cycle | fill. shape: none | poisson | negative_binomial | gamma."""

    location: str
    sku: str
    night: date
    abc: str
    demand_mean: float
    demand_deviation: float
    days_used: int
    days_out: int
    factor: float
    lead_mean: float
    lead_deviation: float
    lead_source: str
    lead_samples: int
    review_days: int
    measure: str
    service: float
    shape: str
    expected: float
    safety: float
    reorder_point: int
    order_up_to: int
    fixed_safety: int | None
    fixed_until: date | None
    fixed_reason: str
    fixed_by: str

    @classmethod
    def of(cls, row: Any) -> "PolicyView":
        """As it was reckoned, or fixed."""
        told: Mapping[str, Any] = row._mapping
        same = {name: told[name] for name in cls.model_fields if name in told}
        return cls(**{**same, "location": row.location_id, "abc": row.class_})


class FixedSafety(StrictBody):
    """Units kept against chance until that day, whatever is reckoned."""

    location: Code
    sku: Code
    safety: Annotated[StrictInt, Field(ge=0, le=1_000_000_000)]
    until: Day
    reason: Reason


class PolicyKey(StrictBody):
    """A SKU at a location."""

    location: Code
    sku: Code


class ClassBody(StrictBody):
    """measure: cycle (of cycles, so many end well) | fill (of units, so many are there at once)."""

    measure: Literal["cycle", "fill"]
    service: Share
    order_days: Annotated[StrictInt, Field(ge=1, le=365)]

    def told(self) -> ServiceOf:
        """As the tables keep it."""
        return ServiceOf(self.measure, float(self.service), self.order_days)


class SettingBody(StrictBody):
    """`auto_approve`: orders of a night up to this sum are made at once; "0" none. `budget`: of one
    night and location, `month_budget`: of all purchases of a month; null is no limit. All in the
    company's money."""

    window_days: Annotated[StrictInt, Field(ge=14, le=365)]
    review_days: Annotated[StrictInt, Field(ge=1, le=60)]
    transfer_days: Annotated[StrictInt, Field(ge=0, le=60)]
    auto_approve: Sum
    budget: Sum | None
    month_budget: Sum | None = None
    classes: dict[Abc, ClassBody]

    def told(self) -> Setting:
        """As the tables keep it."""
        return Setting(
            self.window_days, self.review_days, self.transfer_days, _minor(self.auto_approve),
            None if self.budget is None else _minor(self.budget),
            None if self.month_budget is None else _minor(self.month_budget),
        )  # fmt: skip

    @classmethod
    def of(cls, setting: Setting, classes: Mapping[str, ServiceOf]) -> "SettingBody":
        """What stands."""
        budget, month = setting.budget_minor, setting.month_budget_minor
        return cls(
            window_days=setting.window_days, review_days=setting.review_days,
            transfer_days=setting.transfer_days, auto_approve=_major(setting.auto_approve_minor),
            budget=None if budget is None else _major(budget),
            month_budget=None if month is None else _major(month),
            classes={_ABC[name]: _class(one) for name, one in classes.items()},
        )  # fmt: skip


class SeasonBody(StrictBody):
    """Days on which so many times the usual is asked for: a promotion, a season. Empty SKU,
    category and location mean all."""

    name: Line
    starts_on: Day
    ends_on: Day
    factor: Factor
    sku: SafeStr = ""
    category: SafeStr = ""
    location: SafeStr = ""

    def told(self) -> Season:
        """As the tables keep it."""
        return Season(
            self.name, self.starts_on, self.ends_on, Decimal(self.factor), self.sku,
            self.category, self.location,
        )  # fmt: skip


class SeasonView(StrictBody):
    """An entry of the calendar."""

    id: str
    name: str
    starts_on: date
    ends_on: date
    factor: str
    sku: str
    category: str
    location: str


class RateBody(StrictBody):
    """What one unit of the currency is worth in the company's."""

    rate: ExchangeRate


class RateView(StrictBody):
    currency: str
    rate: str
    set_by: str
    set_at: datetime

    @classmethod
    def of(cls, row: Any) -> "RateView":
        """As it stands."""
        rate = f"{row.rate.normalize():f}"
        return cls(currency=row.currency, rate=rate, set_by=row.set_by, set_at=row.set_at)


class NightView(StrictBody):
    """When was planned last, and what waits."""

    night: date | None
    finished_at: datetime | None
    open: int
    snoozed: int
    urgent: int


def _class(one: ServiceOf) -> ClassBody:
    service = f"{one.service:.5f}".rstrip("0")
    return ClassBody.model_validate(
        {"measure": one.measure, "service": service, "order_days": one.order_days}
    )


def _minor(text: str) -> int:
    return minor(text, COMPANY_CURRENCY)


def _major(sum_minor: int) -> str:
    return str(Money(sum_minor, COMPANY_CURRENCY).major)
