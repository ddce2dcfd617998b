"""Returns: what is asked back, what came, what became of it, and what was paid for it.

A return's units are counted on the order's own lines too (`fulfilment_line.returned_quantity`), so
that no unit is in two returns; its promised money is counted in `sales_order.returning_minor`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}
_ZERO = {"server_default": "0"}


class SalesReturnRow(SQLModel, table=True):
    """One return of one order. What people and time decided is a fact here; where it stands
    (`status`, `waits_for`) its workflow writes. What was said is `sealed_words`."""

    __tablename__ = "sales_return"
    __table_args__ = (
        CheckConstraint("kind IN ('return','refund_only','came_back')", name="return_kind"),
        CheckConstraint(
            "status IN ('requested','approved','in_transit','received','inspected','refunding',"
            "'closed')",
            name="return_status",
        ),
        CheckConstraint(
            "outcome IN ('','refunded','replaced','nothing_due','rejected','expired','withdrawn')",
            name="return_outcome",
        ),
        CheckConstraint(
            "decision IN ('','approved','rejected','withdrawn')", name="return_decision"
        ),
        CheckConstraint(
            "goodwill_minor >= 0 AND deduction_minor >= 0", name="return_terms_not_negative"
        ),
        CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="return_ends_once"),
        CheckConstraint("remedy IN ('refund','exchange','resend')", name="return_remedy"),
        Index("return_by_order", "order_id"),
        Index("return_queue", "status", "due_at", postgresql_where=text("outcome = ''")),
        Index("return_by_case", "case_no", postgresql_where=text("case_no <> ''")),
        Index(
            "return_by_new_order",
            "new_order_id",
            postgresql_where=text("new_order_id IS NOT NULL"),
        ),
        Index("return_by_parcel", "waybill_no", postgresql_where=text("waybill_no <> ''")),
        Index(
            "return_of_case",
            "shop_id",
            "case_no",
            unique=True,
            postgresql_where=text("case_no <> ''"),
        ),
    )
    return_no: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    shop_id: str = Field(foreign_key="shop.id")
    kind: str
    origin: str
    reason: str
    status: str = "requested"
    waits_for: str = "decision"
    outcome: str = ""
    judged_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    doubts: list[str] = Field(default_factory=list, sa_type=JSON)  # why the rules did not approve
    decision: str = ""
    decided_by: str = ""
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    warn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # until it was warned of
    clock_left_s: int | None = Field(default=None, sa_type=BIGINT)  # while the buyer is asked
    escalated_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    carrier: str = ""
    waybill_no: str = ""
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    received_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reopened: bool = False
    refund_freight: bool | None = None  # none = as the reason says
    deduction_minor: int = Field(default=0, sa_type=BIGINT)
    goodwill_minor: int = Field(default=0, sa_type=BIGINT)
    settle_decided: bool = False
    settled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    rounds: int = 0  # how often money was planned
    rest_minor: int = Field(default=0, sa_type=BIGINT)  # planned, from no payment we know
    remedy: str = "refund"
    new_order_id: str | None = Field(default=None, foreign_key="sales_order.id")  # sent instead
    case_no: str = ""  # the channel's number
    to_tell: str = ""
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    created_by: str = "system"
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    closed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class SalesReturnLineRow(SQLModel, table=True):
    """Units of one SKU of one order line; each is received, inspected and paid back at most once.

    `quantity` 0 came without being asked for.
    """

    __tablename__ = "sales_return_line"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="asked_is_not_negative"),
        CheckConstraint("received_quantity >= 0", name="received_is_not_negative"),
        CheckConstraint(
            "inspected_quantity BETWEEN 0 AND received_quantity", name="inspected_within_received"
        ),
        CheckConstraint(
            "accepted_quantity BETWEEN 0 AND inspected_quantity", name="accepted_within_inspected"
        ),
        CheckConstraint(
            "refunded_quantity BETWEEN 0 AND"
            " CASE WHEN needs_goods THEN accepted_quantity ELSE quantity END",
            name="refunded_within_accepted",
        ),
        CheckConstraint("claimed_quantity >= refunded_quantity", name="claimed_covers_refunded"),
    )
    return_no: str = Field(primary_key=True, foreign_key="sales_return.return_no")
    fulfilment_line_id: str = Field(primary_key=True, foreign_key="fulfilment_line.id")
    sku: str = Field(foreign_key="sku.code")
    needs_goods: bool = True
    quantity: int = Field(sa_type=BIGINT)
    # Counted in the order's `returned_quantity`; what is not given back in the end is let go.
    claimed_quantity: int = Field(sa_type=BIGINT)
    received_quantity: int = Field(default=0, sa_type=BIGINT)
    inspected_quantity: int = Field(default=0, sa_type=BIGINT)
    accepted_quantity: int = Field(default=0, sa_type=BIGINT)
    refunded_quantity: int = Field(default=0, sa_type=BIGINT)
    refund_minor: int = Field(default=0, sa_type=BIGINT)


class ReturnWantedRow(SQLModel, table=True):
    """What the buyer gets instead of what comes back, at the price that was agreed; append-only.

    An exchange without any sends the same goods anew.
    """

    __tablename__ = "return_wanted"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="wanted_quantity_is_positive"),
        CheckConstraint("unit_minor > 0", name="wanted_price_is_positive"),
    )
    return_no: str = Field(primary_key=True, foreign_key="sales_return.return_no")
    sku: str = Field(primary_key=True, foreign_key="sku.code")
    quantity: int = Field(sa_type=BIGINT)
    unit_minor: int = Field(sa_type=BIGINT)


class ReturnReceiptRow(SQLModel, table=True):
    """Units that came in, counted at the bench; append-only. `id` is the key of the act."""

    __tablename__ = "return_receipt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["return_no", "fulfilment_line_id"],
            ["sales_return_line.return_no", "sales_return_line.fulfilment_line_id"],
        ),
        CheckConstraint("quantity > 0", name="receipt_quantity_is_positive"),
        Index("receipt_by_return", "return_no"),
    )
    id: str = Field(primary_key=True)
    return_no: str
    fulfilment_line_id: str
    quantity: int = Field(sa_type=BIGINT)
    location_id: str = Field(foreign_key="location.id")
    lot: str = ""
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ReturnInspectionRow(SQLModel, table=True):
    """What became of inspected units, and where they lie now; append-only. `id` is the key of the
    act, and of its move in the stock ledger."""

    __tablename__ = "return_inspection"
    __table_args__ = (
        ForeignKeyConstraint(
            ["return_no", "fulfilment_line_id"],
            ["sales_return_line.return_no", "sales_return_line.fulfilment_line_id"],
        ),
        CheckConstraint("quantity > 0", name="inspected_quantity_is_positive"),
        CheckConstraint(
            "disposition IN ('resell','refurbish','scrap','to_supplier','to_customer')",
            name="return_disposition",
        ),
        Index("inspection_by_return", "return_no"),
    )
    id: str = Field(primary_key=True)
    receipt_id: str = Field(foreign_key="return_receipt.id", index=True)
    return_no: str
    fulfilment_line_id: str
    quantity: int = Field(sa_type=BIGINT)
    disposition: str
    location_id: str = Field(foreign_key="location.id")
    lot: str = ""
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ReturnPhotoRow(SQLModel, table=True):
    """A picture that somebody sent with a return: drawn anew as JPEG, sealed; append-only.

    `digest` is that of the file as it was sent, so that the same one is kept once.
    """

    __tablename__ = "return_photo"
    __table_args__ = (
        CheckConstraint("place BETWEEN 1 AND 5", name="photos_are_few"),
        UniqueConstraint("return_no", "place", name="return_photo_place"),
        UniqueConstraint("return_no", "digest", name="return_photo_once"),
    )
    id: str = Field(primary_key=True)
    return_no: str = Field(foreign_key="sales_return.return_no")
    place: int
    sealed: bytes
    digest: str
    width: int
    height: int
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ReturnInspectionUndoRow(SQLModel, table=True):
    """An inspection that was taken back, once: its units lie in quarantine again; append-only."""

    __tablename__ = "return_inspection_undo"
    inspection_id: str = Field(primary_key=True, foreign_key="return_inspection.id")
    actor: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ReturnSettlementRow(SQLModel, table=True):
    """What was paid back in one round of a return, and for what; append-only."""

    __tablename__ = "return_settlement"
    __table_args__ = (
        CheckConstraint(
            "goods_minor >= 0 AND freight_minor >= 0 AND deduction_minor >= 0"
            " AND goodwill_minor >= 0 AND refund_minor >= 0 AND exchanged_minor >= 0",
            name="settlement_is_not_negative",
        ),
        CheckConstraint(
            "refund_minor = goods_minor + freight_minor - deduction_minor + goodwill_minor"
            " - exchanged_minor",
            name="settlement_adds_up",
        ),
        Index("settlement_by_order", "order_id"),
    )
    return_no: str = Field(primary_key=True, foreign_key="sales_return.return_no")
    round: int = Field(primary_key=True)
    order_id: str = Field(foreign_key="sales_order.id")
    goods_minor: int = Field(sa_type=BIGINT)
    freight_minor: int = Field(sa_type=BIGINT)
    deduction_minor: int = Field(sa_type=BIGINT)
    goodwill_minor: int = Field(sa_type=BIGINT)
    refund_minor: int = Field(sa_type=BIGINT)
    # What paid for the goods that were sent instead.
    exchanged_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=_ZERO)
    lines: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # part → units, sum
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
