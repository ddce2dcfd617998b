"""The relay: carries what Postgres keeps to whoever has to hear it. One task in every worker.

Everything is claimed with SKIP LOCKED, told, and only then marked; telling twice is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from runtime.adding_up import AddingUp
from runtime.chaining import Chaining
from runtime.counting import Counting
from runtime.exporting import Exporting
from runtime.fan_out import SignalFanOut, WebhookFanOut
from runtime.giving_back import GivingBack
from runtime.handing_over import HandingOver
from runtime.housekeeping import Housekeeping
from runtime.invoicing import Invoicing
from runtime.posting import Posting
from runtime.redrive import Redrive
from runtime.renewing import Renewal

log = structlog.get_logger()

SHORTEST_PAUSE_S: Final = 0.2
IDLE_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 5.0
HOUSEKEEPING_PAUSE_S: Final = 600.0
REDRIVE_PAUSE_S: Final = 60.0
RENEWAL_PAUSE_S: Final = 60.0
CHAINING_PAUSE_S: Final = 1.0
POSTING_PAUSE_S: Final = 2.0  # a few facts at once cost the database less than each alone
_SLOW: Final = frozenset(
    {
        "housekeeping",
        "redrive",
        "renewal",
        "posting",
        "chaining",
        "exporting",
        "invoicing",
        "adding_up",
        "counting",
    }
)  # a hint is not for them
BATCH: Final = 100


@dataclass(slots=True)
class Pace:
    """How long one part of the relay rests: briefly while there is work, longer while it fails."""

    name: str
    shortest_s: float = SHORTEST_PAUSE_S
    idle_s: float = IDLE_PAUSE_S
    failures: int = 0
    pause_s: float = SHORTEST_PAUSE_S

    @property
    def limit(self) -> int:
        """While the other side is down one row is enough to find out whether it is back."""
        return 1 if self.failures else BATCH

    def went_well(self, moved: int) -> None:
        """A full batch goes on at once; without work it slows down to `idle_s`."""
        if self.failures:
            log.info("relay.goes_on", part=self.name, failures=self.failures)
        goes_on_at_once = moved >= BATCH or (self.failures > 0 and moved > 0)
        self.failures = 0
        if goes_on_at_once:
            self.pause_s = 0.0
        elif moved:
            self.pause_s = self.shortest_s
        else:
            self.pause_s = min(max(self.pause_s, self.shortest_s) * 1.5, self.idle_s)

    def failed(self, error: Exception) -> None:
        """Said once; the pause doubles."""
        if not self.failures:
            text = str(error)[:300]
            log.warning("relay.waits", part=self.name, error=type(error).__name__, text=text)
        self.failures += 1
        self.pause_s = min(
            self.shortest_s * 2 ** min(self.failures, 10), max(LONGEST_PAUSE_S, self.shortest_s)
        )


@dataclass(frozen=True, slots=True)
class Relay:
    """Hands messages to orders and tells what was queued, and starts what the engine lost again.

    `hint` wakes it before its pause ends.
    """

    handing_over: HandingOver
    signals: SignalFanOut
    webhooks: WebhookFanOut
    housekeeping: Housekeeping
    redrive: Redrive
    renewal: Renewal
    posting: Posting
    exporting: Exporting
    invoicing: Invoicing
    chaining: Chaining
    adding_up: AddingUp
    counting: Counting
    giving_back: GivingBack
    hint: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until cancelled. What fails is tried again; nothing ends it."""
        async with asyncio.TaskGroup() as group:
            for name, once in (
                ("inbox", self.handing_over.once),
                ("signals", self.signals.once),
                ("webhooks", self.webhooks.once),
            ):
                group.create_task(self._keep_going(Pace(name), once))
            slow = Pace("housekeeping", HOUSEKEEPING_PAUSE_S, HOUSEKEEPING_PAUSE_S)
            group.create_task(self._keep_going(slow, self.housekeeping.once))
            sweep = Pace("redrive", REDRIVE_PAUSE_S, REDRIVE_PAUSE_S)
            group.create_task(self._keep_going(sweep, self.redrive.once))
            renewing = Pace("renewal", RENEWAL_PAUSE_S, RENEWAL_PAUSE_S)
            group.create_task(self._keep_going(renewing, self.renewal.once))
            books = Pace("posting", POSTING_PAUSE_S, POSTING_PAUSE_S)
            group.create_task(self._keep_going(books, self.posting.once))
            exports = Pace("exporting", POSTING_PAUSE_S, POSTING_PAUSE_S)
            group.create_task(self._keep_going(exports, self.exporting.once))
            links = Pace("chaining", CHAINING_PAUSE_S, CHAINING_PAUSE_S)
            group.create_task(self._keep_going(links, self.chaining.once))
            sums = Pace("adding_up", POSTING_PAUSE_S, POSTING_PAUSE_S)
            group.create_task(self._keep_going(sums, self.adding_up.once))
            over = Pace("giving_back", POSTING_PAUSE_S, POSTING_PAUSE_S)
            group.create_task(self._keep_going(over, self.giving_back.once))
            counts = Pace("counting", HOUSEKEEPING_PAUSE_S, HOUSEKEEPING_PAUSE_S)
            group.create_task(self._keep_going(counts, self.counting.once))
            invoices = Pace("invoicing", POSTING_PAUSE_S, POSTING_PAUSE_S)
            group.create_task(self._keep_going(invoices, self.invoicing.once))

    async def _keep_going(self, pace: Pace, once: Callable[[int], Awaitable[int]]) -> None:
        while True:
            try:
                pace.went_well(await once(pace.limit))
            except Exception as error:
                pace.failed(error)
            await self._rest(pace)

    async def _rest(self, pace: Pace) -> None:
        if pace.failures or pace.name in _SLOW:
            await asyncio.sleep(pace.pause_s)
            return
        try:
            async with asyncio.timeout(pace.pause_s):
                await self.hint.wait()
        except TimeoutError:
            return
        self.hint.clear()
        await asyncio.sleep(0)
