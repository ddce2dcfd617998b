"""Allocating orders: one read, decisions one after the other on it, one reservation for all."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import OrderRules
from activities.shared.batching import MicroBatcher
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders import allocating
from db.orders.allocating import AllocationRepository
from db.orders.repository import OrderRepository
from domain.inventory.stock import Reserved, ReserveStock, StockKey, StockLine
from domain.logistics.tariff import TariffRow
from domain.orders.lifecycle import OrderState
from domain.orders.sourcing.model import Candidate, Decision, Demand, Strategy
from domain.orders.sourcing.source import source
from domain.orders.work import AllocateOrder, Entry
from domain.shared.distance import haversine_km
from domain.shared.errors import UnknownLocation
from domain.shared.ids import LocationId, Sku

_ROUNDS: Final = 4  # how often an order is planned anew when others were faster
_FAR_KM: Final = 5_000.0  # a place without coordinates is chosen last


@dataclass(slots=True)
class _Plan:
    """One order's allocation while it is being made."""

    request: AllocateOrder
    order: Any
    demands: tuple[Demand, ...] = ()
    decision: Decision | None = None
    shipments: list[tuple[str, str, list[tuple[str, str, int]]]] = field(default_factory=list)


class AllocationBatcher:
    """The one object of a worker process that allocates; it commits for all who wait."""

    def __init__(
        self,
        sessions: Sessions,
        rules: OrderRules,
        strategy: Strategy = Strategy.CHEAPEST,
        max_parcels: int = 4,
    ) -> None:
        self._sessions = sessions
        self._rules = rules
        self._strategy = strategy
        self._max_parcels = max_parcels
        self._batcher = MicroBatcher(self._allocate)

    async def allocate(self, request: AllocateOrder) -> OrderState:
        """Reserve for an order and make its shipments; what is missing queues as backorders."""
        return await self._batcher.ask(request)

    async def _allocate(self, requests: Sequence[AllocateOrder]) -> list[OrderState]:
        async with self._sessions.begin() as session:
            repository = AllocationRepository(session)
            orders, stock = OrderRepository(session), StockRepository(session)
            for order_id in sorted({request.order_id for request in requests}):
                await orders.lock(order_id)
            ids = [request.allocation_id for request in requests]
            done = {r.allocation_id for r in await repository.rows(allocating.DONE, ids=ids)}
            fresh = [request for request in requests if request.allocation_id not in done]
            plans = await self._read(repository, fresh)
            await self._adopt(repository, plans)
            pending = [plan for plan in plans if plan.demands]
            for last in (*[False] * (_ROUNDS - 1), True):
                pending = await self._round(repository, stock, pending, last=last)
                if not pending:
                    break
            await self._write(repository, plans)
            answers: dict[str, OrderState] = {}
            for request in requests:
                state = await orders.state(request.order_id)
                entries = _story(plans, request) if request.allocation_id not in done else []
                answers[request.allocation_id] = await orders.record(state, request.seq, entries)
        return [answers[request.allocation_id] for request in requests]

    async def _read(
        self, repository: AllocationRepository, requests: Sequence[AllocateOrder]
    ) -> list[_Plan]:
        ids = [request.order_id for request in requests]
        rows = {row.id: row for row in await repository.rows(allocating.ORDERS, ids=ids)}
        order = {order_id: number for number, order_id in enumerate(rows)}
        by_order: dict[str, list[Demand]] = {}
        for line in await repository.rows(allocating.OPEN_LINES, ids=ids):
            if line.quantity > 0:
                by_order.setdefault(line.order_id, []).append(
                    Demand(line.id, line.sku, int(line.quantity), line.weight_g, line.volume_mm3)
                )
        plans = [
            _Plan(request, rows[request.order_id], tuple(by_order.get(request.order_id, ())))
            for request in requests
        ]
        return sorted(plans, key=lambda plan: order[plan.request.order_id])

    async def _adopt(self, repository: AllocationRepository, plans: Sequence[_Plan]) -> None:
        """Backorders that were filled become shipments from where their units are."""
        by_id = {plan.request.order_id: plan for plan in plans}
        rows = await repository.rows(allocating.FILLED, ids=list(by_id))
        if not rows:
            return
        numbers: dict[tuple[str, str], str] = {}
        for row in rows:
            plan, place = by_id[row.order_id], (row.order_id, row.location_id)
            if place not in numbers:
                numbers[place] = _next_number(plan)
                plan.shipments.append((numbers[place], row.location_id, []))
            found = next(s for s in plan.shipments if s[0] == numbers[place])
            found[2].append((row.fulfilment_line_id, row.sku, int(row.quantity)))
        await repository.rows(
            allocating.ADOPT,
            backorder_ids=[row.id for row in rows],
            shipment_nos=[numbers[row.order_id, row.location_id] for row in rows],
        )

    async def _round(
        self,
        repository: AllocationRepository,
        stock: StockRepository,
        plans: list[_Plan],
        *,
        last: bool,
    ) -> list[_Plan]:
        """Decide for every plan and reserve all together; returns those that were overtaken."""
        if not plans:
            return []
        picture = await _Picture.read(repository, stock, plans)
        asked: dict[str, _Plan] = {}
        requests: list[ReserveStock] = []
        for plan in plans:
            plan.decision = source(
                plan.demands, picture.candidates(plan), self._strategy, self._max_parcels
            )
            for placement in plan.decision.plan:
                number = _next_number(plan)
                plan.shipments.append((number, placement.location_id, list(placement.lines)))
                picture.take(placement.location_id, placement.lines)
                requests.append(_reservation(plan, number, placement.location_id, placement.lines))
                asked[number] = plan
        answers = await stock.reserve_batch(requests) if requests else {}
        refused = {id(asked[no]): asked[no] for no, a in answers.items() if a is Reserved.REFUSED}
        for plan in refused.values():
            mine = {no for no, owner in asked.items() if owner is plan}
            for no in sorted(mine):
                if answers[no] is not Reserved.REFUSED:
                    await stock.release(no)
            plan.shipments = [s for s in plan.shipments if s[0] not in mine]
            if last:
                plan.decision = None  # overtaken too often: everything queues
        return list(refused.values())

    async def _write(self, repository: AllocationRepository, plans: Sequence[_Plan]) -> None:
        shipments, lines, decisions, backorders = [], [], [], []
        locations = await repository.rows(allocating.LOCATIONS)
        for plan in plans:
            request = plan.request
            for number, location_id, placed in plan.shipments:
                shipments.append(
                    {
                        "no": number,
                        "order_id": request.order_id,
                        "allocation_id": request.allocation_id,
                        "location_id": location_id,
                    }
                )
                lines += [
                    {"shipment_no": number, "fulfilment_line_id": line, "quantity": quantity}
                    for line, _, quantity in placed
                ]
            decisions.append(_decision(plan))
            backorders += _backorders(plan, locations)
        await _write_json(repository, allocating.INSERT_SHIPMENTS, shipments=shipments)
        await _write_json(repository, allocating.INSERT_SHIPMENT_LINES, lines=lines)
        await _write_json(repository, allocating.INSERT_DECISIONS, decisions=decisions)
        await _write_json(repository, allocating.INSERT_BACKORDERS, backorders=backorders)
        await repository.rows(
            allocating.RESERVED_UNTIL,
            ids=[plan.request.order_id for plan in plans],
            patience=self._rules.unpaid_expiry,
        )


@dataclass(slots=True)
class _Picture:
    """Stock, places and prices as all plans of a batch see them; each takes from the next."""

    locations: Sequence[Any]
    free: dict[str, dict[str, int]]
    tariffs: dict[str, tuple[TariffRow, ...]]

    @classmethod
    async def read(
        cls, repository: AllocationRepository, stock: StockRepository, plans: Sequence[_Plan]
    ) -> "_Picture":
        locations = await repository.rows(allocating.LOCATIONS)
        if not locations:
            raise UnknownLocation("no location ships orders")
        skus = sorted({demand.sku for plan in plans for demand in plan.demands})
        free: dict[str, dict[str, int]] = {row.id: {} for row in locations}
        for level in await stock.levels(skus):
            if level.location_id in free:
                free[level.location_id][level.sku] = level.available
        tariffs: dict[str, list[TariffRow]] = {}
        for row in await repository.rows(allocating.TARIFFS):
            province = "*" if row.destination_zone == "*" else row.province_code or ""
            tariffs.setdefault(province, []).append(_tariff(row))
        return cls(locations, free, {zone: tuple(rows) for zone, rows in tariffs.items()})

    def candidates(self, plan: _Plan) -> tuple[Candidate, ...]:
        """The places that could send this order, with what is left there now."""
        order = plan.order
        province = f"{(order.division_code or '')[:2]}0000"
        freight = (*self.tariffs.get(province, ()), *self.tariffs.get("*", ()))
        return tuple(
            Candidate(
                location_id=row.id,
                distance_km=_distance(row, order),
                priority=row.priority,
                handling_minor=row.handling_minor,
                free=self.free[row.id],
                freight=freight,
            )
            for row in self.locations
            if row.id not in plan.request.excluded_locations
        )

    def take(self, location_id: str, lines: Sequence[tuple[str, str, int]]) -> None:
        """These units are promised now."""
        for _, sku, quantity in lines:
            self.free[location_id][sku] -= quantity


@dataclass(frozen=True, slots=True)
class SourcingActivities:
    """Allocation as the order workflow calls it."""

    batcher: AllocationBatcher

    @activity.defn(name="order.allocate")
    async def allocate(self, request: AllocateOrder) -> OrderState:
        """Reserve for everything that is open; the same allocation id gets the first answer."""
        return await self.batcher.allocate(request)


def _next_number(plan: _Plan) -> str:
    """Numbers go on where earlier shipments of the order ended, and are never used twice."""
    run, count = plan.request.allocation_id.rsplit(":", 2)[1:]
    del run
    taken = plan.order.shipments + len(plan.shipments) + 1
    return f"{plan.order.no}-{taken}" if count == "1" else f"{plan.order.no}-{count}{taken:02d}"


def _reservation(
    plan: _Plan, number: str, location_id: str, lines: Sequence[tuple[str, str, int]]
) -> ReserveStock:
    place = LocationId(location_id)
    return ReserveStock(
        number,
        tuple(StockLine(StockKey(Sku(sku), place), quantity) for _, sku, quantity in lines),
        plan.request.order_id,
        f"shipment/{number}",
    )


def _decision(plan: _Plan) -> dict[str, Any]:
    demands = [asdict(demand) for demand in plan.demands]
    decision = asdict(plan.decision) if plan.decision else {}
    return {
        "allocation_id": plan.request.allocation_id,
        "order_id": plan.request.order_id,
        "inputs": {"demands": demands, "excluded": list(plan.request.excluded_locations)},
        "decision": decision,
    }


def _missing(plan: _Plan) -> Iterator[tuple[str, str, int]]:
    if plan.decision is not None:
        yield from plan.decision.missing
    else:
        for demand in plan.demands:
            yield demand.line_id, demand.sku, demand.quantity


def _backorders(plan: _Plan, locations: Sequence[Any]) -> list[dict[str, Any]]:
    """Missing units queue where goods usually come in first: the place of the first priority."""
    open_places = [row.id for row in locations if row.id not in plan.request.excluded_locations]
    place = (open_places or [row.id for row in locations])[0]
    return [
        {
            "id": f"{plan.request.allocation_id}:{number}",
            "order_id": plan.request.order_id,
            "fulfilment_line_id": line_id,
            "sku": sku,
            "location_id": place,
            "quantity": quantity,
        }
        for number, (line_id, sku, quantity) in enumerate(_missing(plan))
    ]


def _story(plans: Sequence[_Plan], request: AllocateOrder) -> list[Entry]:
    plan = next(p for p in plans if p.request.allocation_id == request.allocation_id)
    entries = [
        Entry("allocated", {"shipment": number, "location": location_id})
        for number, location_id, _ in plan.shipments
    ]
    short = ", ".join(f"{sku} × {quantity}" for _, sku, quantity in _missing(plan))
    return entries + ([Entry("backordered", {"missing": short})] if short else [])


async def _write_json(
    repository: AllocationRepository, statement: str, **rows: Sequence[dict[str, Any]]
) -> None:
    ((name, values),) = rows.items()
    if values:
        await repository.rows(statement, **{name: json.dumps(values, default=str)})


def _tariff(row: Any) -> TariffRow:
    return TariffRow(
        row.carrier, row.product, row.origin_zone, row.destination_zone, row.first_g,
        row.first_minor, row.step_g, row.step_minor, row.volumetric_divisor, row.surcharge_minor,
        row.minimum_minor, row.currency, row.valid_from, row.valid_to or date.max,
    )  # fmt: skip


def _distance(location: Any, order: Any) -> float:
    if None in (location.longitude, location.latitude, order.longitude, order.latitude):
        return _FAR_KM
    return haversine_km(location.latitude, location.longitude, order.latitude, order.longitude)
