"""How payment providers sign and encrypt; each formula is proven by tests/integrations/vectors."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from domain.shared.errors import CredentialsRefused

UNREADABLE_KEY: Final = "unreadable_key"
_CERTIFICATE: Final = "BEGIN CERTIFICATE"


def private_key(text: str, owner: str) -> RSAPrivateKey:
    """A merchant's key as PEM, or as the bare base64 Alipay's tool writes.

    Raises CredentialsRefused, without a word of the key.
    """
    try:
        key = _loaded(text)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise CredentialsRefused(
            f"{owner}: the private key is not an RSA key", code=UNREADABLE_KEY, system="onhand"
        )
    return key


@lru_cache(maxsize=64)
def _loaded(text: str) -> PrivateKeyTypes:
    """Reading a key proves that its primes are some, which takes a client longer than its call."""
    if "-----" in text:
        return load_pem_private_key(text.encode(), None)
    return load_der_private_key(base64.b64decode(text), None)


def public_key(text: str, owner: str) -> RSAPublicKey:
    """A provider's key as PEM, as certificate or as bare base64. Raises CredentialsRefused."""
    try:
        key: object = None
        if _CERTIFICATE in text:
            key = load_pem_x509_certificate(text.encode()).public_key()
        elif "-----" in text:
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(base64.b64decode(text))
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise CredentialsRefused(
            f"{owner}: the provider's key is not an RSA key", code=UNREADABLE_KEY, system="onhand"
        )
    return key


def rsa_sign(key: RSAPrivateKey, message: str) -> str:
    """Base64 of the RSA-SHA256 (PKCS #1 v1.5) signature: WeChat Pay v3, Alipay RSA2."""
    return base64.b64encode(key.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def rsa_genuine(key: RSAPublicKey, signature: str, message: bytes) -> bool:
    """Whether the base64 signature is this key's over the message."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def wechatpay_message(*parts: str) -> str:
    """What WeChat Pay v3 signs: every part ends with a line feed.

    A request is method, path with query, timestamp, nonce, body; an answer or notification is
    timestamp, nonce, body.
    """
    return "".join(f"{part}\n" for part in parts)


def open_resource(key: str, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Decrypt the `resource` of a WeChat Pay notification with the APIv3 key.

    Raises ValueError when it was encrypted with another key, changed, or is no ciphertext.
    """
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key.encode()).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, binascii.Error, OverflowError) as error:
        raise ValueError("the resource cannot be decrypted with our APIv3 key") from error


def seal_resource(key: str, nonce: str, associated_data: str, plain: bytes) -> str:
    """The other direction, as WeChat Pay does it."""
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return base64.b64encode(sealed).decode()


def alipay_string(parameters: Mapping[str, str], left_out: Collection[str] = ("sign",)) -> str:
    """What Alipay signs: sorted `k=v` of what is not empty; a notification also leaves out
    `sign_type`."""
    return "&".join(
        f"{name}={value}"
        for name, value in sorted(parameters.items())
        if value and name not in left_out
    )


def stripe_signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1` of a `Stripe-Signature`: hex HMAC-SHA256 over timestamp, dot and the raw body."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
