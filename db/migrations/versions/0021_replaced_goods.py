"""Returns may end with goods that are sent anew"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("return_outcome", "sales_return", type_="check")
    op.create_check_constraint(
        "return_outcome",
        "sales_return",
        "outcome IN ('','refunded','replaced','nothing_due','rejected','expired','withdrawn')",
    )


def downgrade() -> None:
    op.drop_constraint("return_outcome", "sales_return", type_="check")
    op.create_check_constraint(
        "return_outcome",
        "sales_return",
        "outcome IN ('','refunded','nothing_due','rejected','expired','withdrawn')",
    )
