"""Asking a shop what changed: one window at a time, and no single order can stop it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from temporalio import activity

from activities.channels.trouble import PATIENT_ATTEMPTS, all_well, tell_trouble
from activities.shared.trying import trying
from db.channels.ranges import PullRanges
from db.channels.repository import ChannelsRepository, setting
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.platform.gates import Waiting
from db.platform.pausing import stopped
from db.shared.intake import accept
from db.vault import Vault
from domain.channels.messages import Pulled, PullWindow
from domain.shared.errors import (
    CredentialsRefused,
    IdempotencyMismatch,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from domain.shared.ids import poller_workflow_id
from integrations.marketplaces.port import ChangedOrder, PulledMarketplace

log = structlog.get_logger()

TOPIC: Final = "pulled"
STEP: Final = "channel.pull"
_AT_ONCE: Final = 4

# Defaults of a shop's settings, in seconds.
INTERVAL_S: Final = 60.0
OVERLAP_S: Final = 300.0
SETTLE_S: Final = 3.0
FIRST_WINDOW_S: Final = 86_400.0
LONGEST_WINDOW_S: Final = 1_800.0


class PulledShops(Protocol):
    """Clients of shops that are asked for their changes."""

    async def pulled(self, shop_id: str) -> PulledMarketplace: ...


@dataclass(slots=True)
class _Tally:
    changed: int = 0
    accepted: int = 0
    parked: int = 0
    fetched: int = 0
    seen: ChangedOrder | None = None
    unavailable: dict[str, tuple[ChangedOrder, Unavailable]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PullingActivities:
    """Pulled shops. Safe to repeat: what is in the inbox already is passed over."""

    sessions: Sessions
    adapters: PulledShops
    vault: Vault
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn(name="channel.pull")
    async def pull(self, request: PullWindow) -> Pulled:
        """Put every order the shop changed in the next window into the inbox.

        The watermark moves when the whole window was read. An order that cannot be fetched or
        translated is kept parked and the rest goes on. Raises the IntegrationError family when the
        shop as a whole does not answer.
        """
        async with self.sessions.begin() as session:
            shop = await ChannelsRepository(session).shop(request.shop_id)
            if shop is None or not shop.active:
                return Pulled(active=False)
            if await stopped(session, f"shop/{shop.id}"):
                return Pulled(interval_s=interval_of(shop))
        try:
            step = Waiting(poller_workflow_id(shop.id), STEP)
            async with trying(self.sessions, self.vault, f"shop/{shop.id}", step):
                result = await self._window(shop)
        except IntegrationError as error:
            await tell_trouble(self.sessions, poller_workflow_id(shop.id), STEP, shop.id, error)
            raise
        await all_well(self.sessions, poller_workflow_id(shop.id), STEP)
        return result

    async def _window(self, shop: ShopRow) -> Pulled:
        marketplace = await self.adapters.pulled(shop.id)
        start, end, behind = window(shop.settings, shop.pulled_until, self.now())
        tally = await self._read(shop, marketplace, start, end)
        async with self.sessions.begin() as session:
            await ChannelsRepository(session).pulled(shop.id, end)
        if tally.accepted or tally.parked:
            log.info(
                "channel.pulled", shop_id=shop.id, changed=tally.changed,
                accepted=tally.accepted, parked=tally.parked,
            )  # fmt: skip
        if not behind:
            behind = await self._again(shop, marketplace)
        return Pulled(tally.changed, tally.accepted, tally.parked, behind, True, interval_of(shop))

    async def _again(self, shop: ShopRow, marketplace: PulledMarketplace) -> bool:
        """One window of a range somebody wants pulled again; whether there is more of it."""
        async with self.sessions.begin() as session:
            wanted = await PullRanges(session, shop.id).open()
        if wanted is None:
            return False
        end = min(wanted.reached_at + timedelta(seconds=LONGEST_WINDOW_S), wanted.ends_at)
        tally = await self._read(shop, marketplace, wanted.reached_at, end)
        async with self.sessions.begin() as session:
            await PullRanges(session, shop.id).advance(
                wanted.id, wanted.reached_at, end,
                changed=tally.changed, accepted=tally.accepted, parked=tally.parked,
            )  # fmt: skip
        return bool(end < wanted.ends_at)

    async def _read(
        self, shop: ShopRow, marketplace: PulledMarketplace, start: datetime, end: datetime
    ) -> _Tally:
        """Every order changed in [start, end) into the inbox, or parked."""
        tally = _Tally()
        for page in range(await marketplace.changed_page_count(start, end), 0, -1):
            await self._page(shop, marketplace, await marketplace.changed(start, end, page), tally)
        await self._leave_behind(shop, marketplace, tally)
        return tally

    async def _page(
        self,
        shop: ShopRow,
        marketplace: PulledMarketplace,
        page: Sequence[ChangedOrder],
        tally: _Tally,
    ) -> None:
        async with self.sessions.begin() as session:
            ids = [message_id(order) for order in page]
            seen = await ChannelsRepository(session).seen(shop.channel, shop.id, ids)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(order: ChangedOrder) -> None:
            async with slots:
                await self._take(shop, marketplace, order, tally)

        tally.changed += len(page)
        fresh: list[ChangedOrder] = []
        for order in page:
            if message_id(order) in seen:
                tally.seen = order
            else:
                fresh.append(order)
        outcomes = await asyncio.gather(*(one(order) for order in fresh), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _take(
        self, shop: ShopRow, marketplace: PulledMarketplace, order: ChangedOrder, tally: _Tally
    ) -> None:
        raw = b""
        reason = ""
        activity.heartbeat()
        try:
            raw = await marketplace.fetch_raw(order.external_no)
            tally.fetched += 1
            marketplace.snapshot(raw)
        except (CredentialsRefused, RateLimited):
            raise
        except Unavailable as error:
            tally.unavailable[order.external_no] = (order, error)
            return
        except Rejected as error:
            reason = f"{error.code}: {error}"
        except Exception as error:
            # A translation that breaks on one order is a bug; the others must not wait for it.
            log.exception("channel.order_not_read", shop_id=shop.id, external_no=order.external_no)
            reason = f"unreadable: {type(error).__name__}"
        await self._keep(shop, order, raw, reason, tally)

    async def _keep(
        self, shop: ShopRow, order: ChangedOrder, raw: bytes, reason: str, tally: _Tally
    ) -> None:
        try:
            async with self.sessions.begin() as session:
                kept = await accept(
                    session,
                    self.vault,
                    source=shop.channel,
                    shop_id=shop.id,
                    channel=shop.channel,
                    message_id=message_id(order),
                    topic=TOPIC,
                    external_no=order.external_no,
                    raw=raw,
                    parked_reason=reason,
                )
        except IdempotencyMismatch:
            return  # another attempt was faster and got a newer body: it is listed again
        if kept.duplicate:
            return
        if reason:
            tally.parked += 1
            log.warning(
                "channel.order_parked", shop_id=shop.id, external_no=order.external_no,
                reason=reason,
            )  # fmt: skip
        else:
            tally.accepted += 1

    async def _leave_behind(
        self, shop: ShopRow, marketplace: PulledMarketplace, tally: _Tally
    ) -> None:
        """Leave orders that alone cannot be fetched to their own workflows, which ask again for
        long and then a person; raise when the shop may be down altogether."""
        if not tally.unavailable:
            return
        first = next(iter(tally.unavailable.values()))[1]
        if activity.info().attempt < PATIENT_ATTEMPTS:
            raise first
        if not tally.fetched:
            if tally.seen is None:
                raise first
            await marketplace.fetch_raw(tally.seen.external_no)
        for order, _ in tally.unavailable.values():
            await self._keep(shop, order, b"", "", tally)


def interval_of(shop: ShopRow) -> float:
    """Seconds between two looks at a shop that is not behind."""
    return max(setting(shop.settings, "interval_s", INTERVAL_S), 1.0)


def message_id(order: ChangedOrder) -> str:
    """One version of an order. Only whole, settled seconds are pulled, so it names one content."""
    return f"{order.external_no}:{order.modified.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def window(
    settings: Mapping[str, Any], until: datetime | None, now: datetime
) -> tuple[datetime, datetime, bool]:
    """What to pull next as [start, end) after what was pulled `until` then, and whether it ends
    before the present.

    The last seconds are left to settle: an order that changes twice in one second of the vendor's
    clock must not be taken in between. The overlap catches what the vendor listed late.
    """
    settle = timedelta(seconds=max(setting(settings, "settle_s", SETTLE_S), 0.0))
    overlap = timedelta(seconds=max(setting(settings, "overlap_s", OVERLAP_S), 0.0))
    first = timedelta(seconds=setting(settings, "first_window_s", FIRST_WINDOW_S))
    longest = timedelta(seconds=LONGEST_WINDOW_S)
    present = (now - settle).replace(microsecond=0)
    reached = min(until or present - first, present)
    end = min(reached + longest, present)
    return reached - overlap, end, end < present
