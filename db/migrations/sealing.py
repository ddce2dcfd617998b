"""What migrations seal: words that stood in plain text, with the keys of their orders."""

import json
import os
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.keys import OrderKey
from db.vault import CannotOpen, KeyNeeded, Vault, order_key_context, shop_context, words_context

_BATCH = 1000
_MISSING = "what people said is to be sealed, and the key is missing"
_ANOTHER = "what people said is to be sealed, and this is another key than that of its orders"


_KEEP = sa.text(
    "INSERT INTO sealed_words (subject, order_id, sealed) VALUES (:subject, :order_id, :sealed)"
)
_KEYS = sa.text(
    "SELECT order_id, wrapped, destroyed_at FROM order_key WHERE order_id = ANY(:order_ids)"
)
_NEW_KEY = sa.text("INSERT INTO order_key (order_id, wrapped) VALUES (:order_id, :wrapped)")
_SHOP = sa.text("SELECT id, secrets FROM shop WHERE secrets <> '' ORDER BY id LIMIT 1")
_ORDER_KEY = sa.text("SELECT order_id, wrapped FROM order_key WHERE wrapped <> '' LIMIT 1")


def seal_words(vault: Vault | None, said: Sequence[str]) -> None:
    """Seal what these queries find: whose words (`order_id`), where they were said (`subject`), and
    which (`words`). Raises KeyNeeded."""
    connection = op.get_bind()
    for query in said:
        for rows in stream(connection, sa.text(query)):
            keys = _keys(connection, needed(vault), {row.order_id for row in rows})
            sealed = [
                {
                    "subject": row.subject,
                    "order_id": row.order_id,
                    "sealed": _sealed(keys[row.order_id], row.subject, row.words),
                }
                for row in rows
                if row.order_id in keys
            ]
            if sealed:
                connection.execute(_KEEP, sealed)


def stream(connection: sa.Connection, query: sa.TextClause) -> Any:
    """Rows of many, a part at a time."""
    options = {"stream_results": True, "yield_per": _BATCH}
    return connection.execute(query, execution_options=options).partitions()


def _sealed(key: OrderKey, subject: str, words: dict[str, str]) -> bytes:
    told = {name: word for name, word in words.items() if word}
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    return key.seal(plain, words_context(subject))


def _keys(connection: sa.Connection, vault: Vault, ids: Collection[str]) -> dict[str, OrderKey]:
    """Of each order; of erased people there is none."""
    keys: dict[str, OrderKey] = {}
    rows = connection.execute(_KEYS, {"order_ids": list(ids)}).all()
    for row in rows:
        if row.destroyed_at is None:
            key = vault.open(bytes(row.wrapped), order_key_context(row.order_id))
            keys[row.order_id] = OrderKey(vault, row.order_id, key)
    made = []
    for order_id in sorted(set(ids) - {row.order_id for row in rows}):
        key = os.urandom(32)
        keys[order_id] = OrderKey(vault, order_id, key)
        wrapped = vault.seal(key, order_key_context(order_id))
        made.append({"order_id": order_id, "wrapped": wrapped})
    if made:
        connection.execute(_NEW_KEY, made)
    return keys


def needed(vault: Vault | None) -> Vault:
    """Raises KeyNeeded without one."""
    if vault is None:
        raise KeyNeeded(_MISSING)
    return vault


def fitting() -> Vault | None:
    """The vault, if it is the one that orders and shops are sealed with. Raises KeyNeeded."""
    connection, config = op.get_bind(), op.get_context().config
    vault: Vault | None = config.attributes.get("vault") if config else None
    if vault is None:
        return None
    sealed = [
        (bytes(row.wrapped), order_key_context(row.order_id))
        for row in connection.execute(_ORDER_KEY)
    ] + [(bytes(row.secrets), shop_context(row.id)) for row in connection.execute(_SHOP)]
    try:
        for told, context in sealed:
            vault.open(told, context)
    except CannotOpen as error:
        raise KeyNeeded(_ANOTHER) from error
    return vault


def rewrite(columns: dict[str, str]) -> None:
    """Write these tables anew, by a column of each, so that no page of their files keeps an old
    row."""
    for table, column in columns.items():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar USING {column} || ''")
