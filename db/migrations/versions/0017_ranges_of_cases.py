"""A range of the past may be about refunds and returns as well"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "pull_range",
        sa.Column(
            "asked",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("'orders'"),
            nullable=False,
        ),
    )
    op.create_check_constraint("range_asks_for", "pull_range", "asked IN ('orders','after_sales')")
    _open_range("shop_id", "asked")


def downgrade() -> None:
    _open_range("shop_id")
    op.drop_constraint("range_asks_for", "pull_range")
    op.drop_column("pull_range", "asked")


def _open_range(*columns: str) -> None:
    op.drop_index("one_open_range", "pull_range")
    op.create_index(
        "one_open_range",
        "pull_range",
        list(columns),
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
