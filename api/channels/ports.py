"""What the routes of channels and carriers need from the process they run in."""

from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from api.deps import sessions_for
from db.engine import Sessions
from db.vault import Vault
from domain.orders.snapshot import OrderSnapshot
from integrations.carriers.port import Carrier
from integrations.erp.port import Erp
from integrations.invoices.port import InvoiceIssuer
from integrations.marketplaces.port import PushMarketplace
from integrations.marketplaces.pos import PosMarketplace
from integrations.payments.port import PaymentProvider


class CarrierAccount(Protocol):
    """A carrier with the unguessable part of its push address."""

    @property
    def push_secret(self) -> str: ...

    @property
    def carrier(self) -> Carrier: ...


class PaymentAccount(Protocol):
    """Our account at a payment provider, and the shop that is paid through it."""

    @property
    def id(self) -> str: ...

    @property
    def shop_id(self) -> str: ...

    @property
    def provider(self) -> PaymentProvider: ...


class Adapters(Protocol):
    """Clients of shops, carriers and payment providers, made from their rows."""

    async def pushing(self, shop_id: str, channel: str) -> PushMarketplace:
        """Raises Rejected (`unknown_shop`)."""
        ...

    async def tills(self, shop_id: str) -> PosMarketplace:
        """Raises Rejected (`unknown_shop`)."""
        ...

    async def snapshot(self, channel: str, shop_id: str, raw: bytes) -> OrderSnapshot | None:
        """Raises Rejected (`unreadable`)."""
        ...

    async def account(self, code: str) -> CarrierAccount:
        """Raises Rejected (`unknown_carrier`)."""
        ...

    async def erp(self, account_id: str) -> Erp:
        """Raises Rejected (`unknown_account`)."""
        ...

    async def issuer(self, account_id: str) -> InvoiceIssuer:
        """Raises Rejected (`unknown_account`)."""
        ...

    async def payment_account(self, account_id: str) -> PaymentAccount:
        """Raises Rejected (`unknown_account`)."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """The process's own sessions, vault and clients."""

    sessions: Sessions
    vault: Vault
    adapters: Adapters


def _outside(request: Request) -> Outside:
    state: Any = request.app.state
    return Outside(sessions_for(request), state.vault, state.adapters)


OutsideOf = Annotated[Outside, Depends(_outside)]
