"""Claims against carriers: one a parcel, what it is about, and its ledger of money."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}


class CarrierClaimRow(SQLModel, table=True):
    """One claim. What people, the carrier and time decided is a fact here; where it stands
    (`status`, `waits_for`, `due_at`) its workflow writes. `written_off_minor` is what does not
    come any more, `booked_off_minor` the part of it that had been accepted before."""

    __tablename__ = "carrier_claim"
    __table_args__ = (
        CheckConstraint("kind IN ('lost','damaged')", name="claim_kind"),
        CheckConstraint(
            "origin IN ('tracking','return','bench','customer_service')", name="claim_origin"
        ),
        CheckConstraint(
            "status IN ('opened','filed','accepted','refused','closed')", name="claim_status"
        ),
        CheckConstraint("outcome IN ('','paid','written_off','found')", name="claim_outcome"),
        CheckConstraint("ended IN ('','written_off','found')", name="claim_ended"),
        CheckConstraint("answer IN ('','accepted','partly','refused')", name="claim_answer"),
        CheckConstraint("limited_by IN ('','insured','limit','freight')", name="claim_limited_by"),
        CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="claim_ends_once"),
        CheckConstraint("(filed_on IS NULL) = (carrier_ref = '')", name="claim_filed_with_number"),
        CheckConstraint(
            "claimed_minor <= most_minor AND goods_minor >= 0 AND freight_minor >= 0",
            name="claim_within_most",
        ),
        CheckConstraint(
            "received_minor >= 0 AND booked_off_minor >= 0"
            " AND received_minor + booked_off_minor <= accepted_minor"
            " AND accepted_minor <= claimed_minor",
            name="claim_received_within_accepted",
        ),
        CheckConstraint(
            "written_off_minor >= booked_off_minor"
            " AND received_minor + written_off_minor <= claimed_minor",
            name="claim_written_off_within_claimed",
        ),
        Index("claim_by_order", "order_id"),
        Index("claim_queue", "waits_for", "due_at", postgresql_where=text("outcome = ''")),
        Index("claim_by_return", "return_no", postgresql_where=text("return_no <> ''")),
    )
    claim_no: str = Field(primary_key=True)
    parcel_id: str = Field(foreign_key="parcel.id", unique=True)
    order_id: str = Field(foreign_key="sales_order.id")
    carrier: str = Field(index=True)
    waybill_no: str
    kind: str
    origin: str
    return_no: str = ""
    status: str = "opened"
    waits_for: str = ""
    outcome: str = ""
    currency: str
    basis: str  # cost | sales
    goods_minor: int = Field(sa_type=BIGINT)
    freight_minor: int = Field(sa_type=BIGINT)
    ceiling_minor: int | None = Field(default=None, sa_type=BIGINT)
    limited_by: str = ""
    most_minor: int = Field(sa_type=BIGINT)
    claimed_minor: int = Field(sa_type=BIGINT)
    accepted_minor: int = Field(default=0, sa_type=BIGINT)
    received_minor: int = Field(default=0, sa_type=BIGINT)
    booked_off_minor: int = Field(default=0, sa_type=BIGINT)
    written_off_minor: int = Field(default=0, sa_type=BIGINT)
    despatched_at: datetime = Field(sa_type=TIMESTAMP)
    file_by: datetime = Field(sa_type=TIMESTAMP)
    filed_on: date | None = Field(default=None, sa_type=Date)
    carrier_ref: str = ""
    answer: str = ""
    answer_reason: str = ""
    found_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    ended: str = ""
    ended_reason: str = ""
    ended_by: str = ""
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reminders: int = 0
    created_by: str
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ClaimLineRow(SQLModel, table=True):
    """Units that were in the parcel, and what they are worth: evidence, append-only."""

    __tablename__ = "claim_line"
    __table_args__ = (
        CheckConstraint("units > 0 AND value_minor >= 0", name="claim_line_is_positive"),
    )
    claim_no: str = Field(primary_key=True, foreign_key="carrier_claim.claim_no")
    fulfilment_line_id: str = Field(primary_key=True, foreign_key="fulfilment_line.id")
    sku: str = Field(foreign_key="sku.code")
    units: int = Field(sa_type=BIGINT)
    value_minor: int = Field(sa_type=BIGINT)


class ClaimMoneyRow(SQLModel, table=True):
    """What the carrier accepted or paid, or what of that was written off; append-only. Less than
    nothing takes an earlier line back. The books read it."""

    __tablename__ = "claim_money"
    __table_args__ = (
        CheckConstraint("kind IN ('accepted','received','written_off')", name="claim_money_kind"),
        CheckConstraint("amount_minor <> 0", name="claim_money_moves_something"),
        Index("claim_money_by_claim", "claim_no"),
    )
    id: str = Field(primary_key=True)  # the act and the kind
    claim_no: str = Field(foreign_key="carrier_claim.claim_no")
    kind: str
    amount_minor: int = Field(sa_type=BIGINT)
    reference: str = ""
    value_on: date = Field(sa_type=Date)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
