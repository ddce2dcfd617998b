"""Receivers as Chinese platforms tell them: in plain text, masked with asterisks, as ciphertext."""

import re
from dataclasses import replace
from typing import Final

from domain.shared.address import Address, Contact, MaskedReceiver, Receiver

HIDDEN: Final = "***"
# What platforms encrypt begins with a mark of theirs or is one long base64 word.
_CIPHERTEXT: Final = re.compile(r"^[~$#]|[A-Za-z0-9+/=]{24,}")


def is_ciphertext(text: str) -> bool:
    """Whether only the platform can read it."""
    return _CIPHERTEXT.search(text) is not None


def read_receiver(
    shown: tuple[str, str, str], address: Address, *, key: str, masks: tuple[str, str, str]
) -> Receiver | None:
    """The receiver whose name, phone and street are `shown`; None when nobody is told.

    `address` is complete but for the street, which follows its `detail`. A receiver who is not in
    plain text is known by the platform's `key`, and read by the `masks` where the platform gives
    some: ciphertext is nothing to read.
    """
    name, phone, street = shown
    if all(shown) and not any("*" in text or is_ciphertext(text) for text in shown):
        return Contact(name, phone, _with_street(address, street))
    if not key:
        return None
    name, phone, street = (
        mask or (HIDDEN if is_ciphertext(text) else text)
        for mask, text in zip(masks, shown, strict=True)
    )
    return MaskedReceiver(key, name, phone, _with_street(address, street))


def _with_street(address: Address, street: str) -> Address:
    return replace(address, detail=f"{address.detail}{street}")
