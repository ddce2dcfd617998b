"""Stock added up by brand and category"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

# A row that is new tells its product to keep still: whoever renames the brand waits for it.
_STATEMENTS = (
    """
    CREATE FUNCTION stock_sum_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM FROM sku k WHERE k.code IN (SELECT sku FROM added) ORDER BY k.code FOR SHARE;
        INSERT INTO stock_sum_change
            (brand, category, location_id, condition, owner, on_hand, reserved)
        SELECT k.brand, k.category, a.location_id, a.condition, a.owner, sum(a.on_hand),
               sum(a.reserved)
        FROM added a JOIN sku k ON k.code = a.sku
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(a.on_hand) <> 0 OR sum(a.reserved) <> 0;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stock_sum_changed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO stock_sum_change
            (brand, category, location_id, condition, owner, on_hand, reserved)
        SELECT k.brand, k.category, n.location_id, n.condition, n.owner,
               sum(n.on_hand - o.on_hand), sum(n.reserved - o.reserved)
        FROM after n JOIN before o
            ON (o.sku, o.location_id, o.lot, o.condition, o.owner)
             = (n.sku, n.location_id, n.lot, n.condition, n.owner)
        JOIN sku k ON k.code = n.sku
        GROUP BY 1, 2, 3, 4, 5
        HAVING sum(n.on_hand - o.on_hand) <> 0 OR sum(n.reserved - o.reserved) <> 0;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stock_sum_taken() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO stock_sum_change
            (brand, category, location_id, condition, owner, on_hand, reserved)
        SELECT k.brand, k.category, t.location_id, t.condition, t.owner, -sum(t.on_hand),
               -sum(t.reserved)
        FROM taken t JOIN sku k ON k.code = t.sku GROUP BY 1, 2, 3, 4, 5;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stock_sum_emptied() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        TRUNCATE stock_sum, stock_sum_change;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stock_sum_renamed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM FROM stock_balance b WHERE b.sku = NEW.code
            ORDER BY b.location_id, b.lot, b.condition, b.owner FOR NO KEY UPDATE;
        INSERT INTO stock_sum_change
            (brand, category, location_id, condition, owner, on_hand, reserved)
        SELECT w.brand, w.category, b.location_id, b.condition, b.owner, w.sign * sum(b.on_hand),
               w.sign * sum(b.reserved)
        FROM stock_balance b
        CROSS JOIN (VALUES (OLD.brand, OLD.category, -1), (NEW.brand, NEW.category, 1))
            AS w(brand, category, sign)
        WHERE b.sku = NEW.code GROUP BY 1, 2, 3, 4, 5, w.sign;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER sums_added AFTER INSERT ON stock_balance REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION stock_sum_added()",
    "CREATE TRIGGER sums_changed AFTER UPDATE ON stock_balance"
    " REFERENCING OLD TABLE AS before NEW TABLE AS after"
    " FOR EACH STATEMENT EXECUTE FUNCTION stock_sum_changed()",
    "CREATE TRIGGER sums_taken AFTER DELETE ON stock_balance REFERENCING OLD TABLE AS taken"
    " FOR EACH STATEMENT EXECUTE FUNCTION stock_sum_taken()",
    "CREATE TRIGGER sums_emptied AFTER TRUNCATE ON stock_balance"
    " FOR EACH STATEMENT EXECUTE FUNCTION stock_sum_emptied()",
    "CREATE TRIGGER sums_renamed AFTER UPDATE ON sku FOR EACH ROW"
    " WHEN (OLD.brand <> NEW.brand OR OLD.category <> NEW.category)"
    " EXECUTE FUNCTION stock_sum_renamed()",
    "INSERT INTO stock_sum (brand, category, location_id, condition, owner, on_hand, reserved)"
    " SELECT k.brand, k.category, b.location_id, b.condition, b.owner, sum(b.on_hand),"
    " sum(b.reserved) FROM stock_balance b JOIN sku k ON k.code = b.sku GROUP BY 1, 2, 3, 4, 5",
)


def upgrade() -> None:
    op.create_table(
        "stock_sum",
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("condition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "category", "location_id", "condition", "owner"),
    )
    op.create_index("stock_sum_by_category", "stock_sum", ["category"], unique=False)
    op.create_table(
        "stock_sum_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("brand", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("condition", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "stock_balance_frozen",
        "stock_balance",
        ["sku", "location_id"],
        unique=False,
        postgresql_where=sa.text("frozen"),
    )
    for statement in _STATEMENTS:
        op.execute(statement)
