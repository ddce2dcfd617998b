"""days on which places work"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "location",
        sa.Column(
            "works_on", sqlmodel.sql.sqltypes.AutoString(), server_default="1234567", nullable=False
        ),
    )
    op.add_column(
        "location",
        sa.Column(
            "days_off", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column(
        "location",
        sa.Column(
            "days_on", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_check_constraint(
        "location_works_on_days_of_the_week", "location", "works_on ~ '^1?2?3?4?5?6?7?$'"
    )
