"""Runs of the audit"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0087"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "audit_run",
        sa.Column("id", text, nullable=False),
        sa.Column("wanted_by", text, nullable=False),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", text, nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.CheckConstraint("ending IN ('','done','given_up')", name="audit_run_ending"),
        sa.CheckConstraint("(ended_at IS NULL) = (ending = '')", name="over_audits_ended"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_run_newest", "audit_run", ["asked_at", "id"])
    op.create_index(
        "one_audit_at_a_time",
        "audit_run",
        ["ending"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("audit_run")
