"""Everything that is sealed, sealed as it is today: keys of orders and secrets by the master key of
now, what tells of an order's people by that order's key; a few rows at a time.

What is sealed with it already is passed over, so it can be stopped and started again at any point.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import order_key
from db.orders.receivers import Person, sealed_columns
from db.sql import run
from db.vault import (
    CannotOpen,
    Vault,
    carrier_context,
    correction_context,
    customer_context,
    dealer_context,
    digest_key_context,
    endpoint_context,
    erp_context,
    factor_context,
    hand_over_context,
    import_context,
    invoice_context,
    issuer_context,
    note_context,
    order_key_context,
    payment_context,
    photo_context,
    print_context,
    receiver_context,
    shop_context,
    supplier_context,
    supplier_link_context,
    try_context,
    words_context,
)

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of sealed bytes. `bytes_of` is where they stand, `put` how they are written back.

    What has an `order` is sealed with the key of that order, as soon as there is one.
    """

    table: str
    key: str
    column: str
    context: Callable[[str], str]
    bytes_of: str = "{column}"
    put: str = "{column} = :sealed"
    order: str = "NULL"

    @property
    def is_of_orders(self) -> bool:
        return self.order != "NULL"

    def sql(self, text: str) -> str:
        """A statement about the column."""
        stands = self.bytes_of.format(column=self.column)
        writes = self.put.format(column=self.column)
        others = _OTHERS.format(stands=stands, order=self.order)
        return text.format(
            table=self.table, key=self.key, stands=stands, writes=writes, others=others,
            order=self.order,
        )  # fmt: skip


SEALED: Final = (
    Sealed("digest_key", "name", "wrapped", digest_key_context),
    Sealed("order_key", "order_id", "wrapped", order_key_context),
    Sealed("shop", "id", "secrets", shop_context),
    Sealed("carrier_account", "code", "secrets", carrier_context),
    Sealed("payment_account", "id", "secrets", payment_context),
    Sealed("erp_account", "id", "secrets", erp_context),
    Sealed("invoice_account", "id", "secrets", issuer_context),
    Sealed("second_factor", "account_id", "sealed", factor_context),
    Sealed("webhook_endpoint", "id", "secret", endpoint_context),
    Sealed("inbox", "id", "raw", lambda inbox_id: inbox_id),
    Sealed("invoice", "no", "sealed", invoice_context, order="t.order_id"),
    Sealed("customer", "code", "sealed", customer_context),
    Sealed("receiver", "order_id", "sealed", receiver_context, order="t.order_id"),
    Sealed(
        "idempotency_key", "principal || '/' || key", "sealed", lambda key: f"answer/{key}"
    ),
    Sealed("sealed_words", "subject", "sealed", words_context, order="t.order_id"),
    Sealed(
        "blocked_buyer", "channel || '/' || buyer_digest", "sealed", lambda key: f"buyer/{key}"
    ),
    Sealed("order_note", "id", "sealed", note_context, order="t.order_id"),
    Sealed(
        "platform_label", "parcel_id", "sealed", print_context,
        order="(SELECT s.order_id FROM parcel p JOIN shipment s ON s.no = p.shipment_no"
        " WHERE p.id = t.parcel_id)",
    ),
    Sealed(
        "return_photo", "id", "sealed", photo_context,
        order="(SELECT r.order_id FROM sales_return r WHERE r.return_no = t.return_no)",
    ),
    Sealed("webhook_endpoint", "id", "old_secret", endpoint_context),
    Sealed(
        "correction", "id", "data", correction_context,
        "decode(coalesce({column}->>'sealed', ''), 'hex')",
        "{column} = jsonb_set({column}, '{{sealed}}', to_jsonb(encode(:sealed, 'hex')))",
        order="(SELECT o.id FROM sales_order o WHERE o.workflow_id = t.workflow_id)",
    ),
    Sealed("import_row", "id", "sealed", import_context),
    Sealed("step_try", "id", "sealed", try_context, order="t.order_id"),
    Sealed("supplier", "code", "contact", supplier_context),
    Sealed("supplier", "code", "link", supplier_link_context),
    Sealed("dealer", "code", "contact", dealer_context),
    Sealed("hand_over", "no", "sealed", hand_over_context),
)  # fmt: skip

# What the master key sealed begins with 1, and its id follows; what an order's key sealed, with 2.
_OTHERS: Final = (
    "length({stands}) > 5 AND get_byte({stands}, 0) = 1"
    " AND (substring({stands} FROM 2 FOR 4) <> :key_id OR {order} IS NOT NULL)"
)
_COUNT: Final = "SELECT count(*) AS rows FROM {table} t WHERE {others}"
_NEXT: Final = """
SELECT {key} AS key, {stands} AS sealed, {order} AS order_id FROM {table} t
WHERE {key} > :after AND {others}
ORDER BY {key} LIMIT :limit FOR UPDATE OF t
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
            statement, values = await _anew(session, vault, sealed, row)
        except CannotOpen:
            lost.append(f"{sealed.table} {row.key}")
            continue
        await run(session, statement, key=row.key, **values)
    last = rows[-1].key if len(rows) == BATCH else ""
    return Resealed(last, len(rows) - len(lost), tuple(lost))


async def _anew(
    session: AsyncSession, vault: Vault, sealed: Sealed, row: Any
) -> tuple[str, Mapping[str, Any]]:
    context, told = sealed.context(row.key), bytes(row.sealed)
    if row.order_id is None:
        return sealed.sql(_WRITE), {"sealed": vault.seal(vault.open(told, context), context)}
    key = await order_key(session, vault, row.order_id)
    if sealed.table == "receiver":
        person = Person(**json.loads(key.open(told, context)))
        return _WRITE_RECEIVER, await sealed_columns(session, key, person)
    return sealed.sql(_WRITE), {"sealed": key.seal(key.open(told, context), context)}
