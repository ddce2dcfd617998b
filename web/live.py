"""Live pages: one task per process watches the orders somebody looks at, and tells all who do.

It asks the tables, a few times a second for all open pages together, however many there are.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from fastapi import FastAPI
from sqlalchemy.engine import Row
from sqlalchemy.exc import SQLAlchemyError

from api.metrics import STREAMS
from db.engine import Sessions
from db.sql import run

log = structlog.get_logger()

EVERY_S: Final = 0.5
AFTER_TROUBLE_S: Final = 5.0
MOST_STREAMS: Final = 500
_WAITING_EVENTS: Final = 100

_STATE: Final = """
SELECT o.id, md5(concat_ws('|', o.seq, o.status, o.waits_for, o.refund_due_minor,
    (SELECT string_agg(concat(s.status, s.waits_for, s.seq), ',' ORDER BY s.no)
     FROM shipment s WHERE s.order_id = o.id),
    (SELECT max(t.heard_at) FROM tracking_event t JOIN parcel p ON p.id = t.parcel_id
     JOIN shipment s ON p.shipment_no IN (s.no, s.ships_with) WHERE s.order_id = o.id),
    (SELECT max(e.seq) FROM order_event e WHERE e.order_id = o.id AND e.source = 'desk'),
    (SELECT count(*) FROM attention a WHERE a.order_id = o.id AND a.resolved_at IS NULL),
    (SELECT count(*) FROM order_hold h WHERE h.order_id = o.id AND h.released_at IS NULL)
)) AS mark
FROM sales_order o WHERE o.id = ANY(:ids)
"""

# A transaction that took long shows its lines late: look a little further back than the last one.
_EVENTS_SINCE: Final = """
SELECT e.order_id, e.source, e.seq, e.at, e.kind, e.actor,
       e.data || jsonb_strip_nulls(jsonb_build_object('location', l.name)) AS data
FROM order_event e LEFT JOIN location l ON l.id = e.data->>'location'
WHERE e.order_id = ANY(:ids) AND e.at > CAST(:since AS timestamptz) - interval '10 seconds'
ORDER BY e.at, e.source, e.seq
"""


@dataclass(frozen=True, slots=True)
class Change:
    """The order changed; `events` are the last lines of its story, some perhaps seen before."""

    events: Sequence[Row[Any]]


@dataclass
class LiveOrders:
    """Who looks at which order."""

    sessions: Sessions
    _watchers: dict[str, set[asyncio.Queue[Change | None]]] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)
    _since: dict[str, datetime] = field(default_factory=dict)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def streams(self) -> int:
        """How many pages are open."""
        return sum(len(queues) for queues in self._watchers.values())

    @contextlib.asynccontextmanager
    async def watching(
        self, order_id: str, since: datetime
    ) -> AsyncIterator["asyncio.Queue[Change | None]"]:
        """A queue of changes of one order; None ends it. The first change comes at once."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(_WAITING_EVENTS)
        self._watchers.setdefault(order_id, set()).add(queue)
        self._marks.pop(order_id, None)
        self._since[order_id] = min(since, self._since.get(order_id, since))
        self._wanted.set()
        STREAMS.set(self.streams)
        try:
            yield queue
        finally:
            self._watchers[order_id].discard(queue)
            if not self._watchers[order_id]:
                for table in (self._watchers, self._marks, self._since):
                    table.pop(order_id, None)
            STREAMS.set(self.streams)

    async def run(self) -> None:
        """Watch until cancelled; without watchers it asks nothing."""
        while True:
            await self._wanted.wait()
            if not self._watchers:
                self._wanted.clear()
                continue
            try:
                await self._look()
            except (SQLAlchemyError, OSError) as error:
                log.warning("live.cannot_look", error=type(error).__name__)
                await asyncio.sleep(AFTER_TROUBLE_S)
            await asyncio.sleep(EVERY_S)

    def close(self) -> None:
        """End every stream: the process is going."""
        for queues in self._watchers.values():
            for queue in queues:
                with contextlib.suppress(asyncio.QueueFull):
                    queue.put_nowait(None)

    async def _look(self) -> None:
        ids = list(self._watchers)
        async with self.sessions.begin() as session:
            states = await run(session, _STATE, ids=ids)
            changed = [row.id for row in states if self._marks.get(row.id) != row.mark]
            if not changed:
                return
            since = min((self._since[id] for id in changed if id in self._since), default=None)
            if since is None:
                return  # whoever looked at them has left while the tables were asked
            events = await run(session, _EVENTS_SINCE, ids=changed, since=since)
        for row in states:
            if row.id in changed and row.id in self._watchers:
                self._marks[row.id] = row.mark
                self._tell(row.id, [event for event in events if event.order_id == row.id])

    def _tell(self, order_id: str, events: Sequence[Row[Any]]) -> None:
        if events:
            self._since[order_id] = max(self._since[order_id], events[-1].at)
        for queue in self._watchers[order_id]:
            if queue.full():
                queue.get_nowait()  # a reader this slow gets the rest with its next page
            queue.put_nowait(Change(events))


@contextlib.asynccontextmanager
async def live_orders(app: FastAPI) -> AsyncIterator[None]:
    """Runs with the process."""
    live = LiveOrders(app.state.office)  # who watches has been let see the order
    app.state.live = live
    task = asyncio.create_task(live.run(), name="live-orders")
    try:
        yield
    finally:
        live.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
