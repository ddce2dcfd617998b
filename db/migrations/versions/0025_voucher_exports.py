"""Vouchers exported to ERPs"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erp_account",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("vendor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("base_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("exports_from", sa.Date(), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "tried_error", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "erp_code",
        sa.Column("erp_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("party", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("code <> ''", name="erp_code_is_said"),
        sa.ForeignKeyConstraint(
            ["erp_id"],
            ["erp_account.id"],
        ),
        sa.PrimaryKeyConstraint("erp_id", "account", "party"),
    )
    op.create_table(
        "voucher_export",
        sa.Column("export_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("erp_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("voucher_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "vendor_id", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("wanted_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'wanted') = (settled_at IS NULL)", name="voucher_export_ends_once"
        ),
        sa.CheckConstraint(
            "state IN ('wanted','confirmed','by_hand','skipped')", name="voucher_export_state"
        ),
        sa.ForeignKeyConstraint(
            ["erp_id"],
            ["erp_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["voucher_no"],
            ["voucher.no"],
        ),
        sa.PrimaryKeyConstraint("export_no"),
        sa.UniqueConstraint("erp_id", "voucher_no", name="voucher_exported_once"),
        sa.UniqueConstraint("key", name="voucher_export_key"),
    )
    op.create_index("voucher_export_by_voucher", "voucher_export", ["voucher_no"], unique=False)
    op.create_index(
        "voucher_export_due",
        "voucher_export",
        ["erp_id", "voucher_no"],
        unique=False,
        postgresql_where=sa.text("state = 'wanted'"),
    )


def downgrade() -> None:
    for table in ("voucher_export", "erp_code", "erp_account"):
        op.drop_table(table)
