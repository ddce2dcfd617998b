"""What may be set of a system: a shop on its channel, an account at its carrier or provider."""

from integrations.carriers.registry import SETTINGS
from integrations.erp.registry import ERPS
from integrations.invoices.registry import ISSUERS
from integrations.marketplaces.registry import CHANNELS
from integrations.payments.registry import PROVIDERS
from integrations.settings import Schema, whole

# The clocks of a shop's orders, whatever its channel; see `domain/orders/promises.py`.
PROMISES = Schema(
    (
        whole("pick_before_min", 0, 2880),
        whole("warn_before_min", 0, 2880),
    )
)


def schema_of_channel(channel: str) -> Schema:
    """What may be set of a shop on this channel; nothing for a channel we do not speak to."""
    return CHANNELS[channel].settings + PROMISES if channel in CHANNELS else Schema()


def schema_of_carrier(code: str) -> Schema:
    """What may be set of an account at this carrier; nothing for one we do not work with."""
    return SETTINGS.get(code, Schema())


def schema_of_provider(code: str) -> Schema:
    """What may be set of a merchant account; nothing for a provider we do not know."""
    return PROVIDERS[code].settings if code in PROVIDERS else Schema()


def schema_of_erp(vendor: str) -> Schema:
    """What may be set of an account at an ERP; nothing for one we do not know."""
    return ERPS[vendor].settings if vendor in ERPS else Schema()


def schema_of_issuer(vendor: str) -> Schema:
    """What may be set of an account at an issuer of invoices; nothing for one we do not know."""
    return ISSUERS[vendor].settings if vendor in ISSUERS else Schema()
