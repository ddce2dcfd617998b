"""What the engine wrote down about an order: counted, explained, and repeated without content."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from temporalio.api.enums.v1 import EventType

from bench.bare import Script, Step

# What one event stands for, and how many events it brings along.
_FAMILY: Final = {
    "WORKFLOW_TASK_SCHEDULED": "workflow task",
    "WORKFLOW_TASK_STARTED": "workflow task",
    "WORKFLOW_TASK_COMPLETED": "workflow task",
    "WORKFLOW_EXECUTION_STARTED": "start and end",
    "WORKFLOW_EXECUTION_COMPLETED": "start and end",
    "TIMER_STARTED": "timer",
    "TIMER_CANCELED": "timer",
    "TIMER_FIRED": "timer",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": "child",
    "CHILD_WORKFLOW_EXECUTION_STARTED": "child",
    "CHILD_WORKFLOW_EXECUTION_COMPLETED": "child",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": "signal sent",
    "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED": "signal sent",
}

PURPOSES: Final = {
    "start and end": "the lifecycle begins with an id, and ends",
    "workflow task": "scheduled, started, completed: it thinks, once per thing it hears",
    "timer": "wakes when nothing is heard: a silent parcel, completion after some days",
    "child": "the order starts the shipment, and hears that it ended",
    "signal sent": "the shipment reports to its order: sent, heard",
    "signal message_arrived": "the channel's message lies in the inbox",
    "signal shipment_reported": "the order hears what its shipment did",
    "signal picked": "the warehouse confirmed the pick",
    "signal packed": "the boxes are closed and weighed",
    "signal handed_over": "the carrier took the boxes",
    "signal tracked": "the carrier scanned the parcel",
    "local order.look": "read the order's state after a report",
    "local order.apply": "take over lines, receiver and holds from the message",
    "local order.allocate": "decide where from, reserve, make the shipments",
    "local order.record": "a line of the story: the shipments have started",
    "local shipment.load": "read the shipment's state",
    "local shipment.open": "put it on the pick list",
    "local shipment.pick_confirmed": "take what was not found off the balance",
    "local shipment.packed": "a line of the story: packed",
    "local shipment.rate": "choose the carrier by tariff",
    "local shipment.labelled": "a line of the story: labelled",
    "local shipment.hand_over": "the goods leave the ledger",
    "local shipment.track": "take over how far the parcel is",
    "activity waybill.create": "order the waybill from the carrier: scheduled, started, completed",
    "activity channel.confirm_shipment": "tell the shop: scheduled, started, completed",
}

_COMMANDS: Final = {
    "ACTIVITY_TASK_SCHEDULED": "activity",
    "TIMER_STARTED": "timer",
    "TIMER_CANCELED": "cancel",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": "child",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": "tell",
    "MARKER_RECORDED": "local",
}
_ANSWERS: Final = frozenset(
    {
        "ACTIVITY_TASK_COMPLETED",
        "CHILD_WORKFLOW_EXECUTION_STARTED",
        "CHILD_WORKFLOW_EXECUTION_COMPLETED",
        "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED",
    }
)


@dataclass(frozen=True, slots=True)
class Story:
    """The histories of one order: its own, and its shipment's."""

    order: Sequence[Any]
    shipment: Sequence[Any]

    @property
    def scripts(self) -> tuple[Script, Script]:
        """What both did, without what for."""
        return script_of(self.order), script_of(self.shipment)


def counted(events: Iterable[Any]) -> Counter[str]:
    """Events by what they are for; an activity's three count together."""
    names: dict[int, str] = {}
    counts: Counter[str] = Counter()
    for event in events:
        kind = kind_of(event)
        if kind == "MARKER_RECORDED":
            counts[f"local {_local_name(event)}"] += 1
        elif kind == "WORKFLOW_EXECUTION_SIGNALED":
            name = event.workflow_execution_signaled_event_attributes.signal_name
            counts[f"signal {name}"] += 1
        elif kind == "ACTIVITY_TASK_SCHEDULED":
            name = event.activity_task_scheduled_event_attributes.activity_type.name
            names[event.event_id] = f"activity {name}"
            counts[names[event.event_id]] += 1
        elif kind == "ACTIVITY_TASK_STARTED":
            counts[names[event.activity_task_started_event_attributes.scheduled_event_id]] += 1
        elif kind == "ACTIVITY_TASK_COMPLETED":
            counts[names[event.activity_task_completed_event_attributes.scheduled_event_id]] += 1
        else:
            counts[_FAMILY.get(kind, kind.lower().replace("_", " "))] += 1
    return counts


def script_of(events: Sequence[Any]) -> Script:
    """What each workflow task waited for and did then, in order."""
    steps: list[Step] = []
    signals = answers = 0
    commands: list[str] = []
    due: tuple[int, int] | None = None
    for event in events:
        kind = kind_of(event)
        if kind == "WORKFLOW_EXECUTION_SIGNALED":
            signals += 1
        elif kind in _ANSWERS:
            answers += 1
        elif kind == "WORKFLOW_TASK_STARTED":
            heard = (signals, answers)
        elif kind == "WORKFLOW_TASK_COMPLETED":
            if due is not None:
                steps.append(Step(*due, tuple(commands)))
            due, commands = heard, []
        elif kind in _COMMANDS:
            commands.append(_COMMANDS[kind])
    if due is not None:
        steps.append(Step(*due, tuple(commands)))
    return Script(tuple(steps))


def kind_of(event: Any) -> str:
    """Its type as the engine names it, without the prefix."""
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")


def _local_name(event: Any) -> str:
    payload = event.marker_recorded_event_attributes.details["data"].payloads[0]
    return str(json.loads(payload.data)["activity_type"])
