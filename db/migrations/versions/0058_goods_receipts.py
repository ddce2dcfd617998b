"""Goods receipts"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ship_notice",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(source_kind = 'none') = (source_no = '')", name="ship_notice_names_it"
        ),
        sa.CheckConstraint(
            "source_kind IN ('purchase','transfer','none')", name="ship_notice_source"
        ),
        sa.CheckConstraint("state IN ('expected','arrived','cancelled')", name="ship_notice_state"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("sender", "external_no", name="ship_notice_said_once"),
    )
    op.create_index(
        "ship_notice_by_source", "ship_notice", ["source_kind", "source_no"], unique=False
    )
    op.create_index(
        "ship_notice_expected",
        "ship_notice",
        ["location_id", "expected_on"],
        unique=False,
        postgresql_where=sa.text("state = 'expected'"),
    )
    op.create_table(
        "goods_receipt",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("notice_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("counted_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(source_kind = 'none') = (source_no = '')", name="goods_receipt_names_it"
        ),
        sa.CheckConstraint(
            "(state = 'corrected') = (corrected_at IS NOT NULL)", name="goods_receipt_corrected_at"
        ),
        sa.CheckConstraint(
            "(state IN ('posted','corrected')) = (posted_at IS NOT NULL)",
            name="goods_receipt_posted_at",
        ),
        sa.CheckConstraint(
            "source_kind IN ('purchase','transfer','none')", name="goods_receipt_source"
        ),
        sa.CheckConstraint("state <> 'corrected' OR why <> ''", name="goods_receipt_corrected_why"),
        sa.CheckConstraint(
            "state IN ('open','counted','posted','corrected','cancelled')",
            name="goods_receipt_state",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["notice_no"],
            ["ship_notice.no"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index(
        "goods_receipt_by_source", "goods_receipt", ["source_kind", "source_no"], unique=False
    )
    op.create_index(
        "goods_receipt_open",
        "goods_receipt",
        ["location_id", "opened_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('open','counted')"),
    )
    op.create_index(
        "goods_receipt_posted", "goods_receipt", ["location_id", "posted_at"], unique=False
    )
    op.create_table(
        "ship_notice_line",
        sa.Column("notice_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("carton", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("serials", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("units > 0", name="announced_units_are_positive"),
        sa.ForeignKeyConstraint(
            ["notice_no"],
            ["ship_notice.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("notice_no", "line_no"),
    )
    op.create_table(
        "goods_receipt_line",
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("source_line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("trouble", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("bin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("(verdict = 'accepted') = (trouble = '')", name="receipt_line_trouble"),
        sa.CheckConstraint(
            "verdict IN ('accepted','quarantine','rejected')", name="receipt_line_verdict"
        ),
        sa.CheckConstraint("cost_minor >= 0", name="receipt_line_cost"),
        sa.CheckConstraint("units > 0", name="receipt_line_units"),
        sa.ForeignKeyConstraint(
            ["receipt_no"],
            ["goods_receipt.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("receipt_no", "line_no"),
    )
    op.create_index("goods_receipt_line_by_sku", "goods_receipt_line", ["sku", "lot"], unique=False)
    op.create_table(
        "receipt_case",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("trouble", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_line_no", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="receipt_case_decided"),
        sa.CheckConstraint("state = 'open' OR reason <> ''", name="receipt_case_ends_for_a_reason"),
        sa.CheckConstraint(
            "state IN ('open','accepted','returned','credited','replaced','destroyed','withdrawn')",
            name="receipt_case_state",
        ),
        sa.CheckConstraint("units > 0", name="receipt_case_units"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_no"],
            ["goods_receipt.no"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("receipt_case_by_receipt", "receipt_case", ["receipt_no"], unique=False)
    op.create_index(
        "receipt_case_open",
        "receipt_case",
        ["location_id", "opened_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "receipt_scan",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("bin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("undoes", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "heard_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('item','undo')", name="receipt_scan_kind"),
        sa.CheckConstraint(
            "verdict IN ('accepted','quarantine','rejected')", name="receipt_scan_verdict"
        ),
        sa.CheckConstraint("units > 0", name="receipt_scan_units"),
        sa.ForeignKeyConstraint(
            ["receipt_no"],
            ["goods_receipt.no"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "receipt_scan_by_receipt", "receipt_scan", ["receipt_no", "heard_at"], unique=False
    )
    op.add_column("stock_move", sa.Column("value_minor", sa.BigInteger(), nullable=True))
    op.create_check_constraint("moved_value_is_not_negative", "stock_move", "value_minor >= 0")


def downgrade() -> None:
    op.drop_constraint("moved_value_is_not_negative", "stock_move")
    op.drop_column("stock_move", "value_minor")
    op.execute("DROP FUNCTION IF EXISTS onhand_owned(text[])")
    for table in (
        "receipt_case", "goods_receipt_line", "receipt_scan", "goods_receipt", "ship_notice_line",
        "ship_notice",
    ):  # fmt: skip
        op.drop_table(table)
