"""Ranges of a shop that somebody wants pulled again; the poller works them off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.sql import run
from domain.channels.messages import RangeAsked

_ASK: Final = """
INSERT INTO pull_range (id, shop_id, asked, starts_at, ends_at, reached_at, changed, accepted,
                        parked, asked_by)
VALUES (:id, :shop_id, :asked, :start, :end, :start, 0, 0, 0, :by)
ON CONFLICT (shop_id, asked) WHERE finished_at IS NULL DO NOTHING
RETURNING id
"""

_OPEN: Final = """
SELECT id, starts_at, ends_at, reached_at FROM pull_range
WHERE shop_id = :shop_id AND asked = :asked AND finished_at IS NULL
"""

# A repeated attempt that read the same window counts it once.
_ADVANCE: Final = """
UPDATE pull_range SET reached_at = :until, changed = changed + :changed,
       accepted = accepted + :accepted, parked = parked + :parked,
       finished_at = CASE WHEN :until >= ends_at THEN clock_timestamp() END
WHERE id = :id AND reached_at = :since AND finished_at IS NULL
"""

_STOP: Final = """
UPDATE pull_range SET finished_at = clock_timestamp()
WHERE shop_id = :shop_id AND finished_at IS NULL RETURNING id
"""

_LATEST: Final = """
SELECT id, asked, starts_at, ends_at, reached_at, changed, accepted, parked, asked_by, asked_at,
       finished_at
FROM pull_range WHERE shop_id = :shop_id ORDER BY asked_at DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class PullRanges:
    """One transaction's view of the ranges of one shop; of orders and of cases at most one
    each is open."""

    session: AsyncSession
    shop_id: str

    async def ask(
        self, start: datetime, end: datetime, by: str, asked: RangeAsked = "orders"
    ) -> str | None:
        """Have [start, end) pulled again; its id, None while another range is open."""
        rows = await run(
            self.session, _ASK, id=new_id("rng"), shop_id=self.shop_id, asked=asked, start=start,
            end=end, by=by,
        )  # fmt: skip
        return rows[0].id if rows else None

    async def open(self, asked: RangeAsked = "orders") -> Row[Any] | None:
        """The range that is being pulled."""
        rows = await run(self.session, _OPEN, shop_id=self.shop_id, asked=asked)
        return rows[0] if rows else None

    async def advance(
        self, id: str, since: datetime, until: datetime, *, changed: int, accepted: int, parked: int
    ) -> None:
        """The window [since, until) of it was read."""
        await run(
            self.session, _ADVANCE, id=id, since=since, until=until, changed=changed,
            accepted=accepted, parked=parked,
        )  # fmt: skip

    async def stop(self) -> bool:
        """Leave the rest of what is open; False when none is open."""
        return bool(await run(self.session, _STOP, shop_id=self.shop_id))

    async def latest(self, limit: int = 5) -> Sequence[Row[Any]]:
        """Ranges that were asked for, the latest first."""
        return await run(self.session, _LATEST, shop_id=self.shop_id, limit=limit)
