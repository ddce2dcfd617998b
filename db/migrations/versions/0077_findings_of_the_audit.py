"""Findings of the audit"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0077"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_check",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "audit_finding",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("check_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("named", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column(
            "first_seen",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("repaired_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refused", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("(gone_at IS NULL) = (ending = '')", name="gone_findings_ended"),
        sa.CheckConstraint("ending IN ('','by_itself','repaired')", name="finding_ending"),
        sa.CheckConstraint("seen > 0", name="finding_was_seen"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_finding_by_time", "audit_finding", ["last_seen", "id"], unique=False)
    op.create_index(
        "one_open_finding",
        "audit_finding",
        ["check_name", "named"],
        unique=True,
        postgresql_where=sa.text("gone_at IS NULL"),
    )
