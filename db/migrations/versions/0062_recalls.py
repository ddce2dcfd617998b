"""Recalls"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recall",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("message", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("remind_days", sa.Integer(), server_default="7", nullable=False),
        sa.Column(
            "state", sqlmodel.sql.sqltypes.AutoString(), server_default="open", nullable=False
        ),
        sa.Column("started_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "closed_by",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "signed",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="recall_is_closed"),
        sa.CheckConstraint("reason <> ''", name="recall_has_a_reason"),
        sa.CheckConstraint("state IN ('open','closed')", name="recall_state"),
        sa.CheckConstraint("remind_days BETWEEN 1 AND 90", name="recall_reminds"),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index(
        "recall_open",
        "recall",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "recall_lot",
        sa.Column("recall_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recall_no"],
            ["recall.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku", "lot"],
            ["lot.sku", "lot.lot"],
        ),
        sa.PrimaryKeyConstraint("recall_no", "sku", "lot"),
    )
    op.create_index("recall_by_lot", "recall_lot", ["sku", "lot"], unique=False)
    op.create_table(
        "recall_unit",
        sa.Column(
            "id",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("(uuidv7())::text"),
            nullable=False,
        ),
        sa.Column("recall_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(kind = 'buyer') = (location_id IS NULL)", name="recalled_from_a_place"
        ),
        sa.CheckConstraint("kind IN ('place','dealer','buyer')", name="recall_holder"),
        sa.CheckConstraint("units >= 0", name="recalled_units_are_not_negative"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recall_no", "sku", "lot"],
            ["recall_lot.recall_no", "recall_lot.sku", "recall_lot.lot"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("recall_unit_by_order", "recall_unit", ["order_id"], unique=False)
    op.create_index(
        "recall_unit_holder",
        "recall_unit",
        ["recall_no", "sku", "lot", "kind", "holder"],
        unique=True,
    )
    op.create_table(
        "recall_end",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("unit_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("how", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column(
            "note", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "how IN ('quarantined','returned','destroyed','confirmed','never_sold')",
            name="recall_end_how",
        ),
        sa.CheckConstraint("units > 0", name="ended_units_are_positive"),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["recall_unit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_recall_end_unit_id"), "recall_end", ["unit_id"], unique=False)
    op.create_index(
        "reservation_by_lot",
        "reservation",
        ["sku", "lot"],
        unique=False,
        postgresql_where=sa.text("lot <> ''"),
    )
    op.create_index(
        "scan_by_lot",
        "warehouse_scan",
        ["sku", "lot"],
        unique=False,
        postgresql_where=sa.text("lot <> ''"),
    )
