"""Brand and category of products"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sku",
        sa.Column(
            "brand",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
    )
    op.add_column(
        "sku",
        sa.Column(
            "category",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("''"),
            nullable=False,
        ),
    )
    op.create_index("sku_by_brand", "sku", ["brand"], unique=False)
    op.create_index("sku_by_category", "sku", ["category"], unique=False)
