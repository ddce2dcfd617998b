"""Which secrets an adapter needs: its module says so in `SECRETS`, and `OPTIONAL_SECRETS` where it
has such; `SIGNING_SECRETS` of them have the form of Standard Webhooks."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from integrations.carriers.registry import CARRIERS
from integrations.erp.registry import ERPS
from integrations.invoices.registry import ISSUERS
from integrations.marketplaces.registry import CHANNELS
from integrations.marketplaces.signing import sign_own
from integrations.payments.registry import PROVIDERS


@dataclass(frozen=True, slots=True)
class SecretNames:
    """Without the needed ones nothing works; the optional ones are asked for besides."""

    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()

    def reads(self, name: str, value: str) -> bool:
        """Whether the adapter can use this value at all."""
        if name not in self.signing:
            return True
        try:
            sign_own(value, "", 0, b"")
        except ValueError:
            return False
        return True


def of_channel(channel: str) -> SecretNames:
    """The secrets of a shop on this channel; none for a channel we do not speak to."""
    known = CHANNELS.get(channel)
    return _of(known.opens) if known else SecretNames()


def of_carrier(code: str) -> SecretNames:
    """The secrets of an account at this carrier; none for one we do not work with."""
    opens = CARRIERS.get(code)
    return _of(opens) if opens else SecretNames()


def of_provider(code: str) -> SecretNames:
    """The secrets of a merchant account at this provider; none for one we do not know."""
    provider = PROVIDERS.get(code)
    return _of(provider.opens) if provider else SecretNames()


def of_erp(vendor: str) -> SecretNames:
    """The secrets of an account at this ERP; none for one we do not know."""
    known = ERPS.get(vendor)
    return _of(known.opens) if known else SecretNames()


def of_issuer(vendor: str) -> SecretNames:
    """The secrets of an account at this issuer of invoices; none for one we do not know."""
    known = ISSUERS.get(vendor)
    return _of(known.opens) if known else SecretNames()


def _of(opens: Callable[..., Any]) -> SecretNames:
    module = import_module(opens.__module__)
    return SecretNames(
        getattr(module, "SECRETS", ()),
        getattr(module, "OPTIONAL_SECRETS", ()),
        getattr(module, "SIGNING_SECRETS", ()),
    )
