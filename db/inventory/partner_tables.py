"""Whom goods are bought from, and on what terms."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, DATES


def _usual(value: str) -> dict[str, str]:
    return {"server_default": value}


class SupplierRow(SQLModel, table=True):
    """Somebody we buy from; who to talk to there is sealed, and `link`: the address and the secret
    of the port by which it gets orders."""

    __tablename__ = "supplier"
    __table_args__ = (
        CheckConstraint("lead_time_days BETWEEN 0 AND 730", name="supplier_lead_time"),
        CheckConstraint("port IN ('','email','json')", name="supplier_port"),
        CheckConstraint("order_days ~ '^1?2?3?4?5?6?7?$'", name="supplier_order_days"),
        CheckConstraint("minimum_minor >= 0", name="supplier_minimum"),
        CheckConstraint("over_receipt_percent BETWEEN 0 AND 100", name="supplier_over_receipt"),
        CheckConstraint("acknowledge_hours BETWEEN 1 AND 2160", name="supplier_acknowledges"),
        CheckConstraint("remind_days BETWEEN 0 AND 60", name="supplier_is_reminded"),
        CheckConstraint("budget_minor >= 0", name="supplier_budget"),
    )
    code: str = Field(primary_key=True)
    name: str
    contact: bytes = Field(default=b"", sa_type=LargeBinary)
    lead_time_days: int = 0
    currency: str = "CNY"
    active: bool = True
    # On which days of the week it takes orders, Monday is 1, and its holidays.
    order_days: str = Field(default="1234567", sa_column_kwargs=_usual("1234567"))
    days_off: list[date] = Field(
        default=[], sa_type=DATES, sa_column_kwargs={"server_default": text("'{}'")}
    )
    minimum_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_usual("0"))
    budget_minor: int | None = Field(default=None, sa_type=BIGINT)  # of a month, none = no limit
    over_receipt_percent: int = Field(default=0, sa_column_kwargs=_usual("0"))
    acknowledge_hours: int = Field(default=48, sa_column_kwargs=_usual("48"))
    remind_days: int = Field(default=2, sa_column_kwargs=_usual("2"))
    # How it gets orders; '' = somebody tells it by telephone.
    port: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    link: bytes = Field(
        default=b"", sa_type=LargeBinary, sa_column_kwargs={"server_default": text("''")}
    )


class SupplierItemRow(SQLModel, table=True):
    """How one SKU is bought from one supplier; quantities in base units."""

    __tablename__ = "supplier_item"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="supplier_item_price"),
        CheckConstraint("moq > 0 AND multiple > 0 AND case_pack > 0", name="supplier_item_steps"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 730", name="supplier_item_lead_time"),
        CheckConstraint("min_life_days BETWEEN 0 AND 36500", name="supplier_item_life"),
        Index(
            "one_preferred_supplier", "sku", unique=True,
            postgresql_where=text("preferred AND active"),
        ),
    )  # fmt: skip
    supplier: str = Field(primary_key=True, foreign_key="supplier.code")
    sku: str = Field(primary_key=True, foreign_key="sku.code", index=True)
    supplier_sku: str = ""  # what the supplier calls it
    price_minor: int = Field(default=0, sa_type=BIGINT)  # of a base unit, in its currency
    moq: int = Field(default=1, sa_type=BIGINT)
    multiple: int = Field(default=1, sa_type=BIGINT)
    case_pack: int = Field(default=1, sa_type=BIGINT)
    lead_time_days: int | None = None  # none = the supplier's
    # What must remain when the goods come in; the SKU's own minimum counts where it is more.
    min_life_days: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    preferred: bool = False
    active: bool = True


class DealerRow(SQLModel, table=True):
    """A dealer 经销商: where its stock lies, and how much it may owe us."""

    __tablename__ = "dealer"
    __table_args__ = (CheckConstraint("credit_limit_minor >= 0", name="dealer_credit_limit"),)
    code: str = Field(primary_key=True)
    name: str
    location_id: str | None = Field(default=None, foreign_key="location.id")
    credit_limit_minor: int = Field(default=0, sa_type=BIGINT)
    contact: bytes = Field(default=b"", sa_type=LargeBinary)
    currency: str = "CNY"
    active: bool = True
    # What lies there of our goods stays ours until it is sold; otherwise it is bought when it came.
    on_consignment: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
