"""What a carrier's codes mean for us: one table per carrier, changed by its settings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    NotOffered,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.carriers.port import WaybillRequest

_THROTTLE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Codes we do not know are a refusal, shown raw. `retry_texts`: words of a vendor whose codes
    are not published that mean "later"."""

    system: str
    retry: frozenset[str] = frozenset()
    wait_s: Mapping[str, float] = field(default_factory=dict)
    credentials: frozenset[str] = frozenset()
    retry_texts: tuple[str, ...] = ()

    def set_by(self, settings: Mapping[str, Any]) -> "ErrorTable":
        """With `retry_codes`, `throttle_codes` and `credential_codes` of the carrier's settings."""
        throttled = _codes(settings.get("throttle_codes"), self.wait_s)
        return ErrorTable(
            self.system,
            _codes(settings.get("retry_codes"), self.retry),
            {code: self.wait_s.get(code, _THROTTLE_S) for code in sorted(throttled)},
            _codes(settings.get("credential_codes"), self.credentials),
            self.retry_texts,
        )

    def error(self, code: str, text: str) -> IntegrationError:
        """The error that a refusal with this code is told as."""
        message = text or "no reason given"
        if code in self.wait_s:
            wait_s = self.wait_s[code]
            return RateLimited(message, retry_after_s=wait_s, code=code, system=self.system)
        if code in self.credentials:
            return CredentialsRefused(message, code=code, system=self.system)
        if code in self.retry or any(word in message for word in self.retry_texts):
            return Unavailable(message, code=code, system=self.system)
        return Rejected(message, code=code, system=self.system)


def not_offered(system: str, what: str) -> NotOffered:
    """The carrier documents no such service."""
    return NotOffered(f"{system} does not offer {what}", code="not_offered", system=system)


def only_plain(system: str, request: WaybillRequest) -> None:
    """Raises NotOffered for an order with services whose fields the carrier does not document:
    leaving them out would bring goods without the cash that is due for them."""
    if request.cash_on_delivery_minor:
        raise not_offered(system, "cash on delivery")
    if request.insured_minor:
        raise not_offered(system, "insurance")


def _codes(given: object, default: Collection[str]) -> frozenset[str]:
    chosen = given if isinstance(given, list) else default
    return frozenset(str(code) for code in chosen)
