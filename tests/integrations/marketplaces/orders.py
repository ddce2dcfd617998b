"""Shopify webhooks to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.reading import read_body
from integrations.marketplaces.shopify_order import Order, snapshot_of


def item(line_id: int = 1, **changes: Any) -> dict[str, Any]:
    line = {"id": line_id, "sku": "TEA-1", "title": "Tea", "quantity": 2, "price": "50.00"}
    return {**line, **changes}


def order(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "id": 820982911946154508,
        "created_at": "2026-05-01T12:00:00+08:00",
        "updated_at": "2026-05-01T12:30:05+08:00",
        "processed_at": "2026-05-01T12:01:00+08:00",
        "currency": "CNY",
        "total_price": "110.00",
        "taxes_included": True,
        "financial_status": "paid",
        "fulfillment_status": None,
        "line_items": list(items) or [item()],
        "shipping_lines": [{"price": "10.00"}],
    }
    return {**whole, **changes}


def read(order: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_body(Order, json.dumps(order).encode(), system="shopify"), "shop_1")
