"""Claims against carriers"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_KINDS = "'captured','refunded','payment','refund','tender','stock','collected','closed','cost'"
# Booked on the day the carrier's word or money is of, on the company's clock.
_TELL = """
CREATE FUNCTION tell_books_of_claim() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booked timestamptz := now();
BEGIN
    IF NEW.value_on <> (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
        booked := (NEW.value_on + time '12:00') AT TIME ZONE 'Asia/Shanghai';
    END IF;
    INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)
    SELECT 'claim', NEW.id, c.order_id, NEW.amount_minor, booked
    FROM carrier_claim c WHERE c.claim_no = NEW.claim_no ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
_TRIGGER = (
    "CREATE TRIGGER claim_to_books AFTER INSERT ON claim_money FOR EACH ROW"
    " EXECUTE FUNCTION tell_books_of_claim()"
)
_FORGET = (
    "DELETE FROM voucher_entry WHERE voucher_no IN (SELECT v.no FROM voucher v"
    " JOIN book_fact f ON f.id = v.fact_id WHERE f.kind = 'claim')",
    "DELETE FROM voucher v USING book_fact f WHERE f.id = v.fact_id AND f.kind = 'claim'",
    "DELETE FROM book_fact WHERE kind = 'claim'",
)


def upgrade() -> None:
    op.create_table(
        "carrier_claim",
        sa.Column("claim_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("parcel_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waybill_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("remark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waits_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), nullable=False),
        sa.Column("ceiling_minor", sa.BigInteger(), nullable=True),
        sa.Column("limited_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("most_minor", sa.BigInteger(), nullable=False),
        sa.Column("claimed_minor", sa.BigInteger(), nullable=False),
        sa.Column("accepted_minor", sa.BigInteger(), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_off_minor", sa.BigInteger(), nullable=False),
        sa.Column("written_off_minor", sa.BigInteger(), nullable=False),
        sa.Column("despatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("carrier_ref", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answer_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ended_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
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
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(filed_on IS NULL) = (carrier_ref = '')", name="claim_filed_with_number"
        ),
        sa.CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="claim_ends_once"),
        sa.CheckConstraint("answer IN ('','accepted','partly','refused')", name="claim_answer"),
        sa.CheckConstraint("ended IN ('','written_off','found')", name="claim_ended"),
        sa.CheckConstraint("kind IN ('lost','damaged')", name="claim_kind"),
        sa.CheckConstraint(
            "limited_by IN ('','insured','limit','freight')", name="claim_limited_by"
        ),
        sa.CheckConstraint(
            "origin IN ('tracking','return','bench','customer_service')", name="claim_origin"
        ),
        sa.CheckConstraint("outcome IN ('','paid','written_off','found')", name="claim_outcome"),
        sa.CheckConstraint(
            "status IN ('opened','filed','accepted','refused','closed')", name="claim_status"
        ),
        sa.CheckConstraint(
            "claimed_minor <= most_minor AND goods_minor >= 0 AND freight_minor >= 0",
            name="claim_within_most",
        ),
        sa.CheckConstraint(
            "received_minor >= 0 AND booked_off_minor >= 0"
            " AND received_minor + booked_off_minor <= accepted_minor"
            " AND accepted_minor <= claimed_minor",
            name="claim_received_within_accepted",
        ),
        sa.CheckConstraint(
            "written_off_minor >= booked_off_minor"
            " AND received_minor + written_off_minor <= claimed_minor",
            name="claim_written_off_within_claimed",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"],
            ["parcel.id"],
        ),
        sa.PrimaryKeyConstraint("claim_no"),
        sa.UniqueConstraint("parcel_id"),
    )
    op.create_index("claim_by_order", "carrier_claim", ["order_id"], unique=False)
    op.create_index(
        "claim_by_return",
        "carrier_claim",
        ["return_no"],
        unique=False,
        postgresql_where=sa.text("return_no <> ''"),
    )
    op.create_index(
        "claim_queue",
        "carrier_claim",
        ["waits_for", "due_at"],
        unique=False,
        postgresql_where=sa.text("outcome = ''"),
    )
    op.create_index(op.f("ix_carrier_claim_carrier"), "carrier_claim", ["carrier"], unique=False)
    op.create_table(
        "claim_line",
        sa.Column("claim_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fulfilment_line_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units > 0 AND value_minor >= 0", name="claim_line_is_positive"),
        sa.ForeignKeyConstraint(
            ["claim_no"],
            ["carrier_claim.claim_no"],
        ),
        sa.ForeignKeyConstraint(
            ["fulfilment_line_id"],
            ["fulfilment_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("claim_no", "fulfilment_line_id"),
    )
    op.create_table(
        "claim_money",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("claim_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('accepted','received','written_off')", name="claim_money_kind"
        ),
        sa.CheckConstraint("amount_minor <> 0", name="claim_money_moves_something"),
        sa.ForeignKeyConstraint(
            ["claim_no"],
            ["carrier_claim.claim_no"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("claim_money_by_claim", "claim_money", ["claim_no"], unique=False)
    _allow(f"{_KINDS},'claim'")
    op.execute(_TELL)
    op.execute(_TRIGGER)


def downgrade() -> None:
    """What was booked of claims goes with them: the older books do not know what it is."""
    for statement in _FORGET:
        op.execute(statement)
    op.drop_table("claim_money")
    op.drop_table("claim_line")
    op.drop_table("carrier_claim")
    op.execute("DROP FUNCTION tell_books_of_claim()")
    _allow(_KINDS)


def _allow(kinds: str) -> None:
    op.drop_constraint("book_fact_kind", "book_fact")
    op.create_check_constraint("book_fact_kind", "book_fact", f"kind IN ({kinds})")
