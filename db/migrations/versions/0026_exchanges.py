"""Exchanges for other goods"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_PARTS = (
    "goods_minor >= 0 AND freight_minor >= 0 AND deduction_minor >= 0"
    " AND goodwill_minor >= 0 AND refund_minor >= 0"
)
_SUM = "refund_minor = goods_minor + freight_minor - deduction_minor + goodwill_minor"


def upgrade() -> None:
    op.create_table(
        "return_wanted",
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="wanted_quantity_is_positive"),
        sa.CheckConstraint("unit_minor > 0", name="wanted_price_is_positive"),
        sa.ForeignKeyConstraint(
            ["return_no"],
            ["sales_return.return_no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("return_no", "sku"),
    )
    op.add_column(
        "return_settlement",
        sa.Column("exchanged_minor", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "sales_order",
        sa.Column("credit_minor", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_index(
        "return_by_new_order",
        "sales_return",
        ["new_order_id"],
        unique=False,
        postgresql_where=sa.text("new_order_id IS NOT NULL"),
    )
    op.create_check_constraint(
        "credit_within_captured", "sales_order", "credit_minor BETWEEN 0 AND captured_minor"
    )
    op.drop_constraint("settlement_is_not_negative", "return_settlement")
    op.drop_constraint("settlement_adds_up", "return_settlement")
    op.create_check_constraint(
        "settlement_is_not_negative", "return_settlement", f"{_PARTS} AND exchanged_minor >= 0"
    )
    op.create_check_constraint(
        "settlement_adds_up", "return_settlement", f"{_SUM} - exchanged_minor"
    )


def downgrade() -> None:
    op.drop_constraint("settlement_is_not_negative", "return_settlement")
    op.drop_constraint("settlement_adds_up", "return_settlement")
    op.drop_constraint("credit_within_captured", "sales_order")
    op.drop_index("return_by_new_order", table_name="sales_return")
    op.drop_column("sales_order", "credit_minor")
    op.drop_column("return_settlement", "exchanged_minor")
    op.create_check_constraint("settlement_is_not_negative", "return_settlement", _PARTS)
    op.create_check_constraint("settlement_adds_up", "return_settlement", _SUM)
    op.drop_table("return_wanted")
