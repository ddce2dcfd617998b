"""Whether a return may be approved without a person looking at it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.orders.returns.model import ReturnKind, ReturnPolicy, ReturnReason


class Doubt(StrEnum):
    """Why a person has to look."""

    NOT_DELIVERED = "not_delivered"
    OUTSIDE_WINDOW = "outside_window"
    AMOUNT = "amount"
    HISTORY = "history"
    GOODS = "goods"
    REASON = "reason"
    WITHOUT_GOODS = "without_goods"
    GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True)
class Request:
    """What the rules look at. `goodwill_minor` is asked beside the goods; `earlier_returns` are the
    buyer's within half a year."""

    kind: ReturnKind
    reason: ReturnReason
    worth_minor: int
    goodwill_minor: int
    skus: Collection[str]
    delivered_at: datetime | None
    asked_at: datetime
    earlier_returns: int = 0


def doubts(request: Request, policy: ReturnPolicy) -> tuple[Doubt, ...]:
    """Everything that keeps the rules from approving; nothing means approved."""
    if request.kind is ReturnKind.CAME_BACK:
        return ()  # it is on its way to us whatever anybody thinks of it
    found: list[Doubt] = []
    if request.kind is ReturnKind.REFUND_ONLY:
        found.append(Doubt.WITHOUT_GOODS)
    if request.goodwill_minor:
        found.append(Doubt.GOODWILL)
    if request.delivered_at is None:
        found.append(Doubt.NOT_DELIVERED)
    else:
        window = policy.fault_window if request.reason.is_ours else policy.window
        if request.asked_at >= request.delivered_at + window:
            found.append(Doubt.OUTSIDE_WINDOW)
    if request.worth_minor + request.goodwill_minor > policy.auto_approve_minor:
        found.append(Doubt.AMOUNT)
    if request.earlier_returns >= policy.most_returns:
        found.append(Doubt.HISTORY)
    if any(sku in policy.looked_at_skus for sku in request.skus):
        found.append(Doubt.GOODS)
    if request.reason in (ReturnReason.OTHER, ReturnReason.GOODWILL):
        found.append(Doubt.REASON)
    return tuple(found)
