"""Lots"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

# Every lot that lies somewhere is known, and goods that come to a place where their lot is kept
# back are kept back too: whoever holds a lot and whoever brings it meet at its row. Each
# statement of the function sees what was committed while it waited.
_KNOWN = (
    """
    CREATE FUNCTION lot_is_known() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO lot (sku, lot) VALUES (NEW.sku, NEW.lot) ON CONFLICT DO NOTHING;
        PERFORM 1 FROM lot WHERE sku = NEW.sku AND lot = NEW.lot FOR SHARE;
        NEW.frozen := EXISTS (
            SELECT FROM lot_hold h
            WHERE h.sku = NEW.sku AND h.lot = NEW.lot AND h.lifted_at IS NULL
              AND coalesce(h.location_id, NEW.location_id) = NEW.location_id);
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER balance_of_a_known_lot BEFORE INSERT ON stock_balance"
    " FOR EACH ROW WHEN (NEW.lot <> '') EXECUTE FUNCTION lot_is_known()",
    "INSERT INTO lot (sku, lot) SELECT DISTINCT sku, lot FROM stock_balance WHERE lot <> ''",
)


def upgrade() -> None:
    op.create_table(
        "life_rule",
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("share_percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("days BETWEEN 0 AND 36500", name="life_rule_days"),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name="life_rule_share"),
        sa.PrimaryKeyConstraint("channel", "shop_id"),
    )
    op.create_table(
        "lot",
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column(
            "state", sqlmodel.sql.sqltypes.AutoString(), server_default="open", nullable=False
        ),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("lot <> ''", name="lot_has_a_name"),
        sa.CheckConstraint("state IN ('open','hold','recalled')", name="lot_state"),
        sa.CheckConstraint("produced_on <= expires_on", name="lot_is_made_before_it_expires"),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["sku.code"],
        ),
        sa.PrimaryKeyConstraint("sku", "lot"),
    )
    op.create_index("lot_by_expiry", "lot", ["expires_on", "sku", "lot"], unique=False)
    op.create_index(
        "lot_kept_back", "lot", ["state"], unique=False, postgresql_where=sa.text("state <> 'open'")
    )
    op.create_table(
        "lot_hold",
        sa.Column(
            "id",
            sqlmodel.sql.sqltypes.AutoString(),
            server_default=sa.text("(uuidv7())::text"),
            nullable=False,
        ),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lot", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("location_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "kind", sqlmodel.sql.sqltypes.AutoString(), server_default="hold", nullable=False
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("placed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "lifted_by", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "why_lifted", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by = '')", name="lot_hold_is_lifted_by_somebody"
        ),
        sa.CheckConstraint("kind IN ('hold','recall')", name="lot_hold_kind"),
        sa.CheckConstraint("reason <> ''", name="lot_is_held_with_a_reason"),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku", "lot"],
            ["lot.sku", "lot.lot"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "lot_hold_stands",
        "lot_hold",
        ["sku", "lot", "kind", sa.literal_column("coalesce(location_id, '')")],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.add_column(
        "sku", sa.Column("shelf_life_days", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "sku", sa.Column("min_life_days", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "sku",
        sa.Column("tracks_lots", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "sku",
        sa.Column("tracks_serials", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "stock_balance",
        sa.Column("frozen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        "sku_life_in_days",
        "sku",
        "shelf_life_days BETWEEN 0 AND 36500 AND min_life_days BETWEEN 0 AND 36500",
    )
    for statement in _KNOWN:
        op.execute(statement)
