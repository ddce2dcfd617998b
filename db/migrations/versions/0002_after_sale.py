"""Refunds and returns as channels tell them"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "after_sale",
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("after_sale_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stage", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("vendor_status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_line_nos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("return_carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "heard_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("channel", "shop_id", "after_sale_no"),
    )
    op.create_index(
        "after_sale_by_order", "after_sale", ["channel", "shop_id", "external_no"], unique=False
    )
