"""arrivals"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "stock_move_arrived",
        "stock_move",
        ["sku", "to_place", "at"],
        unique=False,
        postgresql_where=sa.text("to_place LIKE 'location:%%' AND verb <> 'issue'"),
    )
