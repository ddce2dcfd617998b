"""Which fulfilments to create for a parcel, from what Shopify says is done and what is open."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from domain.shared.errors import Rejected
from integrations.marketplaces.port import ShipConfirmation
from integrations.marketplaces.reading import Text
from integrations.marketplaces.shopify_graph_order import GraphBody, Node, PageInfo

_UNDONE: Final = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_FINISHED: Final = frozenset({"CLOSED", "CANCELLED", "INCOMPLETE"})
_SHIPPABLE: Final = frozenset({"OPEN", "IN_PROGRESS"})
_FULFILMENTS_ASKED: Final = 100
_COMPANIES: Final = {
    "sf": "SF Express",
    "zto": "ZTO Express",
    "yto": "YTO Express",
    "sto": "STO Express",
    "yunda": "Yunda Express",
    "ems": "China Post",
}


class Tracking(GraphBody):
    number: Text = ""


class FulfilledLine(GraphBody):
    quantity: int
    line_item: Node


class Fulfilment(GraphBody):
    """`lines` are asked for one fulfilment at a time, and only where they matter."""

    id: str
    status: Text = ""
    tracking_info: tuple[Tracking, ...] = ()
    lines: tuple[FulfilledLine, ...] = ()


class OpenLine(GraphBody):
    id: str
    remaining_quantity: int
    line_item: Node


LineT = TypeVar("LineT", FulfilledLine, OpenLine)


class LinesPage(GraphBody, Generic[LineT]):
    nodes: tuple[LineT, ...] = ()
    page_info: PageInfo = PageInfo()


class LinesHolder(GraphBody, Generic[LineT]):
    lines: LinesPage[LineT]


class LinesData(GraphBody, Generic[LineT]):
    holder: LinesHolder[LineT]


class LinesAnswer(GraphBody, Generic[LineT]):
    """One page of the lines of a fulfilment or of a fulfilment order."""

    data: LinesData[LineT]


class AssignedLocation(GraphBody):
    location: Node | None = None


class FulfilmentOrder(GraphBody):
    id: str
    status: Text
    assigned_location: AssignedLocation | None = None
    lines: tuple[OpenLine, ...] = ()


class FulfilmentOrders(GraphBody):
    nodes: tuple[FulfilmentOrder, ...] = ()
    page_info: PageInfo = PageInfo()


class FulfilledOrder(GraphBody):
    fulfillments: tuple[Fulfilment, ...] = ()
    fulfillment_orders: FulfilmentOrders = FulfilmentOrders()

    @property
    def is_cut_off(self) -> bool:
        return (
            len(self.fulfillments) >= _FULFILMENTS_ASKED
            or self.fulfillment_orders.page_info.has_next_page
        )

    def told(self, waybill_no: str) -> tuple[Fulfilment, ...]:
        """The fulfilments that carry this waybill number."""
        return tuple(
            one
            for one in self.fulfillments
            if one.status not in _UNDONE
            and waybill_no in {tracking.number for tracking in one.tracking_info}
        )

    def unfinished(self) -> tuple[FulfilmentOrder, ...]:
        return tuple(one for one in self.fulfillment_orders.nodes if one.status not in _FINISHED)


def fulfilments_for(
    told: Sequence[Fulfilment],
    unfinished: Sequence[FulfilmentOrder],
    confirmation: ShipConfirmation,
    *,
    notify_customer: bool,
) -> tuple[Mapping[str, Any], ...]:
    """`FulfillmentInput`s to send, one per location; none when all of it is told already.

    `told` are the fulfilments with the parcel's waybill number. Raises Rejected when Shopify
    holds back what we shipped.
    """
    wanted = _untold(told, confirmation)
    chosen: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    held = Counter[str]()
    for source in unfinished:
        where = source.assigned_location.location if source.assigned_location else None
        for line in source.lines:
            quantity = min(wanted[line.line_item.number], line.remaining_quantity)
            if quantity <= 0:
                continue
            if source.status not in _SHIPPABLE:
                held[source.status] += quantity
                continue
            wanted[line.line_item.number] -= quantity
            chosen[where.id if where else ""][source.id][line.id] = quantity
    if held and +wanted:
        status = held.most_common(1)[0][0]
        raise Rejected(f"Shopify's fulfilment order is {status}", code=status, system="shopify")
    return tuple(_fulfilment(sources, confirmation, notify_customer) for sources in chosen.values())


def _untold(told: Sequence[Fulfilment], confirmation: ShipConfirmation) -> Counter[str]:
    """Pieces per line of the parcel that no fulfilment with its waybill number has yet."""
    wanted = Counter[str]()
    for line in confirmation.lines:
        wanted[line.external_line_no] += line.quantity
    for fulfilment in told:
        for done in fulfilment.lines:
            wanted[done.line_item.number] -= done.quantity
    return +wanted


def _fulfilment(
    sources: Mapping[str, Mapping[str, int]], confirmation: ShipConfirmation, notify_customer: bool
) -> Mapping[str, Any]:
    company = _COMPANIES.get(confirmation.carrier, confirmation.carrier)
    return {
        "lineItemsByFulfillmentOrder": [
            {
                "fulfillmentOrderId": source,
                "fulfillmentOrderLineItems": [
                    {"id": line, "quantity": quantity} for line, quantity in lines.items()
                ],
            }
            for source, lines in sources.items()
        ],
        "trackingInfo": {"company": company, "number": confirmation.waybill_no},
        "notifyCustomer": notify_customer,
    }
