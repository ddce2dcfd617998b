"""Keeping tickets of tills: each in a transaction of its own, each sale once."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import Sessions
from db.platform.attention import open_attention
from db.platform.notices import CONFLICT_STEP
from db.shared.intake import accept, accept_at_once
from db.sql import run
from db.vault import Vault
from domain.orders.ticket import Ticket
from domain.shared.errors import IdempotencyMismatch

CHANNEL: Final = "pos"
TOPIC: Final = "ticket"
RETURNED_GOODS: Final = "returned_goods: goods that came back are not taken from tickets yet"
_CONFLICT: Final = "ticket_conflict: this number came before with other content"

_ORDER: Final = """
SELECT id, workflow_id FROM sales_order
WHERE channel = :channel AND shop_id = :shop_id AND external_no = :external_no
"""


class Outcome(StrEnum):
    """What became of a ticket; all but the rejected ones are kept for good."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # the same sale was kept before
    CONFLICT = "conflict"  # its number is another sale's: kept for a person, no second sale
    PARKED = "parked"  # kept for a person: goods that came back
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class TicketDesk:
    """Takes the tickets of one shop, one after the other."""

    sessions: Sessions
    vault: Vault
    shop_id: str

    async def take(self, ticket: Ticket, raw: bytes) -> Outcome:
        """Keep a ticket that can be true; it is committed when this returns.

        `raw` is the one way this sale is written: equal bytes are the same sale.
        """
        number = ticket.external_no
        if not ticket.brings_goods_back and await self._at_once(number, raw):
            return Outcome.ACCEPTED
        parked = RETURNED_GOODS if ticket.brings_goods_back else ""
        try:
            async with self.sessions.begin() as session:
                duplicate = await self._accept(session, number, number, raw, parked)
        except IdempotencyMismatch:
            return await self._conflict(ticket, raw)
        if duplicate:
            return Outcome.DUPLICATE
        return Outcome.PARKED if parked else Outcome.ACCEPTED

    async def _at_once(self, number: str, raw: bytes) -> bool:
        async with self.sessions() as session:
            kept = await accept_at_once(
                session, self.vault, source=CHANNEL, shop_id=self.shop_id, channel=CHANNEL,
                message_id=number, topic=TOPIC, external_no=number, raw=raw,
            )  # fmt: skip
        return kept is not None

    async def _accept(
        self, session: AsyncSession, message_id: str, number: str, raw: bytes, parked: str
    ) -> bool:
        kept = await accept(
            session, self.vault, source=CHANNEL, shop_id=self.shop_id, channel=CHANNEL,
            message_id=message_id, topic=TOPIC, external_no=number, raw=raw, parked_reason=parked,
        )  # fmt: skip
        return kept.duplicate

    async def _conflict(self, ticket: Ticket, raw: bytes) -> Outcome:
        """Keep the other content too, and have a person look at both."""
        number = ticket.external_no
        message_id = f"{number}#{hashlib.sha256(raw).hexdigest()[:32]}"
        async with self.sessions.begin() as session:
            if await self._accept(session, message_id, number, raw, _CONFLICT):
                return Outcome.CONFLICT
            orders = await run(
                session, _ORDER, channel=CHANNEL, shop_id=self.shop_id, external_no=number
            )
            known = orders[0] if orders else None
            await open_attention(
                session,
                workflow_id=known.workflow_id if known else f"shop/{self.shop_id}/{number}",
                step_id=CONFLICT_STEP,
                order_id=known.id if known else None,
                cause="TicketConflict",
                code=ticket.store,
                error=f"ticket {number} came again with other content",
                actions=("done_by_hand",),
            )
        return Outcome.CONFLICT
