"""What shops are told they may sell"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listing",
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=True),
        sa.Column("buffer", sa.BigInteger(), nullable=True),
        sa.Column("threshold", sa.BigInteger(), nullable=True),
        sa.Column("share_percent", sa.Integer(), nullable=True),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.Column("wanted_quantity", sa.BigInteger(), nullable=True),
        sa.Column("push_no", sa.BigInteger(), nullable=False),
        sa.Column("pushed_quantity", sa.BigInteger(), nullable=True),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("push_error", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("push_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_quantity", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drifts", sa.Integer(), nullable=False),
        sa.CheckConstraint("buffer >= 0 AND threshold >= 0 AND most >= 0", name="listing_counts"),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name="listing_share"),
        sa.CheckConstraint("wanted_quantity >= 0", name="offered_is_not_negative"),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("shop_id", "external_sku"),
    )
