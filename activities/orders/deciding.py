"""What people and time decide about an order, and cancelling it by plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from temporalio import activity

from activities.orders.ports import OrderRules
from db.engine import Sessions
from db.logistics.intercepts import want_intercepts
from db.orders import cancelling
from db.orders.blocked import BlockedBuyers
from db.orders.payments import difference_is_paid
from db.orders.refunds import plan_refunds
from db.orders.repository import OrderRepository
from db.orders.together import lock_together
from db.shared.giving_back import give_back_unstarted, leave_queue
from db.shared.readdressing import readdress
from db.vault import Vault
from domain.orders.cancellation import CancellationPlan, plan_cancellation
from domain.orders.intake import Judgement
from domain.orders.lifecycle import OrderState
from domain.orders.order import HoldKind
from domain.orders.risk import risk_reasons
from domain.orders.work import (
    CarryOutCancellation,
    ChangeHold,
    Entry,
    Plan,
    PlanRequest,
    RecordOrder,
)
from domain.shared.errors import ActionNotAllowed, OrderClosed
from integrations.carriers.registry import COLLECTS_CASH

_CHANGES: Final[dict[str, str]] = {
    "complete": "UPDATE sales_order SET status = 'completed' WHERE id = :order_id",
    "give_back_unpaid": "UPDATE sales_order SET stock_given_back = true,"
    " unpaid_reserved_until = NULL WHERE id = :order_id",
    "fetch_skipped": "UPDATE sales_order SET fetch_needed = false WHERE id = :order_id",
    "refund_settled": "UPDATE sales_order SET refunded_minor = refunded_minor + refund_due_minor,"
    " refund_due_minor = 0 WHERE id = :order_id",
    "release_presale": "UPDATE order_hold SET released_at = clock_timestamp(),"
    " released_by = 'system' WHERE order_id = :order_id AND kind = 'presale'"
    " AND released_at IS NULL",
}
# An order that is taken up again starts what it started before: the story says so once.
_TOLD: Final = """
SELECT data ->> 'shipments' AS nos FROM order_event
WHERE order_id = :order_id AND kind = 'shipments_started'
"""
_STARTED: Final = """
UPDATE shipment SET status = 'picking', waits_for = 'picking'
WHERE no = ANY(:nos) AND status = 'allocated' AND ships_with = ''
"""


@dataclass(frozen=True, slots=True)
class DecidingActivities:
    """One method is one transaction."""

    sessions: Sessions
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
            if risks := risk_reasons(0, 0, await BlockedBuyers(session).reasons(state.order_id)):
                placed = await orders.place_holds(
                    state.order_id, [Judgement(HoldKind.RISK, "; ".join(risks), risks)]
                )
                if placed:
                    entries.append(Entry("held", {"hold": str(HoldKind.RISK)}))
                    await orders.wake_shipments(state.order_id, "hold")
                    state = await orders.state(request.order_id)
            return self.rules.on(await orders.record(state, max(request.seq, state.seq), entries))

    @activity.defn(name="order.record")
    async def record(self, request: RecordOrder) -> OrderState:
        """Write the story, and what the named change means in the tables."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            if request.change == "address_changed":  # others may share its parcel
                await lock_together(session, {request.order_id})
            await orders.lock(request.order_id)
            if statement := _CHANGES.get(request.change):
                await orders.run(statement, {"order_id": request.order_id})
            entries: Sequence[Entry] = request.entries
            if request.change == "shipments_started":
                entries = await _started(orders, request)
            if request.change == "start_refund":
                await plan_refunds(session, request.order_id)
            if request.change == "give_back_unpaid":
                await give_back_unstarted(session, request.order_id, "expired")
                await leave_queue(session, request.order_id)
            if request.change == "address_changed":
                await readdress(
                    session, self.vault, request.order_id, request.ref, request.plan_hash,
                    COLLECTS_CASH, self.rules.usual,
                )  # fmt: skip
                await orders.wake_shipments(request.order_id, "address")
            state = await orders.state(request.order_id)
            return self.rules.on(await orders.record(state, request.seq, entries))

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
            await orders.wake_shipments(request.order_id, "hold")
            data = {"hold": str(kind), "reason": request.reason}
            state = await orders.state(request.order_id)
            return self.rules.on(
                await orders.record(state, request.seq, [Entry(entry, data, request.actor)])
            )

    @activity.defn(name="order.plan_cancellation")
    async def plan_cancellation(self, request: PlanRequest) -> Plan:
        """The plan as it is now; the same function makes the preview."""
        async with self.sessions.begin() as session:
            order = await cancelling.cancellable(OrderRepository(session), request.order_id)
        plan = plan_cancellation(order, request.line_ids, intercept=request.intercept)
        return Plan(
            plan.hash, plan.whole_order, plan.line_ids, plan.shipment_nos, plan.refund_minor,
            plan.intercept_nos,
        )  # fmt: skip

    @activity.defn(name="order.carry_out_cancellation")
    async def carry_out(self, request: CarryOutCancellation) -> OrderState:
        """Cancel the plan's lines; once per plan, whatever happens in between.

        What left while the rest was being stopped stays, and so does the money for it.
        """
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            await orders.lock(request.order_id)
            confirmed, entries = request.plan, []
            if confirmed.line_ids or not confirmed.intercept_nos:
                only = set(confirmed.shipment_nos)
                await give_back_unstarted(session, request.order_id, "voided", only)
                entries.append(await self._cancel(orders, request))
            if confirmed.intercept_nos:
                wanted = await want_intercepts(
                    session, confirmed.intercept_nos, request.reason, request.actor
                )
                data = {"waybills": ", ".join(wanted), "reason": request.reason}
                entries += [Entry("intercept_wanted", data, request.actor)] if wanted else []
            state = await orders.state(request.order_id)
            return self.rules.on(await orders.record(state, request.seq, entries))

    async def _cancel(self, orders: OrderRepository, request: CarryOutCancellation) -> Entry:
        plan = await _still_possible(orders, request.order_id, request.plan.line_ids)
        if plan is None:
            return Entry("cancel_too_late", {"reason": request.reason}, request.actor)
        await self._cancel_lines(orders, plan)
        data = {"reason": request.reason, "refund_minor": str(plan.refund_minor)}
        kind = "cancelled" if plan.whole_order else "lines_cancelled"
        return Entry(kind, data, request.actor)

    async def _cancel_lines(self, orders: OrderRepository, plan: CancellationPlan) -> None:
        order_id = plan.order_id
        parameters = {"order_id": order_id, "line_ids": list(plan.line_ids)}
        if doomed := await orders.run(cancelling.CANCEL_LINES, parameters):
            refund = {"order_id": order_id, "refund": plan.refund_minor}
            await orders.run(cancelling.NOTE_REFUND, refund)
            less = {"order_id": order_id, "line_ids": [row.id for row in doomed]}
            await orders.run(cancelling.COSTS_LESS, less)
            await difference_is_paid(orders.session, order_id)
        cancelled = await orders.run(cancelling.CANCELLED_FULFILMENT, {"order_id": order_id})
        await leave_queue(orders.session, order_id, [row.id for row in cancelled])
        await orders.run(cancelling.CLOSE_IF_EMPTY, {"order_id": order_id})


async def _still_possible(
    orders: OrderRepository, order_id: str, line_ids: tuple[str, ...]
) -> CancellationPlan | None:
    """What is left of a confirmed plan: a parcel may have left while the others were stopped."""
    order = await cancelling.cancellable(orders, order_id)
    wanted = [x.line_id for x in order.lines if x.line_id in line_ids and not x.cancelled]
    if not wanted and line_ids:
        return None
    try:
        return plan_cancellation(order, wanted)
    except (ActionNotAllowed, OrderClosed):
        return None


async def _started(orders: OrderRepository, request: RecordOrder) -> Sequence[Entry]:
    """These shipments are with the warehouse; the lines that the story does not have yet."""
    nos = request.ref.split(",")
    await orders.run(_STARTED, {"nos": nos})
    rows = await orders.run(_TOLD, {"order_id": request.order_id})
    told = {no for row in rows for no in (row.nos or "").split(",")}
    if new := sorted(set(nos) - told):
        data = {"shipments": ",".join(new)}
        return tuple(replace(entry, data=data) for entry in request.entries)
    return ()
