"""The warehouse floor"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carrier_cutoff",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("location_id", "carrier"),
    )
    op.create_table(
        "carton",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("length_mm", sa.Integer(), nullable=False),
        sa.Column("width_mm", sa.Integer(), nullable=False),
        sa.Column("height_mm", sa.Integer(), nullable=False),
        sa.Column("tare_g", sa.Integer(), nullable=False),
        sa.Column("most_g", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "length_mm > 0 AND width_mm > 0 AND height_mm > 0 AND tare_g >= 0 AND most_g > 0",
            name="carton_measures",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("location_id", "code"),
    )
    op.create_table(
        "floor_rule",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wave_size", sa.Integer(), nullable=False),
        sa.Column("tolerance_g", sa.Integer(), nullable=False),
        sa.Column("tolerance_percent", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "tolerance_g BETWEEN 0 AND 100000 AND tolerance_percent BETWEEN 0 AND 100",
            name="floor_tolerance",
        ),
        sa.CheckConstraint("wave_size BETWEEN 1 AND 200", name="floor_wave_size"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("location_id"),
    )
    op.create_table(
        "hand_over",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("closed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (sealed IS NULL)", name="signed_when_closed"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index(
        "one_open_hand_over",
        "hand_over",
        ["location_id", "carrier"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "stock_bin",
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("bin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("location_id", "sku"),
    )
    op.create_table(
        "wave",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mode", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("picker", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("made_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="wave_closes_once"),
        sa.CheckConstraint("mode IN ('batch','single')", name="wave_mode"),
        sa.CheckConstraint("state IN ('made','released','closed')", name="wave_state"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("wave_by_location", "wave", ["location_id", "state"], unique=False)
    op.create_table(
        "warehouse_scan",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("station", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shipment_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("wave_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("undoes", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "heard_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('item','undo','done')", name="scan_kind"),
        sa.CheckConstraint("station IN ('pick','pack')", name="scan_station"),
        sa.CheckConstraint("units > 0", name="scan_units"),
        sa.ForeignKeyConstraint(
            ["shipment_no"],
            ["shipment.no"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("scan_by_shipment", "warehouse_scan", ["shipment_no", "station"], unique=False)
    op.create_index(
        "scan_by_wave",
        "warehouse_scan",
        ["wave_no"],
        unique=False,
        postgresql_where=sa.text("wave_no <> ''"),
    )
    op.create_table(
        "wave_shipment",
        sa.Column("wave_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shipment_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_why", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("(left_at IS NULL) = (left_why = '')", name="left_for_a_reason"),
        sa.ForeignKeyConstraint(
            ["shipment_no"],
            ["shipment.no"],
        ),
        sa.ForeignKeyConstraint(
            ["wave_no"],
            ["wave.no"],
        ),
        sa.PrimaryKeyConstraint("wave_no", "shipment_no"),
    )
    op.create_index(
        "one_wave_at_a_time",
        "wave_shipment",
        ["shipment_no"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "handed_parcel",
        sa.Column("parcel_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("hand_over_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("scan_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["hand_over_no"],
            ["hand_over.no"],
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"],
            ["parcel.id"],
        ),
        sa.PrimaryKeyConstraint("parcel_id", "hand_over_no"),
        sa.UniqueConstraint("scan_key"),
    )
    op.create_index(
        op.f("ix_handed_parcel_hand_over_no"), "handed_parcel", ["hand_over_no"], unique=False
    )


def downgrade() -> None:
    for table in (
        "handed_parcel", "wave_shipment", "warehouse_scan", "wave", "stock_bin", "hand_over",
        "floor_rule", "carton", "carrier_cutoff",
    ):  # fmt: skip
        op.drop_table(table)
