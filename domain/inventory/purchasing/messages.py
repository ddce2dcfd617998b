"""What the workflow of a purchase order hears and says."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PurchaseRef:
    """What the workflow of a purchase order is started with."""

    no: str


@dataclass(frozen=True, slots=True)
class PurchaseMoved:
    """`Replenishment.purchase_moved` and `received`: decided, answered or received; look at the
    tables."""

    no: str


@dataclass(frozen=True, slots=True)
class PurchaseWork:
    """One step of a purchase order; `at` is the workflow's time, by which clocks start."""

    no: str
    at: datetime
    workflow_id: str = ""
    step_id: str = ""
    correction_id: str = ""
