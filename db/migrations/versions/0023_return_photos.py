"""Photos of returns"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_photo",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("place BETWEEN 1 AND 5", name="photos_are_few"),
        sa.ForeignKeyConstraint(
            ["return_no"],
            ["sales_return.return_no"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("return_no", "digest", name="return_photo_once"),
        sa.UniqueConstraint("return_no", "place", name="return_photo_place"),
    )


def downgrade() -> None:
    op.drop_table("return_photo")
