"""The counter where a sandbox platform hands out waybills of its carriers, for receivers it hides.

One for each key; what it prints is sealed so that only its print component could read it. The
seller's account holds so many waybills; /sandbox/{platform}/waybills shows and fills it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from pydantic import Field

from integrations.sandbox.framework import Sandbox
from integrations.sandbox.top_controls import Strict

WAYBILL: Final = "waybill"
_ACCOUNT: Final = "waybill_account"
_PATTERNS: Final = {
    "sf": "SF19{:011d}",
    "zto": "7319{:010d}",
    "yto": "YT19{:011d}",
    "sto": "77719{:010d}",
    "yunda": "4319{:09d}",
}


class Account(Strict):
    """How many waybills may still be taken; None: as many as one likes."""

    left: int | None = Field(default=None, ge=0, le=1_000_000)


class UsedUp(Exception):
    """The seller's account has no waybills left."""


class Collected(Exception):
    """The courier has the parcel: too late to void it."""


@dataclass(frozen=True, slots=True)
class Way:
    """From city to city; `phone` is the receiver's, as the platform knows it."""

    origin: str
    destination: str
    phone: str


class WaybillCounter:
    """A platform's waybills: ordered, found, voided."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform

    def order(self, key: str, carrier: str, order_no: str, way: Way) -> Mapping[str, Any]:
        """The waybill of this key, made when it is asked for first. Raises UsedUp."""
        store = self._sandbox.store
        if (first := store.get(self._platform, WAYBILL, key)) is not None and not first["void"]:
            return dict(first)
        self._take_one()
        waybill_no = _PATTERNS[carrier].format(store.next_number(carrier, "platform_waybill"))
        details = {
            "origin": way.origin,
            "destination": way.destination,
            "phones": [way.phone],
            "order_code": key,
        }
        self._sandbox.parcels.add(carrier, waybill_no, key, details, self._sandbox.now())
        made = {
            "key": key,
            "order_no": order_no,
            "carrier": carrier,
            "waybill_no": waybill_no,
            "print_data": _sealed(waybill_no),
            "void": False,
        }
        store.put(self._platform, WAYBILL, key, made)
        return made

    def of_order(self, order_no: str) -> list[Mapping[str, Any]]:
        """Every waybill of an order that is not void."""
        return [one for one in self._all() if one["order_no"] == order_no and not one["void"]]

    def find(self, carrier: str, waybill_no: str) -> Mapping[str, Any] | None:
        told = (carrier, waybill_no)
        return next(
            (one for one in self._all() if (one["carrier"], one["waybill_no"]) == told), None
        )

    def by_key(self, key: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._sandbox.store.get(self._platform, WAYBILL, key)
        return found

    def void(self, waybill: Mapping[str, Any]) -> None:
        """It goes back to the seller's account. Raises Collected."""
        parcel = self._sandbox.parcels.get(waybill["waybill_no"], waybill["carrier"])
        if parcel is not None and self._sandbox.parcels.scans(parcel):
            raise Collected
        if parcel is not None:
            self._sandbox.parcels.cancel(parcel)
        voided = {**waybill, "void": True}
        self._sandbox.store.put(self._platform, WAYBILL, waybill["key"], voided)

    def add_controls(self, router: APIRouter) -> None:
        """What was handed out, and how much the account holds."""

        @router.get("/waybills")
        async def waybills() -> Sequence[Mapping[str, Any]]:
            return self._all()

        @router.put("/waybills/account")
        async def fill(account: Account) -> Account:
            self._sandbox.store.put(self._platform, _ACCOUNT, "left", account.model_dump())
            return account

    def _all(self) -> Sequence[Mapping[str, Any]]:
        return self._sandbox.store.all(self._platform, WAYBILL)

    def _take_one(self) -> None:
        account = self._sandbox.store.get(self._platform, _ACCOUNT, "left") or {"left": None}
        if account["left"] is None:
            return
        if account["left"] == 0:
            raise UsedUp
        left = {"left": account["left"] - 1}
        self._sandbox.store.put(self._platform, _ACCOUNT, "left", left)


def _sealed(waybill_no: str) -> str:
    """Print data in the form of cloud print: the content is encrypted."""
    content = hashlib.sha512(waybill_no.encode()).hexdigest()
    return json.dumps(
        {
            "encryptedData": f"AES:{content}",
            "signature": f"MD:{content[:24]}",
            "templateURL": "http://cloudprint.example/template/standard/1",
            "ver": "waybill_print_secret_version_1",
        },
        separators=(",", ":"),
    )
