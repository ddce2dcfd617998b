"""The sealed messages of WeChat's callbacks, as WXBizMsgCrypt makes them (wire-formats §1.5)."""

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

_RANDOM: Final = 16
_LENGTH: Final = 4
_BLOCK: Final = 32


def open_message(encoding_aes_key: str, encrypt: str) -> tuple[bytes, str]:
    """The message and the app it is for. Raises ValueError when the key does not fit."""
    try:
        sealed = base64.b64decode(encrypt, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not base64") from error
    decryptor = _cipher(encoding_aes_key).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise ValueError("its padding is wrong")
    body = plain[_RANDOM:-padding]
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
    if len(body) < end:
        raise ValueError("its length is wrong")
    return body[_LENGTH:end], body[end:].decode("utf-8", "replace")


def seal_message(encoding_aes_key: str, message: bytes, app_id: str, random: bytes) -> str:
    """As WeChat seals what it sends; `random` are 16 bytes."""
    body = random + len(message).to_bytes(_LENGTH, "big") + message + app_id.encode()
    padding = _BLOCK - len(body) % _BLOCK
    encryptor = _cipher(encoding_aes_key).encryptor()
    sealed = encryptor.update(body + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def _cipher(encoding_aes_key: str) -> "Cipher[CBC]":
    try:
        key = base64.b64decode(f"{encoding_aes_key}=", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("the EncodingAESKey is not base64") from error
    return Cipher(AES256(key), CBC(key[:16]))
