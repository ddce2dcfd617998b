"""One small company with real tables, real workflows and a faked outside world."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import text
from temporalio.client import Client, WorkflowHandle
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import Interceptor, Worker

from activities.orders.ports import Adapters, OrderRules
from db.audit import audit
from db.channels.tables import ChannelSkuRow, ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.logistics.tables import CarrierAccountRow, TariffRow
from db.orders.cancelling import cancellable
from db.orders.repository import OrderRepository
from db.orders.warehouse import Warehouse
from db.platform.tables import WebhookEndpointRow
from db.shared.intake import accept
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.cancellation import CancellationPlan, plan_cancellation
from domain.orders.messages import (
    Accepted,
    Cancel,
    HandedOver,
    MessageArrived,
    OrderRef,
    Packed,
    Picked,
    Tracked,
)
from domain.shared.ids import InboxId, LocationId, OrderId, Sku, order_workflow_id
from runtime.fan_out import SignalFanOut
from runtime.temporal import TASK_QUEUE
from tests.fakes.outside import FakeAdapters
from tests.people import VAULT
from tests.seeds import seed_network
from worker import World, activities_beside_orders, activities_of, audit_activities, make_worker


def own_order(number: str, revision: int = 1, state: str = "paid", **changes: Any) -> bytes:
    """An order of the own channel for two units of A."""
    order: dict[str, Any] = {
        "order_no": number,
        "revision": revision,
        "state": state,
        "currency": "CNY",
        "placed_at": "2026-11-20T08:00:00+08:00",
        "lines": [
            {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"}
        ],
        "receiver": {
            "name": "王小明",
            "phone": "13800000001",
            "province": "浙江省",
            "city": "杭州市",
            "district": "余杭区",
            "detail": "文一西路 969 号",
        },
    }
    return json.dumps(order | changes).encode()


@dataclass
class Company:
    """Handles of the running test company."""

    client: Client
    sessions: Sessions
    outside: FakeAdapters
    patience: int = 200  # looks, 50 ms apart
    _messages: int = field(default=0)

    async def seed(self, stock: int = 10) -> None:
        """Two locations, SKUs A and B, one shop, one carrier with a tariff, stock of A in HQ."""
        await seed_network(self.sessions, locations=("HQ", "SOUTH"), skus=("A", "B"))
        async with self.sessions.begin() as session:
            session.add(ShopRow(id="mini", channel="own", external_id="mini", name="Mini"))
            session.add(CarrierAccountRow(code="sf", name="SF", base_url="http://sf"))
            session.add(WebhookEndpointRow(id="e1", shop_id="mini", url="https://mini.example/in"))
            await session.flush()
            for sku in ("A", "B"):
                session.add(ChannelSkuRow(shop_id="mini", external_sku=f"X-{sku}", sku=sku))
            session.add(
                TariffRow(
                    id="sf-1", carrier="sf", product="2", first_g=1000, first_minor=1200,
                    step_g=500, step_minor=300, valid_from=date(2020, 1, 1),
                )
            )  # fmt: skip
        if stock:
            await self.receive("A", stock, "GRN-1")

    async def receive(self, sku: str, quantity: int, no: str, place: str = "HQ") -> None:
        """Goods come in."""
        line = StockLine(StockKey(Sku(sku), LocationId(place)), quantity)
        async with self.sessions.begin() as session:
            await StockRepository(session).receive(Document("grn", no, no), [line])

    async def hear(self, raw: bytes, channel: str = "own") -> WorkflowHandle[Any, Any]:
        """A message arrives and is handed to its order; a channel that is asked says the same."""
        self._messages += 1
        number = json.loads(raw)["order_no"]
        self.outside.shop.answers[number] = raw
        async with self.sessions.begin() as session:
            taken = await accept(
                session,
                VAULT,
                source=channel,
                shop_id="mini",
                channel=channel,
                message_id=f"m{self._messages}",
                topic="order",
                external_no=number,
                raw=raw,
            )
        assert taken.order_id
        return await self.client.start_workflow(
            "Order",
            OrderRef(OrderId(taken.order_id)),
            id=order_workflow_id(channel, "mini", number),
            task_queue=TASK_QUEUE,
            start_signal="message_arrived",
            start_signal_args=[MessageArrived(InboxId(taken.inbox_id))],
        )

    async def row(self, statement: str, **parameters: Any) -> Any:
        """The only row of a query."""
        async with self.sessions.begin() as session:
            connection = await session.connection()
            return (await connection.execute(text(statement), parameters)).one_or_none()

    async def until(self, statement: str, *expected: Any) -> None:
        """Wait in real time until the query's row is this one."""
        found: Any = None
        for _ in range(self.patience):
            row = await self.row(statement)
            found = tuple(row) if row is not None else None
            if found == expected:
                return
            await self.deliver_signals()
            await asyncio.sleep(0.05)
        raise AssertionError(f"{statement}: {found}, not {expected}")

    async def deliver_signals(self) -> None:
        """What transactions queued reaches the workflows."""
        await SignalFanOut(self.sessions, self.client).once(100)

    async def status(self, expected: str) -> None:
        """Wait for the order's status."""
        await self.until("SELECT status FROM sales_order", expected)

    async def ship(self, no: str, picked: int | None = None) -> None:
        """The warehouse picks (less, when told so), packs and labels; the carrier comes."""
        await self.pick(no, picked)
        await self.pack(no)
        await self.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")
        await self.shipment(no).signal("handed_over", HandedOver())

    async def pick(self, no: str, picked: int | None = None) -> None:
        await self.until(f"SELECT status FROM shipment WHERE no = '{no}'", "picking")
        async with self.sessions.begin() as session:
            await (await session.connection()).execute(
                text(
                    "UPDATE shipment_line SET picked_quantity = coalesce(:picked, quantity)"
                    " WHERE shipment_no = :no"
                ),
                {"no": no, "picked": picked},
            )
        await self.shipment(no).signal("picked", Picked())

    async def pack(self, no: str) -> None:
        async with self.sessions.begin() as session:
            await (await session.connection()).execute(
                text(
                    "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no,"
                    " routing_code, sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
                    " VALUES (:no || '-P1', :no, '', '', '', '', '', 'labelled', 900, 0, 0, 0)"
                ),
                {"no": no},
            )
        await self.shipment(no).signal("packed", Packed())

    async def deliver(self, no: str, status: str = "delivered") -> None:
        """The carrier says how the parcel is."""
        async with self.sessions.begin() as session:
            await (await session.connection()).execute(
                text("UPDATE parcel SET status = :status WHERE shipment_no = :no"),
                {"no": no, "status": status},
            )
        await self.shipment(no).signal("tracked", Tracked(status))

    def shipment(self, no: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"shipment/{no}")

    async def hand_over(self, no: str) -> None:
        """The warehouse scans the parcels when the carrier comes. Raises as its page does."""
        async with self.sessions.begin() as session:
            await Warehouse(session, "ramp").hand_over(no)
        await self.deliver_signals()

    async def hand_over_unheard(self, no: str) -> None:
        """The carrier's visit is scanned while no workflow can hear of it."""
        async with self.sessions.begin() as session:
            await Warehouse(session, "ramp").hand_over(no)
            await run(session, "UPDATE outbox SET sent_at = now() WHERE kind = 'signal'")

    async def shipment_is(self, no: str, status: str) -> None:
        """Wait for a shipment's status."""
        await self.until(f"SELECT status FROM shipment WHERE no = '{no}'", status)

    async def parked(self, *steps: str) -> None:
        """Wait until exactly these steps wait for a person."""
        await self.until(
            "SELECT coalesce(array_agg(step_id ORDER BY step_id), '{}') FROM attention"
            " WHERE resolved_at IS NULL",
            list(steps),
        )

    async def plan(self, *line_ids: str, intercept: bool = False) -> CancellationPlan:
        """What cancelling the only order, or these lines, would do."""
        async with self.sessions.begin() as session:
            rows = await run(session, "SELECT id FROM sales_order")
            order = await cancellable(OrderRepository(session), rows[0].id)
        wanted = [f"{order.order_id}.{n}" for n in line_ids]
        return plan_cancellation(order, wanted, intercept=intercept)

    async def cancel(
        self, order: WorkflowHandle[Any, Any], *line_ids: str, intercept: bool = False
    ) -> None:
        """Preview and confirm."""
        plan = await self.plan(*line_ids, intercept=intercept)
        lines = plan.line_ids if line_ids else ()
        command = Cancel(plan.hash, "changed my mind", "kefu", lines, intercept)
        await order.execute_update("cancel", command, result_type=Accepted)

    async def adds_up(self) -> None:
        """The auditor finds nothing."""
        async with self.sessions.begin() as session:
            assert await audit(session) == []

    async def first_shipment(self) -> str:
        """The number of the only shipment."""
        for _ in range(self.patience):
            row = await self.row("SELECT min(no) AS no FROM shipment WHERE status <> 'cancelled'")
            if row.no:
                return str(row.no)
            await asyncio.sleep(0.05)
        raise AssertionError("no shipment was made")


@asynccontextmanager
async def company(
    client: Client,
    sessions: Sessions,
    *interceptors: Interceptor,
    real: Adapters | None = None,
) -> AsyncIterator[Company]:
    """A company whose worker runs; its outside is a new fake unless one is given."""
    outside = real if isinstance(real, FakeAdapters) else FakeAdapters()
    rules = OrderRules(500_000, timedelta(minutes=30), timedelta(days=7))
    world = World(sessions, real or outside, VAULT, rules)
    activities: list[Callable[..., Any]] = [
        *activities_of(world),
        *activities_beside_orders(sessions, cast(Any, world.adapters), VAULT, client),
        *audit_activities(sessions, repairs=True),
    ]
    async with worker_behind(interceptors, client, activities) as worker:
        yield Company(worker.client, sessions, outside)


def worker_behind(
    interceptors: Sequence[Interceptor], client: Client, activities: list[Callable[..., Any]]
) -> Worker:
    """A worker behind these. One that is made for clients too sits on the client, which brings it
    along to its worker."""
    of_client = [one for one in interceptors if isinstance(one, ClientInterceptor)]
    others = [one for one in interceptors if one not in of_client]
    config = client.config()
    config["interceptors"] = [*config["interceptors"], *of_client]
    return make_worker(Client(**config), activities, interceptors=others)


NOW = datetime.now(UTC)
