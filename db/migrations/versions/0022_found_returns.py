"""Returns are found by number"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "refund_by_return",
        "refund",
        ["return_no"],
        unique=False,
        postgresql_where=sa.text("return_no IS NOT NULL"),
    )
    op.drop_index("return_label_by_waybill", table_name="return_label")
    op.create_index(
        "return_label_by_waybill", "return_label", ["waybill_no", "carrier"], unique=False
    )
    op.create_index(
        "sales_order_by_buyer",
        "sales_order",
        ["shop_id", "buyer_ref"],
        unique=False,
        postgresql_where=sa.text("buyer_ref <> ''"),
    )
    op.create_index(
        "return_by_case",
        "sales_return",
        ["case_no"],
        unique=False,
        postgresql_where=sa.text("case_no <> ''"),
    )


def downgrade() -> None:
    op.drop_index("return_by_case", table_name="sales_return")
    op.drop_index("sales_order_by_buyer", table_name="sales_order")
    op.drop_index("return_label_by_waybill", table_name="return_label")
    op.create_index(
        "return_label_by_waybill", "return_label", ["carrier", "waybill_no"], unique=False
    )
    op.drop_index("refund_by_return", table_name="refund")
