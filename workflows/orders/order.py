"""One order, from the first message to completion or cancellation."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ParentClosePolicy

from activities.orders.applying import ApplyingActivities
from activities.orders.carrying_out import CarryingOutActivities
from activities.orders.changing import ChangingActivities
from activities.orders.deciding import DecidingActivities
from activities.orders.looking import LookingActivities
from activities.orders.promising import PromiseActivities
from activities.orders.sourcing import SourcingActivities
from domain.orders.lifecycle import NextStep, OrderState, next_step, to_start, waits_for, wake_at
from domain.orders.messages import (
    Accepted,
    AddressChanged,
    Cancel,
    ChangeByPlan,
    MessageArrived,
    OrderRef,
    OrderView,
    PlaceHold,
    ReleaseHold,
    ShipmentRef,
    ShipmentReport,
    StateChanged,
    StopRequested,
)
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.work import (
    AllocateOrder,
    ApplyMessages,
    BookSale,
    CarryOutCancellation,
    ChangeHold,
    ChangeOrder,
    Entry,
    FetchOrder,
    Plan,
    PlanRequest,
    RecordOrder,
    TellPromises,
)
from domain.shared.errors import ActionNotAllowed, OrderClosed, PlanChanged
from domain.shared.ids import InboxId, ShipmentNo
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import (
    Attended,
    Cause,
    Clocks,
    Interrupted,
    Step,
    StepConsole,
    cause_of,
    never_failing,
)

RequestT = TypeVar("RequestT")
_NOTHING_LEFT_TO_CANCEL = (ActionNotAllowed.__name__, OrderClosed.__name__)


@workflow.defn(name="Order")
class OrderWorkflow(Attended):
    """The single writer of its order: handlers record, `run` looks at the tables and decides."""

    @workflow.init
    def __init__(self, ref: OrderRef) -> None:
        self._ref = ref
        clocks = Clocks(lambda: self._state.promise_at, self._tell_promises)
        self._console = StepConsole(ref.order_id, clocks=clocks)
        self._state = OrderState(ref.order_id, 0, OrderStatus.RECEIVED)
        self._inbox: list[InboxId] = []
        self._events = 0
        self._seen = 0
        self._stale = False
        self._cancel: tuple[Cancel, Plan] | None = None
        self._started: set[str] = set()
        self._stopped: set[str] = set()
        self._left: set[str] = set()
        self._allocations = 0
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, ref: OrderRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        if not self._inbox:  # a message brings the state along
            await self._look_again()
        while True:
            self._stale, self._seen = self._events > self._seen, self._events
            await self._take_over_messages()
            if self._cancel is not None:
                await self._carry_out(*self._cancel)
                continue
            step = next_step(self._state, workflow.now(), self._started)
            if step is NextStep.CLOSE:
                break
            if step is NextStep.WAIT:
                await self._wait_for_news()
            else:
                await self._do(step)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state.status

    # --- commands: refused or recorded, `run` carries them out ---

    @workflow.update
    async def hold(self, command: PlaceHold) -> Accepted:
        """Stop the order before its next step, with a reason."""
        await self._change_hold(HoldKind.MANUAL, command.reason, command.actor, release=False)
        return self._accepted()

    @hold.validator
    def _check_hold(self, command: PlaceHold) -> None:
        self._refuse_when_closed()
        if HoldKind.MANUAL in self._state.holds:
            raise ActionNotAllowed("the order is already held by hand")

    @workflow.update
    async def release(self, command: ReleaseHold) -> Accepted:
        """Lift one hold."""
        await self._change_hold(HoldKind(command.kind), command.reason, command.actor, release=True)
        return self._accepted()

    @release.validator
    def _check_release(self, command: ReleaseHold) -> None:
        self._refuse_when_closed()
        if command.kind not in tuple(self._state.holds):
            raise ActionNotAllowed(f"the order has no hold {command.kind}")

    @workflow.update
    async def cancel(self, command: Cancel) -> Accepted:
        """Confirm the previewed plan. Raises PlanChanged when the order moved on meanwhile."""
        plan = await self._plan(command.line_ids, intercept=command.intercept)
        if plan.hash != command.plan_hash:
            raise PlanChanged("the order moved on since the plan was shown")
        if self._cancel is not None:
            raise ActionNotAllowed("a cancellation is being carried out")
        self._cancel = (command, plan)
        self._events += 1
        return self._accepted()

    @cancel.validator
    def _check_cancel(self, command: Cancel) -> None:
        self._refuse_when_closed()
        if self._cancel is not None:
            raise ActionNotAllowed("a cancellation is being carried out")

    @workflow.update
    async def change_address(self, command: AddressChanged) -> Accepted:
        """Take over the corrected address; labels that exist are voided and ordered anew."""
        await self._record(
            "address_changed", command.correction_id, command.actor, command.plan_hash
        )
        return self._accepted()

    @change_address.validator
    def _check_address(self, command: AddressChanged) -> None:
        self._refuse_when_closed()
        if any(s.status.has_left for s in self._state.shipments):
            raise ActionNotAllowed("a parcel has left already")

    @workflow.update
    async def change(self, command: ChangeByPlan) -> Accepted:
        """Carry out a previewed change: orders put together or parted, a part sent ahead, other
        lines. Raises PlanChanged when something moved on meanwhile."""
        await self._settle(
            ChangingActivities.change, lambda seq: ChangeOrder(self._ref.order_id, seq, command)
        )
        self._events += 1
        return self._accepted()

    @change.validator
    def _check_change(self, command: ChangeByPlan) -> None:
        self._refuse_when_closed()
        if self._cancel is not None:
            raise ActionNotAllowed("a cancellation is being carried out")

    # --- facts ---

    @workflow.signal
    def message_arrived(self, fact: MessageArrived) -> None:
        if fact.inbox_id not in self._inbox:
            self._inbox.append(fact.inbox_id)
            self._events += 1

    @workflow.signal
    def state_changed(self, fact: StateChanged) -> None:
        self._events += 1

    @workflow.signal
    def shipment_reported(self, report: ShipmentReport) -> None:
        self._events += 1
        if report.stopped:
            self._stopped.add(report.shipment_no)
        if ShipmentStatus(report.status).has_left:
            self._left.add(report.shipment_no)

    @workflow.query
    def view(self) -> OrderView:
        return OrderView(
            self._ref.order_id,
            self._state.status,
            waits_for(self._state),
            self._console.parked,
            {s.no: str(s.status) for s in self._state.shipments},
        )

    # --- steps ---

    async def _do(self, step: NextStep) -> None:
        match step:
            case NextStep.FETCH:
                await self._fetch()
            case NextStep.CANCEL:
                await self._cancel_for_channel((), "cancelled by the channel")
            case NextStep.CANCEL_LINES:
                lines = self._state.lines_to_cancel
                await self._cancel_for_channel(lines, "closed by the channel")
            case NextStep.ALLOCATE:
                await self._allocate()
            case NextStep.CARRY_OUT:
                await self._carry_out_goods()
            case NextStep.GATHER:
                await self._gather()
            case NextStep.START_SHIPMENTS:
                await self._start_shipments()
            case NextStep.SETTLE_REFUND:
                await self._settle_refund()
            case NextStep.TELL_PROMISES:
                await self._tell_promises()
            case _:
                await self._record(str(step))

    async def _take_over_messages(self) -> None:
        if not self._inbox:
            if self._stale:
                await self._look_again()
            return
        await self._settle(ApplyingActivities.apply, self._all_messages)

    async def _look_again(self) -> None:
        await self._settle(DecidingActivities.look, self._nothing_said)

    async def _fetch(self) -> None:
        try:
            fetched = await self._console.run(
                Step(
                    "fetch",
                    "shop",
                    lambda correction: workflow.execute_activity_method(
                        LookingActivities.fetch,
                        FetchOrder(self._ref.order_id, correction),
                        **OUTSIDE,
                    ),
                    may_skip=True,
                ),
                lambda: self._cancel is not None or bool(self._inbox),
            )
        except Interrupted:
            return  # the order goes on with what it hears; if the answer is still needed, it asks
        if fetched is not None:
            self._inbox.append(fetched.inbox_id)
        else:
            await self._record("fetch_skipped")

    async def _allocate(self) -> None:
        self._allocations += 1
        attempt = f"{self._ref.order_id}:{workflow.info().run_id[:8]}:{self._allocations}"
        await self._settle(
            SourcingActivities.allocate,
            lambda seq: AllocateOrder(self._ref.order_id, attempt, seq),
        )

    async def _gather(self) -> None:
        """The time for it is over: what waits for the same receiver goes in one parcel with it."""
        await self._settle(ChangingActivities.gather, self._nothing_said)

    async def _carry_out_goods(self) -> None:
        """The goods have left the store; what its books do not have is for a person to settle."""
        try:
            booked = await self._console.run(
                Step(
                    "carry_out",
                    "",
                    lambda _: self._book_sale("books"),
                    by_hand=lambda _: self._book_sale("counted"),
                    may_skip=True,
                ),
                lambda: self._cancel is not None or self._events > self._seen,
            )
        except Interrupted:
            return  # goods came in, or the order is cancelled: look again
        if booked is None:
            await self._book_sale("without_stock")

    async def _book_sale(self, how: str) -> bool:
        async with self._lock:
            booked = await workflow.execute_local_activity_method(
                CarryingOutActivities.carry_out,
                BookSale(self._ref.order_id, self._state.seq, how),
                **DATABASE,
            )
            self._state = booked.state
        if booked.missing:
            raise ApplicationError(booked.missing, booked.store, type="StockCountDiffers")
        return True

    async def _start_shipments(self) -> None:
        ready = to_start(self._state, self._started)
        for shipment in ready:
            with suppress(WorkflowAlreadyStartedError):  # by an earlier run of this order
                await workflow.start_child_workflow(
                    "Shipment",
                    ShipmentRef(
                        ShipmentNo(shipment.no),
                        self._ref.order_id,
                        workflow.info().workflow_id,
                    ),
                    id=shipment.workflow_id,
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                )
            self._started.add(shipment.no)
        await self._record("shipments_started", ",".join(shipment.no for shipment in ready))

    async def _cancel_for_channel(self, line_ids: tuple[str, ...], reason: str) -> None:
        try:
            plan = await self._plan(line_ids)
        except FailureError as error:
            if cause_of(error).kind not in _NOTHING_LEFT_TO_CANCEL:
                raise
            await self._look_again()  # carried out before: its answer was lost on the way
            return
        self._cancel = (Cancel(plan.hash, reason, "channel", line_ids), plan)

    async def _carry_out(self, command: Cancel, confirmed: Plan) -> None:
        """Stop what has not left, then cancel the lines, note the refund that is due, and have
        asked back what is on its way."""
        plan = await self._as_it_is_now(confirmed)
        await self._stop_shipments(plan, command.reason)
        await self._settle(
            DecidingActivities.carry_out,
            lambda seq: CarryOutCancellation(
                self._ref.order_id, plan.hash, plan, seq, command.reason, command.actor
            ),
        )
        self._cancel = None

    async def _as_it_is_now(self, confirmed: Plan) -> Plan:
        """The same lines in the shipments of this moment: they may have been allocated since."""
        if confirmed.intercept_nos and not confirmed.line_ids:
            return confirmed  # nothing is cancelled, all of it is asked back
        try:
            now = await self._plan(confirmed.line_ids)
            return replace(now, intercept_nos=confirmed.intercept_nos)
        except FailureError as error:
            if cause_of(error).kind in _NOTHING_LEFT_TO_CANCEL:
                return confirmed  # everything has left; carrying it out will say so
            raise

    async def _stop_shipments(self, plan: Plan, reason: str) -> None:
        running = [
            s
            for s in self._state.shipments
            if s.no in plan.shipment_nos
            and s.status is not ShipmentStatus.CANCELLED
            and (s.status is not ShipmentStatus.ALLOCATED or s.no in self._started)
        ]
        silent: list[str] = []
        for shipment in running:
            handle = workflow.get_external_workflow_handle(shipment.workflow_id)
            try:
                await handle.signal("stop_requested", StopRequested(plan.hash, reason))
            except FailureError:
                silent.append(shipment.no)
        await self._console.until(
            lambda: all(s.no in self._stopped | self._left or s.no in silent for s in running)
        )
        if silent:
            await self._look_again()
            over = {
                s.no
                for s in self._state.shipments
                if s.status.has_left or s.status is ShipmentStatus.CANCELLED
            }
            if lost := sorted(set(silent) - over):
                raise ApplicationError(
                    f"the workflow of {', '.join(lost)} does not run", type="ShipmentLost"
                )

    async def _settle_refund(self) -> None:
        """Money that is due back is paid by a person, until it is recorded here."""
        try:
            await self._console.ask(
                "refund",
                Cause("RefundDue", "", "money is due back to the buyer"),
                ("done_by_hand",),
                interrupted=lambda: self._events > self._seen,
            )
        except Interrupted:
            return  # a payment became known, or the channel said something: look again
        await self._record("refund_settled")

    async def _tell_promises(self) -> None:
        await self._settle(
            PromiseActivities.tell,
            lambda seq: TellPromises(self._ref.order_id, seq, workflow.now()),
        )

    async def _wait_for_news(self) -> None:
        until = wake_at(self._state, workflow.now())
        longest = until - workflow.now() if until else None
        try:
            await workflow.wait_condition(lambda: self._events > self._seen, timeout=longest)
        except TimeoutError:
            return

    async def _change_hold(self, kind: HoldKind, reason: str, actor: str, *, release: bool) -> None:
        await self._settle(
            DecidingActivities.change_hold,
            lambda seq: ChangeHold(self._ref.order_id, seq, str(kind), reason, actor, release),
        )
        self._events += 1

    async def _record(
        self, change: str, ref: str = "", actor: str = "system", plan_hash: str = ""
    ) -> None:
        entries = (Entry(change, actor=actor),)
        await self._settle(
            DecidingActivities.record,
            lambda seq: RecordOrder(self._ref.order_id, seq, entries, change, ref, plan_hash),
        )

    async def _settle(
        self,
        activity: Callable[[Any, RequestT], Awaitable[OrderState]],
        request: Callable[[int], RequestT],
    ) -> None:
        """One transaction of the order at a time: what it leaves is how the order stands. `request`
        is made when its turn has come, from the number of the last change."""
        async with self._lock:
            self._state = await workflow.execute_local_activity_method(
                activity, request(self._state.seq), **DATABASE
            )

    def _all_messages(self, seq: int) -> ApplyMessages:
        ids, self._inbox = tuple(self._inbox), []
        return ApplyMessages(self._ref.order_id, ids, seq)

    def _nothing_said(self, seq: int) -> RecordOrder:
        return RecordOrder(self._ref.order_id, seq, ())

    async def _plan(self, line_ids: tuple[str, ...], *, intercept: bool = False) -> Plan:
        return await workflow.execute_local_activity_method(
            DecidingActivities.plan_cancellation,
            PlanRequest(self._ref.order_id, line_ids, intercept),
            **DATABASE,
        )

    def _accepted(self) -> Accepted:
        return Accepted(self._state.status, waits_for(self._state))

    def _refuse_when_closed(self) -> None:
        if self._state.status.is_closed:
            raise OrderClosed(f"the order is {self._state.status}")
