"""messages are handed over in the order they came"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(
        op.f("inbox_to_hand_over"),
        table_name="inbox",
        postgresql_where="((applied_at IS NULL) AND ((parked_reason)::text = ''::text))",
    )
    op.create_index(
        "inbox_to_hand_over",
        "inbox",
        ["handed_at", "id"],
        unique=False,
        postgresql_where=sa.text("applied_at IS NULL AND parked_reason = ''"),
    )
