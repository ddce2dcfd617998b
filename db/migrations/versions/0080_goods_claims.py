"""Claims for goods"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0080"
down_revision = "0078"
branch_labels = None
depends_on = None

_KINDS = (
    "'captured','refunded','payment','refund','tender','stock','collected','closed','cost','claim'"
)
_SUMS = ("accepted_minor", "received_minor", "set_off_minor", "written_off_minor")
# Booked on the day the debtor's word or money is of, on the company's clock.
_TELL = """
CREATE FUNCTION tell_books_of_goods_claim() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booked timestamptz := now();
BEGIN
    IF NEW.value_on <> (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
        booked := (NEW.value_on + time '12:00') AT TIME ZONE 'Asia/Shanghai';
    END IF;
    INSERT INTO book_fact (kind, subject, amount_minor, at)
    VALUES ('goods_claim', NEW.id, NEW.amount_minor, booked) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
_TRIGGER = (
    "CREATE TRIGGER goods_claim_to_books AFTER INSERT ON goods_claim_money FOR EACH ROW"
    " EXECUTE FUNCTION tell_books_of_goods_claim()"
)
# What was credited and claimed before has no sum in the books: finance says what came of it.
_UNTIL_NOW = (
    """
INSERT INTO goods_claim (claim_no, origin, document_no, location_id, debtor, never_came, currency,
    claimed_minor, created_by, created_at)
SELECT c.no, 'receipt', c.receipt_no, c.location_id,
       'supplier/' || coalesce(nullif(r.sender, ''), r.source_no), c.trouble = 'short', c.currency,
       c.value_minor, c.decided_by, c.decided_at
FROM receipt_case c JOIN goods_receipt r ON r.no = c.receipt_no WHERE c.state = 'credited'
""",
    """
INSERT INTO goods_claim (claim_no, origin, document_no, location_id, debtor, never_came, currency,
    claimed_minor, created_by, created_at)
SELECT d.id, 'transfer', d.transfer_no, t.to_location,
       'carrier/' || coalesce(nullif(t.carrier, ''), '?'), false, s.currency,
       s.cost_minor * d.units, d.decided_by, d.decided_at
FROM stock_transfer_difference d
JOIN stock_transfer_line l ON l.transfer_no = d.transfer_no AND l.line_no = d.line_no
JOIN stock_transfer t ON t.no = d.transfer_no
JOIN sku s ON s.code = l.sku
WHERE d.decision = 'carrier_claim' AND l.owner = 'own'
""",
)
_FORGET = (
    "DELETE FROM voucher_entry WHERE voucher_no IN (SELECT v.no FROM voucher v"
    " JOIN book_fact f ON f.id = v.fact_id WHERE f.kind = 'goods_claim')",
    "DELETE FROM voucher v USING book_fact f WHERE f.id = v.fact_id AND f.kind = 'goods_claim'",
    "DELETE FROM book_fact WHERE kind = 'goods_claim'",
)


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "goods_claim",
        sa.Column("claim_no", text, nullable=False),
        sa.Column("origin", text, nullable=False),
        sa.Column("document_no", text, nullable=False),
        sa.Column("location_id", text, nullable=False),
        sa.Column("debtor", text, nullable=False),
        sa.Column("never_came", sa.Boolean(), nullable=False),
        sa.Column("currency", text, nullable=False),
        sa.Column("claimed_minor", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _SUMS),
        sa.Column("created_by", text, nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("origin IN ('receipt','transfer')", name="goods_claim_origin"),
        sa.CheckConstraint(
            "debtor LIKE 'supplier/%' OR debtor LIKE 'carrier/%'", name="goods_claim_debtor"
        ),
        sa.CheckConstraint("claimed_minor >= 0", name="goods_claim_sum"),
        sa.CheckConstraint(
            "least(accepted_minor, received_minor, set_off_minor, written_off_minor) >= 0"
            " AND received_minor + set_off_minor + written_off_minor <= accepted_minor",
            name="goods_claim_owes_no_less_than_nothing",
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("claim_no"),
    )  # fmt: skip
    op.create_index("goods_claim_newest", "goods_claim", ["created_at", "claim_no"])
    op.create_table(
        "goods_claim_money",
        sa.Column("id", text, nullable=False),
        sa.Column("claim_no", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", text, server_default="", nullable=False),
        sa.Column("reason", text, server_default="", nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("actor", text, nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('accepted','received','set_off','written_off')", name="goods_claim_money_kind"
        ),
        sa.CheckConstraint("amount_minor <> 0", name="goods_claim_money_moves_something"),
        sa.ForeignKeyConstraint(["claim_no"], ["goods_claim.claim_no"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("goods_claim_money_of", "goods_claim_money", ["claim_no"])
    _allow(f"{_KINDS},'goods_claim'")
    op.execute(_TELL)
    op.execute(_TRIGGER)
    for statement in _UNTIL_NOW:
        op.execute(statement)


def downgrade() -> None:
    """What was booked of these claims goes with them: the older books do not know what it is."""
    for statement in _FORGET:
        op.execute(statement)
    op.drop_table("goods_claim_money")
    op.drop_table("goods_claim")
    op.execute("DROP FUNCTION tell_books_of_goods_claim()")
    _allow(_KINDS)


def _allow(kinds: str) -> None:
    op.drop_constraint("book_fact_kind", "book_fact")
    op.create_check_constraint("book_fact_kind", "book_fact", f"kind IN ({kinds})")
