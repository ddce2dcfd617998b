"""Keys that data is kept with: random or derived once, wrapped by the master key in the database.

Another master key wraps them anew; what they sealed or digested stays as it is.
"""

import hmac
import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from db.vault import CannotOpen, Vault, digest_key_context, order_key_context
from domain.shared.errors import PersonErased
from domain.shared.phone import normal_phone

_PHONES: Final = "phone"
_DIGEST_CHARACTERS: Final = 16
_DIGEST_KEY: Final = "SELECT wrapped FROM digest_key WHERE name = :name"
_NEW_DIGEST_KEY: Final = """
INSERT INTO digest_key (name, wrapped) VALUES (:name, :wrapped) ON CONFLICT (name) DO NOTHING
"""
_FORMAT: Final = b"\x02"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_ORDER_KEY: Final = "SELECT wrapped, destroyed_at FROM order_key WHERE order_id = :order_id"
_NEW_ORDER_KEY: Final = """
INSERT INTO order_key (order_id, wrapped) VALUES (:order_id, :wrapped)
ON CONFLICT (order_id) DO NOTHING RETURNING order_id
"""


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Seals what tells of one order's people; once it is destroyed nobody reads it any more.

    What was sealed before orders had keys, with the master key, is opened too. `context` names the
    row as for the vault. Layout: format (1 byte), nonce (12), ciphertext with tag.
    """

    vault: Vault = field(repr=False)
    order_id: str
    key: bytes = field(repr=False)

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt for the row `context`; every call gives other bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + AESGCM(self.key).encrypt(nonce, plain, self._bound(context))

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what was sealed for the row `context`. Raises CannotOpen."""
        if sealed[:1] != _FORMAT:
            return self.vault.open(sealed, context)
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return AESGCM(self.key).decrypt(nonce, rest, self._bound(context))
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"{context}: damaged, or sealed for another row") from error

    def digests(self, plain: bytes, context: str) -> list[str]:
        """What tells whether content changed: as it is now, then as it was before orders had keys.
        Without the key it tells nothing."""
        message = context.encode() + b"\0" + plain
        own = hmac.digest(self.key, b"digest\0" + message, "sha256").hex()
        return [own, *self.vault.digests(plain, context)]

    def _bound(self, context: str) -> bytes:
        return _FORMAT + self.order_id.encode() + b"\0" + context.encode()


async def order_key(session: AsyncSession, vault: Vault, order_id: str) -> OrderKey:
    """The order's key, made when it has none. Raises PersonErased, CannotOpen."""
    context = order_key_context(order_id)
    if not (found := await run(session, _ORDER_KEY, order_id=order_id)):
        key = os.urandom(_KEY_BYTES)
        wrapped = vault.seal(key, context)
        if await run(session, _NEW_ORDER_KEY, order_id=order_id, wrapped=wrapped):
            return OrderKey(vault, order_id, key)
        found = await run(session, _ORDER_KEY, order_id=order_id)
    if found[0].destroyed_at is not None:
        raise PersonErased("the people of this order were erased")
    return OrderKey(vault, order_id, vault.open(bytes(found[0].wrapped), context))


async def phone_digest(session: AsyncSession, vault: Vault, phone: str) -> str:
    """What orders are found by whose receiver has this phone, whatever its form; empty for masks.

    Raises CannotOpen without the master key that the database knows.
    """
    if not normal_phone(phone):
        return ""
    return digest_of_phone(await _digest_key(session, vault), phone)


async def receiver_digest(session: AsyncSession, vault: Vault, told: str) -> str:
    """What orders of one person at one place have in common; `told` is how he is compared.

    Raises CannotOpen without the master key that the database knows.
    """
    key = await _digest_key(session, vault)
    return hmac.digest(key, b"receiver\0" + told.encode(), "sha256").hex()


async def buyer_digest(session: AsyncSession, vault: Vault, buyer_ref: str) -> str:
    """What all orders of one buyer of a channel have in common; empty where it names none.

    Raises CannotOpen without the master key that the database knows.
    """
    return digest_of_buyer(await _digest_key(session, vault), buyer_ref) if buyer_ref else ""


def digest_of_buyer(key: bytes, buyer_ref: str) -> str:
    """The same with the key at hand."""
    told = hmac.digest(key, b"buyer\0" + buyer_ref.encode(), "sha256")
    return told.hex()[:_DIGEST_CHARACTERS] if buyer_ref else ""


def digest_of_phone(key: bytes, phone: str) -> str:
    """The same with the key at hand."""
    if not (number := normal_phone(phone)):
        return ""
    return hmac.digest(key, b"phone\0" + number.encode(), "sha256").hex()[:_DIGEST_CHARACTERS]


async def _digest_key(session: AsyncSession, vault: Vault) -> bytes:
    """Derived by whoever is first, so that two who are first at once derive the same."""
    context = digest_key_context(_PHONES)
    if not (found := await run(session, _DIGEST_KEY, name=_PHONES)):
        wrapped = vault.seal(vault.derived_key, context)
        await run(session, _NEW_DIGEST_KEY, name=_PHONES, wrapped=wrapped)
        found = await run(session, _DIGEST_KEY, name=_PHONES)
    return vault.open(bytes(found[0].wrapped), context)
