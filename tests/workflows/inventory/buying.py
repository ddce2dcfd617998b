"""A company that buys: its worker runs purchase orders, its supplier is a fake."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Interceptor

from activities.platform.attention import AttentionActivities
from activities.platform.gates import GateActivities
from db.engine import Sessions
from db.inventory.partner_tables import SupplierItemRow, SupplierRow
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.sql import run
from domain.inventory.purchasing.acts import AmendedLine, PurchaseAction, Wish
from domain.orders.messages import ResolveStep
from runtime.fan_out import SignalFanOut
from tests.fakes.supplier import FakeSupplier
from tests.people import VAULT
from tests.purchases import draft_purchase, seed_supplier
from tests.workflows.world import worker_behind
from worker import purchase_activities


@dataclass
class Buying:
    client: Client
    sessions: Sessions
    supplier: FakeSupplier
    no: str = ""
    patience: int = 300
    heard: int = field(default=0)

    async def drafted(self, port: str = "json", **terms: Any) -> str:
        await seed_supplier(self.sessions, port, **terms)
        self.no = await draft_purchase(self.sessions)
        return self.no

    async def sent(self, port: str = "json", **terms: Any) -> None:
        await self.drafted(port, **terms)
        await self.decide(PurchaseAction.SUBMIT)
        await self.is_at("sent")

    async def decide(
        self,
        action: PurchaseAction,
        units: dict[int, int] | None = None,
        on: date | None = None,
        limit: int | None = None,
    ) -> None:
        wish = Wish(action, units, on, limit)
        async with self.sessions.begin() as session:
            decision = Decision(wish, reason="so", actor="buyer")
            await PurchaseOrders(session).decide(self.no, decision)
        await self.deliver()

    async def amend(self, units: dict[int, int]) -> None:
        """So many of these lines are wanted now, of the others none."""
        async with self.sessions.begin() as session:
            purchase, _ = await PurchaseOrders(session).find(self.no)
            skus = {line.line_no: line.sku for line in purchase.lines}
            lines = tuple(AmendedLine(n, skus[n], count) for n, count in units.items())
            decision = Decision(Wish(PurchaseAction.AMEND, lines=lines), actor="buyer")
            await PurchaseOrders(session).decide(self.no, decision)
        await self.deliver()

    async def receive(self, units: dict[int, int], document: str) -> None:
        async with self.sessions.begin() as session:
            await PurchaseOrders(session).received(self.no, units, document=document, actor="w")
        await self.deliver()

    async def deliver(self) -> None:
        await SignalFanOut(self.sessions, self.client).once(100)

    async def row(self, statement: str) -> Any:
        async with self.sessions.begin() as session:
            rows = await run(session, statement)
        return tuple(rows[0]) if rows else None

    async def until(self, statement: str, *expected: Any) -> None:
        found: Any = None
        for _ in range(self.patience):
            found = await self.row(statement)
            if found == expected:
                return
            await self.deliver()
            await asyncio.sleep(0.05)
        raise AssertionError(f"{statement}: {found}, not {expected}")

    async def is_at(self, state: str) -> None:
        await self.until("SELECT state FROM purchase_order", state)

    async def waits(self, code: str) -> None:
        await self.until("SELECT waits_for FROM purchase_order", code)

    async def parked(self, *steps: str) -> None:
        await self.until(
            "SELECT coalesce(array_agg(step_id ORDER BY step_id), '{}') FROM attention"
            " WHERE resolved_at IS NULL", list(steps),
        )  # fmt: skip

    async def told(self) -> list[str]:
        async with self.sessions.begin() as session:
            rows = await run(session, "SELECT kind FROM purchase_event ORDER BY seq")
        return [row.kind for row in rows]

    async def due(self) -> datetime:
        found: datetime = (await self.row("SELECT due_at FROM purchase_order"))[0]
        return found

    @property
    def life(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"purchase/{self.no}")

    async def resolve(
        self, step: str, action: Any, correction: dict[str, str] | None = None
    ) -> None:
        correction_id = ""
        if correction is not None:
            correction_id = "cor_1"
            async with self.sessions.begin() as session:
                await run(
                    session, "INSERT INTO correction (id, workflow_id, step_id, data, actor)"
                    " VALUES ('cor_1', 'w', 's', jsonb_build_object('supplier_ref',"
                    " CAST(:told AS text)), 'b')", told=correction["supplier_ref"],
                )  # fmt: skip
        await self.life.execute_update(
            "resolve_step", ResolveStep(step, action, "buyer", "so", correction_id)
        )


async def buying_from(sessions: Sessions) -> str:
    """A draft of ten A for HQ, from a supplier of a company that has them already."""
    async with sessions.begin() as session:
        session.add(SupplierRow(code="acme", name="Acme", port="json", lead_time_days=7))
        await session.flush()
        session.add(SupplierItemRow(supplier="acme", sku="A", price_minor=250, preferred=True))
        draft = PurchaseDraft("acme", "HQ", [DraftLine("A", 10)], actor="buyer")
        return await PurchaseOrders(session).draft(draft)


@asynccontextmanager
async def buying(
    client: Client, sessions: Sessions, *interceptors: Interceptor
) -> AsyncIterator[Buying]:
    supplier = FakeSupplier()
    attention, tending = AttentionActivities(sessions), GateActivities(sessions)
    activities: list[Callable[..., Any]] = [
        *purchase_activities(sessions, supplier, VAULT), attention.park, attention.resolve,
        attention.went_on, tending.tend,
    ]  # fmt: skip
    async with worker_behind(interceptors, client, activities) as worker:
        yield Buying(worker.client, sessions, supplier)
