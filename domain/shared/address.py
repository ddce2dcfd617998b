"""Where goods come from and go to."""

from dataclasses import dataclass


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
