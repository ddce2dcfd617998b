"""Allocating orders: one read, decisions one after the other on it, one reservation for all."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from temporalio import activity

from activities.orders.plans import Plan, Shipment, missing_of, reservation_of, story_of
from activities.orders.ports import OrderRules
from activities.shared.batching import MicroBatcher
from db.engine import Sessions
from db.inventory.earmarks import hand_to_orders
from db.inventory.expecting import expect_first
from db.inventory.remaining_life import wanted_by
from db.inventory.repository import StockRepository
from db.orders import allocating
from db.orders.allocating import AllocationRepository
from db.orders.repository import OrderRepository
from db.shared.sourcing import Destination, Network
from domain.inventory.stock import Reserved, ReserveStock, StockKey
from domain.logistics.tariff import contract_day
from domain.orders.lifecycle import OrderState
from domain.orders.sourcing.model import Decision, Demand, Strategy
from domain.orders.sourcing.record import Question, stored
from domain.orders.work import AllocateOrder
from domain.shared.ids import LocationId, Lot, Sku

_ROUNDS: Final = 4  # how often an order is planned anew when others were faster


class AllocationBatcher:
    """The one object of a worker process that allocates; it commits for all who wait."""

    def __init__(self, sessions: Sessions, rules: OrderRules) -> None:
        self._sessions = sessions
        self._rules = rules
        self._batcher = MicroBatcher(self._allocate)

    async def allocate(self, request: AllocateOrder) -> OrderState:
        """Reserve for an order and make its shipments; what is missing queues as backorders."""
        return await self._batcher.ask(request)

    async def _allocate(self, requests: Sequence[AllocateOrder]) -> list[OrderState]:
        # A transaction of its own, so that rows are locked in the one order all others use.
        async with self._sessions.begin() as session:
            await hand_to_orders(session, [request.order_id for request in requests])
        async with self._sessions.begin() as session:
            repository = AllocationRepository(session)
            orders = OrderRepository(session)
            for order_id in sorted({request.order_id for request in requests}):
                await orders.lock(order_id)
            ids = [request.allocation_id for request in requests]
            done = {r.allocation_id for r in await repository.rows(allocating.DONE, ids=ids)}
            fresh = [request for request in requests if request.allocation_id not in done]
            plans = await self._read(repository, fresh)
            await self._adopt(repository, plans)
            pending = [plan for plan in plans if plan.demands]
            for last in (*[False] * (_ROUNDS - 1), True):
                pending = await self._round(repository, pending, last=last)
                if not pending:
                    break
            queued = await self._write(repository, plans)
            answers: dict[str, OrderState] = {}
            for request in requests:
                state = await orders.state(request.order_id)
                entries = story_of(plans, request) if request.allocation_id not in done else []
                answers[request.allocation_id] = await orders.record(state, request.seq, entries)
        if queued or done:
            await self._serve_queue([request.order_id for request in requests])
        return [answers[request.allocation_id] for request in requests]

    async def _serve_queue(self, order_ids: Sequence[str]) -> None:
        """Goods that came in while we decided were not told of our backorders: look once more.

        Transactions of their own, so that rows are locked in the one order all others use. What
        still waits is promised the days that purchase orders say.
        """
        async with self._sessions.begin() as session:
            rows = await AllocationRepository(session).rows(allocating.QUEUED_AT, ids=order_ids)
            keys = [
                StockKey(Sku(row.sku), LocationId(row.location_id), Lot(row.lot)) for row in rows
            ]
            await StockRepository(session).fill_backorders(keys)
        async with self._sessions.begin() as session:
            await expect_first(session, order_ids, datetime.now(UTC))

    async def _read(
        self, repository: AllocationRepository, requests: Sequence[AllocateOrder]
    ) -> list[Plan]:
        ids = [request.order_id for request in requests]
        rows = {row.id: row for row in await repository.rows(allocating.ORDERS, ids=ids)}
        order = {order_id: number for number, order_id in enumerate(rows)}
        by_order: dict[str, list[Demand]] = {}
        for line in await repository.rows(allocating.OPEN_LINES, ids=ids):
            if line.quantity > 0:
                by_order.setdefault(line.order_id, []).append(
                    Demand(line.id, line.sku, int(line.quantity), line.weight_g, line.volume_mm3)
                )
        doubted: dict[str, set[tuple[str, str]]] = {}
        for row in await repository.rows(allocating.NOT_FOUND, ids=ids):
            doubted.setdefault(row.order_id, set()).add((row.location_id, row.sku))
        plans = [
            Plan(
                request,
                rows[request.order_id],
                tuple(by_order.get(request.order_id, ())),
                frozenset(doubted.get(request.order_id, ())),
            )
            for request in requests
        ]
        return sorted(plans, key=lambda plan: order[plan.request.order_id])

    async def _adopt(self, repository: AllocationRepository, plans: Sequence[Plan]) -> None:
        """Backorders that were filled become shipments from where their units are."""
        by_id = {str(plan.request.order_id): plan for plan in plans}
        rows = await repository.rows(allocating.FILLED, ids=list(by_id))
        if not rows:
            return
        lines: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for row in rows:
            line = (row.fulfilment_line_id, row.sku, int(row.quantity))
            lines.setdefault((row.order_id, row.location_id), []).append(line)
        numbers: dict[tuple[str, str], str] = {}
        for (order_id, location_id), placed in lines.items():
            plan = by_id[order_id]
            number = numbers[order_id, location_id] = plan.next_number()
            plan.shipments.append(Shipment(number, location_id, tuple(placed)))
        await repository.rows(
            allocating.ADOPT,
            backorder_ids=[row.id for row in rows],
            shipment_nos=[numbers[row.order_id, row.location_id] for row in rows],
        )

    async def _round(
        self, repository: AllocationRepository, plans: list[Plan], *, last: bool
    ) -> list[Plan]:
        """Decide for every plan and reserve all together; returns those that were overtaken."""
        if not plans:
            return []
        stock = StockRepository(repository.session)
        skus = {demand.sku for plan in plans for demand in plan.demands}
        network = await Network.read(repository.session, skus, contract_day(datetime.now(UTC)))
        if network.dated:
            wanted = await wanted_by(repository.session, [p.request.order_id for p in plans])
            for plan in plans:
                plan.wanted = wanted[plan.request.order_id]
        asked: dict[str, Plan] = {}
        requests: list[ReserveStock] = []
        for plan in plans:
            plan.decision = self._decide(plan, network)
            for parcel in plan.decision.plan:
                shipment = Shipment(
                    plan.next_number(), parcel.location_id, parcel.lines, parcel.carrier,
                    parcel.product,
                )  # fmt: skip
                plan.shipments.append(shipment)
                requests.append(reservation_of(plan, shipment, network))
                asked[shipment.no] = plan
        answers = await stock.reserve_batch(requests) if requests else {}
        refused = {
            id(asked[no]): asked[no] for no, a in answers.items() if a is not Reserved.GRANTED
        }
        for plan in refused.values():
            mine = {no for no, owner in asked.items() if owner is plan}
            for no in sorted(mine):
                if answers[no] is Reserved.GRANTED:
                    await stock.release(no)
            plan.shipments = [s for s in plan.shipments if s.no not in mine]
            if last:
                plan.decision = None  # overtaken too often: everything queues
        return list(refused.values())

    def _decide(self, plan: Plan, network: Network) -> Decision:
        order = plan.order
        to = Destination(order.division_code or "", order.longitude, order.latitude)
        question = Question(
            plan.demands,
            network.candidates(plan.demands, to, plan.doubted, plan.wanted),
            Strategy(order.strategy or self._rules.strategy),
            order.max_parcels or self._rules.max_parcels,
        )
        plan.question = stored(question) | {"doubted": sorted(plan.doubted)}
        return question.decide()

    async def _write(self, repository: AllocationRepository, plans: Sequence[Plan]) -> bool:
        """The shipments, decisions and backorders of all plans; whether anything queues."""
        shipments, lines, decisions, backorders = [], [], [], []
        for plan in plans:
            request = plan.request
            for shipment in plan.shipments:
                shipments.append(
                    {
                        "no": shipment.no,
                        "order_id": request.order_id,
                        "allocation_id": request.allocation_id,
                        "location_id": shipment.location_id,
                        "carrier": shipment.carrier,
                        "product": shipment.product,
                    }
                )
                lines += [
                    {"shipment_no": shipment.no, "fulfilment_line_id": line, "quantity": quantity}
                    for line, _, quantity in shipment.lines
                ]
            decisions.append(
                {
                    "allocation_id": request.allocation_id,
                    "order_id": request.order_id,
                    "inputs": plan.question,
                    "decision": asdict(plan.decision) if plan.decision else {},
                }
            )
            backorders += await _backorders(repository, plan)
        await _write_json(repository, allocating.INSERT_SHIPMENTS, shipments=shipments)
        await _write_json(repository, allocating.INSERT_SHIPMENT_LINES, lines=lines)
        await _write_json(repository, allocating.INSERT_DECISIONS, decisions=decisions)
        await _write_json(repository, allocating.INSERT_BACKORDERS, backorders=backorders)
        await repository.rows(
            allocating.RESERVED_UNTIL,
            ids=[plan.request.order_id for plan in plans],
            patience=self._rules.unpaid_expiry,
        )
        return bool(backorders)


@dataclass(frozen=True, slots=True)
class SourcingActivities:
    """Allocation as the order workflow calls it."""

    batcher: AllocationBatcher

    @activity.defn(name="order.allocate")
    async def allocate(self, request: AllocateOrder) -> OrderState:
        """Reserve for everything that is open; the same allocation id gets the first answer."""
        return await self.batcher.allocate(request)


async def _backorders(repository: AllocationRepository, plan: Plan) -> list[dict[str, Any]]:
    """Missing units queue where goods usually come in first: the place of the first priority.

    What only the cap on parcels keeps elsewhere queues at a place that sends anyway.
    """
    missing = list(missing_of(plan))
    if not missing:
        return []
    if plan.decision is not None and plan.decision.over_parcel_cap:
        place = plan.decision.plan[0].location_id
    else:
        place = (await repository.rows(allocating.FIRST_PLACE))[0].id
    return [
        {
            "id": f"{plan.request.allocation_id}:{number}",
            "order_id": plan.request.order_id,
            "fulfilment_line_id": line_id,
            "sku": sku,
            "location_id": place,
            "quantity": quantity,
        }
        for number, (line_id, sku, quantity) in enumerate(missing)
    ]


async def _write_json(
    repository: AllocationRepository, statement: str, **rows: Sequence[dict[str, Any]]
) -> None:
    ((name, values),) = rows.items()
    if values:
        await repository.rows(statement, **{name: json.dumps(values)})
