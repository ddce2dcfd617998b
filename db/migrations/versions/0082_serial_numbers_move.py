"""Serial numbers move"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_transfer_serial",
        sa.Column("transfer_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "state IN ('on_the_way','arrived','damaged','returned','lost','over')",
            name="transfer_serial_state",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_no", "line_no"],
            ["stock_transfer_line.transfer_no", "stock_transfer_line.line_no"],
        ),
        sa.PrimaryKeyConstraint("transfer_no", "sku", "serial"),
    )
    op.create_index(
        "transfer_serial_of_line", "stock_transfer_serial", ["transfer_no", "line_no"], unique=False
    )
    op.create_index(
        "serial_event_by_document",
        "serial_event",
        ["document_no"],
        unique=False,
        postgresql_where=sa.text("document_no <> ''"),
    )
    op.add_column(
        "stock_count_entry",
        sa.Column("named", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "stock_count_entry",
        sa.Column(
            "serials_gone", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column(
        "stock_count_entry",
        sa.Column(
            "serials_found", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.drop_constraint("serial_event_what", "serial_event", type_="check")
    op.create_check_constraint(
        "serial_event_what",
        "serial_event",
        "what IN ('received','moved','noted','packed','put_back','shipped','returned',"
        "'undone','corrected','written_off','found')",
    )
