"""What channels say about refunds, and carriers about parcels on their way back, is sealed too."""

from alembic import op

from db.migrations.sealing import fitting, rewrite, seal_words

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_SAID = (
    """
    SELECT o.id AS order_id,
           'case/' || a.channel || '/' || a.shop_id || '/' || a.after_sale_no AS subject,
           jsonb_build_object('reason', a.reason) AS words
    FROM after_sale a JOIN sales_order o ON o.channel = a.channel AND o.shop_id = a.shop_id
        AND o.external_no = a.external_no WHERE a.reason <> ''
    """,
    """
    SELECT order_id, 'label/' || no AS subject, jsonb_build_object('told', told) AS words
    FROM return_label WHERE told <> ''
    """,
)


def upgrade() -> None:
    """Seals every row, drops what stood in plain text, and writes the tables anew."""
    seal_words(fitting(), _SAID)
    op.drop_column("after_sale", "reason")
    op.drop_column("return_label", "told")
    rewrite({"after_sale": "vendor_status", "return_label": "asked_by"})
