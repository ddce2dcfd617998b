"""Each adapter says which secrets it needs, and asks for no others."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from integrations.carriers.registry import CARRIERS
from integrations.erp.registry import ERPS
from integrations.invoices.registry import ISSUERS
from integrations.marketplaces.registry import CHANNELS
from integrations.payments.registry import PROVIDERS
from integrations.secret_names import (
    SecretNames,
    of_carrier,
    of_channel,
    of_erp,
    of_issuer,
    of_provider,
)

_ASKED: tuple[str, ...] = (
    r'secrets(?:\[|\.get\()\s*"(\w+)"',
    r'secrets\.both\(\s*"(\w+)"',
    r'settings\.of\(\s*"(\w+)"',
)


def asked_for(module_name: str) -> set[str]:
    text = Path(str(import_module(module_name).__file__)).read_text(encoding="utf-8")
    return {name for pattern in _ASKED for name in re.findall(pattern, text)}


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_a_channel_declares_every_secret_it_asks_for(channel: str) -> None:
    names = of_channel(channel)
    assert names.needed
    assert asked_for(CHANNELS[channel].opens.__module__) <= {*names.needed, *names.optional}


@pytest.mark.parametrize("code", sorted(CARRIERS))
def test_a_carrier_declares_every_secret_it_asks_for(code: str) -> None:
    names = of_carrier(code)
    assert names.needed
    assert asked_for(CARRIERS[code].__module__) <= {*names.needed, *names.optional}


@pytest.mark.parametrize("code", sorted(PROVIDERS))
def test_a_payment_provider_declares_every_secret_it_asks_for(code: str) -> None:
    names = of_provider(code)
    assert names.needed
    assert asked_for(PROVIDERS[code].opens.__module__) <= {*names.needed, *names.optional}


@pytest.mark.parametrize("vendor", sorted(ERPS))
def test_an_erp_declares_every_secret_it_asks_for(vendor: str) -> None:
    names = of_erp(vendor)
    assert names.needed
    assert asked_for(ERPS[vendor].opens.__module__) <= {*names.needed, *names.optional}


@pytest.mark.parametrize("vendor", sorted(ISSUERS))
def test_an_issuer_declares_every_secret_it_asks_for(vendor: str) -> None:
    names = of_issuer(vendor)
    assert names.needed
    assert asked_for(ISSUERS[vendor].opens.__module__) <= {*names.needed, *names.optional}


def test_whom_we_do_not_know_needs_nothing() -> None:
    assert of_channel("nowhere") == of_carrier("nobody") == of_provider("none") == SecretNames()
    assert of_erp("nothing") == of_issuer("nothing") == SecretNames()
