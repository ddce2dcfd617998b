"""When a payment account was last heard of, and when a system was last called"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gate", sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "payment_account", sa.Column("last_push_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("payment_account", "last_push_at")
    op.drop_column("gate", "last_call_at")
