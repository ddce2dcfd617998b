"""Clocks of counts and cases"""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipt_case", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "receipt_case", sa.Column("reminders", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("stock_count", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "stock_count", sa.Column("reminders", sa.Integer(), server_default="0", nullable=False)
    )
    op.drop_constraint("count_line_state", "stock_count_line", type_="check")
    op.create_check_constraint(
        "count_line_state",
        "stock_count_line",
        "state IN ('open','recount','agreed','left_out')",
    )
    # What is open already is looked after from tomorrow on.
    op.execute("UPDATE stock_count SET due_at = now() + interval '1 day' WHERE state = 'open'")
    op.execute("UPDATE receipt_case SET due_at = now() + interval '1 day' WHERE state = 'open'")
