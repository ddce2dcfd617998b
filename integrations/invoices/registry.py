"""Who issues invoices for us: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from integrations.access import FinanceAccess, Limit
from integrations.invoices import nuonuo
from integrations.invoices.port import InvoiceIssuer
from integrations.settings import Schema


@dataclass(frozen=True, slots=True)
class IssuerVendor:
    """`settings`: what may be set of an account; `base_url` stands for the vendor's own address."""

    opens: Callable[[FinanceAccess], InvoiceIssuer]
    settings: Schema
    base_url: str


ISSUERS: Final[Mapping[str, IssuerVendor]] = {
    "nuonuo": IssuerVendor(nuonuo.open_issuer, nuonuo.SETTINGS, "https://sdk.nuonuo.com"),
}
# Method → calls; a method that is not here waits only when the vendor says so.
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {}
