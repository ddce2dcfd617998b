"""Serial numbers"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "serial_event",
        sa.Column(
            "id",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("(uuidv7())::text"),
            nullable=False,
        ),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "document_no", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "what IN ('received','moved','noted','packed','put_back','shipped','returned',"
            "'undone','corrected')",
            name="serial_event_what",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "serial_event_by_act",
        "serial_event",
        ["act"],
        unique=False,
        postgresql_where=sa.text("act <> ''"),
    )
    op.create_index("serial_event_by_serial", "serial_event", ["serial", "sku", "at"], unique=False)
    op.create_table(
        "serial",
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "state", sqlmodel.sql.sqltypes.AutoString(), server_default="in_stock", nullable=False
        ),
        sa.Column(
            "condition", sqlmodel.sql.sqltypes.AutoString(), server_default="good", nullable=False
        ),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("shipment_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "(state IN ('in_stock','packed')) = (location_id IS NOT NULL)",
            name="serial_in_stock_lies_somewhere",
        ),
        sa.CheckConstraint("serial <> ''", name="serial_has_a_number"),
        sa.CheckConstraint("state IN ('in_stock','packed','shipped','gone')", name="serial_state"),
        sa.CheckConstraint(
            "state NOT IN ('packed','shipped') OR shipment_no IS NOT NULL",
            name="serial_goes_with_a_shipment",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_no"],
            ["goods_receipt.no"],
        ),
        sa.ForeignKeyConstraint(
            ["shipment_no"],
            ["shipment.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("sku", "serial"),
    )
    op.create_index(
        "serial_at_place",
        "serial",
        ["location_id", "sku"],
        unique=False,
        postgresql_where=sa.text("state = 'in_stock'"),
    )
    op.create_index("serial_by_number", "serial", ["serial"], unique=False)
    op.create_index("serial_of_lot", "serial", ["sku", "lot"], unique=False)
    op.create_index(
        "serial_of_receipt",
        "serial",
        ["receipt_no"],
        unique=False,
        postgresql_where=sa.text("receipt_no IS NOT NULL"),
    )
    op.create_index(
        "serial_of_shipment",
        "serial",
        ["shipment_no"],
        unique=False,
        postgresql_where=sa.text("shipment_no IS NOT NULL"),
    )
    op.add_column(
        "warehouse_scan",
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
    )
