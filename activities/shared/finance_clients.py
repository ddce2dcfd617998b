"""Clients of ERPs and issuers of invoices, and what all kinds of clients have in common."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from activities.shared.pace import SharedPace
from db.engine import Sessions
from db.finance.erp_tables import ErpAccountRow
from db.finance.invoice_tables import InvoiceAccountRow
from db.platform.pausing import credentials_refused
from db.vault import Vault, erp_context, issuer_context
from domain.shared.errors import Rejected, SettingsRefused
from integrations.access import FinanceAccess, Secrets
from integrations.erp.port import Erp
from integrations.erp.registry import ERPS
from integrations.erp.registry import LIMITS as ERP_LIMITS
from integrations.invoices.port import InvoiceIssuer
from integrations.invoices.registry import ISSUERS
from integrations.invoices.registry import LIMITS as ISSUER_LIMITS
from integrations.schemas import schema_of_erp, schema_of_issuer
from integrations.settings import Schema

REMEMBERED_S: Final = 5.0
UNKNOWN_ACCOUNT: Final = "unknown_account"

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class FinanceClients:
    """Remembered for a few seconds each: changed credentials count soon."""

    sessions: Sessions
    vault: Vault
    http_client: httpx.AsyncClient
    clock: Callable[[], float] = time.monotonic
    _erps: dict[str, tuple[float, Erp]] = field(default_factory=dict)
    _issuers: dict[str, tuple[float, InvoiceIssuer]] = field(default_factory=dict)
    _said: dict[str, float] = field(default_factory=dict)

    async def erp(self, account_id: str) -> Erp:
        """The client of an active account at an ERP. Raises Rejected (`unknown_account`),
        CredentialsRefused."""
        if (known := self._fresh(self._erps, account_id)) is not None:
            return known
        async with self.sessions.begin() as session:
            row = await session.get(ErpAccountRow, account_id)
        if row is None or not row.active or row.vendor not in ERPS:
            text = f"there is no ERP account {account_id[:100]!a}"
            raise Rejected(text, code=UNKNOWN_ACCOUNT, system="onhand")
        await self._check(f"erp/{row.id}", schema_of_erp(row.vendor), row.settings)
        secrets = Secrets(row.id, self.vault.open_secrets(row.secrets, erp_context(row.id)))
        limits = ERP_LIMITS.get(row.vendor, {})
        pace = SharedPace(
            self.sessions, row.vendor, row.id, limits, secrets=tuple(secrets.values.values())
        )
        erp = ERPS[row.vendor].opens(
            FinanceAccess(row.id, row.base_url, secrets, row.settings, self.http_client, pace)
        )
        self._erps[account_id] = (self.clock() + REMEMBERED_S, erp)
        return erp

    async def issuer(self, account_id: str) -> InvoiceIssuer:
        """The client of an active account at an issuer of invoices. Raises Rejected
        (`unknown_account`), CredentialsRefused."""
        if (known := self._fresh(self._issuers, account_id)) is not None:
            return known
        async with self.sessions.begin() as session:
            row = await session.get(InvoiceAccountRow, account_id)
        if row is None or not row.active or row.vendor not in ISSUERS:
            text = f"there is no account {account_id[:100]!a} that issues invoices"
            raise Rejected(text, code=UNKNOWN_ACCOUNT, system="onhand")
        await self._check(f"invoice/{row.id}", schema_of_issuer(row.vendor), row.settings)
        secrets = Secrets(row.id, self.vault.open_secrets(row.secrets, issuer_context(row.id)))
        limits = ISSUER_LIMITS.get(row.vendor, {})
        pace = SharedPace(
            self.sessions, row.vendor, row.id, limits, secrets=tuple(secrets.values.values())
        )
        issuer = ISSUERS[row.vendor].opens(
            FinanceAccess(row.id, row.base_url, secrets, row.settings, self.http_client, pace)
        )
        self._issuers[account_id] = (self.clock() + REMEMBERED_S, issuer)
        return issuer

    async def _check(self, system: str, schema: Schema, settings: Mapping[str, Any]) -> None:
        """A setting that cannot be used pauses the system as a whole, with one item for all who
        need it. Raises SettingsRefused."""
        try:
            schema.check(settings, system)
        except SettingsRefused as error:
            if self._said.get(system, 0.0) <= self.clock():
                async with self.sessions.begin() as session:
                    await credentials_refused(session, system, error)
                self._said[system] = self.clock() + REMEMBERED_S
            raise

    def _fresh(self, known: dict[str, tuple[float, ValueT]], key: str) -> ValueT | None:
        until, value = known.get(key, (0.0, None))
        return value if self.clock() < until else None
