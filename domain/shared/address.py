"""Where goods come from and go to."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the parts carriers want; `division_code` is GB/T 2260, six digits."""

    country: str = "CN"
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    postcode: str = ""
    division_code: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or company at an address, in plain text."""

    name: str
    phone: str
    address: Address
    company: str = ""


@dataclass(frozen=True, slots=True)
class MaskedReceiver:
    """A receiver only the platform knows: `oaid` buys its waybill, the rest is for reading."""

    oaid: str
    name_mask: str
    phone_mask: str
    address: Address


Receiver = Contact | MaskedReceiver

_OFTEN_LEFT_OUT: Final = re.compile(r"[\W_]+")
_MAINLAND_PHONE: Final = 11


def masked_as_compared(told: MaskedReceiver, buyer: str) -> str:
    """A receiver only the platform knows, as its orders of one shop are compared: the same buyer
    with the same masked address; where it names no buyer, the same id of its own. Empty when it
    told neither. Nothing of it is deciphered."""
    if buyer:
        place = told.address
        return "|".join(
            ("buyer", buyer, told.name_mask, told.phone_mask, place.country, place.province,
             place.city, place.district, place.detail)
        )  # fmt: skip
    return f"oaid|{told.oaid}" if told.oaid else ""


def as_compared(told: Contact) -> str:
    """A receiver as he is compared with others: one line, without what people write differently
    (blanks, signs, width and case of letters, the country before a phone)."""
    place = told.address
    phone = re.sub(r"\D", "", told.phone)[-_MAINLAND_PHONE:]
    parts = (
        told.name, phone, told.company, place.country, place.province, place.city, place.district,
        place.detail,
    )  # fmt: skip
    return "|".join(
        _OFTEN_LEFT_OUT.sub("", unicodedata.normalize("NFKC", part).casefold()) for part in parts
    )
