"""Planning stock"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demand_rolled", sa.Column("day", sa.Date(), nullable=False), sa.PrimaryKeyConstraint("day")
    )
    op.create_table(
        "planning_class",
        sa.Column("class", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("service", sa.Numeric(precision=6, scale=5), nullable=False),
        sa.Column("order_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("class IN ('A','B','C')", name="planning_class_is_abc"),
        sa.CheckConstraint("measure IN ('cycle','fill')", name="planning_measure"),
        sa.CheckConstraint("order_days BETWEEN 1 AND 365", name="planning_order_days"),
        sa.CheckConstraint("service > 0 AND service < 1", name="planning_service"),
        sa.PrimaryKeyConstraint("class"),
    )
    op.create_table(
        "planning_setting",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.Column("transfer_days", sa.Integer(), nullable=False),
        sa.Column("auto_approve_minor", sa.BigInteger(), nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id = 'company'", name="planning_setting_is_one"),
        sa.CheckConstraint("auto_approve_minor >= 0", name="planning_auto_approve"),
        sa.CheckConstraint("budget_minor >= 0", name="planning_budget"),
        sa.CheckConstraint("review_days BETWEEN 1 AND 60", name="planning_review"),
        sa.CheckConstraint("transfer_days BETWEEN 0 AND 60", name="planning_transfer"),
        sa.CheckConstraint("window_days BETWEEN 14 AND 365", name="planning_window"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "demand_calendar",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("factor", sa.Numeric(precision=7, scale=3), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("factor > 0 AND factor <= 100", name="season_factor"),
        sa.CheckConstraint("starts_on <= ends_on", name="season_begins_before_it_ends"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "demand_day",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("out", sa.Boolean(), nullable=False),
        sa.CheckConstraint("units >= 0", name="demand_is_not_negative"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("location_id", "sku", "day"),
    )
    op.create_table(
        "planning_night",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policies", sa.Integer(), nullable=False),
        sa.Column("suggestions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("location_id", "night"),
    )
    op.create_index("planning_night_latest", "planning_night", ["night"], unique=False)
    op.create_table(
        "stock_policy",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("known_since", sa.Date(), nullable=False),
        sa.Column("class", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("demand_mean", sa.Float(), nullable=False),
        sa.Column("demand_deviation", sa.Float(), nullable=False),
        sa.Column("days_used", sa.Integer(), nullable=False),
        sa.Column("days_out", sa.Integer(), nullable=False),
        sa.Column("factor", sa.Float(), nullable=False),
        sa.Column("lead_mean", sa.Float(), nullable=False),
        sa.Column("lead_deviation", sa.Float(), nullable=False),
        sa.Column("lead_source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lead_samples", sa.Integer(), nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("service", sa.Float(), nullable=False),
        sa.Column("shape", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("safety", sa.Float(), nullable=False),
        sa.Column("reorder_point", sa.BigInteger(), nullable=False),
        sa.Column("order_up_to", sa.BigInteger(), nullable=False),
        sa.Column("passed_up", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fixed_safety", sa.BigInteger(), nullable=True),
        sa.Column("fixed_until", sa.Date(), nullable=True),
        sa.Column(
            "fixed_reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column(
            "fixed_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.CheckConstraint(
            "(fixed_safety IS NULL) = (fixed_by = '') AND fixed_safety >= 0",
            name="policy_fixed_by_somebody",
        ),
        sa.CheckConstraint("class IN ('A','B','C')", name="policy_class_is_abc"),
        sa.CheckConstraint(
            "safety >= 0 AND reorder_point >= 0 AND order_up_to >= reorder_point"
            " AND passed_up >= 0",
            name="policy_levels",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("location_id", "sku"),
    )
    op.create_table(
        "suggestion",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("supplier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("edited_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_on", sa.Date(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("cover_days", sa.Float(), nullable=False),
        sa.Column("out_on", sa.Date(), nullable=True),
        sa.Column("class", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind = 'purchase') = (supplier <> '') AND (kind = 'purchase') = (source_id IS NULL)",
            name="suggestion_source",
        ),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="suggestion_decided"),
        sa.CheckConstraint("kind IN ('purchase','transfer','dealer')", name="suggestion_kind"),
        sa.CheckConstraint(
            "state IN ('open','approved','dismissed','superseded')", name="suggestion_state"
        ),
        sa.CheckConstraint("quantity > 0 AND planned > 0", name="suggested_quantity"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "suggestion_of_source",
        "suggestion",
        ["source_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "suggestion_open",
        "suggestion",
        ["location_id", "sku", "kind", sa.literal_column("coalesce(source_id, supplier)")],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("suggestion_urgent", "suggestion", ["state", "cover_days", "id"], unique=False)
    # A day's moves are read each night; a ledger that only grows needs no more than this for it.
    op.create_index("stock_move_by_at", "stock_move", ["at"], postgresql_using="brin")
    op.execute(
        "INSERT INTO planning_class (class, measure, service, order_days) VALUES"
        " ('A', 'fill', 0.98, 7), ('B', 'cycle', 0.95, 14), ('C', 'cycle', 0.90, 30)"
    )
    op.execute(
        "INSERT INTO planning_setting (id, window_days, review_days, transfer_days,"
        " auto_approve_minor) VALUES ('company', 90, 1, 2, 0)"
    )
