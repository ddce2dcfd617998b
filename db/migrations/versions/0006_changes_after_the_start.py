"""What a channel or a person changes after the work on an order has begun."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Counts changes of the receiver, and remembers lines the channel closed meanwhile."""
    op.add_column(
        "receiver", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column(
        "parcel", sa.Column("receiver_version", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "order_line",
        sa.Column("closed_by_channel", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    # Labels from before were ordered for the receiver as it is now.
    op.execute("UPDATE parcel SET receiver_version = 1 WHERE waybill_no <> ''")
