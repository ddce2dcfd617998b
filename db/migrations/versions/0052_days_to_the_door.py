"""Days to the door: what was a setting of each shop is a line of its tables."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_time",
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("area", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "carrier <> '' OR area = '' OR area ~ '^[0-9]{6}$'", name="zones_are_of_a_carrier"
        ),
        sa.CheckConstraint("days BETWEEN 1 AND 60", name="delivery_takes_days"),
        sa.PrimaryKeyConstraint("shop_id", "carrier", "area"),
    )
    op.execute(
        "INSERT INTO delivery_time (shop_id, carrier, area, days)"
        " SELECT id, '', '', (settings->>'deliver_days')::int FROM shop"
        " WHERE settings->>'deliver_days' ~ '^([1-9]|[1-5][0-9]|60)$'"
    )
    op.execute(
        "INSERT INTO delivery_time (shop_id, carrier, area, days)"
        " SELECT s.id, d.key, '', d.value::int FROM shop s, jsonb_each_text("
        "   CASE jsonb_typeof(s.settings->'carrier_days') WHEN 'object'"
        "   THEN s.settings->'carrier_days' ELSE '{}' END) d"
        " WHERE d.value ~ '^([1-9]|[1-5][0-9]|60)$'"
    )
    op.execute("UPDATE shop SET settings = settings - 'deliver_days' - 'carrier_days'")
