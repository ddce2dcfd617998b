"""Kits"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kit",
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('virtual','assembled')", name="kit_kind"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "kit_component",
        sa.Column("kit", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kit <> sku", name="kit_is_not_made_of_itself"),
        sa.CheckConstraint("quantity > 0", name="kit_holds_units"),
        sa.ForeignKeyConstraint(
            ["kit"],
            ["kit.code"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("kit", "sku"),
    )
    op.create_index("kit_component_by_sku", "kit_component", ["sku"], unique=False)
    op.create_table(
        "kit_order",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kit", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('assemble','disassemble')", name="kit_order_kind"),
        sa.CheckConstraint("quantity > 0", name="kit_order_quantity"),
        sa.ForeignKeyConstraint(
            ["kit"],
            ["kit.code"],
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("kit_order_by_kit", "kit_order", ["kit", "at"], unique=False)
