"""What a channel may still change about an order, and what we do: the table of docs/changes.md."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.orders.order import ShipmentStatus


class Change(StrEnum):
    """What a later message of the channel can say otherwise than the ones before."""

    HEADER = "header"  # remarks, payment, promises, money
    RECEIVER = "receiver"
    LINES = "lines"  # goods: other quantities, lines more or fewer


class Stage(StrEnum):
    """How far the order is, by its furthest shipment that has not left."""

    PLANNED = "planned"  # nothing is being worked on
    IN_HAND = "in_hand"  # picked or packed without a label, or a part of the order has left
    LABELLED = "labelled"
    LEFT = "left"  # all of it


class Response(StrEnum):
    APPLY = "apply"
    REPLAN = "replan"  # what was reserved is given back, the order is planned anew
    PARK = "park"  # the order is held until a person has decided
    NOTE = "note"  # written into the story of the order
    PASS_OVER = "pass_over"


TABLE: Final = {
    Change.HEADER: {
        Stage.PLANNED: Response.APPLY,
        Stage.IN_HAND: Response.APPLY,
        Stage.LABELLED: Response.APPLY,
        Stage.LEFT: Response.APPLY,
    },
    Change.RECEIVER: {
        Stage.PLANNED: Response.REPLAN,
        Stage.IN_HAND: Response.APPLY,  # the label will be made for the new one
        Stage.LABELLED: Response.APPLY,  # the label is voided, another is ordered
        Stage.LEFT: Response.PASS_OVER,  # platforms mask the receiver once the goods are sent
    },
    Change.LINES: {
        Stage.PLANNED: Response.REPLAN,
        Stage.IN_HAND: Response.PARK,
        Stage.LABELLED: Response.PARK,
        Stage.LEFT: Response.NOTE,
    },
}


def stage_of(shipments: Iterable[ShipmentStatus], *, rest_to_send: bool) -> Stage:
    """The furthest shipment that has not left; cancelled ones do not count.

    `rest_to_send`: units are in no shipment yet. As soon as something left, lines are not planned
    anew any more, while what has not left still goes to whoever the channel names.
    """
    live = [status for status in shipments if status is not ShipmentStatus.CANCELLED]
    here = [status for status in live if not status.has_left]
    if live and not here and not rest_to_send:
        return Stage.LEFT
    if ShipmentStatus.LABELLED in here:
        return Stage.LABELLED
    untouched = all(status is ShipmentStatus.ALLOCATED for status in live)
    return Stage.PLANNED if untouched else Stage.IN_HAND
