"""Notes, tags, saved filters and bulk jobs"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sqlmodel.sql.sqltypes.AutoString(), server_default="running", nullable=False
        ),
        sa.Column(
            "stop_asked_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'running')", name="bulk_ends_once"),
        sa.CheckConstraint("action IN ('hold','release','tag','untag')", name="bulk_action"),
        sa.CheckConstraint("state IN ('running','done','stopped')", name="bulk_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "bulk_job_by_age",
        "bulk_job",
        [sa.literal_column("at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("query", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("saved_filter_named_once", "saved_filter", ["owner", "name"], unique=True)
    op.create_index(
        "saved_filter_shared",
        "saved_filter",
        ["name"],
        unique=False,
        postgresql_where=sa.text("shared"),
    )
    op.create_table(
        "tag",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "colour", sqlmodel.sql.sqltypes.AutoString(), server_default="grey", nullable=False
        ),
        sa.Column("made_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "colour IN ('grey','blue','green','yellow','red','purple')", name="tag_colour"
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "bulk_item",
        sa.Column("job_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "state", sqlmodel.sql.sqltypes.AutoString(), server_default="waiting", nullable=False
        ),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("told", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','done','refused','left_out')", name="bulk_item_state"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["bulk_job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("job_id", "place"),
    )
    op.create_index("bulk_item_by_state", "bulk_item", ["job_id", "state", "place"], unique=False)
    op.create_index(
        "bulk_item_waits",
        "bulk_item",
        ["job_id", "place"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "order_note",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "removed_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (sealed <> '')", name="note_taken_back_is_empty"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("note_by_order", "order_note", ["order_id", "at"], unique=False)
    op.create_table(
        "order_tag",
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tag"],
            ["tag.name"],
        ),
        sa.PrimaryKeyConstraint("order_id", "tag"),
    )
    op.create_index("order_tag_by_tag", "order_tag", ["tag", "order_id"], unique=False)
    op.create_index(
        "open_holds_by_age",
        "order_hold",
        ["placed_at", "id"],
        unique=False,
        postgresql_where=sa.text("released_at IS NULL"),
    )
