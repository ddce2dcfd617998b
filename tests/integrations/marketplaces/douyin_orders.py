"""Douyin orders to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.douyin_order import read_order, snapshot_of


def line(order_id: int = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "order_id": str(order_id),
        "order_status": 2,
        "product_id": 350,
        "sku_id": 170,
        "code": "TEA-1",
        "out_sku_id": "",
        "product_name": "铁观音 250g",
        "origin_amount": 5000,
        "item_num": 2,
        "pay_amount": 10300,
        "post_amount": 800,
        "after_sale_info": {"after_sale_status": 0, "after_sale_type": 0, "refund_status": 0},
    }
    return {**whole, **changes}


def order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "order_id": "6900000000000001000",
        "order_status": 2,
        "main_status": 2,
        "pay_type": 2,
        "pay_amount": 10300,
        "post_amount": 800,
        "create_time": 1777608000,
        "update_time": 1777609805,
        "pay_time": 1777609800,
        "exp_ship_time": 1777782600,
        "post_receiver": "张三",
        "post_tel": "13800001234",
        "post_addr": {
            "province": {"name": "广东省"},
            "city": {"name": "广州市"},
            "town": {"name": "越秀区"},
            "street": {"name": "北京街道"},
            "detail": "西湖路38号102",
        },
        "sku_order_list": list(lines) or [line()],
    }
    return {**whole, **changes}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    return {"code": 10000, "msg": "success", "data": {"shop_order_detail": order}}


def read(order: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_order(json.dumps(answer(order)).encode()), "shop_1")
