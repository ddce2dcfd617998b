"""Live stock: one task per process sees that stock moved, and tells the pages that look at it.

One product is compared by its balances; for everything else the tables' own counters are enough: a
page asks its question again, at most every few seconds.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from db.engine import Sessions
from db.sql import run

log = structlog.get_logger()

EVERY_S: Final = 2.0
AFTER_TROUBLE_S: Final = 5.0
ALL: Final = ""

_OF_ALL: Final = """
SELECT concat((SELECT max(id) FROM stock_move), '|',
              pg_stat_get_tuples_updated('stock_balance'::regclass), '|',
              pg_stat_get_tuples_inserted('stock_balance'::regclass)) AS mark
"""
_OF_SKUS: Final = """
SELECT k.code AS sku, md5(string_agg(concat_ws('|', b.location_id, b.lot, b.condition, b.owner,
    b.on_hand, b.reserved), ',' ORDER BY b.location_id, b.lot, b.condition, b.owner)) AS mark
FROM unnest(CAST(:skus AS text[])) AS k(code) LEFT JOIN stock_balance b ON b.sku = k.code
GROUP BY k.code
"""


@dataclass
class LiveStock:
    """Who looks at which product, or at all of them ("")."""

    sessions: Sessions
    every_s: float = EVERY_S
    _watchers: dict[str, set[asyncio.Event]] = field(default_factory=dict)
    _marks: dict[str, str | None] = field(default_factory=dict)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False

    @property
    def streams(self) -> int:
        """How many pages are open."""
        return sum(len(events) for events in self._watchers.values())

    @contextlib.asynccontextmanager
    async def watching(self, sku: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set when something moved."""
        changed = asyncio.Event()
        self._watchers.setdefault(sku, set()).add(changed)
        self._wanted.set()
        try:
            yield changed
        finally:
            self._watchers[sku].discard(changed)
            if not self._watchers[sku]:
                del self._watchers[sku]
                self._marks.pop(sku, None)

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
            await asyncio.sleep(self.every_s)

    def close(self) -> None:
        """End every stream: the process is going."""
        self.closing = True
        for events in self._watchers.values():
            for event in events:
                event.set()

    async def _look(self) -> None:
        skus = [sku for sku in self._watchers if sku != ALL]
        marks: dict[str, str | None] = {}
        async with self.sessions.begin() as session:
            if skus:
                marks |= {row.sku: row.mark for row in await run(session, _OF_SKUS, skus=skus)}
            if ALL in self._watchers:
                [row] = await run(session, _OF_ALL)
                marks[ALL] = row.mark
        for sku, mark in marks.items():
            if sku in self._marks and self._marks[sku] != mark:
                for event in self._watchers.get(sku, ()):
                    event.set()
            if sku in self._watchers:
                self._marks[sku] = mark


@contextlib.asynccontextmanager
async def live_stock(app: FastAPI) -> AsyncIterator[None]:
    """Runs with the process."""
    live = LiveStock(app.state.office)  # a mark tells nothing but that something moved
    app.state.live_stock = live
    task = asyncio.create_task(live.run(), name="live-stock")
    try:
        yield
    finally:
        live.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
