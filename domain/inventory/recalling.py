"""What crosses Temporal for recalls. Ids and small facts only; fields are only ever added."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecallRef:
    """What the workflow of a recall is started with."""

    recall_no: str


@dataclass(frozen=True, slots=True)
class RecallMoved:
    """`Recall.recall_moved`: begun, answered or closed; look at the tables."""

    recall_no: str


@dataclass(frozen=True, slots=True)
class RecallWork:
    """One step of a recall; `at` is the workflow's time, by which clocks start."""

    recall_no: str
    at: datetime
