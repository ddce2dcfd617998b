"""Campaigns: one decision about many steps that wait, and what became of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class CampaignRow(SQLModel, table=True):
    """What is decided, for whom, how fast, and when it stops by itself."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(
            "state IN ('canary','running','paused','stopped','finished')", name="campaign_state"
        ),
        CheckConstraint("canary BETWEEN 0 AND 100", name="campaign_canary"),
        CheckConstraint("stop_percent BETWEEN 0 AND 100", name="campaign_stops"),
        CheckConstraint("rate_per_minute BETWEEN 1 AND 600", name="campaign_rate"),
        Index("campaign_latest", "created_at"),
    )
    id: str = Field(primary_key=True)
    state: str = "canary"
    paused_from: str = ""  # the state it goes on with
    stopped_because: str = ""  # by_hand | canary | failing
    chosen: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # the filter, as it was set
    action: str
    reason: str = ""
    given: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # corrected values; no people
    canary: int = 5
    stop_percent: int = 20
    rate_per_minute: int = 30
    total: int = 0
    again_of: str = ""  # the campaign whose failed ones these are
    next_take_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    created_by: str
    changed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    changed_by: str
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class CampaignItemRow(SQLModel, table=True):
    """One step of a campaign; decided once."""

    __tablename__ = "campaign_item"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting','deciding','decided','went_on','parked_again','silent','left',"
            "'refused','gone')",
            name="campaign_item_state",
        ),
        Index("campaign_item_in_order", "campaign_id", "state", "attention_id"),
        Index(
            "campaign_item_open",
            "attention_id",
            unique=True,
            postgresql_where=text("state IN ('waiting','deciding')"),
        ),
    )
    campaign_id: str = Field(primary_key=True, foreign_key="campaign.id")
    attention_id: str = Field(primary_key=True, foreign_key="attention.id")
    state: str = "waiting"
    detail: str = ""  # why it was refused, or what it is parked for again
    taken_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
