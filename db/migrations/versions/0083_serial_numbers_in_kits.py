"""Serial numbers in kits"""

from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("serial_state", "serial", type_="check")
    op.create_check_constraint(
        "serial_state", "serial", "state IN ('in_stock','packed','shipped','built_in','gone')"
    )
    op.drop_constraint("serial_event_what", "serial_event", type_="check")
    op.create_check_constraint(
        "serial_event_what",
        "serial_event",
        "what IN ('received','moved','noted','packed','put_back','shipped','returned',"
        "'undone','corrected','written_off','found','made','built_in','taken_out','taken_apart')",
    )
