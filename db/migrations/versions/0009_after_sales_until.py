"""How far refunds were asked for"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shop", sa.Column("after_sales_until", sa.DateTime(timezone=True), nullable=True))
