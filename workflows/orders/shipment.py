"""One shipment, from the pick list to the receiver's door."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.logistics.waybills import WaybillActivities
from activities.orders.shipping import ShippingActivities
from activities.orders.telling import TellingActivities
from domain.orders.messages import (
    Accepted,
    GateOpened,
    HandedOver,
    Packed,
    Picked,
    ResolveStep,
    ShipmentRef,
    ShipmentReport,
    StateChanged,
    StopRequested,
    Tracked,
)
from domain.orders.order import ShipmentStatus
from domain.orders.work import OutsideStep, ShipmentFacts, ShipmentStep
from workflows.shared.options import DATABASE, OUTSIDE
from workflows.shared.steps import Cause, CompensationRequested, Interrupted, Step, StepConsole

# A silent parcel: its carrier is asked each time, a person after as many silences in a row.
SILENT_AFTER = timedelta(hours=24)
STALLED_SILENCES = 3
LOOK_AGAIN = timedelta(minutes=30)


@workflow.defn(name="Shipment")
class ShipmentWorkflow:
    """Picks, packs, labels, hands over and follows one shipment; gives it back when asked to."""

    @workflow.init
    def __init__(self, ref: ShipmentRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id, ref.shipment_no)
        self._seq = 0
        self._status = ShipmentStatus.ALLOCATED
        self._picked = self._packed = self._handed_over = False
        self._news = 0
        self._looked = 0
        self._heard_at = workflow.now()
        self._alarm: asyncio.Task[None] | None = None
        self._silences, self._scans = 0, 0
        self._stop: StopRequested | None = None
        self._labelled = False

    @workflow.run
    async def run(self, ref: ShipmentRef) -> str:
        try:
            await self._to_the_ramp()
        except (Interrupted, CompensationRequested):
            await self._give_back()
            await workflow.wait_condition(workflow.all_handlers_finished)
            return self._status
        await self._on_the_way()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._status

    # --- commands ---

    @workflow.update
    def resolve_step(self, decision: ResolveStep) -> Accepted:
        """A person decided about a parked step."""
        return self._console.decide(decision)

    @resolve_step.validator
    def _check_decision(self, decision: ResolveStep) -> None:
        self._console.check(decision)

    # --- facts ---

    @workflow.signal
    def picked(self, fact: Picked) -> None:
        self._picked = True

    @workflow.signal
    def packed(self, fact: Packed) -> None:
        self._picked = self._packed = True

    @workflow.signal
    def handed_over(self, fact: HandedOver) -> None:
        self._handed_over = True

    @workflow.signal
    def tracked(self, fact: Tracked) -> None:
        self._hear()

    @workflow.signal
    def state_changed(self, fact: StateChanged) -> None:
        self._hear()

    @workflow.signal
    def gate_opened(self, fact: GateOpened) -> None:
        self._console.gate_opened(fact.system)

    @workflow.signal
    def stop_requested(self, request: StopRequested) -> None:
        self._stop = request

    @workflow.query
    def view(self) -> str:
        return self._status

    # --- the way to the ramp ---

    async def _to_the_ramp(self) -> None:
        self._take(await self._step(ShippingActivities.open))
        if self._status is ShipmentStatus.PICKING:
            await self._until(lambda: self._picked)
            facts = self._take(await self._step(ShippingActivities.pick_confirmed))
            if facts.picked_units < facts.units:
                await self._report(short=True)
            if facts.picked_units == 0:
                raise Interrupted("nothing was found")
            await self._until(lambda: self._packed)
            self._take(await self._step(ShippingActivities.packed))
        if self._status is ShipmentStatus.PACKED:
            await self._label()
        if self._status is ShipmentStatus.LABELLED:
            await self._until(lambda: self._handed_over)
            await self._hand_over()

    async def _label(self) -> None:
        seen = self._news
        while (facts := await self._rated()).blocked_by:
            seen = await self._held(seen)
        self._labelled = True  # from here on a label may exist, whatever we hear of it
        numbers = await self._console.run(
            Step(
                "label",
                f"carrier/{facts.carrier}",
                lambda correction: workflow.execute_activity_method(
                    WaybillActivities.create, self._outside("label", correction), **OUTSIDE
                ),
                by_hand=lambda correction: workflow.execute_activity_method(
                    WaybillActivities.by_hand, self._outside("label", correction), **OUTSIDE
                ),
                may_compensate=True,
                input_fields={"carrier": "text", "product": "text", "waybill_no": "text"},
                past_correcting=frozenset({"NeedsPlatformWaybill"}),
            ),
            self._must_stop,
        )
        data = {"waybills": numbers or ""}
        self._take(await self._step(ShippingActivities.labelled, data))

    async def _rated(self) -> ShipmentFacts:
        facts = await self._console.run(
            Step(
                "rate",
                "",
                lambda _: workflow.execute_local_activity_method(
                    TellingActivities.rate, self._asked({}), **DATABASE
                ),
                may_compensate=True,
            ),
            self._must_stop,
        )
        assert facts is not None
        return facts

    async def _hand_over(self) -> None:
        seen = self._news
        while not self._status.has_left:
            self._take(await self._step(ShippingActivities.hand_over))
            if not self._status.has_left:
                seen = await self._held(seen)

    async def _held(self, seen: int) -> int:
        """A hold placed meanwhile stops the shipment here, right before it costs something."""
        await self._until(lambda: self._news > seen, LOOK_AGAIN)
        return self._news

    # --- on the way ---

    async def _on_the_way(self) -> None:
        telling = asyncio.create_task(self._tell_channel())
        self._heard_at = workflow.now()
        await self._report()
        while self._status is not ShipmentStatus.DELIVERED:
            if self._looked == self._news and not await self._hears_something():
                await self._break_the_silence()
                continue
            self._looked = self._news
            facts = self._take(await self._step(ShippingActivities.track))
            if self._status is ShipmentStatus.EXCEPTION:
                await self._report()
                await self._ask_about(f"parcel:{facts.tracked}", f"the parcel is {facts.tracked}")
        await self._report()
        await telling

    async def _hears_something(self) -> bool:
        """Wait for news; False after a day of silence.

        The timer runs on over news: a new one after each would cost two events more.
        """
        while self._looked == self._news:
            if self._alarm is None or self._alarm.done():
                rest = self._heard_at + SILENT_AFTER - workflow.now()
                if rest <= timedelta(0):
                    self._heard_at = workflow.now()
                    return False
                self._alarm = asyncio.create_task(asyncio.sleep(rest.total_seconds()))
            alarm = self._alarm
            await self._news_or(alarm)
        return True

    async def _news_or(self, alarm: "asyncio.Task[None]") -> None:
        await workflow.wait_condition(lambda: self._news > self._looked or alarm.done())

    async def _break_the_silence(self) -> None:
        """A push may be lost: ask the carrier, and a person when it says nothing new for days."""
        try:
            scans = await workflow.execute_activity_method(
                WaybillActivities.ask, self._outside("ask_carrier", ""), **OUTSIDE
            )
        except ActivityError:
            scans = self._scans  # nobody was asked: as good as no answer
        self._silences = self._silences + 1 if scans == self._scans else 0
        self._scans = scans
        if self._silences >= STALLED_SILENCES:
            self._silences = 0
            await self._ask_about("stalled", "no news from the carrier for three days")

    async def _tell_channel(self) -> None:
        await self._console.run(
            Step(
                "ship_confirm",
                "shop",
                lambda correction: workflow.execute_activity_method(
                    TellingActivities.confirm_shipment,
                    self._outside("ship_confirm", correction),
                    **OUTSIDE,
                ),
                may_skip=True,
            )
        )

    async def _ask_about(self, step_id: str, text: str) -> None:
        try:
            decision = await self._console.ask(
                step_id,
                Cause("Parcel", step_id, text),
                ("retry", "done_by_hand"),
                interrupted=lambda: self._news > self._looked,
            )
        except Interrupted:
            return  # news came: the parcel speaks for itself again
        if decision.action == "done_by_hand":
            data = {"status": str(ShipmentStatus.DELIVERED), "reason": decision.reason}
            self._take(await self._step(ShippingActivities.settle, data))

    # --- giving it back ---

    async def _give_back(self) -> None:
        """Void what may have been ordered, then release the stock: to the end, whatever happens."""
        if self._labelled:
            await self._console.run(
                Step(
                    "void_label",
                    "carrier",
                    lambda correction: workflow.execute_activity_method(
                        WaybillActivities.void,
                        self._outside("void_label", correction),
                        **OUTSIDE,
                    ),
                    by_hand=lambda correction: workflow.execute_activity_method(
                        WaybillActivities.voided_by_hand,
                        self._outside("void_label", correction),
                        **OUTSIDE,
                    ),
                    may_skip=True,
                )
            )
        reason = self._stop.reason if self._stop else ""
        self._take(await self._step(ShippingActivities.stop, {"reason": reason}))
        await self._report(stopped=True)

    # --- small things ---

    def _hear(self) -> None:
        self._news += 1
        self._heard_at = workflow.now()

    def _must_stop(self) -> bool:
        return self._stop is not None

    async def _until(self, done: Callable[[], bool], longest: timedelta | None = None) -> None:
        try:
            await workflow.wait_condition(lambda: done() or self._must_stop(), timeout=longest)
        except TimeoutError:
            return
        if self._must_stop():
            raise Interrupted("stop requested")

    async def _step(
        self,
        method: Callable[[ShippingActivities, ShipmentStep], Awaitable[ShipmentFacts]],
        data: dict[str, str] | None = None,
    ) -> ShipmentFacts:
        return await workflow.execute_local_activity_method(
            method, self._asked(data or {}), **DATABASE
        )

    def _asked(self, data: dict[str, str]) -> ShipmentStep:
        return ShipmentStep(self._ref.shipment_no, self._seq, data)

    def _outside(self, step_id: str, correction_id: str) -> OutsideStep:
        info = workflow.info()
        return OutsideStep(self._ref.shipment_no, info.workflow_id, step_id, correction_id)

    def _take(self, facts: ShipmentFacts) -> ShipmentFacts:
        self._seq = max(self._seq, facts.seq)
        self._status = ShipmentStatus(facts.status)
        return facts

    async def _report(self, *, stopped: bool = False, short: bool = False) -> None:
        plan = self._stop.plan_id if self._stop else ""
        order = workflow.get_external_workflow_handle(self._ref.order_workflow_id)
        report = ShipmentReport(
            self._ref.shipment_no, self._status, plan, stopped=stopped, short=short
        )
        await order.signal("shipment_reported", report)
