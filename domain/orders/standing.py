"""How an order stands at a glance: on its way, at its end, or waiting for something with a name."""

from dataclasses import dataclass
from enum import StrEnum

from domain.orders.order import OrderStatus


class End(StrEnum):
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    WAITING = "waiting"  # until somebody or something outside does what `reason` says
    MOVING = "moving"  # goes on by itself; `reason` is the stage


@dataclass(frozen=True, slots=True)
class Standing:
    end: End
    reason: str = ""


def standing_of(
    status: OrderStatus, waits_for: str, *, attention: str = "", unapplied: bool = False
) -> Standing:
    """`attention` is the cause of an open item; `unapplied`: a message of it is not taken over."""
    if status is OrderStatus.CANCELLED:
        return Standing(End.CANCELLED)
    if status in (OrderStatus.DELIVERED, OrderStatus.COMPLETED):
        return Standing(End.DELIVERED)
    if attention:
        return Standing(End.WAITING, f"attention:{attention}")
    if unapplied:
        return Standing(End.MOVING, "message")
    if waits_for.startswith("hold:") or waits_for in ("stock", "parcel"):
        return Standing(End.WAITING, waits_for)
    return Standing(End.MOVING, waits_for or "received")
