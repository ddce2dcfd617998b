"""Receivers are sealed: names, phones and addresses no longer stand in plain text."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.vault import (
    CannotOpen,
    KeyNeeded,
    Vault,
    correction_context,
    receiver_context,
    shop_context,
)

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BATCH = 1000
_PLAIN = ("name", "phone", "company", "detail", "oaid")

_OPEN = sa.text(
    "SELECT order_id, name, phone, company, detail, oaid FROM receiver WHERE sealed IS NULL"
    " ORDER BY order_id LIMIT :batch"
)
_SEAL = sa.text(
    "UPDATE receiver SET sealed = :sealed, digest = :digest, phone_digests = :phone_digests"
    " WHERE order_id = :order_id"
)
_CORRECTIONS = sa.text(
    "SELECT id, data FROM correction"
    " WHERE step_id = 'address' AND data <> '{}' AND NOT data ? 'sealed'"
)
_SHOP = sa.text("SELECT id, secrets FROM shop WHERE secrets <> '' ORDER BY id LIMIT 1")
_SEAL_CORRECTION = sa.text("UPDATE correction SET data = CAST(:data AS jsonb) WHERE id = :id")


def upgrade() -> None:
    """Seals every row, drops what stood in plain text, and writes the table anew, so that no page
    of its file keeps an old row.
    """
    op.add_column("receiver", sa.Column("sealed", sa.LargeBinary()))
    op.add_column("receiver", sa.Column("digest", sa.String()))
    op.add_column("receiver", sa.Column("phone_digests", postgresql.ARRAY(sa.Text())))
    _seal_all()
    for name in _PLAIN:
        op.drop_column("receiver", name)
    op.execute("ALTER TABLE receiver ALTER COLUMN sealed TYPE bytea USING sealed || ''::bytea")
    for name in ("sealed", "digest", "phone_digests"):
        op.alter_column("receiver", name, nullable=False)


def _seal_all() -> None:
    connection = op.get_bind()
    config = op.get_context().config
    vault: Vault | None = config.attributes.get("vault") if config else None
    while rows := connection.execute(_OPEN, {"batch": _BATCH}).all():
        vault = _fitting(vault, connection)
        sealed = []
        for row in rows:
            sealed.append({**_columns(vault, row._mapping), "order_id": row.order_id})
        connection.execute(_SEAL, sealed)
    for row in connection.execute(_CORRECTIONS).all():
        vault = _fitting(vault, connection)
        plain = json.dumps(row.data, ensure_ascii=False).encode()
        data = json.dumps({"sealed": vault.seal(plain, correction_context(row.id)).hex()})
        connection.execute(_SEAL_CORRECTION, {"id": row.id, "data": data})


def _columns(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    person = {name: row[name] for name in _PLAIN}
    plain = json.dumps(person, ensure_ascii=False, sort_keys=True).encode()
    digits = "".join(c for c in row["phone"] if c in "0123456789")
    longest = 0 if "*" in row["phone"] else min(len(digits), 20)
    ends = [digits[-n:].encode() for n in range(7, longest + 1)]
    return {
        "sealed": vault.seal(plain, receiver_context(row["order_id"])),
        "digest": vault.digest(plain, receiver_context(row["order_id"])),
        "phone_digests": [vault.digest(end, "phone")[:16] for end in ends],
    }


def _fitting(vault: Vault | None, connection: sa.Connection) -> Vault:
    """The vault, if it is the one that the secrets of shops were sealed with. Raises KeyNeeded."""
    if vault is None:
        raise KeyNeeded("its names, phones and addresses are to be sealed, and the key is missing")
    for shop in connection.execute(_SHOP):
        try:
            vault.open(shop.secrets, shop_context(shop.id))
        except CannotOpen as error:
            why = "its names, phones and addresses are to be sealed, and this is another key"
            raise KeyNeeded(f"{why} than that of its shops") from error
    return vault
