"""Claims for goods: what suppliers owe for receipts, and carriers for transfers."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}
_ZERO = {"server_default": "0"}
_EMPTY = {"server_default": ""}


class GoodsClaimRow(SQLModel, table=True):
    """What one debtor owes for the goods of one case or difference; its number is theirs. The sums
    are those of its ledger."""

    __tablename__ = "goods_claim"
    __table_args__ = (
        CheckConstraint("origin IN ('receipt','transfer')", name="goods_claim_origin"),
        CheckConstraint(
            "debtor LIKE 'supplier/%' OR debtor LIKE 'carrier/%'", name="goods_claim_debtor"
        ),
        CheckConstraint("claimed_minor >= 0", name="goods_claim_sum"),
        CheckConstraint(
            "least(accepted_minor, received_minor, set_off_minor, written_off_minor) >= 0"
            " AND received_minor + set_off_minor + written_off_minor <= accepted_minor",
            name="goods_claim_owes_no_less_than_nothing",
        ),
        Index("goods_claim_newest", "created_at", "claim_no"),
    )
    claim_no: str = Field(primary_key=True)
    origin: str
    document_no: str  # the receipt, or the transfer
    location_id: str = Field(foreign_key="location.id")
    debtor: str
    never_came: bool = False
    currency: str
    claimed_minor: int = Field(sa_type=BIGINT)
    accepted_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    received_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    set_off_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    written_off_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    created_by: str
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class GoodsClaimMoneyRow(SQLModel, table=True):
    """What was accepted, came, was set off or written off; append-only. Less than nothing takes an
    earlier line back. The books read it."""

    __tablename__ = "goods_claim_money"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('accepted','received','set_off','written_off')", name="goods_claim_money_kind"
        ),
        CheckConstraint("amount_minor <> 0", name="goods_claim_money_moves_something"),
        Index("goods_claim_money_of", "claim_no"),
    )
    id: str = Field(primary_key=True)  # names the press of the button
    claim_no: str = Field(foreign_key="goods_claim.claim_no")
    kind: str
    amount_minor: int = Field(sa_type=BIGINT)
    reference: str = Field(default="", sa_column_kwargs=_EMPTY)
    reason: str = Field(default="", sa_column_kwargs=_EMPTY)
    value_on: date = Field(sa_type=Date)
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
