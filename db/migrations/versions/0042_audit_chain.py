"""Links of the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BIGINT(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BIGINT(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("audit_id"),
    )
    op.create_index("audit_by_time", "audit_log", ["at"], unique=False)
