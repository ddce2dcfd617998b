"""What orders are found by"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("fulfilment_line_by_sku", "fulfilment_line", ["sku", "order_id"], unique=False)
    op.create_index(
        "invoice_by_number",
        "invoice",
        ["number"],
        unique=False,
        postgresql_where=sa.text("number <> ''"),
    )
    op.create_index(
        "parcel_begun",
        "parcel",
        ["waybill_no"],
        unique=False,
        postgresql_ops={"waybill_no": "text_pattern_ops"},
    )
    op.drop_index(
        op.f("sales_order_by_buyer"),
        table_name="sales_order",
        postgresql_where="((buyer_ref)::text <> ''::text)",
    )
    op.create_index(
        "sales_order_by_buyer",
        "sales_order",
        ["buyer_ref", "id"],
        unique=False,
        postgresql_where=sa.text("buyer_ref <> ''"),
    )
    op.drop_index(op.f("sales_order_by_status"), table_name="sales_order")
    op.create_index(
        "sales_order_by_status", "sales_order", ["status", "ship_by", "id"], unique=False
    )
    op.create_index(
        "sales_order_begun",
        "sales_order",
        ["no"],
        unique=False,
        postgresql_ops={"no": "text_pattern_ops"},
    )
    op.create_index(
        "sales_order_begun_outside",
        "sales_order",
        ["external_no"],
        unique=False,
        postgresql_ops={"external_no": "text_pattern_ops"},
    )
    op.create_index("sales_order_by_promise", "sales_order", ["ship_by", "id"], unique=False)
    op.create_index(
        "sales_order_of_shop",
        "sales_order",
        ["shop_id", sa.literal_column("placed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "sales_order_to_ship",
        "sales_order",
        ["ship_by", "id"],
        unique=False,
        postgresql_where=sa.text(
            "status IN ('received', 'on_hold', 'backordered', 'allocated', 'in_fulfilment')"
        ),
    )
