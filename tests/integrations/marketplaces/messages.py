"""Own-channel messages, as small as they can be."""

import json
from typing import Any


def line(line_no: str = "1", **changes: Any) -> dict[str, Any]:
    whole = {"line_no": line_no, "sku": "TEA-1", "quantity": 2, "payable": "100.00"}
    return {**whole, **changes}


def receiver(**changes: Any) -> dict[str, Any]:
    whole = {
        "name": "张三",
        "phone": "13800001234",
        "detail": "西湖路38号102",
        "division_code": "440104",
    }
    return {**whole, **changes}


def message(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "order_no": "M-1",
        "revision": 1,
        "state": "paid",
        "currency": "CNY",
        "placed_at": "2026-05-01T12:00:00+08:00",
        "lines": list(lines) or [line()],
        "receiver": receiver(),
    }
    return {**whole, **changes}


def raw(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()
