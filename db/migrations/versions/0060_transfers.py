"""Transfers"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_transfer",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("from_location", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("to_location", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("transit_location", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "receipt_no", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("eta", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waits_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("approved_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cancel_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "origin IN ('manual','suggestion','cross_dock','recall')", name="transfer_origin"
        ),
        sa.CheckConstraint(
            "state IN ('draft','approved','reserved','shipped','closed','cancelled')",
            name="transfer_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('shipped','closed') OR shipped_at IS NOT NULL",
            name="shipped_transfer_has_a_time",
        ),
        sa.CheckConstraint("days >= 0", name="transfer_days_are_not_negative"),
        sa.CheckConstraint("from_location <> to_location", name="transfer_goes_somewhere"),
        sa.ForeignKeyConstraint(
            ["from_location"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["to_location"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["transit_location"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("transfer_to", "stock_transfer", ["to_location", "state"], unique=False)
    op.create_index(
        "transfer_wants_goods",
        "stock_transfer",
        ["from_location"],
        unique=False,
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_table(
        "stock_transfer_line",
        sa.Column("transfer_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("condition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("short", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("asked > 0", name="transfer_asks_for_units"),
        sa.CheckConstraint(
            "received + damaged + lost + returned + short <= shipped", name="transfer_loses_nothing"
        ),
        sa.CheckConstraint(
            "shipped >= 0 AND received >= 0 AND damaged >= 0 AND lost >= 0 AND returned >= 0"
            " AND short >= 0",
            name="transfer_units_are_not_negative",
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.ForeignKeyConstraint(
            ["transfer_no"],
            ["stock_transfer.no"],
        ),
        sa.PrimaryKeyConstraint("transfer_no", "line_no"),
    )
    op.create_index("transfer_line_by_sku", "stock_transfer_line", ["sku"], unique=False)
    op.create_table(
        "stock_transfer_report",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("transfer_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "dropped_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('ship','unship','receive','decide')", name="transfer_report_kind"
        ),
        sa.ForeignKeyConstraint(
            ["transfer_no"],
            ["stock_transfer.no"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "transfer_report_of", "stock_transfer_report", ["transfer_no", "at"], unique=False
    )
    op.create_index(
        "transfer_report_unposted",
        "stock_transfer_report",
        ["transfer_no", "at"],
        unique=False,
        postgresql_where=sa.text("posted_at IS NULL"),
    )
    op.create_table(
        "stock_transfer_difference",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("transfer_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column(
            "noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("decision", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decision = '') = (decided_at IS NULL)", name="decided_difference_has_a_time"
        ),
        sa.CheckConstraint(
            "decision IN ('','found_at_sender','lost','carrier_claim','from_sender','found','kept',"
            "'arrived')",
            name="transfer_difference_decision",
        ),
        sa.CheckConstraint("kind IN ('short','over','damaged')", name="transfer_difference_kind"),
        sa.CheckConstraint("units > 0", name="transfer_differs_by_units"),
        sa.ForeignKeyConstraint(
            ["transfer_no", "line_no"],
            ["stock_transfer_line.transfer_no", "stock_transfer_line.line_no"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "transfer_difference_of",
        "stock_transfer_difference",
        ["transfer_no", "line_no"],
        unique=False,
    )
