"""A phone is found by one digest"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest_key",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column(
        "receiver",
        sa.Column(
            "phone_digest", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    # The fifth was of eleven digits, a whole mobile number; the last one of all digits of shorter
    # ones. What is longer, a landline with its area's code, is found once it is sealed anew.
    op.execute(
        "UPDATE receiver SET phone_digest = "
        "coalesce(phone_digests[least(cardinality(phone_digests), 5)], '')"
    )
    op.create_index("receiver_by_phone", "receiver", ["phone_digest"], unique=False)
    op.drop_column("receiver", "phone_digests")
