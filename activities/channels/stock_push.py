"""Telling shops what they may sell: whatever differs from what they were told last, newest only."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from temporalio import activity

from activities.shared.trying import sends, trying
from db.channels.listings import Listings
from db.channels.repository import ChannelsRepository, setting
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.platform.attention import open_attention, resolve_attention
from db.platform.gates import Waiting
from db.platform.pausing import credentials_refused, stopped
from db.vault import Vault
from domain.channels.messages import StockedShop, StockTold, TryListing
from domain.channels.selling import (
    Reading,
    SellRule,
    judge_reading,
    offer,
    own_rule,
    shop_rule,
)
from domain.shared.errors import CredentialsRefused, IntegrationError, Rejected, Unavailable
from domain.shared.ids import stock_push_workflow_id
from integrations.marketplaces.port import Listing, StockedMarketplace

log = structlog.get_logger()

STEP: Final = "stock.push"
DRIFT_STEP: Final = "stock.drift"
ROUND_S: Final = 60.0  # how long one activity looks after a shop
LOOK_EVERY_S: Final = 2.0
READ_EVERY_S: Final = 900.0
SETTLE_S: Final = 60.0  # a channel may show a new value a little later
AFTER_REFUSAL_S: Final = 900.0
OURSELVES: Final = "onhand"  # the system of refusals that never went out
_AT_ONCE: Final = 4
_MOST_READ: Final = 50
# A reading that is off once is told again; off twice in a row is a person's business.
_DRIFTS_SHOWN: Final = 2
_PATIENT_ATTEMPTS: Final = 3


class StockedShops(Protocol):
    """Clients of shops that are told what they may sell."""

    async def stocked(self, shop_id: str) -> StockedMarketplace: ...


@dataclass(slots=True)
class _Tally:
    told: int = 0
    refused: int = 0
    read: int = 0
    drifted: int = 0

    def result(self, *, active: bool = True) -> StockTold:
        return StockTold(self.told, self.refused, self.read, self.drifted, active)


@dataclass(frozen=True, slots=True)
class StockPushActivities:
    """Looks at a shop's offers for a while. Safe to repeat: what was told is written down."""

    sessions: Sessions
    adapters: StockedShops
    vault: Vault
    round_s: float = ROUND_S
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    @activity.defn(name="stock.push")
    async def push(self, request: StockedShop) -> StockTold:
        """Tell a shop every value that changed, and ask it now and then what it shows.

        Raises the IntegrationError family when the shop as a whole does not answer.
        """
        tally, until, was_well = _Tally(), time.monotonic() + self.round_s, False
        while True:
            async with self.sessions.begin() as session:
                shop = await ChannelsRepository(session).shop(request.shop_id)
                if shop is None or not shop.active:
                    return tally.result(active=False)
                left_alone = await stopped(session, f"shop/{shop.id}")
            if not left_alone:
                await self._look(shop, tally)
                if not was_well:
                    async with self.sessions.begin() as session:
                        await _well(session, shop.id, STEP)
                    was_well = True
            if time.monotonic() >= until:
                return tally.result()
            activity.heartbeat()
            await self.sleep(LOOK_EVERY_S)

    def _trying(self, shop: ShopRow, step_id: str) -> AbstractAsyncContextManager[None]:
        step = Waiting(stock_push_workflow_id(shop.id), step_id)
        return trying(self.sessions, self.vault, f"shop/{shop.id}", step)

    async def _look(self, shop: ShopRow, tally: _Tally) -> None:
        try:
            async with self._trying(shop, STEP):
                marketplace = await self.adapters.stocked(shop.id)
                await self._tell(shop, marketplace, tally)
                await self._read_back(shop, marketplace, tally)
        except IntegrationError as error:
            await self._say(shop.id, error)
            raise

    @activity.defn(name="stock.try_again")
    async def try_again(self, request: TryListing) -> None:
        """The product a step is about is told and asked about at the next look; nothing waits."""
        product = request.step_id.partition("/")[2]
        async with self.sessions.begin() as session:
            await Listings(session, request.shop_id).hurry(product)

    async def _tell(self, shop: ShopRow, marketplace: StockedMarketplace, tally: _Tally) -> None:
        rule = shop_rule(shop.settings)
        async with self.sessions.begin() as session:
            listings = Listings(session, shop.id)
            wanted = {
                row.external_sku: quantity
                for row in await listings.offers()
                if (quantity := _quantity(rule, row)) != row.pushed_quantity and not row.must_wait
            }
            intended = await listings.intend(wanted) if wanted else {}
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(external_sku: str, push_no: int, ids: dict[str, str]) -> None:
            async with slots:
                listing = Listing(external_sku, ids)
                await self._set(shop, marketplace, listing, push_no, wanted[external_sku], tally)
                activity.heartbeat()

        outcomes = await asyncio.gather(
            *(one(sku, push_no, ids) for sku, (push_no, ids) in intended.items()),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _set(
        self,
        shop: ShopRow,
        marketplace: StockedMarketplace,
        listing: Listing,
        push_no: int,
        quantity: int,
        tally: _Tally,
    ) -> None:
        reference = f"{shop.id}:{listing.external_sku}:{push_no}"
        try:
            async with self._trying(shop, f"{STEP}/{listing.external_sku}"):
                sends(listing, quantity=str(quantity), reference=reference)
                await marketplace.set_available(listing, quantity, reference)
        except CredentialsRefused:
            raise
        except Rejected as error:
            tally.refused += 1
            async with self.sessions.begin() as session:
                listings = Listings(session, shop.id)
                text = f"{error.code}: {error}"[:500]
                await listings.refused(listing.external_sku, text, AFTER_REFUSAL_S)
                # A number that only an order can bring is nobody's mistake: the listing says so.
                if error.system != OURSELVES:
                    await _attention(session, shop.id, f"{STEP}/{listing.external_sku}", error)
            return
        async with self.sessions.begin() as session:
            await Listings(session, shop.id).pushed(listing.external_sku, push_no, quantity)
            await _well(session, shop.id, f"{STEP}/{listing.external_sku}")
        tally.told += 1

    async def _read_back(
        self, shop: ShopRow, marketplace: StockedMarketplace, tally: _Tally
    ) -> None:
        every_s = max(setting(shop.settings, "read_back_s", READ_EVERY_S), 1.0)
        settle_s = setting(shop.settings, "read_settle_s", SETTLE_S)
        async with self.sessions.begin() as session:
            rows = await Listings(session, shop.id).to_read(settle_s, every_s, _MOST_READ)
        for row in rows:
            listing = Listing(row.external_sku, row.ids)
            try:
                quantity = await marketplace.available(listing)
            except CredentialsRefused:
                raise
            except Rejected as error:
                log.info("stock.not_read", shop_id=shop.id, sku=row.external_sku, code=error.code)
                quantity = None
            await self._judge(shop, row, quantity, tally)
            activity.heartbeat()

    async def _judge(self, shop: ShopRow, row: Any, quantity: int | None, tally: _Tally) -> None:
        drifts = 0
        if quantity is not None:
            tally.read += 1
            reading = judge_reading(row.pushed_quantity, quantity, row.read_quantity)
            if reading is Reading.DRIFT:
                drifts = row.drifts + 1
                tally.drifted += 1
        step = f"{DRIFT_STEP}/{row.external_sku}"
        async with self.sessions.begin() as session:
            listings = Listings(session, shop.id)
            await listings.read(row.external_sku, row.push_no, quantity, drifts=drifts)
            if drifts >= _DRIFTS_SHOWN:
                text = f"told {row.pushed_quantity}, the channel shows {quantity}"
                error = Rejected(text, code="drift", system=f"shop/{shop.id}")
                await _attention(session, shop.id, step, error, "StockDrift")
            elif not drifts and quantity is not None:
                await _well(session, shop.id, step)

    async def _say(self, shop_id: str, error: IntegrationError) -> None:
        """A shop that refuses us, or does not answer for long, is a person's business."""
        if isinstance(error, CredentialsRefused):
            async with self.sessions.begin() as session:
                await credentials_refused(session, f"shop/{shop_id}", error)
            return
        is_down = isinstance(error, Unavailable)
        if is_down and activity.info().attempt < _PATIENT_ATTEMPTS:
            return
        if is_down or isinstance(error, Rejected):
            async with self.sessions.begin() as session:
                await _attention(session, shop_id, STEP, error)


def _quantity(rule: SellRule, row: Any) -> int:
    """A channel has one count: stock and pre-order together."""
    parts = list(zip(row.free, row.ahead, row.factors, strict=True))
    made = offer(rule.over(own_rule(row)), parts)
    return made.stock + made.preorder


async def _attention(
    session: Any, shop_id: str, step: str, error: IntegrationError, cause: str = ""
) -> None:
    await open_attention(
        session,
        workflow_id=stock_push_workflow_id(shop_id),
        step_id=step,
        system=f"shop/{shop_id}",
        cause=cause or type(error).__name__,
        code=error.code,
        error=str(error),
        actions=("retry",),
    )


async def _well(session: Any, shop_id: str, step: str) -> None:
    await resolve_attention(
        session,
        workflow_id=stock_push_workflow_id(shop_id),
        step_id=step,
        by="system",
        resolution="retry",
        note="told again",
    )
