"""Returns: what comes back, what becomes of it, and what is paid for it"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_return",
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waits_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decision", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decision_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_left_s", sa.BigInteger(), nullable=True),
        sa.Column("question", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("refund_freight", sa.Boolean(), nullable=True),
        sa.Column("deduction_minor", sa.BigInteger(), nullable=False),
        sa.Column("goodwill_minor", sa.BigInteger(), nullable=False),
        sa.Column("settle_decided", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("rest_minor", sa.BigInteger(), nullable=False),
        sa.Column("remedy", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("new_order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("case_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("to_tell", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="return_ends_once"),
        sa.CheckConstraint(
            "decision IN ('','approved','rejected','withdrawn')", name="return_decision"
        ),
        sa.CheckConstraint("kind IN ('return','refund_only','came_back')", name="return_kind"),
        sa.CheckConstraint(
            "outcome IN ('','refunded','nothing_due','rejected','expired','withdrawn')",
            name="return_outcome",
        ),
        sa.CheckConstraint("remedy IN ('refund','exchange','resend')", name="return_remedy"),
        sa.CheckConstraint(
            "status IN ('requested','approved','in_transit','received','inspected','refunding',"
            "'closed')",
            name="return_status",
        ),
        sa.CheckConstraint(
            "goodwill_minor >= 0 AND deduction_minor >= 0", name="return_terms_not_negative"
        ),
        sa.ForeignKeyConstraint(
            ["new_order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("return_no"),
    )
    op.create_index("return_by_order", "sales_return", ["order_id"], unique=False)
    op.create_index(
        "return_by_parcel",
        "sales_return",
        ["waybill_no"],
        unique=False,
        postgresql_where=sa.text("waybill_no <> ''"),
    )
    op.create_index(
        "return_of_case",
        "sales_return",
        ["shop_id", "case_no"],
        unique=True,
        postgresql_where=sa.text("case_no <> ''"),
    )
    op.create_index(
        "return_queue",
        "sales_return",
        ["status", "due_at"],
        unique=False,
        postgresql_where=sa.text("outcome = ''"),
    )
    op.create_table(
        "return_settlement",
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), nullable=False),
        sa.Column("deduction_minor", sa.BigInteger(), nullable=False),
        sa.Column("goodwill_minor", sa.BigInteger(), nullable=False),
        sa.Column("refund_minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "goods_minor >= 0 AND freight_minor >= 0 AND deduction_minor >= 0"
            " AND goodwill_minor >= 0 AND refund_minor >= 0",
            name="settlement_is_not_negative",
        ),
        sa.CheckConstraint(
            "refund_minor = goods_minor + freight_minor - deduction_minor + goodwill_minor",
            name="settlement_adds_up",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_no"],
            ["sales_return.return_no"],
        ),
        sa.PrimaryKeyConstraint("return_no", "round"),
    )
    op.create_index("settlement_by_order", "return_settlement", ["order_id"], unique=False)
    op.create_table(
        "sales_return_line",
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fulfilment_line_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("needs_goods", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("claimed_quantity", sa.BigInteger(), nullable=False),
        sa.Column("received_quantity", sa.BigInteger(), nullable=False),
        sa.Column("inspected_quantity", sa.BigInteger(), nullable=False),
        sa.Column("accepted_quantity", sa.BigInteger(), nullable=False),
        sa.Column("refunded_quantity", sa.BigInteger(), nullable=False),
        sa.Column("refund_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "accepted_quantity BETWEEN 0 AND inspected_quantity", name="accepted_within_inspected"
        ),
        sa.CheckConstraint(
            "inspected_quantity BETWEEN 0 AND received_quantity", name="inspected_within_received"
        ),
        sa.CheckConstraint("claimed_quantity >= refunded_quantity", name="claimed_covers_refunded"),
        sa.CheckConstraint("quantity >= 0", name="asked_is_not_negative"),
        sa.CheckConstraint("received_quantity >= 0", name="received_is_not_negative"),
        sa.CheckConstraint(
            "refunded_quantity BETWEEN 0 AND"
            " CASE WHEN needs_goods THEN accepted_quantity ELSE quantity END",
            name="refunded_within_accepted",
        ),
        sa.ForeignKeyConstraint(
            ["fulfilment_line_id"],
            ["fulfilment_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_no"],
            ["sales_return.return_no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("return_no", "fulfilment_line_id"),
    )
    op.create_table(
        "return_receipt",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fulfilment_line_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("quantity > 0", name="receipt_quantity_is_positive"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_no", "fulfilment_line_id"],
            ["sales_return_line.return_no", "sales_return_line.fulfilment_line_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("receipt_by_return", "return_receipt", ["return_no"], unique=False)
    op.create_table(
        "return_inspection",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("receipt_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fulfilment_line_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "disposition IN ('resell','refurbish','scrap','to_supplier','to_customer')",
            name="return_disposition",
        ),
        sa.CheckConstraint("quantity > 0", name="inspected_quantity_is_positive"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["return_receipt.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_no", "fulfilment_line_id"],
            ["sales_return_line.return_no", "sales_return_line.fulfilment_line_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("inspection_by_return", "return_inspection", ["return_no"], unique=False)
    op.create_index(
        op.f("ix_return_inspection_receipt_id"), "return_inspection", ["receipt_id"], unique=False
    )
    op.add_column(
        "fulfilment_line",
        sa.Column("returned_quantity", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "fulfilment_line",
        sa.Column("refunded_quantity", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "refund", sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True)
    )
    op.add_column(
        "refund", sa.Column("return_round", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index(
        "refund_once_per_round",
        "refund",
        ["return_no", "return_round", "payment_id"],
        unique=True,
        postgresql_where=sa.text("follows IS NULL"),
    )
    op.create_foreign_key(None, "refund", "sales_return", ["return_no"], ["return_no"])
    op.add_column(
        "sales_order",
        sa.Column("returning_minor", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_check_constraint("returning_is_not_negative", "sales_order", "returning_minor >= 0")
    op.create_check_constraint(
        "returns_within_captured",
        "sales_order",
        "refunded_minor + returning_minor <= captured_minor",
    )
    op.create_check_constraint(
        "returned_within_quantity",
        "fulfilment_line",
        "returned_quantity >= 0 AND returned_quantity + cancelled_quantity <= quantity",
    )
    op.create_check_constraint(
        "refunded_within_returned",
        "fulfilment_line",
        "refunded_quantity BETWEEN 0 AND returned_quantity",
    )
    op.drop_constraint("refund_kind", "refund", type_="check")
    op.create_check_constraint("refund_kind", "refund", "kind IN ('order','surplus','return')")
    op.create_check_constraint(
        "refund_of_a_return", "refund", "(kind = 'return') = (return_no IS NOT NULL)"
    )
