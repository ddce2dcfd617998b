"""One shipment, from the pick list to the receiver's door."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.orders.shipping import ShippingActivities
from activities.orders.telling import TellingActivities
from domain.orders.messages import (
    FollowingEnded,
    HandedOver,
    Packed,
    Picked,
    ShipmentRef,
    ShipmentReport,
    StateChanged,
    StopRequested,
    Tracked,
)
from domain.orders.order import ShipmentStatus
from domain.orders.silence import Silence
from domain.orders.work import ShipmentFacts, ShipmentStep
from workflows.shared.options import DATABASE
from workflows.shared.parcel_steps import ParcelSteps
from workflows.shared.steps import (
    Attended,
    Cause,
    CompensationRequested,
    Interrupted,
    Step,
    StepConsole,
    never_failing,
)

# An aggregator refuses to follow a parcel anew right after it gave it up.
FOLLOW_AGAIN_AFTER = timedelta(minutes=30)
# What stops a shipment wakes it; this is for the news that got lost.
LOOK_AGAIN = timedelta(hours=6)
# How long the order may take to apply what the channel just answered.
SOON = timedelta(minutes=5)


@workflow.defn(name="Shipment")
class ShipmentWorkflow(Attended):
    """Picks, packs, labels, hands over and follows one shipment; gives it back when asked to."""

    @workflow.init
    def __init__(self, ref: ShipmentRef) -> None:
        self._ref = ref
        self._console = StepConsole(ref.order_id, ref.shipment_no)
        self._facts: ShipmentFacts | None = None
        self._seq = 0
        self._status = ShipmentStatus.ALLOCATED
        self._picked = self._packed = self._handed_over = False
        self._news = 0
        self._looked = 0
        self._silence = Silence(workflow.now())
        self._outside = ParcelSteps(ref.shipment_no)
        self._alarm: asyncio.Task[None] | None = None
        self._following: list[asyncio.Task[None]] = []  # kept, or they are forgotten half-way
        self._stop: StopRequested | None = None
        self._tried = False  # to order the labels
        self._told_that_it_left = False
        self._telling: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, ref: ShipmentRef) -> str:
        return await never_failing(self._console, self._live)

    async def _live(self) -> str:
        facts = self._take(await self._step(ShippingActivities.open))
        if self._status.has_left:
            self._news += 1  # taken up again: what was told meanwhile is in the tables
        if facts.is_stopping and self._stop is None:
            self._stop = StopRequested("", "taken up again")  # an earlier run was giving it back
        while not self._status.has_left and self._status is not ShipmentStatus.CANCELLED:
            try:
                await self._one_step_to_the_ramp()
            except (Interrupted, CompensationRequested):
                await self._give_back()
        if self._status is ShipmentStatus.CANCELLED:
            await self._report(stopped=True)
        else:
            await self._on_the_way()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._status

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
    def following_ended(self, fact: FollowingEnded) -> None:
        """The aggregator gave a parcel up; it may be followed again half an hour later."""
        self._following.append(asyncio.create_task(self._follow(FOLLOW_AGAIN_AFTER)))

    @workflow.signal
    def state_changed(self, fact: StateChanged) -> None:
        self._hear()

    @workflow.signal
    def stop_requested(self, request: StopRequested) -> None:
        self._stop = request
        self._news += 1

    @workflow.query
    def view(self) -> str:
        return self._status

    # --- the way to the ramp ---

    async def _one_step_to_the_ramp(self) -> None:
        if self._must_stop() and not self._handed_over:
            raise Interrupted("stop requested")
        if self._rides():
            await self._ride_along()
            return
        match self._status:
            case ShipmentStatus.PACKED:
                await self._label()
            case ShipmentStatus.LABELLED:
                await self._leave()
            case _:
                await self._pick_and_pack()

    async def _ride_along(self) -> None:
        """Its goods are in the parcel of another: what happens to that one is read here."""
        self._looked = self._news
        before = self._status
        facts = self._take(await self._step(ShippingActivities.load))
        self._picked, self._packed = facts.is_picked, facts.is_packed
        self._handed_over = facts.is_handed_over
        if self._status is not before or facts.picked_units < facts.units:
            await self._report(short=facts.picked_units < facts.units)
        if self._rides() and not self._is_over():
            await workflow.wait_condition(
                lambda: self._news > self._looked or (self._must_stop() and not self._handed_over)
            )

    async def _pick_and_pack(self) -> None:
        await self._until(lambda: self._picked or self._news > self._looked)
        if not self._picked:
            self._looked = self._news
            self._take(await self._step(ShippingActivities.load))
            return
        facts = self._take(await self._step(ShippingActivities.pick_confirmed))
        if self._status is not ShipmentStatus.PICKING:
            return  # a worker came further than it could say
        if facts.picked_units < facts.units:
            await self._report(short=True)
        if facts.picked_units == 0:
            raise Interrupted("nothing was found")
        await self._until(lambda: self._packed)
        self._take(await self._step(ShippingActivities.packed))

    async def _label(self) -> None:
        self._looked = self._news
        while (facts := await self._rated()).blocked_by:
            await self._until(lambda: self._news > self._looked, LOOK_AGAIN)
            self._looked = self._news
        self._tried = False
        step = self._outside.label(facts, self._order_labels)
        numbers = await self._console.run(step, self._must_stop)
        data = {"waybills": numbers or ""}
        self._take(await self._step(ShippingActivities.labelled, data))

    async def _order_labels(self, correction_id: str) -> str:
        """Before every attempt it is looked at again: the step may have been parked for days."""
        news = self._news
        await self._hear_the_channel()
        if self._tried or self._news > news:
            await self._clear_of_holds()
        self._tried = True
        return await self._outside.create_label(correction_id)

    async def _leave(self) -> None:
        """Wait for the carrier; what happened meanwhile keeps the parcel or renews its label."""
        if self._news > self._looked:
            self._looked = self._news
            self._take(await self._step(ShippingActivities.load))
        assert self._facts is not None
        if self._facts.label_outdated:
            await self._label_anew()
            return
        await self._until(lambda: self._handed_over or self._news > self._looked)
        if not self._handed_over:
            return
        try:
            await self._hear_the_channel()
        except Interrupted:
            await self._keep_back("taken back")
            return
        facts = self._take(await self._step(ShippingActivities.hand_over))
        if not self._status.has_left:
            await self._keep_back(", ".join(facts.blocked_by) or "label")

    async def _keep_back(self, why: str) -> None:
        self._handed_over = False
        self._take(await self._step(ShippingActivities.keep_back, {"why": why}))

    async def _label_anew(self) -> None:
        await self._void_labels()
        self._take(await self._step(ShippingActivities.label_anew))

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

    async def _clear_of_holds(self) -> None:
        """A hold placed meanwhile stops the shipment here, right before it costs something."""
        while True:
            self._looked = self._news
            if not self._take(await self._step(ShippingActivities.load)).blocked_by:
                return
            await self._until(lambda: self._news > self._looked, LOOK_AGAIN)

    async def _hear_the_channel(self) -> None:
        """Ask a channel that can be asked; what is new goes to the order first, then we go on."""
        while self._facts is not None and self._facts.asks_channel:
            seen = self._news
            step = self._outside.look(self._facts)
            looked = await self._console.run(step, self._must_stop)
            if looked is None or not looked.news:
                return
            await self._until(lambda: self._news > seen, SOON)  # noqa: B023 (awaited at once)

    # --- on the way ---

    async def _on_the_way(self) -> None:
        if self._telling is None:
            self._telling = asyncio.create_task(self._console.run(self._outside.tell_channel()))
        self._silence.since = workflow.now()
        await self._report()
        if self._facts is not None and self._facts.needs_following:
            self._following.append(asyncio.create_task(self._follow(timedelta(0))))
        while self._status is not ShipmentStatus.DELIVERED:
            if self._must_stop() and not self._told_that_it_left:
                self._told_that_it_left = True
                await self._report()
            if self._rides():
                await self._look_at_the_parcel()
                continue
            if self._looked == self._news and not await self._hears_something():
                await self._break_the_silence()
                continue
            self._looked = self._news
            facts = self._take(await self._step(ShippingActivities.track))
            if self._status is ShipmentStatus.EXCEPTION:
                await self._report()
                step_id, text = f"parcel:{facts.tracked}", f"the parcel is {facts.tracked}"
                await self._ask_about(step_id, text, facts.incident)
        await self._report()
        await self._telling

    async def _look_at_the_parcel(self) -> None:
        """The one in whose parcel it goes asks the carrier, and people; here it is only read."""
        await workflow.wait_condition(lambda: self._news > self._looked)
        self._looked = self._news
        before = self._status
        self._take(await self._step(ShippingActivities.load))
        if self._status is not before:
            await self._report()

    async def _hears_something(self) -> bool:
        """Wait for news; False after a day of silence.

        The timer runs on over news: a new one after each would cost two events more.
        """
        while self._looked == self._news:
            if self._alarm is None or self._alarm.done():
                rest = self._silence.rest(workflow.now())
                if not rest:
                    self._silence.since = workflow.now()
                    return False
                self._alarm = asyncio.create_task(asyncio.sleep(rest.total_seconds()))
            alarm = self._alarm
            await self._news_or(alarm)
        return True

    async def _news_or(self, alarm: "asyncio.Task[None]") -> None:
        await workflow.wait_condition(lambda: self._news > self._looked or alarm.done())

    async def _break_the_silence(self) -> None:
        """A push may be lost: ask the carrier, and a person when it says nothing new for days."""
        scans = await self._outside.ask_carrier(self._silence.scans)
        if question := self._silence.broken(scans):
            await self._ask_about("stalled", question)

    async def _follow(self, after: timedelta) -> None:
        if after:
            await asyncio.sleep(after.total_seconds())
        await self._outside.follow()

    async def _ask_about(self, step_id: str, text: str, incident: str = "") -> None:
        try:
            decision = await self._console.ask(
                step_id,
                Cause("Parcel", incident or step_id, text),
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
        """Void what may have been ordered, then release the stock: to the end, whatever happens.

        The carrier may have been seen to take it a moment before: then it has left.
        """
        self._looked = self._news
        facts = self._take(await self._step(ShippingActivities.halt))
        while facts.ships_with and not (facts.is_handed_over or self._is_over()):
            await workflow.wait_condition(lambda: self._news > self._looked)
            self._looked = self._news  # the closed box it is in was opened, or has left
            facts = self._take(await self._step(ShippingActivities.load))
            self._handed_over = facts.is_handed_over
        if facts.is_handed_over or self._is_over():
            return
        if facts.parcels:
            await self._void_labels()
        reason = self._stop.reason if self._stop else ""
        self._take(await self._step(ShippingActivities.stop, {"reason": reason}))

    async def _void_labels(self) -> None:
        assert self._facts is not None
        await self._console.run(self._outside.void(self._facts))

    # --- small things ---

    def _hear(self) -> None:
        self._news += 1
        self._silence.since = workflow.now()

    def _must_stop(self) -> bool:
        return self._stop is not None

    def _rides(self) -> bool:
        return self._facts is not None and bool(self._facts.ships_with)

    def _is_over(self) -> bool:
        return self._status.has_left or self._status is ShipmentStatus.CANCELLED

    async def _until(self, done: Callable[[], bool], longest: timedelta | None = None) -> None:
        try:
            await workflow.wait_condition(lambda: done() or self._must_stop(), timeout=longest)
        except TimeoutError:
            return
        if self._must_stop() and not done():
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

    def _take(self, facts: ShipmentFacts) -> ShipmentFacts:
        """What the tables say; acts of the warehouse may be there before their signal."""
        self._facts = facts
        self._seq = max(self._seq, facts.seq)
        self._status = ShipmentStatus(facts.status)
        self._picked = self._picked or facts.is_picked
        self._packed = self._packed or facts.is_packed
        self._handed_over = self._handed_over or facts.is_handed_over
        return facts

    async def _report(self, *, stopped: bool = False, short: bool = False) -> None:
        plan = self._stop.plan_id if self._stop else ""
        order = workflow.get_external_workflow_handle(self._ref.order_workflow_id)
        report = ShipmentReport(
            self._ref.shipment_no, self._status, plan, stopped=stopped, short=short
        )
        try:
            await order.signal("shipment_reported", report)
        except FailureError:
            return  # the order is over: nobody waits for this any more
