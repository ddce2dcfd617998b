"""What is known of lots, what keeps them back, and how much of their life channels ask for."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP

_NOW = {"server_default": text("now()")}


class LotRow(SQLModel, table=True):
    """A lot of a SKU. Every lot that ever lay somewhere is here; a trigger sees to it."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("lot <> ''", name="lot_has_a_name"),
        CheckConstraint("produced_on <= expires_on", name="lot_is_made_before_it_expires"),
        CheckConstraint("state IN ('open','hold','recalled')", name="lot_state"),
        Index("lot_by_expiry", "expires_on", "sku", "lot"),
        Index("lot_kept_back", "state", postgresql_where=text("state <> 'open'")),
    )
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    lot: str = Field(primary_key=True)
    produced_on: date | None = None
    expires_on: date | None = None
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})
    known_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class LotHoldRow(SQLModel, table=True):
    """Why a lot is kept back at a place, or everywhere where no place is named."""

    __tablename__ = "lot_hold"
    __table_args__ = (
        ForeignKeyConstraint(["sku", "lot"], ["lot.sku", "lot.lot"]),
        CheckConstraint("reason <> ''", name="lot_is_held_with_a_reason"),
        CheckConstraint("kind IN ('hold','recall')", name="lot_hold_kind"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by = '')", name="lot_hold_is_lifted_by_somebody"
        ),
        Index(
            "lot_hold_stands",
            "sku",
            "lot",
            "kind",
            text("coalesce(location_id, '')"),
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True, sa_column_kwargs={"server_default": text("(uuidv7())::text")})
    sku: str
    lot: str
    location_id: str | None = Field(default=None, foreign_key="location.id")
    kind: str = Field(default="hold", sa_column_kwargs={"server_default": "hold"})
    reason: str
    placed_by: str
    placed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    lifted_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    lifted_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    why_lifted: str = Field(default="", sa_column_kwargs={"server_default": ""})


class LifeRuleRow(SQLModel, table=True):
    """What must remain of a lot at the door, by channel and shop; '' is all of them."""

    __tablename__ = "life_rule"
    __table_args__ = (
        CheckConstraint("days BETWEEN 0 AND 36500", name="life_rule_days"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="life_rule_share"),
    )
    channel: str = Field(default="", primary_key=True)
    shop_id: str = Field(default="", primary_key=True)
    days: int = 0
    share_percent: int = 0


class StockAlertRow(SQLModel, table=True):
    """Goods that come near their end, are over, or that nobody buys; found anew every night."""

    __tablename__ = "stock_alert"
    __table_args__ = (
        CheckConstraint("kind IN ('near','expired','dead')", name="stock_alert_kind"),
        CheckConstraint(
            "advice IN ('move','mark_down','return','destroy')", name="stock_alert_advice"
        ),
        Index("stock_alert_by_end", "expires_on", "sku", "location_id", "lot"),
    )
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    lot: str = Field(default="", primary_key=True)
    kind: str
    units: int = Field(sa_type=BIGINT)
    expires_on: date | None = None
    sold: int = Field(default=0, sa_type=BIGINT)
    advice: str
    to_location: str = Field(default="", sa_column_kwargs={"server_default": ""})
    since: date
    seen_on: date
    put_off_until: date | None = None
    put_off_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})


class StockAlertNightRow(SQLModel, table=True):
    """A night on which goods were looked through."""

    __tablename__ = "stock_alert_night"
    day: date = Field(primary_key=True)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
