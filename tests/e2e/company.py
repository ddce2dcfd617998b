"""The demo company seen from outside: its shops' sandbox, its own channel, and its tables."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from commands.demo import OWN_SECRET
from integrations.marketplaces.signing import own_headers
from runtime.embedded import EmbeddedPostgres

GOODS = "CUP-GW-150"
RECEIVER = {
    "name": "欧阳金丝雀",
    "phone": "13912345678",
    "detail": "金丝雀路 969 号 7 栋",
    "division_code": "330110",
}


@dataclass(frozen=True, slots=True)
class Company:
    """What runs with these environment variables."""

    variables: dict[str, str]

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.variables['ONHAND_PORT']}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.variables['ONHAND_SANDBOX_PORT']}/sandbox"

    def url(self) -> str:
        """Of the embedded database; fails when it does not run."""
        found = EmbeddedPostgres(Path(self.variables["ONHAND_DATA_DIR"]) / "postgres").running_url()
        assert found is not None
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url()) as connection:
            return connection.execute(query.encode()).fetchall()

    def statuses(self) -> Counter[str]:
        """How many orders are where."""
        return Counter(dict(self.rows("SELECT status, count(*) FROM sales_order GROUP BY 1")))

    def buy(self, shop: str, count: int) -> None:
        """Paid orders for one cup each in a sandbox shop: `top/trades` or `shopify/orders`."""
        pieces = "num" if shop.startswith("top") else "quantity"
        line = {"sku": GOODS, "price": "45.50", pieces: 1}
        body = {"count": count, "lines": [line]}
        httpx.post(f"{self.sandbox}/{shop}", json=body, timeout=30).raise_for_status()

    def send_own(
        self, order_no: str, timeout_s: float = 30, told: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """A signed order of the own channel for one cup, told otherwise where `told` says so."""
        body = json.dumps(
            {
                "order_no": order_no,
                "revision": 1,
                "state": "paid",
                "currency": "CNY",
                "placed_at": "2026-03-01T10:00:00Z",
                "lines": [{"line_no": "1", "sku": GOODS, "quantity": 1, "payable": "45.50"}],
                "receiver": RECEIVER,
            }
            | dict(told or {}),
            ensure_ascii=False,
        ).encode()
        headers = own_headers(OWN_SECRET, f"m-{order_no}", int(time.time()), body)
        return httpx.post(
            f"{self.api}/webhooks/own/mini", content=body, headers=headers, timeout=timeout_s
        )


def wait_until(condition: Callable[[], bool], timeout_s: float, why: Callable[[], Any]) -> None:
    """Fails with what `why` tells when it takes too long."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, why()
        time.sleep(0.2)
