"""Earmarks"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "earmark",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kept_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("(shop_id = '') = (order_no = '')", name="earmark_names_its_order"),
        sa.CheckConstraint("kept_for IN ('cart','quote','order')", name="earmark_for"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "earmark_by_order",
        "earmark",
        ["shop_id", "order_no"],
        unique=False,
        postgresql_where=sa.text("order_no <> ''"),
    )
    op.create_index("earmark_by_time", "earmark", ["created_at", "id"], unique=False)
