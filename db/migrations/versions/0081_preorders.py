"""Pre-orders"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "preorder_rule",
        sa.Column("sku", text, nullable=False),
        sa.Column("shop_id", text, nullable=False),
        sa.Column("mode", text, nullable=False),
        sa.Column("units", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_by", text, nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("mode IN ('off','inbound','fixed')", name="preorder_mode"),
        sa.CheckConstraint(
            "units BETWEEN 0 AND 1000000 AND (mode = 'fixed') = (units > 0)", name="preorder_units"
        ),
        sa.ForeignKeyConstraint(["sku"], ["sku.code"]),
        sa.PrimaryKeyConstraint("sku", "shop_id"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("preorder_rule")
