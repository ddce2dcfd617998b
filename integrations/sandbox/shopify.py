"""Shopify as its clients see it: the GraphQL documents we send, and webhooks signed like its own.

The API is /shopify/admin/api/{version}/graphql.json; what buyers do is below /sandbox/shopify.
"""

import json
import random
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.marketplaces.signing import shopify_signature
from integrations.sandbox.demo_shop import some_basket, some_buyer
from integrations.sandbox.framework import Call, Reply, Sandbox, Vendor
from integrations.sandbox.pushes import Outgoing
from integrations.sandbox.shopify_controls import Change, NewOrders, Refund, Stock
from integrations.sandbox.shopify_orders import (
    Order,
    Sold,
    as_graphql,
    cancel,
    fulfil,
    fulfilments_as_graphql,
    make_order,
    open_lines,
    page,
    pay,
    refund,
    touch,
)
from integrations.sandbox.shopify_returns import RETURN, ShopifyReturnDesk
from integrations.sandbox.shopify_stock import Inventory
from integrations.signing import same

_OPERATION: Final = re.compile(r"\s*(?:query|mutation)\s+(\w+)")
_LINES_PER_PAGE: Final = 50
_UPDATED: Final = "orders/updated"
_NO_TOKEN: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"
_COST: Final = {
    "requestedQueryCost": 12,
    "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 2, "restoreRate": 100},
}
Variables = Mapping[str, Any]


class ShopifySandbox(Vendor):
    name = "shopify"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.shopify
        self._inventory = Inventory(sandbox, self.name)
        self._returns = ShopifyReturnDesk(
            sandbox, self.name, self._known, self._tell_return, self._pay_back
        )
        self._chance = random.Random(sandbox.settings.seed)
        self._documents: Mapping[str, Callable[[Variables], Mapping[str, Any]]] = {
            "Order": self._order,
            "Fulfillments": self._fulfilments,
            "FulfillmentLines": self._fulfilled_lines,
            "FulfillmentOrderLines": self._open_lines,
            "FulfillmentCreate": self._create_fulfilment,
            **self._returns.documents,
            "VariantStock": self._inventory.of_variant,
            "SkuStock": self._inventory.of_sku,
            "InventorySetQuantities": self._inventory.change,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._documents)

    def app(self) -> FastAPI:
        app = FastAPI(title="Shopify sandbox", docs_url=None, redoc_url=None)

        @app.post("/admin/api/{version}/graphql.json")
        async def graphql(version: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            token = request.headers.get("x-shopify-access-token", "")
            query, variables = _read(text)
            operation = found[1] if (found := _OPERATION.match(query)) else ""
            call = Call(self.name, operation, _ref(variables), text)
            throttled = _errors("Throttled", "THROTTLED", {"cost": _COST})
            return await self.sandbox.serve(
                call, lambda: self._serve(token, operation, variables), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def controls(self) -> APIRouter:
        router = APIRouter(tags=["Shopify"])

        @router.get("/orders")
        async def orders() -> list[Order]:
            return self.sandbox.store.all(self.name, "order")

        @router.post("/orders", status_code=201)
        async def create(new: NewOrders) -> list[Order]:
            """Buyers order, and pay unless told otherwise."""
            return [self._sell(new) for _ in range(new.count)]

        @router.post("/orders/{order_id}/pay")
        async def pay_order(order_id: int) -> Order:
            now = self.sandbox.now()
            return self._change(order_id, "orders/paid", lambda order: pay(order, now))

        @router.post("/orders/{order_id}/update")
        async def update(order_id: int, change: Change) -> Order:
            return self._change(
                order_id, "orders/updated", lambda order: self._update(order, change)
            )

        @router.post("/orders/{order_id}/cancel")
        async def cancel_order(order_id: int) -> Order:
            now = self.sandbox.now()
            order = self._change(order_id, "orders/cancelled", lambda order: cancel(order, now))
            for line in order["line_items"]:
                self._inventory.move(line["sku"], line["quantity"])
            return order

        @router.post("/orders/{order_id}/refund")
        async def refund_order(order_id: int, asked: Refund) -> Order:
            """Money goes back, told as refunds/create and as a change of the order."""
            order = self._known(order_id)
            if order is None:
                raise HTTPException(404, "no such order")
            amount = asked.amount or Decimal(order["total_price"])
            self._pay_back(order, amount, back=asked.with_return)
            return order

        @router.get("/returns")
        async def returns() -> list[dict[str, Any]]:
            return self.sandbox.store.all(self.name, RETURN)

        @router.post("/orders/{order_id}/return", status_code=201)
        async def ask_return(order_id: int) -> dict[str, Any]:
            """The buyer asks to send back all that was sent to him."""
            order = self._known(order_id)
            if order is None:
                raise HTTPException(404, "no such order")
            return self._returns.ask(order)

        @router.get("/stock")
        async def stock() -> list[dict[str, Any]]:
            """What it offers."""
            return self._inventory.all()

        @router.put("/stock/{sku}")
        async def set_stock(sku: str, given: Stock) -> dict[str, Any]:
            item = self._inventory.set(sku, given.available)
            if item is None:
                raise HTTPException(404, "no such product")
            return item

        return router

    def sell(self, count: int, *, masked: bool = False) -> None:
        for _ in range(count):
            self._sell(NewOrders())

    def _sell(self, new: NewOrders) -> Order:
        now = self.sandbox.now()
        lines = [
            Sold(line.sku, line.title or line.sku, line.price, line.quantity) for line in new.lines
        ]
        order = make_order(
            self.sandbox.store.next_number(self.name, "order"),
            lines
            or [
                Sold(product.sku, product.title, product.price, quantity)
                for product, quantity in some_basket(self._chance)
            ],
            some_buyer(self._chance),
            self._chance,
            now,
            currency=new.currency,
            shipping=new.shipping,
        )
        for line in order["line_items"]:
            self._inventory.move(line["sku"], -line["quantity"])
        self._keep(order, "orders/create")
        if new.paid:
            pay(order, now)
            self._keep(order, "orders/paid")
        return order

    def _pay_back(self, order: Order, amount: Decimal, *, back: bool = True) -> None:
        number = 900_000_000_000 + self.sandbox.store.next_number(self.name, "refund")
        told = refund(order, number, amount, self.sandbox.now(), back=back)
        self.sandbox.pushes.send(self.name, self._push(told, "refunds/create"))
        self._keep(order, _UPDATED)

    def _tell_return(self, kept: dict[str, Any], topic: str) -> None:
        self.sandbox.pushes.send(self.name, self._push(kept, topic))

    def _change(self, order_id: int, topic: str, change: Callable[[Order], None]) -> Order:
        order = self._known(order_id)
        if order is None:
            raise HTTPException(404, "no such order")
        if order["cancelled_at"]:
            raise HTTPException(409, "the order is cancelled")
        change(order)
        self._keep(order, topic)
        return order

    def _update(self, order: Order, change: Change) -> None:
        if change.note is not None:
            order["note"] = change.note
        if change.shipping_address is not None:
            order["shipping_address"].update(change.shipping_address)
        if change.held is not None:
            order["held"] = change.held
        touch(order, self.sandbox.now())

    def _known(self, order_id: int | str) -> Order | None:
        return self.sandbox.store.get(self.name, "order", str(order_id))

    def _keep(self, order: Order, topic: str) -> None:
        """Store it and tell us; every change is told as orders/updated as well."""
        self.sandbox.store.put(self.name, "order", str(order["id"]), order)
        topics = (topic,) if topic in ("orders/create", _UPDATED) else (topic, _UPDATED)
        for one in topics:
            self.sandbox.pushes.send(self.name, self._push(order, one))

    def _push(self, order: Order, topic: str) -> Outgoing:
        shown = {name: value for name, value in order.items() if name != "held"}
        body = json.dumps(shown, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": topic,
            "x-shopify-shop-domain": self._account.domain,
            "x-shopify-webhook-id": str(uuid4()),
            "x-shopify-event-id": str(uuid4()),
            "x-shopify-api-version": "2026-04",
            "x-shopify-triggered-at": order.get("updated_at") or order["created_at"],
            "x-shopify-hmac-sha256": shopify_signature(self._account.client_secret, body),
        }
        return Outgoing(self._account.push_path, str(order["id"]), body, headers)

    def _serve(self, token: str, operation: str, variables: Variables) -> Reply:
        if not same(token, self._account.access_token):
            return _reply({"errors": _NO_TOKEN}, status=401, executed=False)
        document = self._documents.get(operation)
        if document is None:
            return _errors(f"No operation named {operation!r}", "undefinedOperation")
        data = document(variables)
        refused = any(isinstance(one, dict) and one.get("userErrors") for one in data.values())
        return _reply({"data": data, "extensions": {"cost": _COST}}, executed=not refused)

    def _order(self, variables: Variables) -> Mapping[str, Any]:
        order = self._known(_number(variables.get("id")))
        if order is None:
            return {"order": None}
        return {"order": as_graphql(order, variables.get("after"), _LINES_PER_PAGE)}

    def _fulfilments(self, variables: Variables) -> Mapping[str, Any]:
        order = self._known(_number(variables.get("id")))
        if order is None:
            return {"order": None}
        made = self.sandbox.store.all(self.name, f"fulfilment of {order['id']}")
        return {"order": fulfilments_as_graphql(order, made)}

    def _fulfilled_lines(self, variables: Variables) -> Mapping[str, Any]:
        fulfilment = self.sandbox.store.get(self.name, "fulfilment", str(variables.get("id")))
        if fulfilment is None:
            return {"holder": None}
        lines = page(fulfilment["lines"], variables.get("after"), _LINES_PER_PAGE)
        return {"holder": {"lines": lines}}

    def _open_lines(self, variables: Variables) -> Mapping[str, Any]:
        order = self._known(_number(variables.get("id")))
        if order is None:
            return {"holder": None}
        lines = page(open_lines(order), variables.get("after"), _LINES_PER_PAGE)
        return {"holder": {"lines": lines}}

    def _create_fulfilment(self, variables: Variables) -> Mapping[str, Any]:
        wish = variables.get("fulfillment")
        sources = wish.get("lineItemsByFulfillmentOrder", []) if isinstance(wish, dict) else []
        order = self._known(_number(sources[0]["fulfillmentOrderId"])) if sources else None
        if order is None:
            return _user_error("Fulfillment order does not exist.")
        if order["cancelled_at"] or order.get("held"):
            return _user_error("Fulfillment order is not in an open state.")
        wanted = {
            int(_number(item["id"])): int(item["quantity"])
            for source in sources
            for item in source["fulfillmentOrderLineItems"]
        }
        left = {line["id"]: line["fulfillable_quantity"] for line in order["line_items"]}
        if not wanted or any(not 0 < n <= left.get(line, 0) for line, n in wanted.items()):
            return _user_error("Invalid fulfillment order line item quantity requested.")
        return self._fulfil(order, wanted, dict(wish or {}).get("trackingInfo") or {})

    def _fulfil(
        self, order: Order, wanted: Mapping[int, int], tracking: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        number = self.sandbox.store.next_number(self.name, "fulfilment")
        fulfilment = {
            "id": f"gid://shopify/Fulfillment/{number}",
            "status": "SUCCESS",
            "trackingInfo": [dict(tracking)],
            "lines": [
                {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}}
                for line, quantity in wanted.items()
            ],
        }
        for kind in ("fulfilment", f"fulfilment of {order['id']}"):
            self.sandbox.store.put(self.name, kind, str(fulfilment["id"]), fulfilment)
        fulfil(order, wanted, self.sandbox.now())
        self._keep(order, _UPDATED)
        shown = {"id": fulfilment["id"], "status": "SUCCESS"}
        return {"fulfillmentCreate": {"fulfillment": shown, "userErrors": []}}


def _read(text: str) -> tuple[str, Variables]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return "", {}
    if not isinstance(body, dict):
        return "", {}
    variables = body.get("variables")
    return str(body.get("query", "")), variables if isinstance(variables, dict) else {}


def _ref(variables: Variables) -> str:
    """The order number, for the call log; a fulfilment order has the number of its order."""
    wish = variables.get("fulfillment")
    sources = wish.get("lineItemsByFulfillmentOrder") if isinstance(wish, dict) else None
    if isinstance(sources, list) and sources and isinstance(sources[0], dict):
        return _number(sources[0].get("fulfillmentOrderId"))
    return _number(variables.get("id"))


def _number(gid: object) -> str:
    return str(gid or "").rpartition("/")[2]


def _user_error(message: str) -> Mapping[str, Any]:
    errors = [{"field": ["fulfillment"], "message": message}]
    return {"fulfillmentCreate": {"fulfillment": None, "userErrors": errors}}


def _errors(message: str, code: str, extensions: Mapping[str, Any] | None = None) -> Reply:
    error = {"message": message, "extensions": {"code": code}}
    return _reply({"errors": [error], "extensions": extensions or {}}, executed=False)


def _reply(body: Mapping[str, Any], *, status: int = 200, executed: bool = True) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode(), status, executed=executed)
