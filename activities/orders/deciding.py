"""What people and time decide about an order, and cancelling it by plan."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters, OrderRules, Vault
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders import cancelling, statements
from db.orders.repository import OrderRepository
from domain.orders.cancellation import plan_cancellation
from domain.orders.lifecycle import OrderState
from domain.orders.order import HoldKind, ShipmentStatus
from domain.orders.work import (
    CarryOutCancellation,
    ChangeHold,
    Entry,
    Fetched,
    FetchOrder,
    Plan,
    PlanRequest,
    RecordOrder,
)
from domain.shared.ids import InboxId

_CHANGES: Final[dict[str, str]] = {
    "complete": "UPDATE sales_order SET status = 'completed' WHERE id = :order_id",
    "expire": "UPDATE sales_order SET status = 'cancelled' WHERE id = :order_id",
    "give_back_unpaid": "UPDATE sales_order SET stock_given_back = true,"
    " unpaid_reserved_until = NULL WHERE id = :order_id",
    "fetch_skipped": "UPDATE sales_order SET fetch_needed = false WHERE id = :order_id",
    "refund_settled": "UPDATE sales_order SET refunded_minor = refunded_minor + refund_due_minor,"
    " refund_due_minor = 0 WHERE id = :order_id",
    "shipments_started": "UPDATE shipment SET status = 'picking', waits_for = 'picking'"
    " WHERE order_id = :order_id AND status = 'allocated'",
    "release_presale": "UPDATE order_hold SET released_at = clock_timestamp(),"
    " released_by = 'system' WHERE order_id = :order_id AND kind = 'presale'"
    " AND released_at IS NULL",
}


@dataclass(frozen=True, slots=True)
class DecidingActivities:
    """One method is one transaction, or one outside call."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    rules: OrderRules

    @activity.defn(name="order.look")
    async def look(self, request: RecordOrder) -> OrderState:
        """Read the order again; a mapping that was missing may be there now."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            state = await orders.state(request.order_id)
            entries = list(request.entries)
            if HoldKind.UNMAPPED_SKU in state.holds:
                entries += await orders.map_again(request.order_id)
                state = await orders.state(request.order_id)
            return await orders.record(state, max(request.seq, state.seq), entries)

    @activity.defn(name="order.record")
    async def record(self, request: RecordOrder) -> OrderState:
        """Write the story, and what the named change means in the tables."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            await orders.lock(request.order_id)
            before = await orders.state(request.order_id)
            if statement := _CHANGES.get(request.change):
                await orders.run(statement, {"order_id": request.order_id})
            if request.change in ("expire", "give_back_unpaid"):
                await _give_back(orders, before, "expired")
            if request.change == "address_changed":
                await orders.run(
                    cancelling.TAKE_ADDRESS,
                    {"order_id": request.order_id, "correction_id": request.ref},
                )
                await orders.release_holds(request.order_id, [HoldKind.ADDRESS], "system")
            state = await orders.state(request.order_id)
            return await orders.record(state, request.seq, request.entries)

    @activity.defn(name="order.change_hold")
    async def change_hold(self, request: ChangeHold) -> OrderState:
        """Place or release a hold by hand, with a name and a reason."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            await orders.lock(request.order_id)
            kind = HoldKind(request.kind)
            if request.release:
                await orders.release_holds(request.order_id, [kind], request.actor)
                entry = "hold_released"
            else:
                await orders.hold_by_hand(request.order_id, request.reason, request.actor)
                entry = "held"
            await orders.run(cancelling.WAKE_SHIPMENTS, {"order_id": request.order_id})
            data = {"hold": str(kind), "reason": request.reason}
            state = await orders.state(request.order_id)
            return await orders.record(state, request.seq, [Entry(entry, data, request.actor)])

    @activity.defn(name="order.plan_cancellation")
    async def plan_cancellation(self, request: PlanRequest) -> Plan:
        """The plan as it is now; the same function makes the preview."""
        async with self.sessions.begin() as session:
            order = await cancelling.cancellable(OrderRepository(session), request.order_id)
        plan = plan_cancellation(order, request.line_ids)
        return Plan(
            plan.hash, plan.whole_order, plan.line_ids, plan.shipment_nos, plan.refund_minor
        )

    @activity.defn(name="order.carry_out_cancellation")
    async def carry_out(self, request: CarryOutCancellation) -> OrderState:
        """Cancel the plan's lines; once per plan, whatever happens in between."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            await orders.lock(request.order_id)
            before = await orders.state(request.order_id)
            await _give_back(orders, before, "voided", set(request.plan.shipment_nos))
            cancelled = await orders.run(
                cancelling.CANCEL_LINES,
                {"order_id": request.order_id, "line_ids": list(request.plan.line_ids)},
            )
            if cancelled:
                await orders.run(
                    cancelling.NOTE_REFUND,
                    {"order_id": request.order_id, "refund": request.plan.refund_minor},
                )
            await orders.run(cancelling.DROP_BACKORDERS, {"order_id": request.order_id})
            await orders.run(cancelling.CLOSE_IF_EMPTY, {"order_id": request.order_id})
            data = {"reason": request.reason, "refund_minor": str(request.plan.refund_minor)}
            kind = "cancelled" if request.plan.whole_order else "lines_cancelled"
            state = await orders.state(request.order_id)
            return await orders.record(state, request.seq, [Entry(kind, data, request.actor)])

    @activity.defn(name="order.fetch")
    async def fetch(self, request: FetchOrder) -> Fetched:
        """Ask the channel for the whole order; its answer becomes a message like any other."""
        async with self.sessions.begin() as session:
            known = await OrderRepository(session).lock(request.order_id)
        shop = await self.adapters.marketplace(known.shop_id)
        raw = await shop.fetch_raw(known.external_no)
        sha256 = hashlib.sha256(raw).hexdigest()
        inbox_id = InboxId(f"fetch-{request.order_id}-{sha256[:16]}")
        parameters: dict[str, Any] = {
            "id": inbox_id,
            "source": known.channel,
            "shop_id": known.shop_id,
            "message_id": inbox_id,
            "external_no": known.external_no,
            "order_id": request.order_id,
            "sha256": sha256,
            "raw": self.vault.seal(raw, inbox_id),
        }
        async with self.sessions.begin() as session:
            await OrderRepository(session).run(cancelling.STORE_FETCHED, parameters)
        return Fetched(inbox_id)


async def _give_back(
    orders: OrderRepository, state: OrderState, how: str, only: set[str] | None = None
) -> None:
    stock = StockRepository(orders.session)
    for shipment in state.shipments:
        if shipment.status is ShipmentStatus.ALLOCATED and (only is None or shipment.no in only):
            await stock.release(shipment.no, how)
            await orders.run(statements.CANCEL_SHIPMENT, {"no": shipment.no})
