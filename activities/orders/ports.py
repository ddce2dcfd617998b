"""What order activities need from outside, so that tests can stand in for it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from domain.orders.lifecycle import OrderState
from domain.orders.returns.model import ReturnPolicy
from domain.orders.snapshot import OrderSnapshot
from domain.orders.sourcing.model import Strategy, Usual
from integrations.carriers.port import Aggregator, Carrier
from integrations.erp.port import Erp
from integrations.invoices.port import InvoiceIssuer
from integrations.marketplaces.port import CaseMarketplace, Marketplace, PlatformWaybills
from integrations.payments.port import PaymentProvider


class Adapters(Protocol):
    """Clients of shops, carriers, payment providers, ERPs and issuers of invoices."""

    async def marketplace(self, shop_id: str) -> Marketplace: ...

    async def waybills(self, shop_id: str) -> PlatformWaybills | None:
        """The shop's platform waybills, for receivers it hides; None where it makes none."""
        ...

    async def carrier(self, code: str) -> Carrier: ...

    async def aggregator(self) -> Aggregator:
        """Who follows the parcels of carriers we have no contract with. Raises Rejected."""
        ...

    async def cases(self, shop_id: str) -> CaseMarketplace:
        """The client of a shop whose cases we answer. Raises NotOffered where it has no call."""
        ...

    async def payments(self, account_id: str) -> PaymentProvider: ...

    async def erp(self, account_id: str) -> Erp: ...

    async def issuer(self, account_id: str) -> InvoiceIssuer: ...

    async def snapshot(self, channel: str, shop_id: str, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored body; raises Rejected (code `unreadable`)."""
        ...


@dataclass(frozen=True, slots=True)
class OrderRules:
    """What this company decided about orders."""

    risk_amount_minor: int = 500_000
    unpaid_expiry: timedelta = timedelta(minutes=30)
    completed_after: timedelta = timedelta(days=7)

    def on(self, state: OrderState) -> OrderState:
        """The state with the times that follow from these rules."""
        if state.delivered_at is None:
            return state
        return replace(state, complete_at=state.delivered_at + self.completed_after)

    strategy: Strategy = Strategy.CHEAPEST  # unless the shop has a rule of its own
    max_parcels: int = 4
    returns: ReturnPolicy = field(default_factory=ReturnPolicy)

    @property
    def usual(self) -> Usual:
        """How it sources where a shop has no rule of its own."""
        return Usual(self.strategy, self.max_parcels)
