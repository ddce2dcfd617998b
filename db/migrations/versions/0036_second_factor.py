"""Sessions have names, log-ins a second proof"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_login",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stage", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("stage IN ('code', 'enrol')", name="pending_stage"),
    )
    op.create_index(
        op.f("ix_pending_login_account_id"), "pending_login", ["account_id"], unique=False
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "sha256"),
    )
    op.create_table(
        "second_factor",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.add_column(
        "login_session",
        sa.Column(
            "no",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("(gen_random_uuid())::text"),
            nullable=False,
        ),
    )
    op.add_column(
        "login_session",
        sa.Column("device", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
    )
    op.add_column(
        "login_session",
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
    )
    op.add_column(
        "login_session",
        sa.Column(
            "how", sqlmodel.sql.sqltypes.AutoString(), server_default="password", nullable=False
        ),
    )
    op.create_unique_constraint(None, "login_session", ["no"])
