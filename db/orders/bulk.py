"""One decision for many orders: what was asked, for which, and what became of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.bulk_messages import BulkAsked
from domain.orders.desk import MOST_AT_ONCE, BulkAction, Deed, Obstacle, Standing, obstacle
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.shared.errors import BulkJobNotFound
from domain.shared.ids import bulk_workflow_id

BULK_ASKED: Final = "bulk_asked"

_STANDINGS: Final = """
SELECT o.id, o.no, o.status, o.workflow_id,
       coalesce((SELECT array_agg(h.kind) FROM order_hold h
                 WHERE h.order_id = o.id AND h.released_at IS NULL), '{}') AS holds,
       coalesce((SELECT array_agg(t.tag) FROM order_tag t WHERE t.order_id = o.id), '{}') AS tags
FROM sales_order o JOIN unnest(CAST(:ids AS text[])) WITH ORDINALITY wanted(id, place)
  ON wanted.id = o.id ORDER BY wanted.place
"""

_SUMS: Final = """
SELECT currency, count(*)::bigint AS orders, sum(payable_minor)::bigint AS payable_minor,
       sum(captured_minor - refunded_minor - returning_minor)::bigint AS received_minor
FROM sales_order WHERE id = ANY(:ids) GROUP BY currency ORDER BY currency
"""

_RESERVED: Final = """
SELECT coalesce(sum(quantity - posted_quantity - voided_quantity), 0)::bigint AS units
FROM reservation WHERE order_id = ANY(:ids) AND state = 'held'
"""

_SHIPMENTS: Final = """
SELECT status, count(*)::bigint AS shipments FROM shipment
WHERE order_id = ANY(:ids) AND status <> 'cancelled' GROUP BY status
"""

_BY_NO: Final = """
SELECT o.id FROM sales_order o JOIN unnest(CAST(:numbers AS text[])) WITH ORDINALITY w(no, place)
  ON w.no = o.no ORDER BY w.place
"""

_OPEN: Final = """
INSERT INTO bulk_job (id, action, detail, reason, actor, total)
VALUES (:id, :action, CAST(:detail AS jsonb), :reason, :actor, :total)
ON CONFLICT (id) DO NOTHING RETURNING id
"""

_ITEMS: Final = """
INSERT INTO bulk_item (job_id, place, order_id)
SELECT :id, place, id FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY wanted(id, place)
"""

_JOB: Final = """
SELECT j.*, coalesce(sum(c.n) FILTER (WHERE c.state = 'done'), 0)::bigint AS done,
       coalesce(sum(c.n) FILTER (WHERE c.state = 'refused'), 0)::bigint AS refused,
       coalesce(sum(c.n) FILTER (WHERE c.state = 'left_out'), 0)::bigint AS left_out,
       coalesce(sum(c.n) FILTER (WHERE c.state = 'waiting'), 0)::bigint AS waiting
FROM bulk_job j LEFT JOIN LATERAL (
    SELECT state, count(*) AS n FROM bulk_item WHERE job_id = j.id GROUP BY state) c ON true
"""
_ONE: Final = _JOB + " WHERE j.id = :id GROUP BY j.id"
_LATEST: Final = _JOB + " GROUP BY j.id ORDER BY j.at DESC, j.id DESC LIMIT :limit"

_RESULTS: Final = """
SELECT i.place, o.no, i.state, i.code, i.told, i.at, o.status
FROM bulk_item i JOIN sales_order o ON o.id = i.order_id
WHERE i.job_id = :id AND i.place > :after AND (:state = '' OR i.state = :state)
ORDER BY i.place LIMIT :limit
"""

_NEXT: Final = """
SELECT i.place, i.order_id, o.workflow_id, o.status
FROM bulk_item i JOIN sales_order o ON o.id = i.order_id
WHERE i.job_id = :id AND i.state = 'waiting' ORDER BY i.place LIMIT :limit
"""

_TELL: Final = """
UPDATE bulk_item SET state = :state, code = :code, told = :told, at = clock_timestamp()
WHERE job_id = :id AND place = :place AND state = 'waiting'
"""

_ASK_TO_STOP: Final = """
UPDATE bulk_job SET stop_asked_by = :actor
WHERE id = :id AND state = 'running' AND stop_asked_by = ''
"""

_LEAVE_OUT: Final = """
UPDATE bulk_item SET state = 'left_out', at = clock_timestamp()
WHERE job_id = :id AND state = 'waiting'
"""

_END: Final = """
UPDATE bulk_job SET state = :state, ended_at = clock_timestamp()
WHERE id = :id AND state = 'running'
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An order a deed is meant for, and what stands in its way."""

    id: str
    no: str
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deed would do now."""

    orders: tuple[Chosen, ...]

    @property
    def possible(self) -> tuple[Chosen, ...]:
        return tuple(one for one in self.orders if one.obstacle is None)

    @property
    def impossible(self) -> tuple[Chosen, ...]:
        return tuple(one for one in self.orders if one.obstacle is not None)


@dataclass(frozen=True, slots=True)
class Worth:
    """Orders of one currency: what was agreed, and what came in and does not go back; minor
    units."""

    currency: str
    orders: int
    payable_minor: int
    received_minor: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What many orders come to. `shipments` that are not cancelled, by status."""

    worth: tuple[Worth, ...]
    reserved_units: int
    shipments: Mapping[ShipmentStatus, int]


async def ids_of(session: AsyncSession, numbers: Sequence[str]) -> list[str]:
    """The orders with these numbers of ours; those that nobody knows are left out."""
    typed = list(dict.fromkeys(number.strip().upper() for number in numbers))
    return [row.id for row in await run(session, _BY_NO, numbers=typed)]


async def preview(session: AsyncSession, deed: Deed, ids: Sequence[str]) -> Preview:
    """What the deed would do to each of these orders now."""
    rows = await run(session, _STANDINGS, ids=list(ids))
    return Preview(tuple(Chosen(row.id, row.no, obstacle(deed, _standing(row))) for row in rows))


async def sums_of(session: AsyncSession, ids: Sequence[str]) -> Sums:
    """What these orders are worth, what is reserved for them, and where their shipments are."""
    given = list(ids)
    money = await run(session, _SUMS, ids=given)
    [reserved] = await run(session, _RESERVED, ids=given)
    shipments = await run(session, _SHIPMENTS, ids=given)
    return Sums(
        tuple(
            Worth(row.currency, row.orders, row.payable_minor, row.received_minor) for row in money
        ),
        reserved.units,
        {ShipmentStatus(row.status): row.shipments for row in shipments},
    )


async def standing_of(session: AsyncSession, order_id: str) -> Standing:
    """Where one order stands."""
    [row] = await run(session, _STANDINGS, ids=[order_id])
    return _standing(row)


async def open_job(
    session: AsyncSession, job_id: str, deed: Deed, ids: Sequence[str], actor: str
) -> None:
    """Write it down and have its workflow started; asked again under the same id, nothing more."""
    detail = {"hold": str(deed.hold), "tag": deed.tag}
    opened = await run(
        session, _OPEN, id=job_id, action=deed.action, detail=json.dumps(detail),
        reason=deed.reason, actor=actor, total=len(ids),
    )  # fmt: skip
    if opened:
        await run(session, _ITEMS, id=job_id, ids=list(ids))
        await queue_signal(session, bulk_workflow_id(job_id), BULK_ASKED, BulkAsked(job_id))


async def job_of(session: AsyncSession, job_id: str) -> Row[Any]:
    """The job with how many of its orders are done, refused, left out and waiting.

    Raises BulkJobNotFound.
    """
    found = await run(session, _ONE, id=job_id)
    if not found:
        raise BulkJobNotFound("there is no such bulk job")
    return found[0]


async def latest_jobs(session: AsyncSession, limit: int = 50) -> Sequence[Row[Any]]:
    """The latest jobs of everybody."""
    return await run(session, _LATEST, limit=limit)


async def results_of(
    session: AsyncSession, job_id: str, state: str = "", after: int = 0, limit: int = 100
) -> Sequence[Row[Any]]:
    """What became of its orders, in their order, from a place on."""
    return await run(session, _RESULTS, id=job_id, state=state, after=after, limit=limit)


async def done_of(session: AsyncSession, job_id: str) -> list[str]:
    """The numbers of the orders it was done to: for who takes it back. Raises BulkJobNotFound."""
    await job_of(session, job_id)
    rows = await run(session, _RESULTS, id=job_id, state="done", after=0, limit=MOST_AT_ONCE)
    return [row.no for row in rows]


async def ask_to_stop(session: AsyncSession, job_id: str, actor: str) -> None:
    """No further order is begun. Raises BulkJobNotFound."""
    await job_of(session, job_id)
    await run(session, _ASK_TO_STOP, id=job_id, actor=actor)


async def next_of(session: AsyncSession, job_id: str, limit: int) -> Sequence[Row[Any]]:
    """The next orders that wait for the deed."""
    return await run(session, _NEXT, id=job_id, limit=limit)


async def tell_result(
    session: AsyncSession, job_id: str, place: int, state: str, code: str = "", told: str = ""
) -> None:
    """What became of one order; told once."""
    await run(session, _TELL, id=job_id, place=place, state=state, code=code, told=told[:500])


async def end_job(session: AsyncSession, job_id: str, *, stopped: bool) -> None:
    """Nothing of it waits any more."""
    await run(session, _LEAVE_OUT, id=job_id)
    await run(session, _END, id=job_id, state="stopped" if stopped else "done")


def deed_of(job: Row[Any]) -> Deed:
    """The decision of a job."""
    return Deed(BulkAction(job.action), HoldKind(job.detail["hold"]), job.detail["tag"], job.reason)


def _standing(row: Row[Any]) -> Standing:
    return Standing(OrderStatus(row.status), frozenset(row.holds), frozenset(row.tags))
