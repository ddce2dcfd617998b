"""Which fulfilments to create for a parcel, from what Shopify says is done and what is open."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

from domain.shared.errors import Rejected
from integrations.marketplaces.port import ShipConfirmation
from integrations.marketplaces.reading import Text
from integrations.marketplaces.shopify_graph_order import GraphBody, Node, PageInfo

_CANCELLED: Final = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_SHIPPABLE: Final = frozenset({"OPEN", "IN_PROGRESS"})
_FULFILMENTS_ASKED: Final = 50
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


class FulfilledLines(GraphBody):
    nodes: tuple[FulfilledLine, ...] = ()
    page_info: PageInfo = PageInfo()


class Fulfilment(GraphBody):
    status: Text = ""
    tracking_info: tuple[Tracking, ...] = ()
    fulfillment_line_items: FulfilledLines = FulfilledLines()


class OpenLine(GraphBody):
    id: str
    remaining_quantity: int
    line_item: Node


class OpenLines(GraphBody):
    nodes: tuple[OpenLine, ...] = ()
    page_info: PageInfo = PageInfo()


class AssignedLocation(GraphBody):
    location: Node | None = None


class FulfilmentOrder(GraphBody):
    id: str
    status: Text
    assigned_location: AssignedLocation | None = None
    line_items: OpenLines = OpenLines()


class FulfilmentOrders(GraphBody):
    nodes: tuple[FulfilmentOrder, ...] = ()
    page_info: PageInfo = PageInfo()


class FulfilledOrder(GraphBody):
    fulfillments: tuple[Fulfilment, ...] = ()
    fulfillment_orders: FulfilmentOrders = FulfilmentOrders()


def fulfilments_for(
    order: FulfilledOrder, confirmation: ShipConfirmation, *, notify_customer: bool
) -> tuple[Mapping[str, Any], ...]:
    """`FulfillmentInput`s to send, one per location; none when all of it is told already.

    Raises Rejected when Shopify holds what we shipped back, or the order is too large to be sure.
    """
    if _is_cut_off(order):
        raise Rejected("more fulfilments than can be read", code="too_large", system="shopify")
    wanted = _untold(order, confirmation)
    chosen: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    held = Counter[str]()
    for source in order.fulfillment_orders.nodes:
        where = source.assigned_location.location if source.assigned_location else None
        for line in source.line_items.nodes:
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


def _is_cut_off(order: FulfilledOrder) -> bool:
    return (
        len(order.fulfillments) >= _FULFILMENTS_ASKED
        or order.fulfillment_orders.page_info.has_next_page
        or any(one.line_items.page_info.has_next_page for one in order.fulfillment_orders.nodes)
        or any(one.fulfillment_line_items.page_info.has_next_page for one in order.fulfillments)
    )


def _untold(order: FulfilledOrder, confirmation: ShipConfirmation) -> Counter[str]:
    """Pieces per line of the parcel that no fulfilment with its waybill number has yet."""
    wanted = Counter[str]()
    for line in confirmation.lines:
        wanted[line.external_line_no] += line.quantity
    for fulfilment in order.fulfillments:
        numbers = {tracking.number for tracking in fulfilment.tracking_info}
        if confirmation.waybill_no in numbers and fulfilment.status not in _CANCELLED:
            for told in fulfilment.fulfillment_line_items.nodes:
                wanted[told.line_item.number] -= told.quantity
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
