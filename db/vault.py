"""Secrets, raw messages and people at rest: sealed with AES-256-GCM, bound to their row."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT: Final = b"\x01"
_KEY_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_DIGESTS: Final = b"onhand digests"
_HEADER_BYTES: Final = len(_FORMAT) + _KEY_ID_BYTES + _NONCE_BYTES


class CannotOpen(Exception):
    """The sealed bytes are damaged, belong to another row or need a key we do not have."""


class KeyNeeded(Exception):
    """What stands in plain text has to be sealed, and the key to do it with is not there."""


class Vault:
    """Seals with the current key; opens with it or an older one.

    `context` names the row (an inbox id, "shop/…"): bytes copied to another row cannot be opened.
    Layout: format (1 byte), key id (4), nonce (12), ciphertext with tag.
    """

    def __init__(self, key: bytes, *, older: Sequence[bytes] = ()) -> None:
        self._current = _key_id(key)
        self._ciphers = {_key_id(one): AESGCM(one) for one in (*older, key)}
        self._digest_keys = [hmac.digest(one, _DIGESTS, "sha256") for one in (key, *older)]

    @property
    def key_id(self) -> bytes:
        """What everything that is sealed now begins with, after the format."""
        return self._current

    @property
    def derived_key(self) -> bytes:
        """What the first key for digests is: the same for everybody with this master key."""
        return self._digest_keys[0]

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt for the row `context`; every call gives other bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        head = _FORMAT + self._current
        sealed = self._ciphers[self._current].encrypt(nonce, plain, head + context.encode())
        return head + nonce + sealed

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what was sealed for the row `context`. Raises CannotOpen."""
        head = sealed[: len(_FORMAT) + _KEY_ID_BYTES]
        cipher = self._ciphers.get(head[len(_FORMAT) :])
        if len(sealed) < _HEADER_BYTES or head[: len(_FORMAT)] != _FORMAT or cipher is None:
            raise CannotOpen(f"{context}: unknown format or key")
        nonce = sealed[len(head) : _HEADER_BYTES]
        try:
            return cipher.decrypt(nonce, sealed[_HEADER_BYTES:], head + context.encode())
        except InvalidTag as error:
            raise CannotOpen(f"{context}: damaged, or sealed for another row") from error

    def digest(self, plain: bytes, context: str) -> str:
        """The same for the same content in the same context; without the key it tells nothing."""
        return self.digests(plain, context)[0]

    def digests(self, plain: bytes, context: str) -> list[str]:
        """The digest with the current key, then those that older keys made of it."""
        message = context.encode() + b"\0" + plain
        return [hmac.digest(key, message, "sha256").hex() for key in self._digest_keys]

    def seal_secrets(self, secrets: Mapping[str, str], context: str) -> bytes:
        """Encrypt the named secrets of a shop or carrier."""
        return self.seal(json.dumps(dict(secrets), sort_keys=True).encode(), context)

    def open_secrets(self, sealed: bytes, context: str) -> dict[str, str]:
        """The named secrets; none when nothing was stored. Raises CannotOpen."""
        if not sealed:
            return {}
        secrets: Any = json.loads(self.open(sealed, context))
        return {str(name): str(value) for name, value in secrets.items()}


def shop_context(shop_id: str) -> str:
    """What `shop.secrets` is sealed for."""
    return f"shop/{shop_id}"


def carrier_context(code: str) -> str:
    """What `carrier_account.secrets` is sealed for."""
    return f"carrier/{code}"


def payment_context(account_id: str) -> str:
    """What `payment_account.secrets` is sealed for."""
    return f"payment/{account_id}"


def erp_context(account_id: str) -> str:
    """What `erp_account.secrets` is sealed for."""
    return f"erp/{account_id}"


def issuer_context(account_id: str) -> str:
    """What `invoice_account.secrets` is sealed for."""
    return f"invoice/{account_id}"


def invoice_context(invoice_no: str) -> str:
    """What `invoice.sealed` is sealed for."""
    return f"invoice-buyer/{invoice_no}"


def endpoint_context(endpoint_id: str) -> str:
    """What `webhook_endpoint.secret` is sealed for."""
    return f"webhook/{endpoint_id}"


def digest_key_context(name: str) -> str:
    """What `digest_key.wrapped` is sealed for."""
    return f"digest-key/{name}"


def order_key_context(order_id: str) -> str:
    """What `order_key.wrapped` is sealed for."""
    return f"order-key/{order_id}"


def receiver_context(order_id: str) -> str:
    """What `receiver.sealed` is sealed for."""
    return f"receiver/{order_id}"


def words_context(subject: str) -> str:
    """What `sealed_words.sealed` is sealed for."""
    return f"words/{subject}"


def buyer_context(channel: str, digest: str) -> str:
    """What `blocked_buyer.sealed` is sealed for."""
    return f"buyer/{channel}/{digest}"


def answer_context(principal: str, key: str) -> str:
    """What `idempotency_key.sealed` is sealed for."""
    return f"answer/{principal}/{key}"


def note_context(note_id: str) -> str:
    """What `order_note.sealed` is sealed for."""
    return f"note/{note_id}"


def print_context(parcel_id: str) -> str:
    """What `platform_label.sealed` is sealed for."""
    return f"print/{parcel_id}"


def hand_over_context(no: str) -> str:
    """What `hand_over.sealed` is sealed for."""
    return f"hand-over/{no}"


def photo_context(photo_id: str) -> str:
    """What `return_photo.sealed` is sealed for."""
    return f"photo/{photo_id}"


def factor_context(account_id: str) -> str:
    """What `second_factor.sealed` is sealed for."""
    return f"second-factor/{account_id}"


def import_context(row_id: str) -> str:
    """What `import_row.sealed` is sealed for."""
    return f"import/{row_id}"


def supplier_context(code: str) -> str:
    """What `supplier.contact` is sealed for."""
    return f"supplier/{code}"


def supplier_link_context(code: str) -> str:
    """What `supplier.link` is sealed for."""
    return f"supplier-link/{code}"


def customer_context(code: str) -> str:
    """What `customer.sealed` is sealed for."""
    return f"customer/{code}"


def dealer_context(code: str) -> str:
    """What `dealer.contact` is sealed for."""
    return f"dealer/{code}"


def try_context(try_id: str) -> str:
    """What `step_try.sealed` is sealed for."""
    return f"step-try/{try_id}"


def correction_context(correction_id: str) -> str:
    """What a corrected receiver is sealed for until its order takes it over."""
    return f"correction/{correction_id}"


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"onhand key id" + key).digest()[:_KEY_ID_BYTES]
