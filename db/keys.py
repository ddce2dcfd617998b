"""Keys that data is kept with: random or derived once, wrapped by the master key in the database.

Another master key wraps them anew; what they sealed or digested stays as it is.
"""

import hmac
from typing import Final
from weakref import WeakKeyDictionary

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from db.vault import Vault, digest_key_context
from domain.shared.phone import normal_phone

_PHONES: Final = "phone"
_DIGEST_CHARACTERS: Final = 16
_DIGEST_KEY: Final = "SELECT wrapped FROM digest_key WHERE name = :name"
_NEW_DIGEST_KEY: Final = """
INSERT INTO digest_key (name, wrapped) VALUES (:name, :wrapped) ON CONFLICT (name) DO NOTHING
"""
_known: WeakKeyDictionary[Vault, bytes] = WeakKeyDictionary()


async def phone_digest(session: AsyncSession, vault: Vault, phone: str) -> str:
    """What orders are found by whose receiver has this phone, whatever its form; empty for masks.

    Raises CannotOpen without the master key that the database knows.
    """
    if not normal_phone(phone):
        return ""
    return digest_of_phone(await _digest_key(session, vault), phone)


def digest_of_phone(key: bytes, phone: str) -> str:
    """The same with the key at hand."""
    if not (number := normal_phone(phone)):
        return ""
    return hmac.digest(key, b"phone\0" + number.encode(), "sha256").hex()[:_DIGEST_CHARACTERS]


async def _digest_key(session: AsyncSession, vault: Vault) -> bytes:
    """Derived by whoever is first, so that two who are first at once derive the same."""
    if (known := _known.get(vault)) is not None:
        return known
    context = digest_key_context(_PHONES)
    if not (found := await run(session, _DIGEST_KEY, name=_PHONES)):
        wrapped = vault.seal(vault.derived_key, context)
        await run(session, _NEW_DIGEST_KEY, name=_PHONES, wrapped=wrapped)
        found = await run(session, _DIGEST_KEY, name=_PHONES)
    key = _known[vault] = vault.open(bytes(found[0].wrapped), context)
    return key
