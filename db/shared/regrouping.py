"""Orders into one parcel, out of it again, and parts of one ahead: planned, then carried out."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.repository import StockRepository
from db.orders import boxes, together
from db.orders.returns import tell
from db.platform.outbox import queue_signal
from db.shared.sourcing import Destination, Network
from db.sql import run
from domain.inventory.stock import Reserved, ReserveStock, StockKey, StockLine
from domain.logistics.tariff import contract_day
from domain.orders.companions import Companion, Waiting, hindrance, hindrance_between
from domain.orders.merging import MergePlan, PartingPlan, plan_merge, plan_parting
from domain.orders.messages import StateChanged
from domain.orders.order import ShipmentStatus
from domain.orders.sourcing.model import Candidate, Demand
from domain.orders.splitting import Dividable, Part, SplitPlan, plan_split
from domain.shared.errors import ActionNotAllowed, PlanChanged
from domain.shared.ids import LocationId, Lot, Sku, shipment_workflow_id

STORY: Final = "change"

_MOVED: Final = (
    "UPDATE shipment SET location_id = :place, carrier = '', product = '' WHERE no = :no"
)

_SENDING: Final = """
SELECT id, name FROM location WHERE ships AND active AND kind <> 'transit' ORDER BY priority, id
"""

_KNOWN: Final = "SELECT kind FROM order_change WHERE id = :id"
_KEEP: Final = """
INSERT INTO order_change (id, order_id, kind, data, reason, actor)
VALUES (:id, :order_id, :kind, CAST(:data AS jsonb), :reason, :actor)
"""

# The number goes on where the order's shipments are; its lines leave the first shipment.
_SPLIT: Final = """
INSERT INTO shipment (no, order_id, allocation_id, location_id, workflow_id, status, seq,
                      waits_for, carrier, product, freight_minor, weight_g, ship_by, sent_ahead)
SELECT o.no || '-S' || (SELECT count(*) + 1 FROM shipment x WHERE x.order_id = o.id), o.id,
       s.allocation_id, s.location_id, 'shipment/' || o.no || '-S' ||
       (SELECT count(*) + 1 FROM shipment x WHERE x.order_id = o.id), 'allocated', 0, 'warehouse',
       s.carrier, s.product, 0, 0, s.ship_by, true
FROM shipment s JOIN sales_order o ON o.id = s.order_id WHERE s.no = :no
RETURNING no
"""
_SHRINK: Final = """
WITH taken AS (
    SELECT * FROM unnest(CAST(:lines AS text[]), CAST(:units AS bigint[])) AS t(id, units)
), gone AS (
    UPDATE shipment_line x SET shipment_no = :target FROM taken t
    WHERE x.shipment_no = :source AND x.fulfilment_line_id = t.id AND x.quantity = t.units
), less AS (
    UPDATE shipment_line x SET quantity = x.quantity - t.units FROM taken t
    WHERE x.shipment_no = :source AND x.fulfilment_line_id = t.id AND x.quantity > t.units
    RETURNING x.fulfilment_line_id AS id, x.order_line_id, x.sku, t.units
)
INSERT INTO shipment_line (shipment_no, fulfilment_line_id, order_line_id, sku, quantity)
SELECT :target, id, order_line_id, sku, units FROM less
"""
_AHEAD: Final = "UPDATE shipment SET sent_ahead = true WHERE no = ANY(:nos)"


async def known_change(session: AsyncSession, change_id: str) -> bool:
    """Whether it was carried out before: then its answer was lost on the way."""
    return bool(await run(session, _KNOWN, id=change_id))


async def keep_change(
    session: AsyncSession,
    change_id: str,
    order_id: str,
    kind: str,
    plan: Any,
    reason: str,
    actor: str,
) -> None:
    """Write down what is carried out, in its transaction."""
    await run(
        session, _KEEP, id=change_id, order_id=order_id, kind=kind,
        data=json.dumps(asdict(plan), ensure_ascii=False), reason=reason, actor=actor,
    )  # fmt: skip


async def merge_plan(session: AsyncSession, order_id: str, others: Collection[str]) -> MergePlan:
    """What putting these orders into one parcel would do now. Raises ActionNotAllowed."""
    orders = await together.companions(session, order_id, others)
    return plan_merge(orders, await _places(session, orders))


async def parting_plan(session: AsyncSession, order_id: str) -> PartingPlan:
    """What taking the order out of a shared parcel would do now. Raises ActionNotAllowed."""
    orders = await together.companions(session, order_id)
    return plan_parting(orders, await _places(session, orders))


async def split_plan(
    session: AsyncSession, order_id: str, wanted: Mapping[str, int], location_id: str
) -> SplitPlan:
    """What sending these units of order lines now would do. Raises ActionNotAllowed."""
    return plan_split(await dividable(session, order_id), wanted, location_id)


async def dividable(session: AsyncSession, order_id: str) -> Dividable:
    """The order with what of it lies ready, and the places it could go from."""
    order = next(one for one in await together.companions(session, order_id))
    awaited = await run(session, _AWAITED, order_id=order_id)
    return Dividable(
        order, await together.factors_of(session, order_id), int(awaited[0].units or 0),
        await _places(session, [order]),
    )  # fmt: skip


_AWAITED: Final = """
SELECT sum(quantity) AS units FROM backorder WHERE order_id = :order_id AND state = 'waiting'
"""


async def put_together(session: AsyncSession, plan: MergePlan, reason: str, actor: str) -> None:
    """Carry out a plan; the locks are held. Raises PlanChanged when stock went meanwhile."""
    everybody = [plan.lead, *plan.riders]
    shipments = {one.no: one for one in await _waiting(session, everybody)}
    await _move(session, [shipments[no] for no in plan.moved], plan.location_id)
    for no in everybody:  # whoever is in a parcel now leaves it first
        await boxes.leave_box(session, await boxes.lock_box(session, no), no)
    await boxes.ride_together(
        session, everybody, plan.lead, plan.status,
        ahead=any(one.ahead for one in await _flags(session, everybody)), picked=plan.picked,
    )  # fmt: skip
    data = {"orders": ", ".join(plan.order_nos), "reason": reason, "location": plan.location_id}
    for order_id in sorted({one.order_id for one in shipments.values()}):
        kind = "merged" if len(plan.order_nos) > 1 else "rejoined"
        await tell(session, order_id, STORY, kind, data, actor)
        await _wake_order(session, order_id)
    await boxes.wake(session, await boxes.lock_box(session, plan.lead))


async def take_apart(session: AsyncSession, order_id: str, reason: str, actor: str) -> None:
    """The order's goods go by themselves again; the caller holds the locks."""
    orders = await together.companions(session, order_id)
    for one in (one for one in orders[0].shipments if one.box):
        await boxes.part(session, await boxes.lock_box(session, one.no), one.no, reason)
    data = {"orders": ", ".join(order.no for order in orders), "reason": reason}
    for order in orders:
        await tell(session, order.order_id, STORY, "parted", data, actor)
        await _wake_order(session, order.order_id)


async def send_ahead(
    session: AsyncSession, order_id: str, plan: SplitPlan, reason: str, actor: str
) -> None:
    """Carry out a plan; the locks are held. Raises PlanChanged when stock went meanwhile."""
    numbers = [await taken_out(session, order_id, part) for part in plan.parts]
    await run(session, _AHEAD, nos=numbers)
    if plan.location_id:
        parts = await _waiting(session, numbers)
        elsewhere = [one for one in parts if one.location_id != plan.location_id]
        await _move(session, elsewhere, plan.location_id)
        if len(numbers) > 1:
            status = (
                ShipmentStatus.PICKING
                if any(one.status is ShipmentStatus.PICKING for one in parts)
                else ShipmentStatus.ALLOCATED
            )
            await boxes.ride_together(session, numbers, numbers[0], status, ahead=True)
    for part, no in zip(plan.parts, numbers, strict=True):
        told = ", ".join(f"{sku} × {units}" for _, sku, units in part.lines)
        data = {"shipment": no, "lines": told, "reason": reason}
        await tell(session, order_id, STORY, "sent_ahead", data, actor)
        for number in {no, part.shipment_no}:
            news = StateChanged("split", number)
            await queue_signal(session, shipment_workflow_id(number), "state_changed", news)


async def suggestion(
    session: AsyncSession, order_id: str, shop_id: str = "", *, certain: bool = False
) -> MergePlan | None:
    """All orders that could go in one parcel with this one now; of one shop, where it is given.

    `certain`: a receiver known by masks alone is for a person to judge.
    """
    found = await together.candidates_of(session, order_id, shop_id)
    orders = await together.companions(session, order_id, found)
    mine, *others = orders
    if not found or hindrance(mine) or (certain and mine.hidden and mine.buyer):
        return None
    able = [one for one in others if not (hindrance(one) or hindrance_between(mine, one))]
    places = await _places(session, orders)
    while able:
        try:
            return plan_merge([mine, *able], places)
        except ActionNotAllowed:
            able.pop()
    return None


async def sending_places(session: AsyncSession) -> dict[str, str]:
    """The names of all places that send."""
    return {row.id: row.name for row in await run(session, _SENDING)}


async def taken_out(session: AsyncSession, order_id: str, part: Part) -> str:
    """The number of the shipment that has exactly this part: its own, where that is all of it."""
    if part.whole:
        return part.shipment_no
    new = str((await run(session, _SPLIT, no=part.shipment_no))[0].no)
    await run(
        session, _SHRINK, source=part.shipment_no, target=new,
        lines=[line for line, _, _ in part.lines], units=[units for _, _, units in part.lines],
    )  # fmt: skip
    await StockRepository(session).hand_on(
        part.shipment_no, new, _by_sku((sku, units) for _, sku, units in part.lines), order_id,
        shipment_workflow_id(new),
    )  # fmt: skip
    return new


async def _move(session: AsyncSession, shipments: Sequence[Waiting], location_id: str) -> None:
    """Reserve what is in these shipments at another place, and free it where it was."""
    if not shipments:
        return
    stock = StockRepository(session)
    skus = {piece.sku for one in shipments for piece in one.pieces}
    network = await Network.read(
        session, skus, contract_day(datetime.now(UTC)), {one.order_id for one in shipments}
    )
    place = LocationId(location_id)
    requests: list[ReserveStock] = []
    old = [line.key for one in shipments for line in await stock.held(one.no)]
    new = [StockKey(Sku(sku), place, Lot(lot.lot)) for (where, sku), lots in network.lots.items()
           if where == location_id for lot in lots]  # fmt: skip
    await stock.hold([*old, *new])
    for one in shipments:
        lines = tuple(
            StockLine(StockKey(Sku(sku), place, Lot(lot)), units)
            for sku, quantity in _by_sku((p.sku, p.quantity) for p in one.pieces).items()
            for lot, units in network.take(location_id, sku, quantity)
        )
        requests.append(ReserveStock(new_id("mov"), lines, one.order_id))
    answers = await stock.reserve_batch(requests)
    if any(answer is not Reserved.GRANTED for answer in answers.values()):
        raise PlanChanged(f"{location_id} does not have all of it any more")
    for one, taken in zip(shipments, requests, strict=True):
        units = _by_sku((p.sku, p.quantity) for p in one.pieces)
        left = new_id("mov")
        await stock.hand_on(one.no, left, units, one.order_id)
        await stock.hand_on(
            taken.reservation_id, one.no, units, one.order_id, shipment_workflow_id(one.no)
        )
        await stock.release(left)
        await run(session, _MOVED, place=location_id, no=one.no)


async def _places(session: AsyncSession, orders: Sequence[Companion]) -> tuple[Candidate, ...]:
    """The places that send, with what no order was promised there, and what parcels cost."""
    demands = [
        Demand(piece.line_id, piece.sku, piece.quantity, piece.weight_g, piece.volume_mm3)
        for order in orders
        for one in order.shipments
        for piece in one.pieces
    ]
    skus = {demand.sku for demand in demands}
    network = await Network.read(
        session, skus, contract_day(datetime.now(UTC)), [order.order_id for order in orders]
    )
    division, longitude, latitude = await together.destination_of(session, orders[0].order_id)
    return network.candidates(demands, Destination(division or "", longitude, latitude))


async def _waiting(session: AsyncSession, numbers: Sequence[str]) -> list[Waiting]:
    rows = await run(session, "SELECT DISTINCT order_id FROM shipment WHERE no = ANY(:nos)",
                     nos=list(numbers))  # fmt: skip
    found = await together.companions(session, rows[0].order_id, [row.order_id for row in rows[1:]])
    by_no = {one.no: one for order in found for one in order.shipments}
    return [by_no[no] for no in numbers]


async def _flags(session: AsyncSession, numbers: Sequence[str]) -> Sequence[Any]:
    return await run(
        session, "SELECT sent_ahead AS ahead FROM shipment WHERE no = ANY(:nos)", nos=list(numbers)
    )


async def _wake_order(session: AsyncSession, order_id: str) -> None:
    rows = await run(session, "SELECT workflow_id FROM sales_order WHERE id = :id", id=order_id)
    news = StateChanged("change", order_id)
    await queue_signal(session, rows[0].workflow_id, "state_changed", news)


def _by_sku(pairs: Any) -> dict[str, int]:
    sums: dict[str, int] = {}
    for sku, quantity in pairs:
        sums[sku] = sums.get(sku, 0) + quantity
    return sums
