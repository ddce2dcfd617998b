"""Another address for an order that has not left: read, planned and carried out."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.keys import order_key
from db.logistics.tariffs import carriers_without_cash, shut_carriers
from db.orders import allocating, cancelling, together
from db.orders.boxes import leave_box, lock_box, part_from_others
from db.orders.delivery import times_there
from db.orders.promises import promises_of
from db.orders.receivers import correct_receiver, open_receiver
from db.orders.repository import OrderRepository
from db.orders.statements import STATE
from db.platform.outbox import queue_signal
from db.shared.placing import keep_decision, reserve_placements
from db.shared.sourcing import Destination, Network
from db.sql import run
from db.vault import Vault, correction_context
from domain.logistics.tariff import TariffRow, contract_day, province_of
from domain.orders.companions import Companion, Waiting
from domain.orders.messages import StateChanged
from domain.orders.order import HoldKind
from domain.orders.promises import Clock
from domain.orders.readdressing import (
    AddressPlan,
    Bound,
    Box,
    Readdressable,
    decision_for,
    plan_address,
)
from domain.orders.sourcing.model import Demand, Placement, Strategy, Usual
from domain.shared.address import Address
from domain.shared.errors import ActionNotAllowed, PlanChanged
from domain.shared.ids import shipment_workflow_id

_PARCELS: Final = """
SELECT s.no, s.carrier, s.product,
       (SELECT jsonb_agg(jsonb_build_array(p.weight_g,
                   p.length_mm::bigint * p.width_mm * p.height_mm) ORDER BY p.id)
        FROM parcel p WHERE p.shipment_no = s.no AND p.voided_at IS NULL) AS boxes,
       coalesce((SELECT array_agg(p.waybill_no ORDER BY p.waybill_no) FROM parcel p
                 WHERE p.shipment_no = coalesce(nullif(s.ships_with, ''), s.no)
                   AND p.waybill_no <> '' AND p.voided_at IS NULL), '{}') AS waybills,
       EXISTS (SELECT FROM parcel p WHERE p.shipment_no = s.no AND p.voided_at IS NULL
                 AND p.carrier <> '' AND p.waybill_no = '') AS rated
FROM shipment s WHERE s.order_id = :order_id ORDER BY s.no
"""
_CORRECTION: Final = "SELECT data FROM correction WHERE id = :id"
_GIVEN: Final = """
UPDATE shipment SET status = 'cancelled', waits_for = ''
WHERE no = :no AND status IN ('allocated', 'picking') AND picked_at IS NULL
RETURNING no
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from."""

    plan: AddressPlan
    what: Readdressable
    network: Network


async def address_plan(
    session: AsyncSession, order_id: str, to: Address, collecting: Collection[str], usual: Usual
) -> Planned:
    """What this address instead would do now; `collecting` are the carriers that collect cash.

    Raises ActionNotAllowed with the reason, OrderNotFound.
    """
    orders = await together.companions(session, order_id)
    mine = orders[0]
    pieces = [piece for one in mine.shipments for piece in one.pieces]
    demands = [
        Demand(piece.line_id, piece.sku, piece.quantity, piece.weight_g, piece.volume_mm3)
        for piece in pieces
    ]
    network = await Network.read(
        session, {piece.sku for piece in pieces}, contract_day(datetime.now(UTC)), [order_id]
    )
    row = (await run(session, allocating.ORDERS, ids=[order_id]))[0]
    cashless: frozenset[str] = frozenset()
    if mine.cash_on_delivery:
        cashless = await carriers_without_cash(session, collecting)
    there = network.candidates(demands, Destination(to.division_code, to.longitude, to.latitude))
    here = network.candidates(demands, Destination(row.division_code or ""))
    lines = [
        {place.location_id: _rows(place.freight, cashless) for place in places}
        for places in (here, there)
    ]
    what = Readdressable(
        mine.no, to.division_code, _is_usable(to),
        await _bound(session, order_id, orders, lines[0], lines[1]), there,
        Strategy(row.strategy or usual.strategy), row.max_parcels or usual.max_parcels,
        await shut_carriers(session),
    )  # fmt: skip
    return Planned(plan_address(what), what, network)


async def deliver_by(
    session: AsyncSession, order_id: str, carrier_of: Mapping[str, str], to: Address
) -> tuple[datetime | None, datetime | None]:
    """When it is to be delivered as it is, and there with these carriers for its shipments."""
    row = (await run(session, STATE, order_id=order_id))[0]
    values = dict(row._mapping)
    values["shipments"] = [
        {**one, "carrier": carrier_of.get(one["no"], one["carrier"])} for one in row.shipments
    ]
    values["waiting"] = row.waiting
    if to.division_code:
        province = province_of(to.division_code)
        values["door"] = await times_there(session, row.shop_id, province)
    return _due(row), _due(SimpleNamespace(**values))


async def readdress(
    session: AsyncSession,
    vault: Vault,
    order_id: str,
    correction_id: str,
    plan_hash: str,
    collecting: Collection[str],
    usual: Usual,
) -> None:
    """Take over a corrected receiver, once: what its place does not serve goes from elsewhere,
    labels ordered for the old one are outdated with it. The caller holds the locks of all in its
    parcels.

    Raises ActionNotAllowed, PlanChanged where `plan_hash` names another plan.
    """
    if gone := await run(session, cancelling.GONE, order_id=order_id):
        raise ActionNotAllowed(f"{', '.join(row.no for row in gone)} has left already")
    to = await _corrected(session, vault, order_id, correction_id)
    if to is not None:
        found = await address_plan(session, order_id, to, collecting, usual)
        if plan_hash and plan_hash != found.plan.hash:
            raise PlanChanged("the order moved on since the plan was shown")
        await correct_receiver(session, vault, order_id, correction_id)
        await part_from_others(session, order_id)
        await _send_from_elsewhere(session, order_id, correction_id, found)
    orders = OrderRepository(session)
    await orders.release_holds(order_id, [HoldKind.ADDRESS], "system")


async def _send_from_elsewhere(
    session: AsyncSession, order_id: str, correction_id: str, found: Planned
) -> None:
    moved = [one.no for one in found.plan.given if not one.opened]
    for no in moved:
        await leave_box(session, await lock_box(session, no), no)
        if not await run(session, _GIVEN, no=no):
            raise PlanChanged("the order moved on since the plan was shown")
        await StockRepository(session).release(no)
        news = StateChanged("address", no)
        await queue_signal(session, shipment_workflow_id(no), "state_changed", news)
    if not moved:
        return
    question, decision = decision_for(found.what)
    allocation_id = f"{order_id}:address:{correction_id}"
    placements = [
        Placement(one.location_id, one.lines, one.cost_minor, 0, one.carrier, one.product)
        for one in found.plan.sent
    ]
    await reserve_placements(session, order_id, allocation_id, placements, found.network, "system")
    await keep_decision(session, order_id, allocation_id, question, decision)


async def _corrected(
    session: AsyncSession, vault: Vault, order_id: str, correction_id: str
) -> Address | None:
    """None once it was taken over, and where the order knows no receiver."""
    found = await run(session, _CORRECTION, id=correction_id)
    known = await open_receiver(session, vault, order_id)
    if known is None or not found or not found[0].data:
        return None
    key = await order_key(session, vault, order_id)
    plain = key.open(bytes.fromhex(found[0].data["sealed"]), correction_context(correction_id))
    where = {name: value for name, value in json.loads(plain).items() if name in Address.__slots__}
    return replace(known.address, **where)


async def _bound(
    session: AsyncSession,
    order_id: str,
    orders: Sequence[Companion],
    before: Mapping[str, tuple[TariffRow, ...]],
    after: Mapping[str, tuple[TariffRow, ...]],
) -> tuple[Bound, ...]:
    rows = {row.no: row for row in await run(session, _PARCELS, order_id=order_id)}
    boxes: dict[str, set[str]] = {}
    for order in orders[1:]:
        for one in order.shipments:
            boxes.setdefault(one.box, set()).add(order.no)
    return tuple(
        Bound(
            one.no, one.location_id, one.status, not one.may_move, one.pieces,
            _boxes_of(one, rows[one.no]), before.get(one.location_id, ()),
            after.get(one.location_id, ()), tuple(rows[one.no].waybills), rows[one.no].carrier,
            rows[one.no].product, tuple(sorted(boxes.get(one.box, ()))) if one.box else (),
            one.packed, rows[one.no].rated,
        )
        for one in orders[0].shipments
    )  # fmt: skip


def _boxes_of(one: Waiting, row: Any) -> tuple[Box, ...]:
    """The parcels that were packed; before that one, by what is in it."""
    if row.boxes:
        return tuple(Box(*box) for box in row.boxes)
    weight = sum(piece.weight_g * piece.quantity for piece in one.pieces)
    return (Box(weight, sum(piece.volume_mm3 * piece.quantity for piece in one.pieces)),)


def _rows(lines: Sequence[Any], cashless: frozenset[str]) -> tuple[TariffRow, ...]:
    return tuple(line for line in lines if line.carrier not in cashless)


def _is_usable(to: Address) -> bool:
    where = to.division_code or to.city or to.province
    return bool(to.detail and (where or to.country != "CN"))


def _due(row: Any) -> datetime | None:
    return next((one.due for one in promises_of(row) if one.clock is Clock.DELIVER_BY), None)
