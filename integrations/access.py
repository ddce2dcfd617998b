"""What an adapter is opened with: where its vendor is, who we are there, and how fast we may go."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import httpx

from domain.shared.errors import CredentialsRefused

MISSING_SECRET: Final = "missing_secret"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in so many seconds, as the vendor documents it."""

    calls: int
    seconds: float


class Pace(Protocol):
    """The vendor's limits, kept by all processes together."""

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        """Around one call of this method: `async with access.pace.call(method): …`.

        Entering raises RateLimited with the time to wait when the limit is used up or the vendor
        told somebody to wait; a RateLimited out of the call makes everybody wait as long.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unhurried:
    """For vendors whose limits nobody here could reach."""

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()


UNHURRIED: Final = Unhurried()


@dataclass(frozen=True, slots=True)
class Secrets:
    """The named secrets of a shop or carrier; a missing one parks whoever needs it."""

    owner: str
    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        if not (value := self.get(name)):
            text = f"{self.owner} has no {name}; enter it in the settings"
            raise CredentialsRefused(text, code=MISSING_SECRET, system="onhand")
        return value

    def get(self, name: str) -> str:
        """The secret, empty where there is none."""
        return self.values.get(name, "")

    def both(self, name: str) -> tuple[str, ...]:
        """The secret and, while it is being replaced, the old one."""
        old = self.get(f"{name}_old")
        return (self[name], old) if old else (self[name],)


@dataclass(frozen=True, slots=True)
class ShopAccess:
    """A shop of a channel. `external_id` is the channel's own name for it."""

    shop_id: str
    external_id: str
    base_url: str
    secrets: Secrets
    settings: Mapping[str, Any]
    http: httpx.AsyncClient
    pace: Pace = UNHURRIED


def utc_now() -> datetime:
    """The clock that vendors compare our requests with."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CarrierAccess:
    """Our contract with a carrier."""

    code: str
    base_url: str
    secrets: Secrets
    settings: Mapping[str, Any]
    http: httpx.AsyncClient
    pace: Pace = UNHURRIED
    now: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class PaymentAccess:
    """Our merchant account at a payment provider."""

    account_id: str
    base_url: str
    secrets: Secrets
    settings: Mapping[str, Any]
    http: httpx.AsyncClient
    pace: Pace = UNHURRIED


@dataclass(frozen=True, slots=True)
class FinanceAccess:
    """Our account at an ERP, or at whoever issues invoices for us."""

    account_id: str
    base_url: str
    secrets: Secrets
    settings: Mapping[str, Any]
    http: httpx.AsyncClient
    pace: Pace = UNHURRIED
    now: Callable[[], datetime] = utc_now
