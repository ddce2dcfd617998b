"""JD orders to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.jd_order import read_order, snapshot_of


def item(sku_id: int | str = 1, **changes: Any) -> dict[str, Any]:
    whole = {
        "skuId": sku_id,
        "outerSkuId": "TEA-1",
        "skuName": "铁观音",
        "itemTotal": "2",
        "jdPrice": "50.00",
    }
    return {**whole, **changes}


def consignee(**changes: Any) -> dict[str, Any]:
    whole = {
        "fullname": "张三",
        "mobile": "13800001234",
        "fullAddress": "广东广州市越秀区西湖路38号102",
        "province": "广东",
        "city": "广州市",
        "county": "越秀区",
        "town": "",
    }
    return {**whole, **changes}


def order(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "orderId": 249786309732,
        "orderState": "WAIT_SELLER_STOCK_OUT",
        "payType": "4-在线支付",
        "orderTotalPrice": "100.00",
        "orderSellerPrice": "100.00",
        "actualPay": "108.00",
        "freightPrice": "8.00",
        "orderStartTime": "2026-05-01 12:00:00",
        "paymentConfirmTime": "2026-05-01 12:30:00",
        "modified": "2026-05-01 12:30:05",
        "consigneeInfo": consignee(),
        "itemInfoList": list(items) or [item()],
    }
    return {**whole, **changes}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    detail = {"apiResult": {"success": True}, "orderInfo": order}
    return {"jingdong_pop_order_get_responce": {"code": "0", "orderDetailInfo": detail}}


def read(order: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_order(json.dumps(answer(order)).encode()), "shop_1")
