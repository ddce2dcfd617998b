"""Clients of shops, carriers, payment providers and ERPs, made from their rows.

Changed credentials count within seconds.
"""

from dataclasses import dataclass, field
from typing import Final, cast

from activities.shared.finance_clients import REMEMBERED_S, UNKNOWN_ACCOUNT, FinanceClients
from activities.shared.pace import SharedPace
from activities.shared.supplier_clients import Outgoing, SupplierClients
from db.channels.tables import ShopRow
from db.logistics.tables import CarrierAccountRow
from db.orders.payment_tables import PaymentAccountRow
from db.vault import carrier_context, payment_context, shop_context
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import NotOffered, Rejected
from integrations.access import CarrierAccess, PaymentAccess, Secrets, ShopAccess
from integrations.carriers.port import Aggregator, Carrier
from integrations.carriers.registry import AGGREGATOR, CARRIERS
from integrations.carriers.registry import LIMITS as CARRIER_LIMITS
from integrations.marketplaces.port import (
    AfterSaleMarketplace,
    CaseMarketplace,
    Marketplace,
    PlatformWaybills,
    PulledMarketplace,
    PushMarketplace,
    QueueMarketplace,
    RenewingMarketplace,
    StockedMarketplace,
)
from integrations.marketplaces.pos import PosMarketplace
from integrations.marketplaces.registry import CHANNELS
from integrations.payments.port import PaymentProvider
from integrations.payments.registry import LIMITS as PAYMENT_LIMITS
from integrations.payments.registry import PROVIDERS
from integrations.schemas import schema_of_carrier, schema_of_channel, schema_of_provider
from integrations.suppliers.port import SupplierPort

UNKNOWN_SHOP: Final = "unknown_shop"
UNKNOWN_CARRIER: Final = "unknown_carrier"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop and the client that talks to it; `waybills` where its platform makes some."""

    id: str
    channel: str
    active: bool
    marketplace: Marketplace
    waybills: PlatformWaybills | None = None


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """A carrier and the client that talks to it; `push_secret` is part of its push address."""

    code: str
    push_secret: str
    carrier: Carrier


@dataclass(frozen=True, slots=True)
class PaymentAccount:
    """Our account at a payment provider, the shop it is for, and the client that talks to it."""

    id: str
    shop_id: str
    provider: PaymentProvider


@dataclass(frozen=True, slots=True)
class Adapters(FinanceClients):
    """What speaks to the outside; one per process."""

    _shops: dict[str, tuple[float, Shop]] = field(default_factory=dict)
    _carriers: dict[str, tuple[float, CarrierAccount]] = field(default_factory=dict)
    _payments: dict[str, tuple[float, PaymentAccount]] = field(default_factory=dict)
    outgoing: Outgoing = field(default_factory=Outgoing)

    async def supplier(self, code: str) -> SupplierPort:
        """The client of a supplier. Raises NotOffered, Rejected, SupplierNotFound."""
        clients = SupplierClients(self.sessions, self.vault, self.http_client, self.outgoing)
        return await clients.supplier(code)

    async def shop(self, shop_id: str, *, remembered: bool = True) -> Shop:
        """The shop as it is now, or was within seconds. Raises Rejected (`unknown_shop`),
        CredentialsRefused."""
        if remembered and (known := self._fresh(self._shops, shop_id)) is not None:
            return known
        row = None
        if shop_id.isprintable():  # it may come from an address somebody made up
            async with self.sessions.begin() as session:
                row = await session.get(ShopRow, shop_id)
        if row is None:
            raise Rejected(
                f"there is no shop {shop_id[:100]!a}", code=UNKNOWN_SHOP, system="onhand"
            )
        await self._check(f"shop/{row.id}", schema_of_channel(row.channel), row.settings)
        access, channel = self._shop_access(row), CHANNELS[row.channel]
        waybills = channel.waybills(access) if channel.waybills else None
        shop = Shop(row.id, row.channel, row.active, channel.opens(access), waybills)
        self._shops[shop_id] = (self.clock() + REMEMBERED_S, shop)
        return shop

    async def marketplace(self, shop_id: str) -> Marketplace:
        """The client of a shop. Raises as `shop` does."""
        return (await self.shop(shop_id)).marketplace

    async def waybills(self, shop_id: str) -> PlatformWaybills | None:
        """The shop's platform waybills; None where it makes none. Raises as `shop` does."""
        return (await self.shop(shop_id)).waybills

    async def pushing(self, shop_id: str, channel: str) -> PushMarketplace:
        """The client of an active shop that pushes. Raises Rejected (`unknown_shop`)."""
        shop = await self.shop(shop_id)
        pushes = hasattr(shop.marketplace, "read_pushes")
        if shop.channel != channel or not shop.active or not pushes:
            text = f"there is no shop {shop_id[:100]!a} on {channel}"
            raise Rejected(text, code=UNKNOWN_SHOP, system="onhand")
        return cast(PushMarketplace, shop.marketplace)

    async def tills(self, shop_id: str) -> PosMarketplace:
        """The client of an active shop that sells in stores. Raises Rejected (`unknown_shop`)."""
        shop = await self.shop(shop_id)
        if not shop.active or not isinstance(shop.marketplace, PosMarketplace):
            text = f"there is no shop {shop_id[:100]!a} with tills"
            raise Rejected(text, code=UNKNOWN_SHOP, system="onhand")
        return shop.marketplace

    async def pulled(self, shop_id: str) -> PulledMarketplace:
        """The client of a shop that is asked for its changes. Raises Rejected (`unknown_shop`)."""
        able = await self._able(shop_id, "changed_page_count", "pushes; it cannot be pulled")
        return cast(PulledMarketplace, able)

    async def after_sales(self, shop_id: str) -> AfterSaleMarketplace:
        """The client of a shop that tells its refunds. Raises Rejected (`unknown_shop`)."""
        able = await self._able(shop_id, "changed_after_sales", "cannot be asked for refunds")
        return cast(AfterSaleMarketplace, able)

    async def cases(self, shop_id: str) -> CaseMarketplace:
        """The client of a shop whose cases we answer. Raises NotOffered where it has no call."""
        marketplace = await self.marketplace(shop_id)
        if not hasattr(marketplace, "answer_case"):
            text = "this channel is answered in its own back office"
            raise NotOffered(text, code="not_offered", system="onhand")
        return cast(CaseMarketplace, marketplace)

    async def queued(self, shop_id: str) -> QueueMarketplace:
        """The client of a shop whose messages are queued. Raises Rejected (`unknown_shop`)."""
        able = await self._able(shop_id, "consume", "has no queue of messages")
        return cast(QueueMarketplace, able)

    async def stocked(self, shop_id: str) -> StockedMarketplace:
        """The client of a shop that is told what it may sell. Raises Rejected (`unknown_shop`)."""
        able = await self._able(shop_id, "set_available", "cannot be told what it may sell")
        return cast(StockedMarketplace, able)

    async def renewing(self, shop_id: str) -> RenewingMarketplace:
        """The client of a shop whose token is renewed, by the credentials of this moment: a spent
        refresh token would be refused. Raises Rejected (`unknown_shop`)."""
        await self.shop(shop_id, remembered=False)
        able = await self._able(shop_id, "renew", "has no token that could be renewed")
        return cast(RenewingMarketplace, able)

    async def _able(self, shop_id: str, call: str, else_it: str) -> Marketplace:
        marketplace = await self.marketplace(shop_id)
        if not hasattr(marketplace, call):
            raise Rejected(f"shop {shop_id} {else_it}", code=UNKNOWN_SHOP, system="onhand")
        return marketplace

    async def snapshot(self, channel: str, shop_id: str, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored body; None when it only says that something happened.

        Raises Rejected (`unreadable`, `unknown_shop`).
        """
        return (await self.marketplace(shop_id)).snapshot(raw)

    async def account(self, code: str) -> CarrierAccount:
        """The carrier's account. Raises Rejected (`unknown_carrier`), CredentialsRefused."""
        if (known := self._fresh(self._carriers, code)) is not None:
            return known
        async with self.sessions.begin() as session:
            row = await session.get(CarrierAccountRow, code)
        if row is None or not row.active:
            raise Rejected(f"there is no carrier {code}", code=UNKNOWN_CARRIER, system="onhand")
        await self._check(f"carrier/{code}", schema_of_carrier(code), row.settings)
        account = CarrierAccount(row.code, row.push_secret, self._carrier(row))
        self._carriers[code] = (self.clock() + REMEMBERED_S, account)
        return account

    async def carrier(self, code: str) -> Carrier:
        """The client of a carrier. Raises as `account` does."""
        return (await self.account(code)).carrier

    async def aggregator(self) -> Aggregator:
        """Who follows everybody's parcels. Raises as `account` does."""
        return cast(Aggregator, await self.carrier(AGGREGATOR))

    async def payment_account(self, account_id: str) -> PaymentAccount:
        """An active account. Raises Rejected (`unknown_account`), CredentialsRefused."""
        if (known := self._fresh(self._payments, account_id)) is not None:
            return known
        row = None
        if account_id.isprintable():  # it may come from an address somebody made up
            async with self.sessions.begin() as session:
                row = await session.get(PaymentAccountRow, account_id)
        if row is None or not row.active or row.provider not in PROVIDERS:
            text = f"there is no payment account {account_id[:100]!a}"
            raise Rejected(text, code=UNKNOWN_ACCOUNT, system="onhand")
        await self._check(f"payment/{row.id}", schema_of_provider(row.provider), row.settings)
        account = PaymentAccount(row.id, row.shop_id, self._payment_provider(row))
        self._payments[account_id] = (self.clock() + REMEMBERED_S, account)
        return account

    async def payments(self, account_id: str) -> PaymentProvider:
        """The client of a payment account. Raises as `payment_account` does."""
        return (await self.payment_account(account_id)).provider

    def _payment_provider(self, row: PaymentAccountRow) -> PaymentProvider:
        secrets = Secrets(row.id, self.vault.open_secrets(row.secrets, payment_context(row.id)))
        limits = PAYMENT_LIMITS.get(row.provider, {})
        return PROVIDERS[row.provider].opens(
            PaymentAccess(
                row.id,
                row.base_url,
                secrets,
                row.settings,
                self.http_client,
                SharedPace(
                    self.sessions,
                    row.provider,
                    row.id,
                    limits,
                    secrets=tuple(secrets.values.values()),
                ),
            )
        )

    def _shop_access(self, row: ShopRow) -> ShopAccess:
        if (channel := CHANNELS.get(row.channel)) is None:
            text = f"no adapter for channel {row.channel}"
            raise Rejected(text, code=UNKNOWN_SHOP, system="onhand")
        secrets = Secrets(row.id, self.vault.open_secrets(row.secrets, shop_context(row.id)))
        app = secrets.get("app_key") or secrets.get("client_id") or row.id
        return ShopAccess(
            row.id,
            row.external_id,
            row.base_url,
            secrets,
            row.settings,
            self.http_client,
            SharedPace(
                self.sessions,
                row.channel,
                app,
                channel.limits,
                secrets=tuple(secrets.values.values()),
            ),
        )

    def _carrier(self, row: CarrierAccountRow) -> Carrier:
        if (opens := CARRIERS.get(row.code)) is None:
            text = f"no adapter for carrier {row.code}"
            raise Rejected(text, code=UNKNOWN_CARRIER, system="onhand")
        secrets = Secrets(row.code, self.vault.open_secrets(row.secrets, carrier_context(row.code)))
        limits = CARRIER_LIMITS.get(row.code, {})
        return opens(
            CarrierAccess(
                row.code,
                row.base_url,
                secrets,
                row.settings,
                self.http_client,
                SharedPace(
                    self.sessions,
                    row.code,
                    row.code,
                    limits,
                    secrets=tuple(secrets.values.values()),
                ),
            )
        )
