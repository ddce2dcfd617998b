"""imports and webhooks"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("header", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("given_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "state IN ('checking','checked','applying','done','discarded')", name="import_state"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_by_time", "import_file", ["at"], unique=False)
    op.create_index(
        "one_import_per_file",
        "import_file",
        ["kind", "sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'discarded'"),
    )
    op.create_table(
        "supplier",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("lead_time_days", sa.Integer(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("lead_time_days BETWEEN 0 AND 730", name="supplier_lead_time"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "dealer",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("credit_limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("credit_limit_minor >= 0", name="dealer_credit_limit"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "import_row",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("import_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("faults", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('staged','bad','new','changed','same','applied','failed')",
            name="import_row_state",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_row_by_key", "import_row", ["import_id", "key"], unique=False)
    op.create_index(
        "import_row_by_state", "import_row", ["import_id", "state", "row"], unique=False
    )
    op.create_index("import_row_in_order", "import_row", ["import_id", "row"], unique=True)
    op.create_table(
        "webhook_try",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("event_type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("duration_ms >= 0", name="webhook_try_takes_time"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_try_by_endpoint", "webhook_try", ["endpoint_id", "at"], unique=False)
    op.create_index("webhook_try_by_event", "webhook_try", ["event_id"], unique=False)
    op.create_index("webhook_try_by_time", "webhook_try", ["at"], unique=False)
    op.add_column(
        "webhook_endpoint",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
    )
    op.add_column(
        "webhook_endpoint",
        sa.Column(
            "events",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "webhook_endpoint",
        sa.Column("old_secret", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
    )
    op.add_column(
        "webhook_endpoint", sa.Column("old_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "webhook_endpoint", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "webhook_endpoint",
        sa.Column(
            "paused_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.add_column(
        "webhook_endpoint", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "webhook_endpoint",
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.alter_column("webhook_endpoint", "shop_id", existing_type=sa.VARCHAR(), nullable=True)
