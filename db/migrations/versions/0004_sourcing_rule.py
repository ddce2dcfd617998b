"""How orders of a shop are sourced"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sourcing_rule",
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("strategy", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("max_parcels", sa.Integer(), nullable=True),
        sa.CheckConstraint("max_parcels BETWEEN 1 AND 20", name="sourcing_parcels"),
        sa.CheckConstraint(
            "strategy IN ('cheapest','nearest','inventory_first','priority')",
            name="sourcing_strategy",
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shop.id"],
        ),
        sa.PrimaryKeyConstraint("shop_id"),
    )
