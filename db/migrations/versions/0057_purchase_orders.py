"""Purchase orders"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_CHECKS = {
    "supplier_port": "port IN ('','email','json')",
    "supplier_order_days": "order_days ~ '^1?2?3?4?5?6?7?$'",
    "supplier_minimum": "minimum_minor >= 0",
    "supplier_over_receipt": "over_receipt_percent BETWEEN 0 AND 100",
    "supplier_acknowledges": "acknowledge_hours BETWEEN 1 AND 2160",
    "supplier_is_reminded": "remind_days BETWEEN 0 AND 60",
}


def upgrade() -> None:
    op.create_table(
        "purchase_order",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("over_receipt_percent", sa.Integer(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier_ref", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("notice", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waits_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("approved_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ended_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('closed','cancelled')) = (closed_at IS NOT NULL)", name="purchase_ends_once"
        ),
        sa.CheckConstraint("answer IN ('','accepted','partly','refused')", name="purchase_answer"),
        sa.CheckConstraint("notice IN ('','wanted','told')", name="purchase_notice"),
        sa.CheckConstraint("source IN ('hand','suggestion')", name="purchase_source"),
        sa.CheckConstraint(
            "state IN ('draft','awaiting_approval','approved','sent','acknowledged',"
            "'partly_received','received','closed','cancelled')",
            name="purchase_state",
        ),
        sa.CheckConstraint("over_receipt_percent BETWEEN 0 AND 100", name="purchase_over_receipt"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supplier"],
            ["supplier.code"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index(
        "purchase_by_location", "purchase_order", ["location_id", "created_at"], unique=False
    )
    op.create_index(
        "purchase_by_supplier", "purchase_order", ["supplier", "created_at"], unique=False
    )
    op.create_index(
        "purchase_open",
        "purchase_order",
        ["expected_on"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('closed','cancelled')"),
    )
    op.create_table(
        "supplier_item",
        sa.Column("supplier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier_sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("moq", sa.BigInteger(), nullable=False),
        sa.Column("multiple", sa.BigInteger(), nullable=False),
        sa.Column("case_pack", sa.BigInteger(), nullable=False),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("lead_time_days BETWEEN 0 AND 730", name="supplier_item_lead_time"),
        sa.CheckConstraint(
            "moq > 0 AND multiple > 0 AND case_pack > 0", name="supplier_item_steps"
        ),
        sa.CheckConstraint("price_minor >= 0", name="supplier_item_price"),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.ForeignKeyConstraint(
            ["supplier"],
            ["supplier.code"],
        ),
        sa.PrimaryKeyConstraint("supplier", "sku"),
    )
    op.create_index(op.f("ix_supplier_item_sku"), "supplier_item", ["sku"], unique=False)
    op.create_index(
        "one_preferred_supplier",
        "supplier_item",
        ["sku"],
        unique=True,
        postgresql_where=sa.text("preferred AND active"),
    )
    op.create_table(
        "purchase_event",
        sa.Column("purchase_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["purchase_no"],
            ["purchase_order.no"],
        ),
        sa.PrimaryKeyConstraint("purchase_no", "seq"),
    )
    op.create_table(
        "purchase_order_line",
        sa.Column("purchase_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("acknowledged BETWEEN 0 AND ordered", name="purchase_line_acknowledged"),
        sa.CheckConstraint("cancelled BETWEEN 0 AND ordered", name="purchase_line_cancelled"),
        sa.CheckConstraint("ordered > 0 AND price_minor >= 0", name="purchase_line_is_positive"),
        sa.CheckConstraint("received BETWEEN 0 AND 2 * ordered", name="purchase_line_received"),
        sa.ForeignKeyConstraint(
            ["purchase_no"],
            ["purchase_order.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("purchase_no", "line_no"),
    )
    op.create_index(
        "purchase_line_open",
        "purchase_order_line",
        ["sku"],
        unique=False,
        postgresql_where=sa.text("received + cancelled < ordered"),
    )
    op.create_table(
        "purchase_receipt",
        sa.Column("purchase_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("units <> 0", name="purchase_receipt_moves_something"),
        sa.ForeignKeyConstraint(
            ["purchase_no"],
            ["purchase_order.no"],
        ),
        sa.PrimaryKeyConstraint("purchase_no", "document", "line_no"),
    )
    op.add_column(
        "supplier",
        sa.Column(
            "order_days",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default="1234567",
            nullable=False,
        ),
    )
    op.add_column(
        "supplier",
        sa.Column(
            "days_off", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column(
        "supplier", sa.Column("minimum_minor", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "supplier",
        sa.Column("over_receipt_percent", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column(
        "supplier",
        sa.Column("acknowledge_hours", sa.Integer(), server_default="48", nullable=False),
    )
    op.add_column(
        "supplier", sa.Column("remind_days", sa.Integer(), server_default="2", nullable=False)
    )
    op.add_column(
        "supplier",
        sa.Column(
            "port", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False
        ),
    )
    op.add_column(
        "supplier",
        sa.Column("link", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
    )
    for name, condition in _CHECKS.items():
        op.create_check_constraint(name, "supplier", condition)
