"""Invoices"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tax_category",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("goods_code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.CheckConstraint("goods_code ~ '^[0-9]{19}$'", name="goods_code_has_19_digits"),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 1700", name="tax_rate_is_legal"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "invoice_account",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("vendor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("base_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "tried_error", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "invoice_account_of_shop",
        "invoice_account",
        ["shop_id"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "sku_tax",
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category"],
            ["tax_category.code"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("sku"),
    )
    op.create_table(
        "invoice",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("blue_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total_minor", sa.BIGINT(), nullable=False),
        sa.Column("tax_minor", sa.BIGINT(), nullable=False),
        sa.Column("red_minor", sa.BIGINT(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("look_again", sa.Boolean(), nullable=False),
        sa.Column(
            "vendor_ref", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("cause", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'red') = (blue_no IS NOT NULL)", name="red_invoice_has_a_blue"),
        sa.CheckConstraint(
            "(state IN ('issued','by_hand','cancelled')) = (settled_at IS NOT NULL)",
            name="invoice_ends_once",
        ),
        sa.CheckConstraint("kind IN ('blue','red')", name="invoice_kind"),
        sa.CheckConstraint(
            "state IN ('waiting','wanted','processing','issued','failed','by_hand','cancelled')",
            name="invoice_state",
        ),
        sa.CheckConstraint("red_minor BETWEEN 0 AND total_minor", name="red_within_blue"),
        sa.CheckConstraint("tax_minor BETWEEN 0 AND total_minor", name="tax_within_total"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["invoice_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["blue_no"],
            ["invoice.no"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("invoice_by_order", "invoice", ["order_id"], unique=False)
    op.create_index(
        "invoice_looked_at", "invoice", ["no"], unique=False, postgresql_where=sa.text("look_again")
    )
    op.create_index(
        "invoice_of_blue",
        "invoice",
        ["blue_no"],
        unique=False,
        postgresql_where=sa.text("kind = 'red'"),
    )
    op.create_index(
        "invoice_of_order",
        "invoice",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text(
            "kind = 'blue' AND state <> 'cancelled'"
            " AND (total_minor = 0 OR red_minor < total_minor)"
        ),
    )
    op.create_index(
        "invoice_waits",
        "invoice",
        ["no"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    for table in ("invoice", "sku_tax", "invoice_account", "tax_category"):
        op.drop_table(table)
