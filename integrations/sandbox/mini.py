"""The shop's own mini program: its buyers order and pay by WeChat, it tells us by signed messages.

What happens to an order it hears at /mini/events; what buyers do is done below /sandbox/mini.
"""

import json
import random
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from integrations.marketplaces.signing import own_genuine, own_headers
from integrations.sandbox.demo_shop import Buyer, some_basket, some_buyer
from integrations.sandbox.framework import Call, Reply, Sandbox, Vendor
from integrations.sandbox.payments import PaymentSandbox, Record
from integrations.sandbox.pushes import Outgoing

_WINDOW_S: Final = 300
_FREIGHT: Final = Decimal("8.00")
_CENT: Final = Decimal("0.01")


class NewLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: str = Field(min_length=1, max_length=100)
    price: Decimal = Field(gt=0, le=1_000_000, decimal_places=2)
    quantity: int = Field(default=1, ge=1, le=1000)


class NewOrders(BaseModel):
    """`count` orders with `lines`, or with some products of the demo shop."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=1, ge=1, le=1000)
    lines: list[NewLine] = Field(default=[], max_length=100)
    paid: bool = True


class MiniSandbox(Vendor):
    name = "mini"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.mini
        self._chance = random.Random(sandbox.settings.seed)

    @property
    def operations(self) -> tuple[str, ...]:
        return ("event",)

    def app(self) -> FastAPI:
        app = FastAPI(title="Mini program sandbox", docs_url=None, redoc_url=None)

        @app.post("/events")
        async def event(request: Request) -> Response:
            body = await request.body()
            headers = dict(request.headers)
            text = body.decode("utf-8", "replace")
            call = Call(self.name, "event", headers.get("webhook-id", ""), text)
            throttled = Reply(b"", 429, executed=False)
            return await self.sandbox.serve(
                call, lambda: self._hear(headers, body), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def signed_push(self, headers: Any, body: bytes) -> dict[str, str]:
        now = int(self.sandbox.now().timestamp())
        return own_headers(self._account.secret, headers["webhook-id"], now, body)

    def controls(self) -> APIRouter:
        router = APIRouter(tags=["Mini program"])
        store = self.sandbox.store

        @router.get("/orders")
        async def orders() -> list[Record]:
            return store.all(self.name, "order")

        @router.post("/orders", status_code=201)
        async def create(new: NewOrders) -> list[Record]:
            """Buyers order, and pay by WeChat unless told otherwise."""
            return [self._sell(new) for _ in range(new.count)]

        @router.post("/orders/{order_no}/pay")
        async def pay(order_no: str) -> Record:
            """The buyer pays; a second time, too."""
            with store.transaction():
                order = self._known(order_no)
                self._wechatpay().pay(order_no, Decimal(_total(order)))
                if order["state"] == "unpaid":
                    order = self._tell({**order, "state": "paid"})
            return order

        @router.post("/orders/{order_no}/cancel")
        async def cancel(order_no: str) -> Record:
            """The buyer takes the order back in the mini program."""
            with store.transaction():
                return self._tell({**self._known(order_no), "state": "cancelled"})

        return router

    def sell(self, count: int, *, masked: bool = False) -> None:
        for _ in range(count):
            self._sell(NewOrders())

    def _sell(self, new: NewOrders) -> Record:
        with self.sandbox.store.transaction():
            now = self.sandbox.now()
            number = self.sandbox.store.next_number(self.name, "order")
            basket = [(line.sku, line.sku, line.price, line.quantity) for line in new.lines] or [
                (product.sku, product.title, product.price, quantity)
                for product, quantity in some_basket(self._chance)
            ]
            order: Record = {
                "order_no": f"MP{now:%y%m%d}{number:06d}",
                "revision": 0,
                "state": "paid" if new.paid else "unpaid",
                "currency": "CNY",
                "placed_at": now.isoformat(),
                "freight": str(_FREIGHT),
                "lines": [
                    {
                        "line_no": str(position), "sku": sku, "title": title,
                        "quantity": quantity, "payable": str((price * quantity).quantize(_CENT)),
                    }
                    for position, (sku, title, price, quantity) in enumerate(basket, 1)
                ],
                "receiver": _receiver(some_buyer(self._chance)),
            }  # fmt: skip
            if new.paid:
                self._wechatpay().pay(order["order_no"], Decimal(_total(order)))
            return self._tell(order)

    def _tell(self, order: Record) -> Record:
        """The whole order as it is now, with the next revision."""
        order = {**order, "revision": order["revision"] + 1}
        number = order["order_no"]
        self.sandbox.store.put(self.name, "order", number, order)
        headers = {"webhook-id": f"{number}-{order['revision']}"}
        body = json.dumps(order, ensure_ascii=False).encode()
        self.sandbox.pushes.send(
            self.name, Outgoing(self._account.push_path, number, body, headers)
        )
        return order

    def _known(self, order_no: str) -> Record:
        order = self.sandbox.store.get(self.name, "order", order_no)
        if order is None:
            raise HTTPException(404, "no such order")
        return order

    def _wechatpay(self) -> PaymentSandbox:
        vendor = self.sandbox.vendors["wechatpay"]
        assert isinstance(vendor, PaymentSandbox)
        return vendor

    def _hear(self, headers: dict[str, str], body: bytes) -> Reply:
        timestamp = headers.get("webhook-timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return Reply(b"", 401, executed=False)
        fresh = abs(self.sandbox.now().timestamp() - int(timestamp)) <= _WINDOW_S
        given, message_id = headers.get("webhook-signature", ""), headers.get("webhook-id", "")
        secrets = (self._account.secret,)
        if not fresh or not own_genuine(given, secrets, message_id, int(timestamp), body):
            return Reply(b"", 401, executed=False)
        return Reply(b"", 204)


def _total(order: Record) -> str:
    goods = sum((Decimal(line["payable"]) for line in order["lines"]), Decimal(0))
    return str(goods + Decimal(order["freight"]))


def _receiver(buyer: Buyer) -> dict[str, str]:
    return {
        "name": buyer.name,
        "phone": buyer.mobile,
        "province": buyer.province,
        "city": buyer.city,
        "district": buyer.district,
        "detail": buyer.detail,
        "postcode": buyer.postcode,
    }
