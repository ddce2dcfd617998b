"""TOP trades to read, as small as they can be."""

import json
from typing import Any

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.top_trade import read_trade, snapshot_of


def line(oid: int = 1, **changes: Any) -> dict[str, Any]:
    order = {
        "oid": oid,
        "status": "WAIT_SELLER_SEND_GOODS",
        "num": 2,
        "price": "50.00",
        "payment": "100.00",
        "title": "铁观音",
        "outer_sku_id": "TEA-1",
        "refund_status": "NO_REFUND",
    }
    return {**order, **changes}


def trade(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "tid": 2600000000000000001,
        "status": "WAIT_SELLER_SEND_GOODS",
        "type": "fixed",
        "payment": "108.00",
        "post_fee": "8.00",
        "created": "2026-05-01 12:00:00",
        "modified": "2026-05-01 12:30:05",
        "pay_time": "2026-05-01 12:30:00",
        "receiver_name": "张三",
        "receiver_mobile": "13800001234",
        "receiver_state": "广东省",
        "receiver_city": "广州市",
        "receiver_district": "越秀区",
        "receiver_address": "西湖路38号102",
        "receiver_zip": "510030",
        "orders": {"order": list(lines) or [line()]},
    }
    return {**whole, **changes}


def answer(trade: dict[str, Any]) -> bytes:
    return json.dumps({"trade_fullinfo_get_response": {"trade": trade}}).encode()


def read(trade: dict[str, Any]) -> OrderSnapshot:
    return snapshot_of(read_trade(answer(trade)), "shop_1")
