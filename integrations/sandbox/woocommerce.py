"""A WooCommerce site as its clients see it: REST wc/v3, and webhooks signed like its own.

The site is /woocommerce; what buyers do is done below /sandbox/woocommerce.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.sandbox.demo_shop import some_buyer
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.order_controls import ORDER, STOCK, AskRefund, Order, OrderVendor
from integrations.sandbox.pushes import Outgoing
from integrations.sandbox.top_controls import Change, NewTrades
from integrations.sandbox.top_trades import Sold
from integrations.sandbox.woocommerce_orders import (
    gmt,
    make_order,
    make_refund,
    modified_of,
    product_number,
    product_of,
)
from integrations.signing import base64_hmac_sha256, same

_API: Final = "wp-json/wc/v3/"
_REFUND: Final = "refund"
_STATUSES: Final = {
    "not_found": 404,
    "woocommerce_rest_shop_order_invalid_id": 404,
    "woocommerce_rest_product_invalid_id": 404,
    "woocommerce_rest_cannot_view": 401,
    "rest_no_route": 404,
}
Body = Mapping[str, Any]
Query = Mapping[str, str]


class WooSandbox(OrderVendor):
    name = "woocommerce"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.woocommerce
        self._methods = {
            "orders.list": self._list,
            "orders.get": self._get,
            "orders.update": self._update,
            "refunds.list": self._refunds,
            "products.list": self._products,
            "products.get": self._product,
            "products.update": self._set_product,
        }

    def app(self) -> FastAPI:
        app = FastAPI(title="WooCommerce sandbox")

        @app.api_route(f"/{_API}{{path:path}}", methods=["GET", "PUT"])
        async def api(path: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            operation, numbers = _operation(request.method, path)
            query = dict(request.query_params)
            who = request.headers.get("authorization", "")
            call = Call(self.name, operation, numbers[0] if numbers else "", text or str(query))
            throttled = Reply(b"", status=429, headers={"retry-after": "1"}, executed=False)
            return await self.sandbox.serve(
                call,
                lambda: self._serve(operation, numbers, who, query, text),
                throttled=throttled,
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def controls(self) -> APIRouter:
        router = super().controls()

        @router.post("/ping", status_code=204)
        async def ping() -> None:
            """A webhook was made: its first call is a form, not signed."""
            headers = {"content-type": "application/x-www-form-urlencoded"}
            outgoing = Outgoing(self._account.push_path, "ping", b"webhook_id=7", headers)
            self.sandbox.pushes.send(self.name, outgoing)

        return router

    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        now = self.sandbox.now()
        number = 700 + self.sandbox.store.next_number(self.name, "order")
        buyer = some_buyer(self.chance)
        order = make_order(number, lines, buyer, self.chance, now, freight=new.post_fee)
        if new.paid:
            self._pay(order, now)
        return order

    def number_of(self, order: Order) -> str:
        return str(order["id"])

    def modified_of(self, order: Order) -> datetime:
        return modified_of(order)

    def keep(self, order: Order) -> None:
        """Every change is pushed with the whole order."""
        is_new = self.order(self.number_of(order)) is None
        super().keep(order)
        self._push("order.created" if is_new else "order.updated", order)

    def pay(self, order: Order, *, deposit_only: bool) -> None:
        if order["status"] != "pending" or deposit_only:
            raise HTTPException(409, "the order is not waiting for this payment")
        self._pay(order, self.touched(order))

    def modify(self, order: Order, change: Change) -> None:
        """`status` sets any status, known to us or not."""
        party = {
            "phone": change.receiver_mobile,
            "state": change.receiver_state,
            "city": change.receiver_city,
            "address_1": change.receiver_address,
        }
        order["shipping"].update({name: text for name, text in party.items() if text is not None})
        if change.receiver_name is not None:
            order["shipping"] |= {"last_name": "", "first_name": change.receiver_name}
        words = {"customer_note": change.buyer_message, "status": change.status}
        order.update({name: text for name, text in words.items() if text is not None})
        self._touch(order)

    def refund(self, order: Order, asked: AskRefund) -> None:
        """All units of the first line that has some left."""
        done = self.sandbox.store.all(self.name, f"{_REFUND} of {order['id']}")
        back = {
            int(line["meta_data"][0]["value"]) for refund in done for line in refund["line_items"]
        }
        line = next((one for one in order["line_items"] if one["id"] not in back), None)
        if line is None:
            raise HTTPException(409, "everything was given back")
        self._touch(order)
        refund_id = 900_000 + self.sandbox.store.next_number(self.name, _REFUND)
        refund = make_refund(refund_id, order, {line["id"]: line["quantity"]}, modified_of(order))
        kind = f"{_REFUND} of {order['id']}"
        self.sandbox.store.put(self.name, kind, str(refund_id), refund)
        summary = {
            "id": refund_id,
            "reason": refund["reason"],
            "total": f"-{refund['amount']}",
        }
        order["refunds"].insert(0, summary)

    def close(self, order: Order) -> None:
        order["status"] = "refunded" if order["date_paid_gmt"] else "cancelled"
        self._touch(order)

    def freeze(self, order: Order, *, frozen: bool) -> None:
        order["status"] = "on-hold" if frozen else "processing"
        self._touch(order)

    def _pay(self, order: Order, at: datetime) -> None:
        order["status"] = "processing"
        order["date_paid_gmt"] = order["date_modified_gmt"] = gmt(at)

    def _touch(self, order: Order) -> None:
        order["date_modified_gmt"] = gmt(self.touched(order))

    def _push(self, topic: str, order: Order) -> None:
        number = self.sandbox.store.next_number(self.name, "delivery")
        body = json.dumps(order, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "user-agent": "WooCommerce/9.8 Hookshot (WordPress/6.8)",
            "x-wc-webhook-source": self._account.site,
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-resource": "order",
            "x-wc-webhook-event": topic.partition(".")[2],
            "x-wc-webhook-id": "7",
            "x-wc-webhook-delivery-id": f"{number:032x}",
            "x-wc-webhook-signature": base64_hmac_sha256(self._account.webhook_secret, body),
        }
        outgoing = Outgoing(self._account.push_path, str(order["id"]), body, headers)
        self.sandbox.pushes.send(self.name, outgoing)

    def _serve(
        self, operation: str, numbers: list[str], who: str, query: Query, text: str
    ) -> Reply:
        try:
            self._admit(who)
            method = self._methods.get(operation)
            if method is None:
                raise Refusal("rest_no_route", "没有与URL和请求方法相匹配的路由。")
            return _reply(*method(numbers, query, _body(text)))
        except Refusal as no:
            status = _STATUSES.get(no.code, 400)
            told = {"code": no.code, "message": no.text, "data": {"status": status}}
            return _reply(told, status=status, executed=False)

    def _admit(self, who: str) -> None:
        try:
            given = base64.b64decode(who.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        right = f"{self._account.consumer_key}:{self._account.consumer_secret}"
        if not same(given, right):
            raise Refusal("woocommerce_rest_cannot_view", "抱歉，您不能列出资源。")

    def _list(self, numbers: list[str], query: Query, body: Body) -> tuple[Any, Mapping[str, str]]:
        """`modified_after` and `modified_before` are left out themselves."""
        try:
            start, end = (
                datetime.fromisoformat(query[name]).replace(tzinfo=UTC)
                for name in ("modified_after", "modified_before")
            )
            page, size = int(query.get("page", 1)), int(query.get("per_page", 10))
        except (KeyError, ValueError):
            raise Refusal("rest_invalid_param", "无效的参数") from None
        if not 1 <= size <= 100 or page < 1 or query.get("dates_are_gmt") != "true":
            raise Refusal("rest_invalid_param", "无效的参数：per_page")
        found = [
            order
            for order in self.updated_within(start, end)
            if start < modified_of(order) < end and order["status"] != "trash"
        ]
        fields = query.get("_fields", "").split(",")
        listed = [
            {name: value for name, value in order.items() if fields == [""] or name in fields}
            for order in found[(page - 1) * size : page * size]
        ]
        pages = -(-len(found) // size)
        return listed, {"x-wp-total": str(len(found)), "x-wp-totalpages": str(pages)}

    def _get(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        return (self._known(numbers[0]),)

    def _update(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        order = self._known(numbers[0])
        if (status := body.get("status")) is not None:
            order["status"] = str(status)
        for meta in body.get("meta_data", []):
            known = next((one for one in order["meta_data"] if one["key"] == meta["key"]), None)
            if known is None:
                order["meta_data"].append({"id": len(order["meta_data"]) + 1, **meta})
            else:
                known["value"] = meta["value"]
        self._touch(order)
        self.keep(order)
        return (order,)

    def _refunds(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        self._known(numbers[0])
        return (self.sandbox.store.all(self.name, f"{_REFUND} of {numbers[0]}")[::-1],)

    def _products(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        sku = query.get("sku", "")
        if not sku:
            return ([],)
        number = product_number(sku)
        return ([self._stored(f"/products/{number}") | {"sku": sku}],)

    def _product(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        return (self._stored(_product_path(numbers)),)

    def _set_product(self, numbers: list[str], query: Query, body: Body) -> tuple[Any]:
        path, units = _product_path(numbers), body.get("stock_quantity")
        if type(units) is not int:
            raise Refusal("rest_invalid_param", "无效的参数：stock_quantity")
        product = self._stored(path)
        product |= {"manage_stock": body.get("manage_stock") is True, "stock_quantity": units}
        self.sandbox.store.put(self.name, STOCK, path, product)
        return (product,)

    def _stored(self, path: str) -> dict[str, Any]:
        """A product nobody asked for before is one without a SKU."""
        known = self.sandbox.store.get(self.name, STOCK, path)
        return known or product_of("", int(path.rpartition("/")[2]))

    def _known(self, number: str) -> Order:
        order = self.sandbox.store.get(self.name, ORDER, number)
        if order is None:
            raise Refusal("woocommerce_rest_shop_order_invalid_id", "无效ID。")
        return order


def _operation(method: str, path: str) -> tuple[str, list[str]]:
    """What is asked for, and the numbers in its path."""
    parts = path.strip("/").split("/")
    numbers = [part for part in parts if part.isascii() and part.isdigit()]
    what = [part for part in parts if part not in numbers]
    noun = "refunds" if what == ["orders", "refunds"] else what[0]
    if method == "PUT":
        return f"{noun}.update", numbers
    listing = not numbers or noun == "refunds"
    return f"{noun}.{'list' if listing else 'get'}", numbers


def _product_path(numbers: list[str]) -> str:
    product, *variation = numbers
    return f"/products/{product}" + (f"/variations/{variation[0]}" if variation else "")


def _body(text: str) -> Body:
    try:
        body = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise Refusal("rest_invalid_json", "传递了无效的JSON正文。") from None
    return body if isinstance(body, dict) else {}


def _reply(
    body: Any,
    headers: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    executed: bool = True,
) -> Reply:
    text = json.dumps(body, ensure_ascii=False).encode()
    return Reply(text, status, headers=headers or {}, executed=executed)
