"""The order and its fulfilment orders as GraphQL tells them, brought to the webhook's shape."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from integrations.marketplaces.reading import Amount, Body, Number, Text
from integrations.marketplaces.shopify_order import FulfilmentStatus, Order


class GraphBody(Body):
    model_config = ConfigDict(alias_generator=to_camel)


class ShopMoney(GraphBody):
    amount: Amount


class Price(GraphBody):
    shop_money: ShopMoney

    @property
    def amount(self) -> Decimal:
        return self.shop_money.amount


class Node(GraphBody):
    id: Number

    @property
    def number(self) -> str:
        """The number at the end of gid://shopify/Order/1."""
        return self.id.rpartition("/")[2]


class PageInfo(GraphBody):
    has_next_page: bool = False
    end_cursor: str | None = None


class GraphTaxLine(GraphBody):
    price_set: Price


class GraphAllocation(GraphBody):
    allocated_amount_set: Price


class GraphLine(Node):
    quantity: int
    current_quantity: int
    original_unit_price_set: Price
    sku: Text = ""
    title: Text = ""
    variant_title: Text = ""
    variant: Node | None = None
    is_gift_card: bool = False
    requires_shipping: bool = True
    discount_allocations: tuple[GraphAllocation, ...] = ()
    tax_lines: tuple[GraphTaxLine, ...] = ()


class GraphLines(GraphBody):
    nodes: tuple[GraphLine, ...] = ()
    page_info: PageInfo = PageInfo()


class GraphShippingLine(GraphBody):
    original_price_set: Price
    discounted_price_set: Price
    is_removed: bool = False
    tax_lines: tuple[GraphTaxLine, ...] = ()


class GraphShippingLines(GraphBody):
    nodes: tuple[GraphShippingLine, ...] = ()


class DisplayFulfilment(StrEnum):
    UNFULFILLED = "UNFULFILLED"
    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    PENDING_FULFILLMENT = "PENDING_FULFILLMENT"
    REQUEST_DECLINED = "REQUEST_DECLINED"
    ON_HOLD = "ON_HOLD"
    SCHEDULED = "SCHEDULED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"
    RESTOCKED = "RESTOCKED"


_FULFILMENT: Final = {
    DisplayFulfilment.ON_HOLD: FulfilmentStatus.ON_HOLD,
    DisplayFulfilment.SCHEDULED: FulfilmentStatus.SCHEDULED,
    DisplayFulfilment.PARTIALLY_FULFILLED: FulfilmentStatus.PARTIAL,
    DisplayFulfilment.FULFILLED: FulfilmentStatus.FULFILLED,
    DisplayFulfilment.RESTOCKED: FulfilmentStatus.RESTOCKED,
}


class GraphAddress(GraphBody):
    name: Text = ""
    company: Text = ""
    phone: Text = ""
    address1: Text = ""
    address2: Text = ""
    city: Text = ""
    zip: Text = ""
    province: Text = ""
    province_code: Text = ""
    country_code_v2: Text = Field(default="", alias="countryCodeV2")
    latitude: float | None = None
    longitude: float | None = None


class GraphOrder(Node):
    created_at: str
    updated_at: str
    currency_code: str
    display_fulfillment_status: DisplayFulfilment
    total_price_set: Price
    line_items: GraphLines
    processed_at: str | None = None
    cancelled_at: str | None = None
    closed_at: str | None = None
    display_financial_status: Text = ""
    current_total_price_set: Price | None = None
    total_outstanding_set: Price | None = None
    total_refunded_set: Price | None = None
    taxes_included: bool = False
    test: bool = False
    note: Text = ""
    payment_gateway_names: tuple[str, ...] = ()
    customer: Node | None = None
    shipping_address: GraphAddress | None = None
    shipping_lines: GraphShippingLines = GraphShippingLines()

    def as_webhook(self) -> Order:
        """Raises ValidationError where the webhook's shape could not say it either."""
        current, owed = self.current_total_price_set, self.total_outstanding_set
        refunded = self.total_refunded_set
        address = self.shipping_address
        status = _FULFILMENT.get(self.display_fulfillment_status, FulfilmentStatus.UNFULFILLED)
        return Order.model_validate(
            {
                "id": self.number,
                "created_at": self.created_at,
                "updated_at": self.updated_at,
                "processed_at": self.processed_at,
                "cancelled_at": self.cancelled_at,
                "closed_at": self.closed_at,
                "currency": self.currency_code,
                "total_price": self.total_price_set.amount,
                "current_total_price": current.amount if current else None,
                "total_outstanding": owed.amount if owed else None,
                "refunds": [_refund(refunded)] if refunded else [],
                "taxes_included": self.taxes_included,
                "financial_status": self.display_financial_status.lower(),
                "fulfillment_status": status,
                "line_items": [_line(line) for line in self.line_items.nodes],
                "shipping_lines": [_shipping_line(line) for line in self.shipping_lines.nodes],
                "shipping_address": _address(address) if address else None,
                "customer": {"id": self.customer.number} if self.customer else None,
                "payment_gateway_names": self.payment_gateway_names,
                "note": self.note,
                "test": self.test,
            }
        )


def _line(line: GraphLine) -> Mapping[str, Any]:
    return {
        "id": line.number,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "price": line.original_unit_price_set.amount,
        "sku": line.sku,
        "variant_id": line.variant.number if line.variant else "",
        "title": line.title,
        "variant_title": line.variant_title,
        "gift_card": line.is_gift_card,
        "requires_shipping": line.requires_shipping,
        "discount_allocations": [
            {"amount": given.allocated_amount_set.amount} for given in line.discount_allocations
        ],
        "tax_lines": [{"price": tax.price_set.amount} for tax in line.tax_lines],
    }


def _shipping_line(line: GraphShippingLine) -> Mapping[str, Any]:
    return {
        "price": line.original_price_set.amount,
        "discounted_price": line.discounted_price_set.amount,
        "is_removed": line.is_removed,
        "tax_lines": [{"price": tax.price_set.amount} for tax in line.tax_lines],
    }


def _refund(refunded: Price) -> Mapping[str, Any]:
    transaction = {"amount": refunded.amount, "kind": "refund", "status": "success"}
    return {"transactions": [transaction]}


def _address(address: GraphAddress) -> Mapping[str, Any]:
    return {**address.model_dump(), "country_code": address.country_code_v2}
