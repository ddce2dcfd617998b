"""Orders that ship together, parts sent ahead, and changes by plan"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merge_rule",
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("window_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("window_minutes BETWEEN 1 AND 1440", name="merge_window"),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "order_change",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('merge','unmerge','split','lines')", name="change_kind"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("order_change_by_order", "order_change", ["order_id", "at"], unique=False)
    op.add_column(
        "receiver",
        sa.Column(
            "whole_digest", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.create_index(
        "receiver_by_whole",
        "receiver",
        ["whole_digest"],
        unique=False,
        postgresql_where=sa.text("whole_digest <> ''"),
    )
    op.add_column(
        "sales_order", sa.Column("gathered", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(
        "sales_order",
        sa.Column("lines_edited", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column(
        "shipment",
        sa.Column(
            "ships_with", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.add_column(
        "shipment", sa.Column("sent_ahead", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_index(
        "shipment_by_box",
        "shipment",
        ["ships_with"],
        unique=False,
        postgresql_where=sa.text("ships_with <> ''"),
    )
    op.create_check_constraint("ships_with_another", "shipment", "ships_with <> no")
