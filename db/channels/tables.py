"""Shops of channels, the messages they sent, and what their SKUs mean to us."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class ShopRow(SQLModel, table=True):
    """One shop on one channel, with how to reach it."""

    __tablename__ = "shop"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)
    id: str = Field(primary_key=True)
    channel: str  # top | shopify | own
    external_id: str
    name: str
    base_url: str = ""
    secrets: bytes = Field(default=b"", sa_type=LargeBinary)  # sealed JSON, see runtime.vault
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True
    # The dealer, store or region whose shop it is; none = the company's.
    belongs_to: str | None = Field(default=None, foreign_key="location.id", index=True)
    pulled_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    after_sales_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    last_pull_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    last_push_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ShopPlaceRow(SQLModel, table=True):
    """A location that has worked for a shop, told by triggers: the names of both are seen from
    either side."""

    __tablename__ = "shop_place"
    __table_args__ = (Index("shop_place_by_location", "location_id"),)
    shop_id: str = Field(primary_key=True)
    location_id: str = Field(primary_key=True)


class InboxRow(SQLModel, table=True):
    """An acknowledged message, applied by its order in the transaction of the effect."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "shop_id", "message_id"),
        Index(
            "inbox_to_hand_over",
            "handed_at",
            "id",
            postgresql_where=text("applied_at IS NULL AND parked_reason = ''"),
        ),
        Index("inbox_by_order", "order_id"),
        Index("inbox_parked", "received_at", postgresql_where=text("parked_reason <> ''")),
    )
    id: str = Field(primary_key=True)
    source: str
    shop_id: str = Field(foreign_key="shop.id")
    message_id: str
    topic: str = ""
    external_no: str = ""
    order_id: str | None = Field(default=None)
    sha256: str
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)  # sealed; erased some days after
    received_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    handed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    hand_overs: int = 0
    applied_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    outcome: str = ""  # applied | stale | duplicate | late | parked
    parked_reason: str = ""


class AfterSaleRow(SQLModel, table=True):
    """A refund, return or exchange as the channel told it last; its words are `sealed_words`."""

    __tablename__ = "after_sale"
    __table_args__ = (Index("after_sale_by_order", "channel", "shop_id", "external_no"),)
    channel: str = Field(primary_key=True)
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    after_sale_no: str = Field(primary_key=True)
    external_no: str
    kind: str  # refund | return | exchange | repair | other
    stage: str
    vendor_status: str
    amount_minor: int = Field(default=0, sa_type=BIGINT)
    external_line_nos: list[str] = Field(default_factory=list, sa_type=JSON)
    return_carrier: str = ""
    return_waybill_no: str = ""
    modified: datetime = Field(sa_type=TIMESTAMP)
    heard_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ChannelSkuRow(SQLModel, table=True):
    """A channel's SKU is n of ours (a pack or a kit has several rows)."""

    __tablename__ = "channel_sku"
    __table_args__ = (CheckConstraint("factor > 0", name="factor_is_positive"),)
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    external_sku: str = Field(primary_key=True)
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    factor: int = Field(default=1, sa_type=BIGINT)


class ListingRow(SQLModel, table=True):
    """A product a shop offers: its own rule where it has one (None = the shop's), what it was told
    it may sell, and what it answered when it was asked."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("buffer >= 0 AND threshold >= 0 AND most >= 0", name="listing_counts"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="listing_share"),
        CheckConstraint("wanted_quantity >= 0", name="offered_is_not_negative"),
    )
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    external_sku: str = Field(primary_key=True)
    ids: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON
    )  # other ids its stock call wants
    allowed: bool | None = None
    buffer: int | None = Field(default=None, sa_type=BIGINT)
    threshold: int | None = Field(default=None, sa_type=BIGINT)
    share_percent: int | None = None
    most: int | None = Field(default=None, sa_type=BIGINT)
    wanted_quantity: int | None = Field(default=None, sa_type=BIGINT)
    push_no: int = Field(default=0, sa_type=BIGINT)  # names the value in the key of the call
    pushed_quantity: int | None = Field(default=None, sa_type=BIGINT)  # what it took from us last
    pushed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    push_error: str = ""
    push_after: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # not before, refused
    read_quantity: int | None = Field(default=None, sa_type=BIGINT)
    read_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    drifts: int = 0  # readings in a row that were off


class SellPlaceRow(SQLModel, table=True):
    """A place, with all below it, that a shop shall sell from or shall not; of a place below
    another that one's own word counts."""

    __tablename__ = "sell_place"
    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    sells: bool


class PullRangeRow(SQLModel, table=True):
    """A range of the past that somebody wants pulled again; the watermark does not move back."""

    __tablename__ = "pull_range"
    __table_args__ = (
        CheckConstraint(
            "starts_at <= reached_at AND reached_at <= ends_at AND starts_at < ends_at",
            name="range_is_worked_off_in_order",
        ),
        CheckConstraint("asked IN ('orders','after_sales')", name="range_asks_for"),
        Index("pull_range_by_shop", "shop_id", "asked_at"),
        Index(
            "one_open_range",
            "shop_id",
            "asked",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    shop_id: str = Field(foreign_key="shop.id")
    asked: str = Field(default="orders", sa_column_kwargs={"server_default": text("'orders'")})
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    reached_at: datetime = Field(sa_type=TIMESTAMP)
    changed: int = 0
    accepted: int = 0
    parked: int = 0
    asked_by: str
    asked_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class BlockedBuyerRow(SQLModel, table=True):
    """A buyer whose orders are looked at before they go out; `sealed` is what his channel calls
    him."""

    __tablename__ = "blocked_buyer"
    channel: str = Field(primary_key=True)
    buyer_digest: str = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    reason: str = ""
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
