"""Dealer reports"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dealer_report",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("after_day", sa.Date(), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("given_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("corrects", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("doubted", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("source IN ('page','api','file','desk')", name="dealer_report_source"),
        sa.CheckConstraint(
            "state IN ('waiting','accepted','sent_back','replaced')", name="dealer_report_state"
        ),
        sa.ForeignKeyConstraint(
            ["corrects"],
            ["dealer_report.no"],
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "dealer_report_accepted",
        "dealer_report",
        ["location_id", "day"],
        unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index("dealer_report_by_place", "dealer_report", ["location_id", "day"], unique=False)
    op.create_index(
        "dealer_report_waiting",
        "dealer_report",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "dealer_rule",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("tolerance_percent", sa.Integer(), nullable=False),
        sa.Column("tolerance_units", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity > 0", name="dealer_capacity"),
        sa.CheckConstraint("every_days BETWEEN 1 AND 366", name="dealer_reports_every"),
        sa.CheckConstraint("late_days BETWEEN 0 AND 366", name="dealer_report_is_late"),
        sa.CheckConstraint("tolerance_percent BETWEEN 0 AND 100", name="dealer_tolerance_percent"),
        sa.CheckConstraint("tolerance_units BETWEEN 0 AND 1000000", name="dealer_tolerance_units"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("location_id"),
    )
    op.create_table(
        "dealer_report_line",
        sa.Column("report_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_no"],
            ["dealer_report.no"],
        ),
        sa.PrimaryKeyConstraint("report_no", "sku", "lot"),
    )
    op.create_table(
        "dealer_verdict",
        sa.Column("report_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("doubt", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["report_no"],
            ["dealer_report.no"],
        ),
        sa.PrimaryKeyConstraint("report_no", "round", "place"),
    )
    op.add_column(
        "dealer",
        sa.Column("on_consignment", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "suggestion",
        sa.Column(
            "agreed_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.add_column("suggestion", sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True))
