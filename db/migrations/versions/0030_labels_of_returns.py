"""Labels of returns"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "return_label",
        sa.Column(
            "return_no", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
    )
    op.create_index(
        "return_label_by_return",
        "return_label",
        ["return_no"],
        unique=False,
        postgresql_where=sa.text("return_no <> ''"),
    )


def downgrade() -> None:
    op.drop_index("return_label_by_return", table_name="return_label")
    op.drop_column("return_label", "return_no")
