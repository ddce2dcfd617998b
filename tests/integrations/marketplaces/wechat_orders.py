"""Orders of WeChat shops to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.wechat_order import read_order, snapshot_of


def product(sku_id: int = 20, **changes: Any) -> dict[str, Any]:
    whole = {
        "product_id": 10,
        "sku_id": sku_id,
        "sku_code": "TEA-1",
        "title": "铁观音 250g",
        "sku_cnt": 2,
        "sale_price": 5000,
        "real_price": 9500,
        "on_aftersale_sku_cnt": 0,
        "finish_aftersale_sku_cnt": 0,
    }
    return {**whole, **changes}


ADDRESS = {
    "user_name": "张三",
    "tel_number": "13800001234",
    "province_name": "广东省",
    "city_name": "广州市",
    "county_name": "越秀区",
    "detail_info": "西湖路38号102",
    "postal_code": "510030",
}


def order(
    *products: dict[str, Any],
    address: dict[str, Any] | None = ADDRESS,
    delivery: dict[str, Any] | None = None,
    price: dict[str, Any] | None = None,
    pay: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    whole = {
        "order_id": "3705115058471208928",
        "status": 20,
        "create_time": 1777608000,
        "update_time": 1777609805,
        "openid": "o1",
        "order_detail": {
            "product_infos": list(products) or [product()],
            "price_info": {"order_price": 10300, "freight": 800, **(price or {})},
            "pay_info": {"pay_time": 1777609800, "payment_method": 1, **(pay or {})},
            "delivery_info": {
                "address_info": address,
                "delivery_product_info": [],
                "predict_delivery_time": 1777782600,
                **(delivery or {}),
            },
            "ext_info": {"customer_notes": "尽快", "merchant_notes": "VIP"},
        },
    }
    return {**whole, **changes}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "order": order}


def read(order: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_order(json.dumps(answer(order)).encode()), "shop_1")
