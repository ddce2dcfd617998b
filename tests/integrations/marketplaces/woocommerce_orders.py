"""WooCommerce orders to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.woocommerce_order import Order, Refund, snapshot_of

PARTY = {
    "first_name": "三",
    "last_name": "张",
    "company": "",
    "address_1": "越秀区西湖路38号",
    "address_2": "102",
    "city": "广州市",
    "state": "CN20",
    "postcode": "510030",
    "country": "CN",
    "phone": "13800001234",
}


def line(line_id: int = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "id": line_id,
        "name": "铁观音 250g",
        "product_id": 7,
        "variation_id": 0,
        "quantity": 2,
        "subtotal": "100.00",
        "subtotal_tax": "0.00",
        "total": "95.00",
        "total_tax": "0.00",
        "sku": "TEA-1",
    }
    return {**whole, **changes}


def order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "id": 727,
        "status": "processing",
        "currency": "CNY",
        "date_created_gmt": "2026-05-01T04:00:00",
        "date_modified_gmt": "2026-05-01T04:30:05",
        "date_paid_gmt": "2026-05-01T04:30:00",
        "total": "103.00",
        "shipping_total": "8.00",
        "shipping_tax": "0.00",
        "payment_method": "wechatpay",
        "customer_id": 12,
        "customer_note": "尽快",
        "billing": PARTY,
        "shipping": PARTY,
        "line_items": list(lines) or [line()],
        "refunds": [],
        "meta_data": [],
    }
    return {**whole, **changes}


def refund(**lines: int) -> dict[str, Any]:
    """Units that went back of the lines with these numbers, written `l1=2`."""
    return {
        "id": 900,
        "date_created_gmt": "2026-05-02T04:00:00",
        "amount": "95.00",
        "reason": "不想要了",
        "line_items": [
            {
                "id": 1,
                "quantity": -units,
                "meta_data": [{"key": "_refunded_item_id", "value": name.removeprefix("l")}],
            }
            for name, units in lines.items()
        ],
    }


def read(
    order: dict[str, Any], *refunds: dict[str, Any], states: dict[str, str] | None = None
) -> OrderSnapshot:
    told = Order.model_validate_json(json.dumps(order))
    back = [Refund.model_validate_json(json.dumps(one)) for one in refunds]
    return snapshot_of(told, back, "shop_1", states or {})
