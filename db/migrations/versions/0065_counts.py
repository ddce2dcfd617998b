"""Counts"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_count",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("tolerance_units", sa.Integer(), nullable=False),
        sa.Column("tolerance_percent", sa.Integer(), nullable=False),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("posted_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('due','skus','all')", name="count_kind"),
        sa.CheckConstraint(
            "state IN ('open','counted','short','posted','cancelled')", name="count_state"
        ),
        sa.CheckConstraint(
            "tolerance_units >= 0 AND tolerance_percent BETWEEN 0 AND 100", name="count_tolerance"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index(
        "count_of_a_day",
        "stock_count",
        ["location_id", "planned_on"],
        unique=True,
        postgresql_where=sa.text("kind = 'due'"),
    )
    op.create_index(
        "count_open",
        "stock_count",
        ["location_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('open','counted','short')"),
    )
    op.create_table(
        "stock_count_line",
        sa.Column("count_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("condition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("abc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("rest", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open','recount','agreed')", name="count_line_state"),
        sa.ForeignKeyConstraint(
            ["count_no"],
            ["stock_count.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("count_no", "line_no"),
        sa.UniqueConstraint("count_no", "sku", "lot", "condition", "owner"),
    )
    op.create_index("count_line_by_sku", "stock_count_line", ["sku"], unique=False)
    op.create_table(
        "stock_count_entry",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("count_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("in_hand", sa.BigInteger(), nullable=False),
        sa.Column("adjusted", sa.BigInteger(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("units >= 0 AND in_hand >= 0 AND book >= 0", name="counted_units"),
        sa.ForeignKeyConstraint(
            ["count_no", "line_no"],
            ["stock_count_line.count_no", "stock_count_line.line_no"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("count_no", "line_no", "round"),
    )
