"""Orders of the own channel as a shop sends them: signed, one to three lines, to four towns."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from bench.company import SECRET, SHOP
from integrations.marketplaces.signing import own_headers
from integrations.sandbox.demo_shop import PRODUCTS

_TOWNS: Final = (("浙江省", "杭州市", "余杭区"), ("广东省", "广州市", "白云区"),
                 ("四川省", "成都市", "双流区"), ("北京市", "北京市", "大兴区"))  # fmt: skip
# One moment for all: what is sent again must be the same, byte for byte, however late.
_PLACED_AT: Final = datetime.now(UTC).isoformat(timespec="seconds")


def order(number: int, state: str) -> bytes:
    """The order with this number; equal numbers give equal orders."""
    province, city, district = _TOWNS[number % len(_TOWNS)]
    lines: list[dict[str, Any]] = [
        {
            "line_no": str(line + 1),
            "sku": PRODUCTS[(number + line) % len(PRODUCTS)].sku,
            "title": "goods",
            "quantity": 1 + number % 2,
            "payable": "20.00",
        }
        for line in range(1 + number % 3)
    ]
    content = {
        "order_no": f"B-{number:06d}",
        "revision": 1,
        "state": state,
        "currency": "CNY",
        "placed_at": _PLACED_AT,
        "lines": lines,
        "receiver": {
            "name": "王小明", "phone": "13800000001", "province": province, "city": city,
            "district": district, "detail": "文一西路 969 号",
        },
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False).encode()


async def send(http: httpx.AsyncClient, message_id: str, body: bytes) -> httpx.Response:
    """Sign it now and push it."""
    headers = own_headers(SECRET, message_id, int(time.time()), body)
    return await http.post(f"/webhooks/own/{SHOP}", content=body, headers=headers)
