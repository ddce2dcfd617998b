"""Sealing everything anew with the current key, a few rows at a time.

What is sealed with it already is passed over, so it can be stopped and started again at any point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.receivers import open_person, sealed_columns
from db.sql import run
from db.vault import (
    CannotOpen,
    Vault,
    carrier_context,
    correction_context,
    digest_key_context,
    endpoint_context,
    erp_context,
    invoice_context,
    issuer_context,
    payment_context,
    photo_context,
    print_context,
    receiver_context,
    shop_context,
)

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of sealed bytes. `bytes_of` is where they stand, `put` how they are written back."""

    table: str
    key: str
    column: str
    context: Callable[[str], str]
    bytes_of: str = "{column}"
    put: str = "{column} = :sealed"

    def sql(self, text: str) -> str:
        """A statement about the column."""
        stands = self.bytes_of.format(column=self.column)
        writes = self.put.format(column=self.column)
        others = _OTHERS.format(stands=stands)
        return text.format(
            table=self.table, key=self.key, stands=stands, writes=writes, others=others
        )


SEALED: Final = (
    Sealed("digest_key", "name", "wrapped", digest_key_context),
    Sealed("shop", "id", "secrets", shop_context),
    Sealed("carrier_account", "code", "secrets", carrier_context),
    Sealed("payment_account", "id", "secrets", payment_context),
    Sealed("erp_account", "id", "secrets", erp_context),
    Sealed("invoice_account", "id", "secrets", issuer_context),
    Sealed("invoice", "no", "sealed", invoice_context),
    Sealed("webhook_endpoint", "id", "secret", endpoint_context),
    Sealed("receiver", "order_id", "sealed", receiver_context),
    Sealed("platform_label", "parcel_id", "sealed", print_context),
    Sealed("return_photo", "id", "sealed", photo_context),
    Sealed(
        "correction", "id", "data", correction_context,
        "decode(coalesce({column}->>'sealed', ''), 'hex')",
        "{column} = jsonb_set({column}, '{{sealed}}', to_jsonb(encode(:sealed, 'hex')))",
    ),
    Sealed("inbox", "id", "raw", lambda inbox_id: inbox_id),
)  # fmt: skip

# The key's id stands after one byte for the format.
_OTHERS: Final = "length({stands}) > 5 AND substring({stands} FROM 2 FOR 4) <> :key_id"
_COUNT: Final = "SELECT count(*) AS rows FROM {table} WHERE {others}"
_NEXT: Final = """
SELECT {key} AS key, {stands} AS sealed FROM {table} WHERE {key} > :after AND {others}
ORDER BY {key} LIMIT :limit FOR UPDATE
"""
_WRITE: Final = "UPDATE {table} SET {writes} WHERE {key} = :key"
_WRITE_RECEIVER: Final = """
UPDATE receiver SET sealed = :sealed, digest = :digest, phone_digest = :phone_digest,
                    phone_last4 = :phone_last4
WHERE order_id = :key
"""


@dataclass(frozen=True, slots=True)
class Resealed:
    """One batch: `last` is where the next begins, empty at the end; `lost` needs another key."""

    last: str = ""
    done: int = 0
    lost: tuple[str, ...] = ()


async def count_others(session: AsyncSession, vault: Vault, sealed: Sealed) -> int:
    """How many rows are sealed with another key than the current one."""
    rows = await run(session, sealed.sql(_COUNT), key_id=vault.key_id)
    return int(rows[0].rows)


async def reseal(session: AsyncSession, vault: Vault, sealed: Sealed, after: str) -> Resealed:
    """Seal the next rows anew. What no key opens stays as it is, and is named."""
    rows = await run(
        session, sealed.sql(_NEXT), key_id=vault.key_id, after=after, limit=BATCH
    )  # fmt: skip
    lost: list[str] = []
    for row in rows:
        try:
            statement, values = await _anew(session, vault, sealed, row.key, bytes(row.sealed))
        except CannotOpen:
            lost.append(f"{sealed.table} {row.key}")
            continue
        await run(session, statement, key=row.key, **values)
    last = rows[-1].key if len(rows) == BATCH else ""
    return Resealed(last, len(rows) - len(lost), tuple(lost))


async def _anew(
    session: AsyncSession, vault: Vault, sealed: Sealed, key: str, told: bytes
) -> tuple[str, Mapping[str, Any]]:
    if sealed.table == "receiver":
        person = open_person(vault, key, told)
        return _WRITE_RECEIVER, await sealed_columns(session, vault, key, person)
    context = sealed.context(key)
    return sealed.sql(_WRITE), {"sealed": vault.seal(vault.open(told, context), context)}
