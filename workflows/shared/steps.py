"""The step console: an outside step that cannot go on waits, visibly, for a person's decision."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)
from temporalio.exceptions import TimeoutError as ActivityTimeout

from activities.platform.attention import AttentionActivities
from domain.orders.messages import Accepted, GateOpened, ResolveStep, StepAction
from domain.orders.work import ParkedStep, ResolvedStep
from domain.shared.errors import ActionNotAllowed, DomainError, StepNotParked
from domain.shared.ids import OrderId
from workflows.shared.options import DATABASE, GATE_PATIENCE

Result = TypeVar("Result")

NO_INPUT: dict[str, str] = {}
_TRIED_AGAIN = ("retry", "retry_with", "done_by_hand")
RUN = "run"  # the step id of a life that cannot go on as a whole


@dataclass(frozen=True, slots=True)
class Step(Generic[Result]):
    """One call to the outside. `do` gets the id of a correction, empty the first time.

    `by_hand` records what a person did instead; without it the step cannot be done by hand.
    `input_fields` names what a person may correct: field → kind (text, number); no corrected
    value helps against the causes in `past_correcting`.
    """

    step_id: str
    system: str
    do: Callable[[str], Awaitable[Result]]
    by_hand: Callable[[str], Awaitable[Result]] | None = None
    may_skip: bool = False
    may_compensate: bool = False
    input_fields: dict[str, str] = field(default_factory=dict)
    past_correcting: frozenset[str] = frozenset()

    def actions(self, cause: str = "") -> tuple[StepAction, ...]:
        """What a person may decide about this step after it failed for this cause."""
        actions: list[StepAction] = ["retry"]
        if self.input_fields and cause not in self.past_correcting:
            actions.append("retry_with")
        if self.by_hand is not None:
            actions.append("done_by_hand")
        if self.may_skip:
            actions.append("skip")
        if self.may_compensate:
            actions.append("compensate")
        return tuple(actions)


class CompensationRequested(Exception):
    """A person decided to take the work back to before this step."""


class Interrupted(Exception):
    """The order wants the shipment back while the step was parked or waiting."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a step failed, as others may read it."""

    kind: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a lifecycle has to do at a time, however long a step of it waits."""

    due: Callable[[], datetime | None]
    strike: Callable[[], Awaitable[None]]


_NO_CLOCKS = Clocks(lambda: None, partial(asyncio.sleep, 0))


class StepConsole:
    """Runs the steps of one workflow; its decisions come in through the workflow's update."""

    def __init__(
        self, order_id: OrderId, shipment_no: str = "", clocks: Clocks = _NO_CLOCKS
    ) -> None:
        self._order_id = order_id
        self._shipment_no = shipment_no
        self._clocks = clocks
        self._decisions: dict[str, ResolveStep] = {}
        self._parked: dict[str, tuple[StepAction, ...]] = {}
        self._openings = 0
        self._actor = "system"

    @property
    def parked(self) -> tuple[str, ...]:
        """Ids of the steps that wait for a person now."""
        return tuple(sorted(self._parked))

    @property
    def actor(self) -> str:
        """Who decided last about a step."""
        return self._actor

    def check(self, decision: ResolveStep) -> None:
        """Validator: refuse what cannot be decided. Raises StepNotParked or ActionNotAllowed."""
        if decision.step_id not in self._parked or decision.step_id in self._decisions:
            raise StepNotParked(f"step {decision.step_id} does not wait for anybody")
        if decision.action not in self._parked[decision.step_id]:
            raise ActionNotAllowed(f"{decision.action} is not offered for {decision.step_id}")
        if decision.action in ("skip", "compensate", "done_by_hand") and not decision.reason:
            raise ActionNotAllowed("a reason is needed")
        if decision.action == "retry_with" and not decision.correction_id:
            raise ActionNotAllowed("corrected values are needed")

    def decide(self, decision: ResolveStep) -> Accepted:
        """Record what a person decided; the waiting step goes on with it."""
        self._decisions[decision.step_id] = decision
        return Accepted("decided")

    def gate_opened(self) -> None:
        """A system that one of the steps is queued at can be called again."""
        self._openings += 1

    async def run(
        self, step: Step[Result], interrupted: Callable[[], bool] = lambda: False
    ) -> Result | None:
        """The step's result, or None when it was skipped.

        Raises CompensationRequested when a person takes the work back, Interrupted when
        `interrupted` becomes true while the step waits.
        """
        attempts, attempt, decided = 0, partial(step.do, ""), False
        while True:
            attempts += 1
            openings = self._openings
            try:
                result = await attempt()
            except FailureError as error:  # a local activity raises its failure itself
                if is_cancelled_exception(error):
                    raise
                cause = cause_of(error)
            else:
                if decided:
                    await self._went_on(step.step_id)
                return result
            if cause.kind == "GateHolding":
                await self._wait_for_gate(openings, interrupted)
                continue
            decision = await self.ask(
                step.step_id,
                cause,
                step.actions(cause.kind),
                system=step.system,
                attempts=attempts,
                input_fields=step.input_fields,
                interrupted=interrupted,
                tries=True,
            )
            decided = True
            match decision.action:
                case "skip":
                    return None
                case "compensate":
                    raise CompensationRequested(step.step_id)
                case "done_by_hand" if step.by_hand is not None:
                    attempt = partial(step.by_hand, decision.correction_id)
                case _:
                    attempt = partial(step.do, decision.correction_id)

    async def ask(
        self,
        step_id: str,
        cause: Cause,
        actions: tuple[StepAction, ...],
        *,
        system: str = "",
        attempts: int = 1,
        input_fields: dict[str, str] = NO_INPUT,
        interrupted: Callable[[], bool] = lambda: False,
        tries: bool = False,
    ) -> ResolveStep:
        """Write an attention item and wait for what a person decides about it.

        `tries`: the step is tried again then, and says itself whether the decision helped.
        """
        info = workflow.info()
        self._parked[step_id] = actions
        self._decisions.pop(step_id, None)
        await workflow.execute_local_activity_method(
            AttentionActivities.park,
            ParkedStep(
                info.workflow_id,
                step_id,
                self._order_id,
                cause.kind,
                cause.code,
                cause.text,
                actions,
                0,
                self._shipment_no,
                system,
                attempts,
                input_fields,
            ),
            **DATABASE,
        )
        await self.until(lambda: step_id in self._decisions or interrupted())
        decision = self._decisions.pop(step_id, None)
        self._parked.pop(step_id, None)
        await workflow.execute_local_activity_method(
            AttentionActivities.resolve,
            ResolvedStep(
                info.workflow_id,
                step_id,
                self._order_id,
                decision.action if decision else "interrupted",
                decision.actor if decision else "system",
                decision.reason if decision else "",
                0,
                self._shipment_no,
                tries and decision is not None and decision.action in _TRIED_AGAIN,
            ),
            **DATABASE,
        )
        if decision is None:
            raise Interrupted(step_id)
        self._actor = decision.actor
        return decision

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for something; the lifecycle's clocks strike meanwhile."""
        while not done():
            at = self._clocks.due()
            longest = max(at - workflow.now(), timedelta(0)) if at is not None else None
            try:
                await workflow.wait_condition(
                    partial(self._woken, done, at), timeout=longest
                )  # fmt: skip
            except TimeoutError:
                await self._clocks.strike()

    def _woken(self, done: Callable[[], bool], at: datetime | None) -> bool:
        return done() or self._clocks.due() != at

    async def _went_on(self, step_id: str) -> None:
        """What a person decided about the step helped."""
        await workflow.execute_local_activity_method(
            AttentionActivities.went_on,
            ResolvedStep(
                workflow.info().workflow_id, step_id, self._order_id, "", self._actor, "", 0
            ),
            **DATABASE,
        )

    async def _wait_for_gate(self, seen: int, interrupted: Callable[[], bool]) -> None:
        """Until more gates opened than were `seen` before the attempt.

        We are told only of gates that steps of ours are queued at. Which one a step came to, its
        activity alone knows: a parcel lies where it was ordered, whoever would make it now.
        """
        patience = asyncio.ensure_future(asyncio.sleep(GATE_PATIENCE.total_seconds()))
        await self.until(lambda: self._openings > seen or interrupted() or patience.done())
        patience.cancel()
        if interrupted():
            raise Interrupted("waiting at a gate")


class Attended:
    """A lifecycle whose stuck steps people decide about, and whose calls may wait at gates."""

    _console: StepConsole

    @workflow.update
    def resolve_step(self, decision: ResolveStep) -> Accepted:
        """A person decided about a parked step."""
        return self._console.decide(decision)

    @resolve_step.validator
    def _check_decision(self, decision: ResolveStep) -> None:
        self._console.check(decision)

    @workflow.signal
    def gate_opened(self, fact: GateOpened) -> None:
        """A system can be called again."""
        self._console.gate_opened()


def cause_of(error: BaseException) -> Cause:
    """The failure behind an error: our class name, the vendor's code, their words."""
    cause: BaseException | None = error.cause if isinstance(error, ActivityError) else error
    while isinstance(cause, ActivityTimeout) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, ApplicationError):
        details: Any = cause.details
        code = str(details[0]) if details else ""
        return Cause(cause.type or "Bug", code, cause.message)
    if isinstance(cause, ActivityTimeout):
        return Cause("Unavailable", "timeout", "no answer in time")
    if isinstance(cause, DomainError):
        return Cause(type(cause).__name__, "", str(cause))
    return Cause("Bug", type(cause or error).__name__, str(cause or error))


async def never_failing(console: StepConsole, life: Callable[[], Awaitable[str]]) -> str:
    """A workflow's life to its end: what would fail or cancel it waits for a person instead.

    `life` reads the tables when it starts, so "retry" goes on where things stand. A bug is no
    failure: it suspends the workflow task until a fix is deployed, and then simply goes on.
    """
    while True:
        try:
            return await life()
        except (Exception, asyncio.CancelledError) as error:
            cancelled = is_cancelled_exception(error)
            if not (cancelled or workflow.is_failure_exception(error)):
                raise
            text = "somebody cancelled the workflow in the engine; orders are cancelled by plan"
            cause = Cause("Cancelled", "", text) if cancelled else cause_of(error)
        await console.ask(RUN, cause, ("retry",))
