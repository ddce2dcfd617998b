"""What all sandbox carriers share: taking parcels on, once for each reference, and their labels."""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from integrations.sandbox.framework import Refusal, Vendor
from integrations.sandbox.parcels import Parcel

Message = Mapping[str, Any]

_AREAS: Final = 900
WINDOW_S: Final = 600


@dataclass(frozen=True, slots=True)
class Ordered:
    """A parcel as it was taken on, and what its label shows."""

    waybill_no: str
    number: int
    destination: str

    @property
    def routing_code(self) -> str:
        """三段码: area, site, courier."""
        n = self.number
        return f"{area_code(self.destination)}-{n % 100:02d} {n % 1000:03d}"


class CarrierVendor(Vendor):
    """A carrier: a vendor that takes parcels on and moves them."""

    def first(self, ref: str) -> dict[str, Any] | None:
        """What was answered when this reference was ordered first."""
        return self.sandbox.store.get(self.name, "order", ref)

    def keep(self, ref: str, answer: dict[str, Any]) -> dict[str, Any]:
        """The same reference gets this answer from now on."""
        self.sandbox.store.put(self.name, "order", ref, answer)
        return answer

    def take_on(
        self,
        ref: str,
        pattern: str,
        cities: tuple[object, object],
        phones: Iterable[object],
        **more: str,
    ) -> Ordered:
        """A new parcel; `pattern` makes a waybill number of a running number."""
        number = self.sandbox.store.next_number(self.name, "waybill")
        waybill_no = pattern.format(number)
        origin, destination = (str(city or "") for city in cities)
        details = {
            "origin": origin,
            "destination": destination,
            "phones": [str(phone) for phone in phones if phone],
            **more,
        }
        self.sandbox.parcels.add(self.name, waybill_no, ref, details, self.sandbox.now())
        return Ordered(waybill_no, number, destination)

    def parcel(self, waybill_no: object, ref: object = "") -> Parcel | None:
        """By waybill, else the latest of a reference."""
        found = self.sandbox.parcels.listed(self.name, str(ref or ""), str(waybill_no or ""))
        return found[-1] if found and (waybill_no or ref) else None

    def is_collected(self, parcel: Parcel) -> bool:
        """The courier has it: too late to cancel."""
        return bool(self.sandbox.parcels.scans(parcel))

    def is_fresh(self, milliseconds: object) -> bool:
        """Whether a request was made within ten minutes of now."""
        text = str(milliseconds)
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            return False
        return abs(self.sandbox.now().timestamp() - int(text) / 1000) <= WINDOW_S


def read_object(text: str, code: str, words: str) -> Message:
    """A JSON object. Raises Refusal with the vendor's code and words."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal(code, words) from None
    if not isinstance(message, dict):
        raise Refusal(code, words)
    return message


def part(message: Message, name: str, code: str) -> Message:
    """An object inside it. Raises Refusal."""
    found = message.get(name)
    if not isinstance(found, dict):
        raise Refusal(code, f"{name}不能为空")
    return found


def needed(message: Message, names: Iterable[str], code: str) -> None:
    """Raises Refusal for the first that is missing."""
    for name in names:
        if not message.get(name):
            raise Refusal(code, f"{name}不能为空")


def first_of(text: str, names: Iterable[str]) -> str:
    """Our number in a request, for the call log only."""
    try:
        message = read_object(text, "", "")
    except Refusal:
        return ""
    return next((str(message[name]) for name in names if message.get(name)), "")


def area_code(city: str) -> str:
    """Three digits that stay the same for a city."""
    return f"{zlib.crc32(city.encode('utf-8', 'replace')) % _AREAS + 100}"


def phone_matches(parcel: Parcel, last4: object) -> bool:
    """Whether sender or receiver has a phone that ends so."""
    return any(phone.endswith(str(last4)) for phone in parcel.details["phones"] if last4)


def says(body: bytes, name: str, value: object) -> bool:
    """Whether an acknowledgement is a JSON object with this value."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get(name) == value
