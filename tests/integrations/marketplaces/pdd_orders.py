"""Pinduoduo orders to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.pdd_order import read_order, snapshot_of


def item(sku_id: int = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "goods_id": 10,
        "sku_id": sku_id,
        "outer_id": "TEA-1",
        "goods_name": "铁观音",
        "goods_spec": "250g",
        "goods_price": "50.00",
        "goods_count": 2,
    }
    return {**whole, **changes}


def order(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "order_sn": "260501-400000000001",
        "order_status": 1,
        "confirm_status": 1,
        "group_status": 1,
        "refund_status": 1,
        "after_sales_status": 0,
        "risk_control_status": 0,
        "pay_amount": "103.00",
        "goods_amount": "100.00",
        "discount_amount": "5.00",
        "postage": "8.00",
        "created_time": "2026-05-01 12:00:00",
        "updated_at": "2026-05-01 12:30:05",
        "pay_time": "2026-05-01 12:30:00",
        "last_ship_time": "2026-05-03 12:30:00",
        "receiver_name": "张三",
        "receiver_phone": "13800001234",
        "receiver_address": "西湖路38号102",
        "province": "广东省",
        "city": "广州市",
        "town": "越秀区",
        "item_list": list(items) or [item()],
    }
    return {**whole, **changes}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    return {"order_info_get_response": {"order_info": order}}


def read(order: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_order(json.dumps(answer(order)).encode()), "shop_1")
