"""Serial numbers sought"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "serial",
        sa.Column(
            "sought_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.create_index(
        "serial_sought",
        "serial",
        ["sku", "location_id"],
        unique=False,
        postgresql_where=sa.text("sought_by <> ''"),
    )
    op.drop_constraint("serial_event_what", "serial_event", type_="check")
    op.create_check_constraint(
        "serial_event_what",
        "serial_event",
        "what IN ('received','moved','noted','packed','put_back','shipped','returned',"
        "'undone','corrected','written_off','found','made','built_in','taken_out','taken_apart',"
        "'sought','seen')",
    )
