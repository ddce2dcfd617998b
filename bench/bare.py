"""A parent and a child workflow that do nothing, in the same number and kind of steps as an order.

Workflow code alone: the sandbox loads this file again.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ParentClosePolicy

from workflows.shared.options import DATABASE, OUTSIDE

TASK_QUEUE = "bare"
_LONG = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Step:
    """One workflow task: after so many signals and answers in all, give these commands."""

    signals: int
    answers: int
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    steps: tuple[Step, ...]

    def signals_due(self, step: int) -> int:
        """How many signals from outside come after this step and before the next local activity."""
        last = next(
            (n for n in range(step + 1, len(self.steps)) if "local" in self.steps[n].commands),
            len(self.steps) - 1,
        )
        return self.steps[last].signals - self.steps[step].signals


@dataclass(frozen=True, slots=True)
class Start:
    """Input of both; the shipment's script is there for the parent to pass on."""

    mine: Script
    child: Script | None = None
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """What an activity is asked: nothing, or to have `workflow_id` signalled soon."""

    workflow_id: str = ""
    signals: int = 0


class _Bare:
    """Plays a script."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._signals = self._answers = 0
        self._timer: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        script = self._start.mine
        for number, step in enumerate(script.steps):
            await workflow.wait_condition(lambda: self._has_heard(step))  # noqa: B023
            locals_left = step.commands.count("local")
            for command in step.commands:
                if command != "local":
                    self._give(command)
                    continue
                locals_left -= 1
                last = not locals_left and self._start.child is None
                await self._local(script.signals_due(number) if last else 0)

    def _has_heard(self, step: Step) -> bool:
        return self._signals >= step.signals and self._answers >= step.answers

    async def _local(self, signals: int) -> None:
        await workflow.execute_local_activity(
            "bare.local", Nothing(workflow.info().workflow_id, signals), **DATABASE
        )

    def _give(self, command: str) -> None:
        match command:
            case "timer":
                self._timer = asyncio.create_task(asyncio.sleep(_LONG.total_seconds()))
            case "cancel":
                if self._timer is not None:
                    self._timer.cancel()
            case "activity":
                self._tasks.append(asyncio.create_task(self._activity()))
            case "child":
                self._tasks.append(asyncio.create_task(self._child()))
            case "tell":
                self._tasks.append(asyncio.create_task(self._tell()))

    async def _activity(self) -> None:
        await workflow.execute_activity("bare.activity", Nothing(), **OUTSIDE)
        self._answers += 1

    async def _child(self) -> None:
        assert self._start.child is not None
        own = workflow.info().workflow_id
        child = await workflow.start_child_workflow(
            "BareShipment",
            Start(self._start.child, parent=own),
            id=f"{own}/shipment",
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
        self._answers += 1
        await child
        self._answers += 1

    async def _tell(self) -> None:
        await workflow.get_external_workflow_handle(self._start.parent).signal("fact", Nothing())
        self._answers += 1


@workflow.defn
class BareOrder(_Bare):
    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> None:
        await self.play()

    @workflow.signal
    def fact(self, what: Nothing) -> None:
        self._signals += 1


@workflow.defn
class BareShipment(_Bare):
    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> None:
        await self.play()

    @workflow.signal
    def fact(self, what: Nothing) -> None:
        self._signals += 1
