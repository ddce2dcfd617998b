"""Orders as the Shopify sandbox keeps them: the webhook's shape, and GraphQL's made from it."""

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from domain.shared.money import Money, minor_digits
from integrations.sandbox.demo_shop import Buyer

Order = dict[str, Any]

LOCATION: Final = "gid://shopify/Location/1"
FIRST_VARIANT: Final = 41_000_000_000_000
_DISPLAY: Final = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}


@dataclass(frozen=True, slots=True)
class Sold:
    """One line to sell; `price` in major units per piece."""

    sku: str
    title: str
    price: Decimal
    quantity: int


def make_order(
    number: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    currency: str,
    shipping: Decimal,
) -> Order:
    """An unpaid order with all its pieces in one open fulfilment order."""
    order_id = 5_400_000_000_000 + number
    items = [_item(order_id * 1000 + index, line, currency) for index, line in enumerate(lines, 1)]
    goods = sum((line.price * line.quantity for line in lines), Decimal(0))
    total = _amount(goods + shipping, currency)
    at = _time(now)
    return {
        "id": order_id,
        "name": f"#{1000 + number}",
        "created_at": at,
        "processed_at": at,
        "updated_at": at,
        "cancelled_at": None,
        "closed_at": None,
        "currency": currency,
        "subtotal_price": _amount(goods, currency),
        "total_price": total,
        "current_total_price": total,
        "total_outstanding": total,
        "total_tax": _amount(Decimal(0), currency),
        "taxes_included": True,
        "financial_status": "pending",
        "fulfillment_status": None,
        "payment_gateway_names": ["shopify_payments"],
        "test": False,
        "note": "",
        "customer": {"id": 7_000_000_000_000 + chance.randrange(10**6)},
        "line_items": items,
        "shipping_lines": [_shipping_line(number, shipping, currency)] if shipping else [],
        "shipping_address": _address(buyer),
        "refunds": [],
    }


def variant_of(sku: str) -> int:
    """The number of the one variant with this SKU."""
    return FIRST_VARIANT + zlib.crc32(sku.encode()) % 1_000_000_000


def touch(order: Order, now: datetime) -> None:
    """Every change is visible as a later second."""
    last = datetime.fromisoformat(order["updated_at"])
    order["updated_at"] = _time(max(now, last + timedelta(seconds=1)))


def pay(order: Order, now: datetime) -> None:
    order["financial_status"] = "paid"
    order["total_outstanding"] = _amount(Decimal(0), order["currency"])
    touch(order, now)


def cancel(order: Order, now: datetime) -> None:
    """Cancelled and refunded in one go, as the admin's dialogue offers it."""
    paid = order["financial_status"] == "paid"
    order["financial_status"] = "refunded" if paid else "voided"
    if paid:
        given_back = {"amount": order["total_price"], "kind": "refund", "status": "success"}
        order["refunds"] = [{"transactions": [given_back]}]
    nothing = _amount(Decimal(0), order["currency"])
    order["current_total_price"] = order["total_outstanding"] = nothing
    for line in order["line_items"]:
        line["current_quantity"] = line["fulfillable_quantity"] = 0
    order["cancelled_at"] = _time(now)
    touch(order, now)


def refund(order: Order, number: int, amount: Decimal, now: datetime, *, back: bool) -> Order:
    """Money goes back, with the goods or without; returns what is told of it."""
    touch(order, now)
    given = _amount(amount, order["currency"])
    told = {
        "id": number,
        "order_id": order["id"],
        "created_at": order["updated_at"],
        "processed_at": order["updated_at"],
        "note": "",
        "refund_line_items": [
            {
                "line_item_id": line["id"],
                "quantity": line["current_quantity"],
                "restock_type": "return",
            }
            for line in order["line_items"]
            if back
        ],
        "transactions": [
            {"amount": given, "kind": "refund", "status": "success", "currency": order["currency"]}
        ],
    }
    order["refunds"] = [*order["refunds"], {"transactions": told["transactions"]}]
    before = sum(
        Decimal(one["amount"]) for refund in order["refunds"] for one in refund["transactions"]
    )
    whole = before >= Decimal(order["total_price"])
    order["financial_status"] = "refunded" if whole else "partially_refunded"
    return told


def fulfil(order: Order, quantities: Mapping[int, int], now: datetime) -> None:
    """Count pieces per line item as fulfilled."""
    for line in order["line_items"]:
        line["fulfillable_quantity"] -= quantities.get(line["id"], 0)
    left = sum(line["fulfillable_quantity"] for line in order["line_items"])
    order["fulfillment_status"] = "partial" if left else "fulfilled"
    touch(order, now)


def as_graphql(order: Order, after: str | None, first: int) -> dict[str, Any]:
    """The answer to the Order query; line items from the cursor on."""
    status = _DISPLAY[order["fulfillment_status"]]
    return {
        "id": f"gid://shopify/Order/{order['id']}",
        "createdAt": order["created_at"],
        "processedAt": order["processed_at"],
        "updatedAt": order["updated_at"],
        "cancelledAt": order["cancelled_at"],
        "closedAt": order["closed_at"],
        "test": order["test"],
        "note": order["note"],
        "currencyCode": order["currency"],
        "taxesIncluded": order["taxes_included"],
        "displayFinancialStatus": order["financial_status"].upper(),
        "displayFulfillmentStatus": "ON_HOLD" if order.get("held") else status,
        "paymentGatewayNames": order["payment_gateway_names"],
        "totalPriceSet": _set(order["total_price"]),
        "currentTotalPriceSet": _set(order["current_total_price"]),
        "totalOutstandingSet": _set(order["total_outstanding"]),
        "totalRefundedSet": _set(_refunded(order)),
        "customer": {"id": f"gid://shopify/Customer/{order['customer']['id']}"},
        "shippingAddress": _graph_address(order["shipping_address"]),
        "shippingLines": {"nodes": [_graph_shipping(line) for line in order["shipping_lines"]]},
        "lineItems": page([_graph_line(line) for line in order["line_items"]], after, first),
    }


def fulfilments_as_graphql(
    order: Order, fulfilments: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The answer to the Fulfillments query: what is done, and one fulfilment order for the rest."""
    whole = all(not line["fulfillable_quantity"] for line in order["line_items"])
    status = "ON_HOLD" if order.get("held") else "CLOSED" if whole else "OPEN"
    if order["cancelled_at"]:
        status = "CANCELLED"
    shown = ("id", "status", "trackingInfo")
    source = {
        "id": f"gid://shopify/FulfillmentOrder/{order['id']}",
        "status": status,
        "assignedLocation": {"location": {"id": LOCATION}},
    }
    return {
        "fulfillments": [{name: one[name] for name in shown} for one in fulfilments],
        "fulfillmentOrders": {"nodes": [source], "pageInfo": {"hasNextPage": False}},
    }


def open_lines(order: Order) -> list[dict[str, Any]]:
    """The line items of the order's fulfilment order."""
    return [
        {
            "id": f"gid://shopify/FulfillmentOrderLineItem/{line['id']}",
            "remainingQuantity": line["fulfillable_quantity"],
            "lineItem": {"id": f"gid://shopify/LineItem/{line['id']}"},
        }
        for line in order["line_items"]
    ]


def page(nodes: Sequence[Mapping[str, Any]], after: str | None, first: int) -> dict[str, Any]:
    """So many nodes from the cursor on."""
    start = int(after or 0)
    end = min(start + first, len(nodes))
    return {
        "nodes": list(nodes[start:end]),
        "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)},
    }


def _refunded(order: Order) -> str:
    total = sum(
        Decimal(one["amount"]) for refund in order["refunds"] for one in refund["transactions"]
    )
    return _amount(Decimal(total), order["currency"])


def _item(line_id: int, line: Sold, currency: str) -> dict[str, Any]:
    return {
        "id": line_id,
        "variant_id": variant_of(line.sku),
        "sku": line.sku,
        "title": line.title,
        "variant_title": None,
        "name": line.title,
        "quantity": line.quantity,
        "current_quantity": line.quantity,
        "fulfillable_quantity": line.quantity,
        "price": _amount(line.price, currency),
        "gift_card": False,
        "requires_shipping": True,
        "discount_allocations": [],
        "tax_lines": [],
    }


def _shipping_line(number: int, shipping: Decimal, currency: str) -> dict[str, Any]:
    price = _amount(shipping, currency)
    return {
        "id": 4_600_000_000_000 + number,
        "title": "Standard",
        "price": price,
        "discounted_price": price,
        "discount_allocations": [],
        "tax_lines": [],
        "is_removed": False,
    }


def _address(buyer: Buyer) -> dict[str, Any]:
    return {
        "name": buyer.name,
        "company": None,
        "phone": f"+86{buyer.mobile}",
        "address1": f"{buyer.district}{buyer.detail}",
        "address2": None,
        "city": buyer.city,
        "zip": buyer.postcode,
        "province": buyer.province,
        "province_code": None,
        "country": "China",
        "country_code": "CN",
        "latitude": None,
        "longitude": None,
    }


def _graph_address(address: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "company", "phone", "address1", "address2", "city", "zip", "province")
    return {
        **{name: address[name] for name in names},
        "provinceCode": address["province_code"],
        "countryCodeV2": address["country_code"],
        "latitude": address["latitude"],
        "longitude": address["longitude"],
    }


def _graph_line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{line['id']}",
        "sku": line["sku"],
        "title": line["title"],
        "variantTitle": line["variant_title"],
        "quantity": line["quantity"],
        "currentQuantity": line["current_quantity"],
        "isGiftCard": line["gift_card"],
        "requiresShipping": line["requires_shipping"],
        "variant": {"id": f"gid://shopify/ProductVariant/{line['variant_id']}"},
        "originalUnitPriceSet": _set(line["price"]),
        "discountAllocations": [],
        "taxLines": [],
    }


def _graph_shipping(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "isRemoved": line["is_removed"],
        "originalPriceSet": _set(line["price"]),
        "discountedPriceSet": _set(line["discounted_price"]),
        "taxLines": [],
    }


def _set(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount}}


def _amount(amount: Decimal, currency: str) -> str:
    return f"{Money.of(amount, currency).major:.{minor_digits(currency)}f}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat()
