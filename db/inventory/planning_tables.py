"""What the nightly planner knows, reckons and suggests."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class DemandDayRow(SQLModel, table=True):
    """What left a location for customers on one day of its own calendar; `out`: nothing was there
    when the day ended, so that more might have been asked for."""

    __tablename__ = "demand_day"
    __table_args__ = (CheckConstraint("units >= 0", name="demand_is_not_negative"),)
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    day: date = Field(primary_key=True)
    units: int = Field(default=0, sa_type=BIGINT)
    out: bool = False


class DemandCalendarRow(SQLModel, table=True):
    """Days on which more or less is asked for than usual: promotions and seasons. What is left
    empty (SKU, category, location) means all of them."""

    __tablename__ = "demand_calendar"
    __table_args__ = (
        CheckConstraint("factor > 0 AND factor <= 100", name="season_factor"),
        CheckConstraint("starts_on <= ends_on", name="season_begins_before_it_ends"),
    )
    id: str = Field(primary_key=True)
    name: str
    sku: str | None = Field(default=None, foreign_key="sku.code")
    category: str = ""
    location_id: str | None = Field(default=None, foreign_key="location.id")
    starts_on: date
    ends_on: date
    factor: Decimal = Field(sa_type=Numeric(7, 3))
    actor: str = "system"


class PlanningClassRow(SQLModel, table=True):
    """What service a class of goods gets: of cycles that end well, or of units there at once."""

    __tablename__ = "planning_class"
    __table_args__ = (
        CheckConstraint("class IN ('A','B','C')", name="planning_class_is_abc"),
        CheckConstraint("measure IN ('cycle','fill')", name="planning_measure"),
        CheckConstraint("service > 0 AND service < 1", name="planning_service"),
        CheckConstraint("order_days BETWEEN 1 AND 365", name="planning_order_days"),
    )
    class_: str = Field(primary_key=True, sa_column_kwargs={"name": "class"})
    measure: str
    service: Decimal = Field(sa_type=Numeric(6, 5))
    order_days: int


class PlanningSettingRow(SQLModel, table=True):
    """How the company plans: one row. `budget_minor` is for one night of one location,
    `month_budget_minor` for all that is bought in a month, in the company's money."""

    __tablename__ = "planning_setting"
    __table_args__ = (
        CheckConstraint("id = 'company'", name="planning_setting_is_one"),
        CheckConstraint("window_days BETWEEN 14 AND 365", name="planning_window"),
        CheckConstraint("review_days BETWEEN 1 AND 60", name="planning_review"),
        CheckConstraint("transfer_days BETWEEN 0 AND 60", name="planning_transfer"),
        CheckConstraint("auto_approve_minor >= 0", name="planning_auto_approve"),
        CheckConstraint("budget_minor >= 0", name="planning_budget"),
        CheckConstraint("month_budget_minor >= 0", name="planning_month_budget"),
    )
    id: str = Field(default="company", primary_key=True)
    window_days: int = 90
    review_days: int = 1
    transfer_days: int = 2
    auto_approve_minor: int = Field(default=0, sa_type=BIGINT)
    budget_minor: int | None = Field(default=None, sa_type=BIGINT)
    month_budget_minor: int | None = Field(default=None, sa_type=BIGINT)


class ExchangeRateRow(SQLModel, table=True):
    """What one unit of a currency is worth in the company's, as a person wrote it down."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$' AND currency <> 'CNY'", name="rate_of_another"),
        CheckConstraint("rate > 0", name="rate_is_positive"),
    )
    currency: str = Field(primary_key=True)
    rate: Decimal = Field(sa_type=Numeric(18, 8))
    set_by: str
    set_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class StockPolicyRow(SQLModel, table=True):
    """When a SKU is ordered again at a location and up to what, with all that it follows from.
    `passed_up`: units that were asked of the location above and are not there."""

    __tablename__ = "stock_policy"
    __table_args__ = (
        CheckConstraint("class IN ('A','B','C')", name="policy_class_is_abc"),
        CheckConstraint(
            "safety >= 0 AND reorder_point >= 0 AND order_up_to >= reorder_point"
            " AND passed_up >= 0",
            name="policy_levels",
        ),
        CheckConstraint(
            "(fixed_safety IS NULL) = (fixed_by = '') AND fixed_safety >= 0",
            name="policy_fixed_by_somebody",
        ),
    )
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    night: date
    known_since: date
    class_: str = Field(default="C", sa_column_kwargs={"name": "class"})
    demand_mean: float = 0.0
    demand_deviation: float = 0.0
    days_used: int = 0
    days_out: int = 0
    factor: float = 1.0
    lead_mean: float = 0.0
    lead_deviation: float = 0.0
    lead_source: str = ""
    lead_samples: int = 0
    review_days: int = 1
    measure: str = "cycle"
    service: float = 0.95
    shape: str = "none"
    expected: float = 0.0
    safety: float = 0.0
    reorder_point: int = Field(default=0, sa_type=BIGINT)
    order_up_to: int = Field(default=0, sa_type=BIGINT)
    passed_up: int = Field(
        default=0, sa_type=BIGINT, sa_column_kwargs={"server_default": text("0")}
    )
    fixed_safety: int | None = Field(default=None, sa_type=BIGINT)
    fixed_until: date | None = None
    fixed_reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    fixed_by: str = Field(default="", sa_column_kwargs={"server_default": ""})


class PlanningNightRow(SQLModel, table=True):
    """How far a location's planning came in a night."""

    __tablename__ = "planning_night"
    __table_args__ = (Index("planning_night_latest", "night"),)
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    night: date = Field(primary_key=True)
    started_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    policies: int = 0
    suggestions: int = 0


class DemandRolledRow(SQLModel, table=True):
    """A day whose demand was read out of the ledger."""

    __tablename__ = "demand_rolled"
    day: date = Field(primary_key=True)


class SuggestionRow(SQLModel, table=True):
    """What the planner would order: how much, from where, when, and why. A dealer's needs the
    dealer's consent."""

    __tablename__ = "suggestion"
    __table_args__ = (
        CheckConstraint("kind IN ('purchase','transfer','dealer')", name="suggestion_kind"),
        CheckConstraint("quantity > 0 AND planned > 0", name="suggested_quantity"),
        CheckConstraint(
            "state IN ('open','approved','dismissed','superseded')", name="suggestion_state"
        ),
        CheckConstraint(
            "(kind = 'purchase') = (supplier <> '') AND (kind = 'purchase') = (source_id IS NULL)",
            name="suggestion_source",
        ),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="suggestion_decided"),
        Index(
            "suggestion_open",
            "location_id",
            "sku",
            "kind",
            text("coalesce(source_id, supplier)"),
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("suggestion_urgent", "state", "cover_days", "id"),
        Index("suggestion_of_source", "source_id", postgresql_where=text("state = 'open'")),
    )
    id: str = Field(primary_key=True)
    night: date
    kind: str
    sku: str = Field(foreign_key="sku.code")
    location_id: str = Field(foreign_key="location.id")
    source_id: str | None = Field(default=None, foreign_key="location.id")
    supplier: str = Field(default="")
    planned: int = Field(sa_type=BIGINT)
    quantity: int = Field(sa_type=BIGINT)
    edited_by: str = ""
    # Of a dealer's: who there said yes, and when. The planner leaves it alone from then on.
    agreed_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    agreed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    unit_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = "CNY"
    order_on: date
    arrives_on: date
    cover_days: float
    out_on: date | None = None
    class_: str = Field(default="C", sa_column_kwargs={"name": "class"})
    numbers: dict[str, Any] = Field(sa_type=JSON)
    snoozed_until: date | None = None
    state: str = "open"
    reason: str = ""
    document_no: str = ""
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
