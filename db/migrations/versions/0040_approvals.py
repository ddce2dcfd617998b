"""What waits for a second person"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload_sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked_by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked_roles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "decided_by_id", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column(
            "decided_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decision_reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("result", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.CheckConstraint(
            "decided_by_id <> asked_by_id OR state IN ('open','withdrawn')", name="two_people"
        ),
        sa.CheckConstraint(
            "state IN ('open','approved','done','refused','withdrawn','failed')",
            name="approval_state",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("approval_by_asker", "approval", ["asked_by_id", "asked_at"], unique=False)
    op.create_index(
        "one_open_approval",
        "approval",
        ["payload_sha256"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
