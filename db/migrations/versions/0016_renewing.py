"""Credentials that are renewed without a person, by one worker at a time"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "credentials",
        sa.Column("renews", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "credentials", sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("credentials", "renewing_until")
    op.drop_column("credentials", "renews")
