"""Days of backorders"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backorder", sa.Column("expected_on", sa.Date(), nullable=True))
