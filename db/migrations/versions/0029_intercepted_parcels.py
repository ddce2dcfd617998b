"""Intercepted parcels"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intercept",
        sa.Column("parcel_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shipment_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier_ref", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (state IN ('wanted','asked'))", name="intercept_ends_once"
        ),
        sa.CheckConstraint(
            "state IN ('wanted','asked','came_back','too_late','lost','given_up')",
            name="intercept_state",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"],
            ["parcel.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shipment_no"],
            ["shipment.no"],
        ),
        sa.PrimaryKeyConstraint("parcel_id"),
    )
    op.create_index("intercept_by_order", "intercept", ["order_id"], unique=False)
    op.create_index("intercept_by_shipment", "intercept", ["shipment_no"], unique=False)


def downgrade() -> None:
    op.drop_table("intercept")
