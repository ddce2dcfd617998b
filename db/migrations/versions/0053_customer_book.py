"""The customer book"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("phone_last4", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index(
        "customer_by_last_four",
        "customer",
        ["phone_last4"],
        unique=False,
        postgresql_where=sa.text("phone_last4 <> ''"),
    )
    op.create_index(
        "customer_by_phone",
        "customer",
        ["phone_digest"],
        unique=True,
        postgresql_where=sa.text("phone_digest <> ''"),
    )
