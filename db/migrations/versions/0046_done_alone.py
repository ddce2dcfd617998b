"""What people did alone is added up"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "done_alone",
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("much", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("much >= 0", name="much_is_not_negative"),
        sa.PrimaryKeyConstraint("act", "what"),
    )
    op.create_index("done_alone_by_what", "done_alone", ["what", "at"], unique=False)
