"""Keys of orders"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_key",
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(destroyed_at IS NULL) = (length(wrapped) > 0)", name="destroyed_keys_are_gone"
        ),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index(
        "erased_orders",
        "order_key",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("destroyed_at IS NOT NULL"),
    )
