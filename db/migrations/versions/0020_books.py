"""The books"""

import re

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


# Facts are told by the database itself: whichever code changes an order's sums, its books hear.
# A sum that changed is named by the transaction that changed it.
_FUNCTIONS = (
    """
    CREATE FUNCTION tell_books_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        captured bigint := 0;
        refunded bigint := 0;
        change text := NEW.id || '@' || pg_current_xact_id();
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            captured := OLD.captured_minor;
            refunded := OLD.refunded_minor;
        END IF;
        IF NEW.captured_minor <> captured THEN
            INSERT INTO book_fact (kind, subject, order_id, amount_minor)
            VALUES ('captured', change || '/' || NEW.captured_minor, NEW.id,
                    NEW.captured_minor - captured) ON CONFLICT DO NOTHING;
        END IF;
        IF NEW.refunded_minor <> refunded THEN
            INSERT INTO book_fact (kind, subject, order_id, amount_minor)
            VALUES ('refunded', change || '/' || NEW.refunded_minor, NEW.id,
                    NEW.refunded_minor - refunded) ON CONFLICT DO NOTHING;
        END IF;
        IF NEW.status IN ('completed', 'cancelled') THEN
            INSERT INTO book_fact (kind, subject, order_id)
            VALUES ('closed', NEW.id, NEW.id) ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, amount_minor, at)
        VALUES ('payment', NEW.id, NEW.amount_minor, NEW.captured_at) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_refund() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)
        VALUES ('refund', NEW.refund_no, coalesce(NEW.order_id, ''), NEW.amount_minor,
                coalesce(NEW.settled_at, now())) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_tender() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, order_id, amount_minor)
        VALUES ('tender', NEW.order_id || '/' || NEW.line_no, NEW.order_id, NEW.amount_minor)
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_goods() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, at)
        SELECT 'stock', idempotency_key, min(at) FROM written
        WHERE from_place NOT LIKE 'location:%' OR to_place NOT LIKE 'location:%'
        GROUP BY idempotency_key ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, order_id)
        SELECT 'collected', o.id, o.id FROM sales_order o
        WHERE o.id = NEW.order_id AND o.cash_on_delivery ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION tell_books_of_cost() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO book_fact (kind, subject, amount_minor)
        VALUES ('cost', NEW.code || '@' || pg_current_xact_id() || '/' || NEW.cost_minor,
                NEW.cost_minor) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION refuse_unbalanced_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        asked text := to_jsonb(NEW) ->> TG_ARGV[0];
    BEGIN
        IF (SELECT count(*) < 2 OR sum(debit_minor) <> sum(credit_minor)
            FROM voucher_entry WHERE voucher_no = asked) THEN
            RAISE EXCEPTION 'voucher % does not balance', asked
                USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_balances';
        END IF;
        RETURN NULL;
    END $$
    """,
)
_TRIGGERS = (
    "CREATE TRIGGER new_order_to_books AFTER INSERT ON sales_order FOR EACH ROW"
    " WHEN (NEW.captured_minor <> 0 OR NEW.refunded_minor <> 0)"
    " EXECUTE FUNCTION tell_books_of_order()",
    "CREATE TRIGGER order_to_books AFTER UPDATE OF captured_minor, refunded_minor, status"
    " ON sales_order FOR EACH ROW"
    " WHEN (OLD.captured_minor <> NEW.captured_minor OR OLD.refunded_minor <> NEW.refunded_minor"
    " OR OLD.status <> NEW.status AND NEW.status IN ('completed', 'cancelled'))"
    " EXECUTE FUNCTION tell_books_of_order()",
    "CREATE TRIGGER payment_to_books AFTER INSERT ON payment FOR EACH ROW"
    " EXECUTE FUNCTION tell_books_of_payment()",
    "CREATE TRIGGER refund_to_books AFTER INSERT OR UPDATE OF state ON refund FOR EACH ROW"
    " WHEN (NEW.state IN ('succeeded', 'by_hand')) EXECUTE FUNCTION tell_books_of_refund()",
    "CREATE TRIGGER tender_to_books AFTER INSERT ON till_payment FOR EACH ROW"
    " WHEN (NEW.amount_minor <> 0) EXECUTE FUNCTION tell_books_of_tender()",
    "CREATE TRIGGER goods_to_books AFTER INSERT ON stock_move REFERENCING NEW TABLE AS written"
    " FOR EACH STATEMENT EXECUTE FUNCTION tell_books_of_goods()",
    "CREATE TRIGGER delivery_to_books AFTER UPDATE OF status ON shipment FOR EACH ROW"
    " WHEN (OLD.status <> NEW.status AND NEW.status = 'delivered')"
    " EXECUTE FUNCTION tell_books_of_delivery()",
    "CREATE TRIGGER cost_to_books AFTER UPDATE OF cost_minor ON sku FOR EACH ROW"
    " WHEN (OLD.cost_minor <> NEW.cost_minor) EXECUTE FUNCTION tell_books_of_cost()",
    "CREATE CONSTRAINT TRIGGER voucher_has_entries AFTER INSERT ON voucher"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " EXECUTE FUNCTION refuse_unbalanced_voucher('no')",
    "CREATE CONSTRAINT TRIGGER voucher_balances AFTER INSERT ON voucher_entry"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " EXECUTE FUNCTION refuse_unbalanced_voucher('voucher_no')",
)
# What happened before there were books.
_UNTIL_NOW = (
    "INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)"
    " SELECT 'captured', id || '/' || captured_minor, id, captured_minor,"
    " coalesce(paid_at, created_at) FROM sales_order WHERE captured_minor <> 0 ORDER BY id",
    "INSERT INTO book_fact (kind, subject, amount_minor, at)"
    " SELECT 'payment', id, amount_minor, captured_at FROM payment ORDER BY captured_at, id",
    "INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)"
    " SELECT 'tender', p.order_id || '/' || p.line_no, p.order_id, p.amount_minor, t.sold_at"
    " FROM till_payment p JOIN till_ticket t ON t.order_id = p.order_id"
    " WHERE p.amount_minor <> 0 ORDER BY t.sold_at, p.order_id, p.line_no",
    "INSERT INTO book_fact (kind, subject, at) SELECT 'stock', idempotency_key, min(at)"
    " FROM stock_move WHERE from_place NOT LIKE 'location:%' OR to_place NOT LIKE 'location:%'"
    " GROUP BY idempotency_key ORDER BY min(at), idempotency_key",
    "INSERT INTO book_fact (kind, subject, order_id, at)"
    " SELECT 'collected', o.id, o.id, min(s.delivered_at) FROM sales_order o"
    " JOIN shipment s ON s.order_id = o.id AND s.delivered_at IS NOT NULL"
    " WHERE o.cash_on_delivery GROUP BY o.id ORDER BY o.id",
    "INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)"
    " SELECT 'refunded', id || '/' || refunded_minor, id, refunded_minor, updated_at"
    " FROM sales_order WHERE refunded_minor <> 0 ORDER BY id",
    "INSERT INTO book_fact (kind, subject, order_id, amount_minor, at)"
    " SELECT 'refund', refund_no, coalesce(order_id, ''), amount_minor,"
    " coalesce(settled_at, looked_at) FROM refund WHERE state IN ('succeeded', 'by_hand')"
    " ORDER BY settled_at, refund_no",
    "INSERT INTO book_fact (kind, subject, order_id, at)"
    " SELECT 'closed', id, id, coalesce(closed_at, updated_at) FROM sales_order"
    " WHERE status IN ('completed', 'cancelled') ORDER BY id",
)


def upgrade() -> None:
    op.create_table(
        "book_fact",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "order_id", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("amount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.CheckConstraint(
            "kind IN ('captured','refunded','payment','refund','tender','stock','collected',"
            "'closed','cost')",
            name="book_fact_kind",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject", name="book_fact_told_once"),
    )
    op.create_index(
        "book_fact_due",
        "book_fact",
        ["id"],
        unique=False,
        postgresql_where=sa.text("posted_at IS NULL"),
    )
    op.create_table(
        "stock_value",
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("cost_minor >= 0", name="stock_cost_is_not_negative"),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("sku"),
    )
    op.create_table(
        "voucher",
        sa.Column("no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("fact_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "posted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("period ~ '^[0-9]{6}$'", name="voucher_period"),
        sa.CheckConstraint("number > 0", name="voucher_number_is_positive"),
        sa.ForeignKeyConstraint(
            ["fact_id"],
            ["book_fact.id"],
        ),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("fact_id", "part", name="voucher_once_per_fact"),
        sa.UniqueConstraint("period", "number", name="voucher_numbered_once"),
    )
    op.create_index("voucher_by_day", "voucher", ["booked_on", "no"], unique=False)
    op.create_index("voucher_by_order", "voucher", ["order_id"], unique=False)
    op.create_table(
        "recognised",
        sa.Column("fact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_line_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("sales_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fact_id"],
            ["book_fact.id"],
        ),
        sa.PrimaryKeyConstraint("fact_id", "order_line_id"),
    )
    op.create_index("recognised_by_order", "recognised", ["order_id"], unique=False)
    op.create_table(
        "voucher_entry",
        sa.Column("voucher_no", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("party", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "debit_minor >= 0 AND credit_minor >= 0 AND (debit_minor = 0) <> (credit_minor = 0)",
            name="entry_has_one_side",
        ),
        sa.ForeignKeyConstraint(
            ["voucher_no"],
            ["voucher.no"],
        ),
        sa.PrimaryKeyConstraint("voucher_no", "line_no"),
    )
    op.create_index(
        "voucher_entry_by_account", "voucher_entry", ["account", "voucher_no"], unique=False
    )
    op.add_column(
        "sku", sa.Column("cost_minor", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint("sku_cost_is_not_negative", "sku", "cost_minor >= 0")
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_UNTIL_NOW):
        op.execute(statement)


def downgrade() -> None:
    for trigger in _TRIGGERS[:8]:
        name, table = re.search(r"TRIGGER (\w+) .*? ON (\w+)", trigger).groups()
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.drop_constraint("sku_cost_is_not_negative", "sku")
    op.drop_column("sku", "cost_minor")
    for table in ("recognised", "voucher_entry", "voucher", "stock_value", "book_fact"):
        op.drop_table(table)
    for function in _FUNCTIONS:
        name = re.search(r"FUNCTION (\w+)", function).group(1)
        op.execute(f"DROP FUNCTION {name}()")
