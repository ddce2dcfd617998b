"""What people wrote into ledgers can be taken out, for orders whose key is destroyed and no others.

The serving roles may only add to ledgers; this one function may empty words there, as their owner.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_FUNCTION = r"""
CREATE FUNCTION erase_words(erased text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    UPDATE tracking_event e SET text = '', place = ''
    FROM parcel p JOIN shipment s ON s.no = p.shipment_no JOIN order_key k USING (order_id)
    WHERE s.order_id = ANY(erased) AND e.parcel_id = p.id AND k.destroyed_at IS NOT NULL;

    UPDATE return_inspection i SET note = ''
    FROM sales_return r JOIN order_key k USING (order_id)
    WHERE r.order_id = ANY(erased) AND i.return_no = r.return_no AND k.destroyed_at IS NOT NULL
      AND i.note <> '';

    -- Codes, numbers and ids stay, sentences go.
    UPDATE order_event v SET data = (
        SELECT jsonb_object_agg(key, CASE
            WHEN key IN ('reason', 'remark', 'note', 'question', 'answer', 'text', 'detail', 'why')
                 AND value #>> '{}' !~ '^[A-Za-z0-9_./:-]{0,64}$' THEN '""'::jsonb
            ELSE value END)
        FROM jsonb_each(v.data))
    FROM order_key k
    WHERE v.order_id = ANY(erased) AND k.order_id = v.order_id AND k.destroyed_at IS NOT NULL
      AND v.data <> '{}';
$$
"""


def upgrade() -> None:
    op.execute(_FUNCTION)
    op.execute("REVOKE EXECUTE ON FUNCTION erase_words(text[]) FROM PUBLIC")
