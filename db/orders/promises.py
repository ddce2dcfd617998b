"""The clocks of orders: as their rows say, told to people, and listed by what is due next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.delivery import HOLDS_THERE, times_of
from db.orders.statements import STATE
from db.platform.attention import open_attention, resolve_attention
from db.sql import run
from domain.orders.delivery import days_to_door
from domain.orders.intake import SENT
from domain.orders.order import OrderStatus, ShipmentStatus
from domain.orders.promises import (
    LATE,
    Hold,
    Level,
    Promise,
    Promised,
    PromiseRules,
    Said,
    over,
    promises,
)
from domain.orders.snapshot import ChannelState
from domain.orders.visits import WorkDays

MOST_LISTED: Final = 2000

_NOT_PICKED: Final = (ShipmentStatus.ALLOCATED, ShipmentStatus.PICKING)
# Known to the pages in all languages by their words.
_SENTENCES: Final = {
    ("pick_by", Level.WARNING): "the order must be picked soon",
    ("pick_by", Level.ESCALATION): "the order is not picked in time",
    ("ship_by", Level.WARNING): "the order must leave soon",
    ("ship_by", Level.ESCALATION): "the order did not leave in time",
    ("deliver_by", Level.WARNING): "the order must arrive soon",
    ("deliver_by", Level.ESCALATION): "the order did not arrive in time",
}
_TOLD_TO: Final = {Level.WARNING: "customer_service", Level.ESCALATION: "manager"}

_SAID_OF_PICKING: Final = """
SELECT DISTINCT s.order_id FROM shipment s JOIN attention a ON a.order_id = s.order_id
WHERE s.no = ANY(CAST(:numbers AS text[])) AND a.cause = 'Late' AND a.resolved_at IS NULL
ORDER BY s.order_id
"""

_OPEN: Final = f"""
SELECT o.id, o.no, o.status, o.channel_state, o.ship_by, o.shop_id,
       coalesce(c.name, o.shop_id) AS shop,
       c.settings AS shop_settings, door.times AS door, coalesce(h.spans, '[]') AS hold_spans,
       coalesce(s.shipments, '[]') AS shipments, coalesce(s.place, '') AS place, 0 AS to_allocate,
       EXISTS (SELECT FROM backorder WHERE order_id = o.id AND state = 'waiting') AS waiting,
       EXISTS (SELECT FROM till_ticket t WHERE t.order_id = o.id) AS carried_out
FROM sales_order o LEFT JOIN shop c ON c.id = o.shop_id
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(placed_at, released_at)) AS spans FROM order_hold
    WHERE order_id = o.id
      AND (released_at IS NULL OR kind NOT IN ('unpaid', 'presale'))) h ON true
LEFT JOIN LATERAL (
    SELECT min(l.name) AS place,
           jsonb_agg(jsonb_build_object('status', x.status, 'carrier', x.carrier,
                                        'cutoff', v.at, 'zone', l.zone,
                                        'works_on', l.works_on, 'off', l.days_off,
                                        'on', l.days_on,
                                        'picked', x.picked_at IS NOT NULL
                                                  OR x.waits_for = 'packing')
                     ORDER BY x.no) AS shipments
    FROM shipment x JOIN location l ON l.id = x.location_id
    LEFT JOIN carrier_cutoff v ON v.location_id = x.location_id AND v.carrier = x.carrier
    WHERE x.order_id = o.id AND x.status <> 'cancelled') s ON true
{HOLDS_THERE}
WHERE o.ship_by < :until AND o.status NOT IN ('delivered', 'completed', 'cancelled')
  AND (:shop = '' OR o.shop_id = :shop)
ORDER BY o.ship_by, o.id LIMIT :limit
"""  # noqa: S608 (made of constants)


@dataclass(frozen=True, slots=True)
class Listed:
    """A clock of an order, with whose it is."""

    no: str
    shop_id: str
    shop: str
    place: str
    status: str
    promise: Promise


def promises_of(row: Any) -> tuple[Promise, ...]:
    """The clocks of an order as its rows say; none without a promise or once nothing is owed."""
    status = OrderStatus(row.status)
    live = [one for one in row.shipments if one["status"] != ShipmentStatus.CANCELLED]
    stages = [ShipmentStatus(one["status"]) for one in live]
    elsewhere = row.channel_state in SENT and not any(stage.has_left for stage in stages)
    gone = row.channel_state == ChannelState.CANCELLED or row.carried_out or elsewhere
    if row.ship_by is None or status.is_closed or gone:
        return ()
    whole = bool(live) and not row.to_allocate and not row.waiting
    still_here = [one for one in live if not ShipmentStatus(one["status"]).has_left]
    leading = (still_here or live or [{}])[0]
    cutoff = leading.get("cutoff")
    return promises(
        Promised(
            row.ship_by,
            tuple(_hold(span) for span in row.hold_spans),
            picked=whole and all(one["picked"] or one["status"] not in _NOT_PICKED for one in live),
            left=whole and all(stage.has_left for stage in stages),
            delivered=whole and all(stage is ShipmentStatus.DELIVERED for stage in stages),
            carrier=leading.get("carrier") or "",
            cutoff=time.fromisoformat(cutoff) if cutoff else None,
            zone=leading.get("zone") or "UTC",
            to_door=days_to_door(times_of(row.door), leading.get("carrier") or ""),
            days=_days(leading),
            rules=PromiseRules.of(row.shop_settings or {}),
        )
    )


async def say(session: AsyncSession, order_id: str, shop_id: str, said: Said) -> None:
    """One more item for people; it asks nothing of the order."""
    clock, level = said.promise.clock, said.level
    await open_attention(
        session, workflow_id=_subject(order_id), step_id=said.step, cause=LATE,
        error=_SENTENCES[clock, level], code=clock, system=f"promise/{_TOLD_TO[level]}",
        order_id=order_id, attempts=0, actions=("done_by_hand",),
        fingerprint=f"promise|{clock}|{level}|{shop_id}"[:300],
    )  # fmt: skip


async def close_promise(session: AsyncSession, order_id: str, step: str) -> None:
    """It was said, and is no longer so."""
    await resolve_attention(
        session, workflow_id=_subject(order_id), step_id=step, by="system",
        resolution="interrupted",
    )  # fmt: skip


async def close_picked(session: AsyncSession, numbers: Sequence[str]) -> None:
    """What was said about picking these shipments, where their orders are picked now.

    Their orders are not told of a pick; all other clocks are closed when they look.
    """
    for told in await run(session, _SAID_OF_PICKING, numbers=list(numbers)):
        [row] = await run(session, STATE, order_id=told.order_id)
        for step in over(promises_of(row), row.said_open):
            await close_promise(session, told.order_id, step)


async def open_promises(
    session: AsyncSession, now: datetime, hours: int, shop: str
) -> tuple[list[Listed], bool]:
    """Clocks not yet met that are due within so many hours or late, the earliest first; whether
    there are more orders than were looked at."""
    until = now + timedelta(hours=hours)
    # A pick-by comes before its ship-by: look a day further for those.
    rows = await run(
        session, _OPEN, until=until + timedelta(days=1), shop=shop, limit=MOST_LISTED + 1
    )
    found = [one for row in rows[:MOST_LISTED] for one in _listed(row) if one.promise.due < until]
    return sorted(found, key=lambda one: (one.promise.due, one.no)), len(rows) > MOST_LISTED


def _listed(row: Row[Any]) -> Sequence[Listed]:
    return [
        Listed(row.no, row.shop_id, row.shop, row.place, row.status, one)
        for one in promises_of(row)
        if not one.met
    ]


def _days(shipment: Mapping[str, Any]) -> WorkDays:
    """When the place works that sends it; a shipment that is not there yet is sent on any day."""
    if not shipment.get("works_on"):
        return WorkDays()
    return WorkDays.told(shipment["works_on"], shipment["off"], shipment["on"])


def _hold(span: Sequence[str | None]) -> Hold:
    start, end = span
    assert start is not None
    return datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None


def _subject(order_id: str) -> str:
    """These items belong to no step of a workflow."""
    return f"promise/{order_id}"
