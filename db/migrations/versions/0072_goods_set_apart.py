"""Goods set apart"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quarantine_act",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("condition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("claim_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "act = 'to_supplier' OR supplier = '' AND claim_minor = 0",
            name="quarantine_claims_from_a_supplier",
        ),
        sa.CheckConstraint(
            "act IN ('release','write_off','to_supplier')", name="quarantine_act_kind"
        ),
        sa.CheckConstraint("reason <> ''", name="quarantine_act_has_a_reason"),
        sa.CheckConstraint("claim_minor >= 0", name="quarantine_claim"),
        sa.CheckConstraint("units > 0", name="quarantine_act_units"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("quarantine_act_at", "quarantine_act", ["at"], unique=False)
    op.create_index(
        "quarantine_act_of_supplier",
        "quarantine_act",
        ["supplier", "at"],
        unique=False,
        postgresql_where=sa.text("supplier <> ''"),
    )
    op.add_column(
        "supplier_item",
        sa.Column("min_life_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(
        "supplier_item_life", "supplier_item", "min_life_days BETWEEN 0 AND 36500"
    )
