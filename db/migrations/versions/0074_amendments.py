"""Amendments"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "purchase_order", sa.Column("revision", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "purchase_order",
        sa.Column("told_revision", sa.Integer(), server_default="1", nullable=False),
    )
    op.add_column(
        "purchase_order_line",
        sa.Column("dropped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        "purchase_revisions", "purchase_order", "told_revision BETWEEN 1 AND revision"
    )
    op.create_check_constraint(
        "purchase_line_dropped", "purchase_order_line", "NOT dropped OR cancelled = ordered"
    )
