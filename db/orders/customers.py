"""The customer book as people read it: by number, by the whole phone or by its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import phone_digest
from db.sql import run
from db.vault import Vault, customer_context
from domain.shared.phone import last_four

FIELDS: Final = ("name", "phone", "province", "city", "district", "address")
_FIND: Final = """
SELECT * FROM customer
WHERE CAST(:q AS text) = '' OR code = :q OR phone_last4 = :q
   OR phone_digest = :digest AND phone_digest <> ''
ORDER BY code OFFSET :skip LIMIT :limit
"""
_OF_CODES: Final = "SELECT * FROM customer WHERE code = ANY(:codes) ORDER BY code FOR UPDATE"
_WRITE: Final = """
INSERT INTO customer (code, sealed, phone_digest, phone_last4, updated_at)
VALUES (:code, :sealed, :digest, :last4, clock_timestamp())
ON CONFLICT (code) DO UPDATE SET sealed = excluded.sealed, phone_digest = excluded.phone_digest,
    phone_last4 = excluded.phone_last4, updated_at = excluded.updated_at
"""
_HOLDERS: Final = "SELECT code, phone_digest FROM customer WHERE phone_digest = ANY(:digests)"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who it is, opened."""

    code: str
    told: Mapping[str, str]


async def find_customers(
    session: AsyncSession, vault: Vault, q: str, skip: int, limit: int
) -> list[Customer]:
    """Those with this number, phone or end of a phone; everybody without one."""
    digest = await phone_digest(session, vault, q)
    rows = await run(session, _FIND, q=q, digest=digest, skip=skip, limit=limit)
    return [opened(row, vault) for row in rows]


async def customers_of(
    session: AsyncSession, vault: Vault, codes: Sequence[str]
) -> dict[str, Customer]:
    """The customers with these numbers, ours for this transaction."""
    rows = await run(session, _OF_CODES, codes=list(codes))
    return {row.code: opened(row, vault) for row in rows}


async def holders_of(session: AsyncSession, vault: Vault, phones: Sequence[str]) -> dict[str, str]:
    """Whose these phones are in the book already, by the phone as it was told."""
    digests = {phone: await phone_digest(session, vault, phone) for phone in set(phones)}
    rows = await run(session, _HOLDERS, digests=[one for one in digests.values() if one])
    known = {row.phone_digest: row.code for row in rows}
    return {phone: known[digest] for phone, digest in digests.items() if digest in known}


async def write_customer(
    session: AsyncSession, vault: Vault, code: str, told: Mapping[str, str]
) -> None:
    """Keep the customer; what was kept under the number before is gone."""
    kept = {name: told[name] for name in FIELDS if told.get(name)}
    phone = kept.get("phone", "")
    await run(
        session, _WRITE, code=code, sealed=vault.seal_secrets(kept, customer_context(code)),
        digest=await phone_digest(session, vault, phone), last4=last_four(phone),
    )  # fmt: skip


async def take_out(session: AsyncSession, code: str) -> bool:
    """Erase the customer from the book; False when there is none."""
    gone = "DELETE FROM customer WHERE code = :code RETURNING code"
    return bool(await run(session, gone, code=code))


def opened(row: Any, vault: Vault) -> Customer:
    """A row of the book, opened. Raises CannotOpen."""
    told = vault.open_secrets(bytes(row.sealed), customer_context(row.code))
    return Customer(row.code, {name: told.get(name, "") for name in FIELDS})
