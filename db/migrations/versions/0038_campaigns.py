"""Campaigns and what became of decisions"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("paused_from", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stopped_because", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("chosen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("given", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("canary", sa.Integer(), nullable=False),
        sa.Column("stop_percent", sa.Integer(), nullable=False),
        sa.Column("rate_per_minute", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("again_of", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("next_take_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('canary','running','paused','stopped','finished')", name="campaign_state"
        ),
        sa.CheckConstraint("canary BETWEEN 0 AND 100", name="campaign_canary"),
        sa.CheckConstraint("rate_per_minute BETWEEN 1 AND 600", name="campaign_rate"),
        sa.CheckConstraint("stop_percent BETWEEN 0 AND 100", name="campaign_stops"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("campaign_latest", "campaign", ["created_at"], unique=False)
    op.create_table(
        "attention_note",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attention_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attention_id"],
            ["attention.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "attention_note_of_item", "attention_note", ["attention_id", "id"], unique=False
    )
    op.create_table(
        "campaign_item",
        sa.Column("campaign_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attention_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("detail", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','deciding','decided','went_on','parked_again','silent','left',"
            "'refused','gone')",
            name="campaign_item_state",
        ),
        sa.ForeignKeyConstraint(
            ["attention_id"],
            ["attention.id"],
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
        ),
        sa.PrimaryKeyConstraint("campaign_id", "attention_id"),
    )
    op.create_index(
        "campaign_item_in_order",
        "campaign_item",
        ["campaign_id", "state", "attention_id"],
        unique=False,
    )
    op.create_index(
        "campaign_item_open",
        "campaign_item",
        ["attention_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting','deciding')"),
    )
    op.add_column(
        "attention",
        sa.Column(
            "outcome",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
    )
    op.add_column("attention", sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "attention",
        sa.Column(
            "assignee",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
    )
    op.create_index("attention_by_step", "attention", ["workflow_id", "step_id"], unique=False)
    op.create_index("attention_by_cause", "attention", ["fingerprint", "first_seen"], unique=False)
    op.add_column("gate", sa.Column("at_once", sa.Integer(), nullable=True))
    op.add_column(
        "gate",
        sa.Column(
            "windows",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.create_check_constraint(
        "attention_outcome",
        "attention",
        "outcome IN ('','went_on','parked_again','interrupted')",
    )
    op.create_check_constraint("gate_wakes_a_few", "gate", "at_once BETWEEN 1 AND 100")
