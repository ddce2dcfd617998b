"""Budgets"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rate",
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("set_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$' AND currency <> 'CNY'", name="rate_of_another"),
        sa.CheckConstraint("rate > 0", name="rate_is_positive"),
        sa.PrimaryKeyConstraint("currency"),
    )
    op.add_column(
        "planning_setting", sa.Column("month_budget_minor", sa.BigInteger(), nullable=True)
    )
    op.add_column("supplier", sa.Column("budget_minor", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        "planning_month_budget", "planning_setting", "month_budget_minor >= 0"
    )
    op.create_check_constraint("supplier_budget", "supplier", "budget_minor >= 0")
