"""Forgetting: raw messages, told rows and first answers are kept no longer than they are of use."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from db.engine import Sessions
from db.inventory.dealer_reminders import remind_dealers
from db.inventory.expecting import delays_over
from db.inventory.stock_alerts import look_through
from db.orders import cancelling
from db.platform import idempotency, outbox
from db.platform.pace import prune_buckets
from db.platform.webhooks import prune_tries
from db.shared import hand_over
from db.shared.importing.desk import forget_rows
from db.shared.tries import prune_step_tries

KEEP_BODIES: Final = timedelta(days=30)
KEEP_TOLD: Final = timedelta(days=7)
KEEP_ANSWERS: Final = timedelta(days=7)
KEEP_BUCKETS: Final = timedelta(days=2)
KEEP_TRIES: Final = timedelta(days=30)
KEEP_IMPORTED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Works in small steps, so that nobody waits for it."""

    sessions: Sessions
    keep_bodies: timedelta = KEEP_BODIES
    keep_told: timedelta = KEEP_TOLD
    keep_answers: timedelta = KEEP_ANSWERS

    async def once(self, limit: int) -> int:
        """One step; returns how many rows it touched."""
        async with self.sessions.begin() as session:
            erased = await hand_over.erase_applied(session, self.keep_bodies)
        async with self.sessions.begin() as session:
            pruned = await outbox.prune(session, self.keep_told)
        async with self.sessions.begin() as session:
            forgotten = await idempotency.prune(session, self.keep_answers)
        async with self.sessions.begin() as session:
            corrected = await cancelling.forget_refused(session, self.keep_answers)
        async with self.sessions.begin() as session:
            emptied = await prune_buckets(session, KEEP_BUCKETS)
        async with self.sessions.begin() as session:
            imported = await forget_rows(session, KEEP_IMPORTED)
        async with self.sessions.begin() as session:
            tries = await prune_tries(session, KEEP_TRIES)
        async with self.sessions.begin() as session:
            tries += await prune_step_tries(session, KEEP_TRIES)
        async with self.sessions.begin() as session:
            ageing = await look_through(session)
        async with self.sessions.begin() as session:
            ageing += await remind_dealers(session)
        async with self.sessions.begin() as session:
            ageing += await delays_over(session)
        return ageing + tries + imported + erased + pruned + forgotten + corrected + emptied
