"""What a purchase order does next by itself, and what it waits for until when."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from domain.inventory.purchasing.model import (
    OVER,
    Notice,
    Purchase,
    PurchaseState,
    SupplierAnswer,
)

_S = PurchaseState

AGAIN_AFTER: Final = timedelta(days=2)  # whoever is silent or late is reminded of so often
CORRECTED_WITHIN: Final = timedelta(days=3)  # receipts, after the last units came


class PurchaseStep(StrEnum):
    MOVE_ON = "move_on"  # what it waits for changed: write it down, and start the next clock
    SEND = "send"
    REMIND = "remind"
    TELL_CANCELLED = "tell_cancelled"
    CLOSE = "close"
    END = "end"
    WAIT = "wait"


def next_step(purchase: Purchase, now: datetime) -> PurchaseStep:
    """The one thing to do now; WAIT when only an event or a time can change something."""
    if purchase.notice is Notice.WANTED:
        return PurchaseStep.TELL_CANCELLED
    if purchase.state in OVER:
        return PurchaseStep.END
    if purchase.waits != waits_for(purchase) or purchase.due_at != due(purchase):
        return PurchaseStep.MOVE_ON
    if purchase.state is _S.APPROVED or purchase.is_amended:
        return PurchaseStep.SEND
    if purchase.due_at is None or now < purchase.due_at:
        return PurchaseStep.WAIT
    return PurchaseStep.CLOSE if purchase.state is _S.RECEIVED else PurchaseStep.REMIND


def waits_for(purchase: Purchase) -> str:
    """What it waits for, as a stable code."""
    if purchase.is_amended and purchase.state not in OVER:
        return "sending"
    match purchase.state:
        case _S.DRAFT:
            return "buyer"
        case _S.AWAITING_APPROVAL:
            return "approval"
        case _S.APPROVED:
            return "sending"
        case _S.SENT:
            return "answer"
        case _S.ACKNOWLEDGED | _S.PARTLY_RECEIVED:
            refused = purchase.answer is SupplierAnswer.REFUSED
            refused = refused and purchase.state is _S.ACKNOWLEDGED
            return "decision" if refused else "goods"
        case _S.RECEIVED:
            return "corrections"
        case _:
            return ""


def due(purchase: Purchase) -> datetime | None:
    """When it acts by itself; the reminders that were said already move it on."""
    match waits_for(purchase):
        case "answer" if purchase.sent_at is not None:
            silent = timedelta(hours=purchase.acknowledge_hours)
            return purchase.sent_at + silent + purchase.reminders * AGAIN_AFTER
        case "goods" if (late := purchase.late_at) is not None:
            if purchase.reminders == 0 and purchase.remind_days:
                return late - timedelta(days=purchase.remind_days + 1)
            said = purchase.reminders - (1 if purchase.remind_days else 0)
            return late + max(said, 0) * AGAIN_AFTER
        case "corrections" if purchase.received_at is not None:
            return purchase.received_at + CORRECTED_WITHIN
        case _:
            return None


def late_from(expected_on: date | None, zone: str) -> datetime | None:
    """From when on goods are late: the day after the one they were expected on begins there.

    Worked out where purchase orders are read: workflows have no zones.
    """
    if expected_on is None:
        return None
    return datetime.combine(expected_on + timedelta(days=1), time(), ZoneInfo(zone))
