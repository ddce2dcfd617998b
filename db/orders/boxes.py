"""Shipments of several orders in one parcel: one of them leads, the others ride along with it.

Each keeps its own lines, stock and order. What happens to the box happens to all that are in it,
in one transaction; everybody's workflow is told. A box is locked as a whole, in order of numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import StateChanged, StopRequested
from domain.orders.order import ShipmentStatus
from domain.orders.work import Entry

_LEAD: Final = "SELECT coalesce(nullif(ships_with, ''), no) AS no FROM shipment WHERE no = :no"

_LOCK: Final = """
SELECT no, order_id, workflow_id, status, seq, waits_for, ships_with, picked_at, packed_at,
       handed_over_at
FROM shipment WHERE no = :lead OR ships_with = :lead ORDER BY no FOR UPDATE
"""

_LEAVE: Final = """
UPDATE shipment SET ships_with = CASE WHEN no IN (:leaving, :lead) THEN '' ELSE :lead END
WHERE no = ANY(:numbers)
"""

_RIDE: Final = """
UPDATE shipment s SET ships_with = CASE WHEN s.no = l.no THEN '' ELSE l.no END,
    status = CAST(:status AS text), waits_for = CAST(:waits_for AS text), sent_ahead = :ahead,
    ship_by = (SELECT min(ship_by) FROM shipment WHERE no = ANY(:numbers))
FROM shipment l WHERE l.no = :lead AND s.no = ANY(:numbers)
"""

_ELSEWHERE: Final = """
SELECT s.no FROM shipment s
JOIN shipment m ON m.no = s.ships_with OR m.ships_with = s.no
JOIN receiver r ON r.order_id = s.order_id
JOIN receiver q ON q.order_id = m.order_id AND q.whole_digest <> r.whole_digest
WHERE s.order_id = :order_id
  AND s.status IN ('allocated', 'picking', 'packed', 'labelled')
GROUP BY s.no ORDER BY s.no
"""

_FOLLOW: Final = """
UPDATE shipment SET status = CAST(:status AS text), waits_for = :waits_for,
    seq = seq + CAST(:lines AS int),
    (carrier, product) = (SELECT carrier, product FROM shipment WHERE no = :lead),
    handed_over_at = CASE WHEN CAST(:status AS text) = 'handed_over'
                          THEN coalesce(handed_over_at, clock_timestamp())
                          ELSE handed_over_at END,
    delivered_at = CASE WHEN CAST(:status AS text) = 'delivered'
                        THEN coalesce(delivered_at, clock_timestamp()) ELSE delivered_at END
WHERE no = :no
"""


@dataclass(frozen=True, slots=True)
class Box:
    """All shipments in one parcel, locked; a shipment that goes alone is a box of its own."""

    members: Sequence[Row[Any]]

    @property
    def lead(self) -> Row[Any]:
        return next(one for one in self.members if not one.ships_with)

    @property
    def riders(self) -> list[Row[Any]]:
        return [one for one in self.members if one.ships_with]

    @property
    def numbers(self) -> list[str]:
        return [one.no for one in self.members]

    @property
    def has_left(self) -> bool:
        """It was seen to leave, whatever the books say yet."""
        return self.lead.handed_over_at is not None or ShipmentStatus(self.lead.status).has_left


async def lock_box(session: AsyncSession, no: str) -> Box:
    """Everything in the parcel of this shipment; nothing of it changes until the transaction ends.

    It may change hands while we wait for the lock: then it is looked up once more.
    """
    while True:
        found = await run(session, _LEAD, no=no)
        lead = found[0].no if found else no
        members = await run(session, _LOCK, lead=lead)
        if not members or any(one.no == no for one in members):
            return Box(members)


async def ride_together(
    session: AsyncSession,
    numbers: Sequence[str],
    lead: str,
    status: str,
    *,
    ahead: bool,
    picked: bool = False,
) -> None:
    """From now on these go in the parcel of `lead`; all of them may be `picked` already. The caller
    holds their locks."""
    waits_for = "packing" if picked else "picking"
    if status != ShipmentStatus.PICKING:
        waits_for = "warehouse"
    await run(
        session, _RIDE, numbers=list(numbers), lead=lead, status=status, waits_for=waits_for,
        ahead=ahead,
    )  # fmt: skip


async def leave_box(session: AsyncSession, box: Box, no: str) -> None:
    """Take a shipment out of an open box: what is left goes on without it, led by the next."""
    others = [one for one in box.members if one.no != no]
    if not others:
        return
    lead = others[0].no if box.lead.no == no else box.lead.no
    await run(session, _LEAVE, leaving=no, lead=lead, numbers=box.numbers)
    await wake(session, box)


async def take_out(session: AsyncSession, no: str) -> None:
    """The shipment is given back: its goods leave the box while it is open. A closed one is opened
    as a whole, and everybody in it is planned anew; one that has left stays as it is."""
    box = await lock_box(session, no)
    if box.lead.packed_at is None or box.lead.no != no:
        await part(session, box, no, f"{no} is taken out")


async def part_from_others(session: AsyncSession, order_id: str) -> None:
    """The order's receiver is another one now: its goods do not go where the others of their box
    go."""
    for row in await run(session, _ELSEWHERE, order_id=order_id):
        await part(session, await lock_box(session, row.no), row.no, "its receiver changed")


async def part(session: AsyncSession, box: Box, no: str, why: str) -> None:
    """The shipment goes alone again; of a closed box everything is planned anew, one by one."""
    if len(box.members) < 2 or box.has_left:
        return
    if box.lead.packed_at is None:
        await leave_box(session, box, no)
    else:
        await open_closed_box(session, box, why)


async def open_closed_box(session: AsyncSession, box: Box, why: str) -> None:
    """Its lead voids the label and gives back what is in it."""
    request = StopRequested("", why)
    await queue_signal(session, box.lead.workflow_id, "stop_requested", request)


async def wake(session: AsyncSession, box: Box) -> None:
    """Everybody in the box looks at it again."""
    for one in box.members:
        await queue_signal(session, one.workflow_id, "state_changed", StateChanged("box", one.no))


async def riders_follow(
    session: AsyncSession, box: Box, status: str, waits_for: str, told: dict[str, Sequence[Entry]]
) -> None:
    """What happened to the lead happened to those who ride with it; each order reads it."""
    for one in box.riders:
        entries = told[one.no]
        await run(
            session,
            _FOLLOW,
            no=one.no,
            lead=box.lead.no,
            status=status,
            waits_for=waits_for,
            lines=len(entries),
        )
        if entries:
            about = {"shipment": one.no, "with": box.lead.no}
            await run(
                session, statements.EVENTS, order_id=one.order_id, source=one.no,
                seq=[one.seq + 1 + number for number in range(len(entries))],
                kind=[entry.kind for entry in entries],
                data=[statements.as_json({**entry.data, **about}) for entry in entries],
                actor=[entry.actor for entry in entries],
            )  # fmt: skip
        await queue_signal(session, one.workflow_id, "state_changed", StateChanged("box", one.no))
