"""What people said about orders is sealed: remarks, buyers' ids, invoice titles, words of returns,
claims and carriers no longer stand in plain text."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from db.keys import digest_of_buyer
from db.migrations.sealing import fitting, needed, rewrite, seal_words, stream
from db.vault import Vault, answer_context, buyer_context, digest_key_context

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

# Whose words, where they were said, and which.
_SAID = (
    """
    SELECT id AS order_id, 'order/' || id AS subject, jsonb_build_object(
        'invoice_request', invoice_request, 'buyer_ref', buyer_ref,
        'buyer_remark', buyer_remark, 'seller_remark', seller_remark) AS words
    FROM sales_order WHERE invoice_request || buyer_ref || buyer_remark || seller_remark <> ''
    """,
    """
    SELECT order_id, 'return/' || return_no AS subject, jsonb_build_object(
        'remark', remark, 'question', question, 'decision_reason', decision_reason) AS words
    FROM sales_return WHERE remark || question || decision_reason <> ''
    """,
    """
    SELECT order_id, 'claim/' || claim_no AS subject, jsonb_build_object('remark', remark) AS words
    FROM carrier_claim WHERE remark <> ''
    """,
    """
    SELECT r.order_id, 'inspection/' || i.id AS subject,
           jsonb_build_object('note', i.note, 'undo_reason', coalesce(u.reason, '')) AS words
    FROM return_inspection i JOIN sales_return r USING (return_no)
    LEFT JOIN return_inspection_undo u ON u.inspection_id = i.id
    WHERE i.note || coalesce(u.reason, '') <> ''
    """,
    """
    SELECT s.order_id, 'scan/' || e.parcel_id || '/' || e.event_id AS subject,
           jsonb_build_object('text', e.text, 'place', e.place) AS words
    FROM tracking_event e JOIN parcel p ON p.id = e.parcel_id
    JOIN shipment s ON s.no = p.shipment_no WHERE e.text || e.place <> ''
    """,
    """
    SELECT order_id, 'event/' || order_id || '/' || source || '/' || seq AS subject,
           jsonb_build_object('question', coalesce(data->>'question', ''),
                              'reason', coalesce(data->>'reason', '')) AS words
    FROM order_event WHERE data ? 'return_no' AND (data ? 'question' OR data ? 'reason')
    """,
)
_DIGEST_KEY = sa.text("SELECT wrapped FROM digest_key WHERE name = 'phone'")
_NEW_DIGEST_KEY = sa.text("INSERT INTO digest_key (name, wrapped) VALUES ('phone', :wrapped)")
_BUYERS = sa.text("SELECT DISTINCT buyer_ref FROM sales_order WHERE buyer_ref <> ''")
_FIND_BUYERS = sa.text(
    "UPDATE sales_order o SET buyer_digest = d.digest"
    " FROM unnest(CAST(:refs AS text[]), CAST(:digests AS text[])) AS d(ref, digest)"
    " WHERE o.buyer_ref = d.ref"
)
_BLOCKED = sa.text("SELECT channel, buyer_ref FROM blocked_buyer")
_SEAL_BLOCKED = sa.text(
    "UPDATE blocked_buyer SET buyer_digest = :digest, sealed = :sealed"
    " WHERE channel = :channel AND buyer_ref = :buyer_ref"
)
_ANSWERS = sa.text("SELECT principal, key, body FROM idempotency_key WHERE body <> ''")
_SEAL_ANSWER = sa.text(
    "UPDATE idempotency_key SET sealed = :sealed WHERE principal = :principal AND key = :key"
)
_PLAIN = {
    "idempotency_key": ("body",),
    "sales_order": ("invoice_request", "buyer_remark", "buyer_ref", "seller_remark"),
    "sales_return": ("remark", "question", "decision_reason"),
    "carrier_claim": ("remark",),
    "return_inspection": ("note",),
    "return_inspection_undo": ("reason",),
    "tracking_event": ("text", "place"),
    "blocked_buyer": ("buyer_ref",),
}
# A column that is written anew, so that no page of the table's file keeps an old row.
_REWRITTEN = {
    "idempotency_key": "request_sha256",
    "sales_order": "channel_state",
    "sales_return": "decided_by",
    "carrier_claim": "limited_by",
    "return_inspection": "actor",
    "return_inspection_undo": "actor",
    "tracking_event": "vendor_code",
    "blocked_buyer": "reason",
    "order_event": "actor",
}
_ERASE_WORDS = r"""
CREATE OR REPLACE FUNCTION erase_words(erased text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
    """Seals every row, drops what stood in plain text, and writes the tables anew."""
    op.create_table(
        "sealed_words",
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"]),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(op.f("ix_sealed_words_order_id"), "sealed_words", ["order_id"], unique=False)
    op.add_column("blocked_buyer", sa.Column("buyer_digest", sa.String()))
    op.add_column("blocked_buyer", sa.Column("sealed", sa.LargeBinary()))
    op.add_column(
        "sales_order", sa.Column("buyer_digest", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "idempotency_key",
        sa.Column("sealed", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
    )
    vault = fitting()
    seal_words(vault, _SAID)
    _seal_buyers(vault)
    _seal_answers(vault)
    op.execute(
        "UPDATE order_event SET data = data - 'question' - 'reason'"
        " WHERE data ? 'return_no' AND (data ? 'question' OR data ? 'reason')"
    )
    op.drop_index("sales_order_by_buyer", table_name="sales_order")
    op.drop_constraint("blocked_buyer_pkey", "blocked_buyer")
    for table, columns in _PLAIN.items():
        for column in columns:
            op.drop_column(table, column)
    rewrite(_REWRITTEN)
    for column in ("buyer_digest", "sealed"):
        op.alter_column("blocked_buyer", column, nullable=False)
    op.create_primary_key("blocked_buyer_pkey", "blocked_buyer", ["channel", "buyer_digest"])
    op.create_index(
        "sales_order_by_buyer",
        "sales_order",
        ["buyer_digest", "id"],
        unique=False,
        postgresql_where=sa.text("buyer_digest <> ''"),
    )
    op.execute(_ERASE_WORDS)


def _seal_buyers(vault: Vault | None) -> None:
    connection = op.get_bind()
    for rows in stream(connection, _BUYERS):
        key = _digest_key(connection, needed(vault))
        refs = [row.buyer_ref for row in rows]
        digests = [digest_of_buyer(key, ref) for ref in refs]
        connection.execute(_FIND_BUYERS, {"refs": refs, "digests": digests})
    for row in connection.execute(_BLOCKED).all():
        digest = digest_of_buyer(_digest_key(connection, needed(vault)), row.buyer_ref)
        sealed_ref = needed(vault).seal(row.buyer_ref.encode(), buyer_context(row.channel, digest))
        connection.execute(_SEAL_BLOCKED, {**row._mapping, "digest": digest, "sealed": sealed_ref})


def _seal_answers(vault: Vault | None) -> None:
    connection = op.get_bind()
    for row in connection.execute(_ANSWERS).all():
        context = answer_context(row.principal, row.key)
        sealed = needed(vault).seal(row.body.encode(), context)
        told = {"principal": row.principal, "key": row.key, "sealed": sealed}
        connection.execute(_SEAL_ANSWER, told)


def _digest_key(connection: sa.Connection, vault: Vault) -> bytes:
    context = digest_key_context("phone")
    wrapped = connection.execute(_DIGEST_KEY).scalar()
    if wrapped is None:
        wrapped = vault.seal(vault.derived_key, context)
        connection.execute(_NEW_DIGEST_KEY, {"wrapped": wrapped})
    return vault.open(bytes(wrapped), context)
