"""Which locations work for which shops"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    INSERT INTO shop_place (shop_id, location_id)
    SELECT o.shop_id, s.location_id FROM shipment s JOIN sales_order o ON o.id = s.order_id
    UNION SELECT o.shop_id, t.location_id FROM till_ticket t JOIN sales_order o ON o.id = t.order_id
    UNION SELECT o.shop_id, l.location_id
        FROM return_label l JOIN sales_order o ON o.id = l.order_id
    UNION SELECT o.shop_id, c.location_id FROM return_receipt c
        JOIN sales_return r ON r.return_no = c.return_no JOIN sales_order o ON o.id = r.order_id
    UNION SELECT o.shop_id, i.location_id FROM return_inspection i
        JOIN sales_return r ON r.return_no = i.return_no JOIN sales_order o ON o.id = r.order_id
    """,
    """
    CREATE FUNCTION works_for_shop() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO shop_place (shop_id, location_id)
        SELECT o.shop_id, NEW.location_id FROM sales_order o WHERE o.id = NEW.order_id
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION takes_back_for_shop() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO shop_place (shop_id, location_id)
        SELECT o.shop_id, NEW.location_id FROM sales_return r
        JOIN sales_order o ON o.id = r.order_id WHERE r.return_no = NEW.return_no
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER shipment_works AFTER INSERT OR UPDATE OF location_id ON shipment"
    " FOR EACH ROW EXECUTE FUNCTION works_for_shop()",
    "CREATE TRIGGER ticket_works AFTER INSERT ON till_ticket"
    " FOR EACH ROW EXECUTE FUNCTION works_for_shop()",
    "CREATE TRIGGER label_works AFTER INSERT ON return_label"
    " FOR EACH ROW EXECUTE FUNCTION works_for_shop()",
    "CREATE TRIGGER receipt_works AFTER INSERT ON return_receipt"
    " FOR EACH ROW EXECUTE FUNCTION takes_back_for_shop()",
    "CREATE TRIGGER inspection_works AFTER INSERT ON return_inspection"
    " FOR EACH ROW EXECUTE FUNCTION takes_back_for_shop()",
)


def upgrade() -> None:
    op.create_table(
        "shop_place",
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "location_id"),
    )
    op.create_index("shop_place_by_location", "shop_place", ["location_id"], unique=False)
    for statement in _STATEMENTS:
        op.execute(statement)
