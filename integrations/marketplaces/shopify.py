"""Shopify: signed webhooks in, orders fetched and fulfilments created through GraphQL Admin.

Facts: wire-formats §1.6 (shopify.dev: verify deliveries, GraphQL Admin, rate limits).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from pydantic import ValidationError

from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import Rejected, Unavailable
from integrations.access import UNHURRIED, Pace, ShopAccess
from integrations.http import exchange
from integrations.marketplaces import shopify_returns
from integrations.marketplaces.port import (
    MISMATCH,
    CaseVerdict,
    DoorAnswer,
    Listing,
    Push,
    Pushed,
    ShipConfirmation,
)
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    Number,
    Text,
    read_answer,
    read_body,
    why,
)
from integrations.marketplaces.shopify_fulfilment import (
    FulfilledLine,
    FulfilledOrder,
    LinesAnswer,
    LineT,
    OpenLine,
    fulfilments_for,
)
from integrations.marketplaces.shopify_graph_order import (
    GraphBody,
    GraphLine,
    GraphLines,
    GraphOrder,
)
from integrations.marketplaces.shopify_graphql import (
    FULFILLED_LINES_QUERY,
    FULFILMENT_CREATE,
    FULFILMENTS_QUERY,
    OPEN_LINES_QUERY,
    ORDER_QUERY,
    GraphAnswer,
    graphql_error,
    http_error,
)
from integrations.marketplaces.shopify_order import Order, snapshot_of
from integrations.marketplaces.shopify_refund import REFUND_TOPIC, is_refund, read_refund
from integrations.marketplaces.shopify_stock import (
    CONCURRENT,
    SET_QUANTITIES,
    STALE,
    Level,
    SetAnswer,
    StockAnswer,
    level_of,
    set_call,
    stock_question,
)
from integrations.marketplaces.signing import shopify_genuine
from integrations.settings import Schema, choice, text

SECRETS: Final = ("access_token", "webhook_secret")
OPTIONAL_SECRETS: Final = ("webhook_secret_old",)
SETTINGS: Final = Schema(
    (
        text("api_version"),
        text("location_id"),
        choice("decline_reason", shopify_returns.DECLINE_REASONS),
    )
)
API_VERSION: Final = "2026-04"
_MOST_PAGES: Final = 20
_MOST_TRIES: Final = 5
_CONCURRENT_PAUSE_S: Final = 1.0
TOPICS: Final = frozenset({"orders/create", "orders/paid", "orders/updated", "orders/cancelled"})


def open_shop(access: ShopAccess) -> "ShopifyMarketplace":
    """Secrets `access_token`, `webhook_secret` and its `_old`; settings `api_version` and
    `location_id` (where a product has several)."""
    return ShopifyMarketplace(
        access.shop_id,
        access.external_id,
        access.base_url,
        access.secrets["access_token"],
        access.secrets.both("webhook_secret"),
        access.http,
        access.settings.get("api_version", API_VERSION),
        pace=access.pace,
        location_id=str(access.settings.get("location_id", "")),
        settings=access.settings,
    )


class _Named(Body):
    id: Number


class _Fetched(Body):
    order: GraphOrder


class _MaybeFound(Body):
    order: GraphOrder | None = None


class _Page(Body):
    data: _MaybeFound


class _Stored(Body):
    """Webhooks are the order itself; fetched ones lie below `data`."""

    data: _Fetched | None = None


class _Told(GraphBody):
    order: FulfilledOrder | None


class _ToldAnswer(GraphBody):
    data: _Told


class _UserError(Body):
    field: tuple[str, ...] | None = None
    message: Text = ""


class _Created(GraphBody):
    user_errors: tuple[_UserError, ...] = ()


class _CreatedData(GraphBody):
    fulfillment_create: _Created


class _CreatedAnswer(GraphBody):
    data: _CreatedData


@dataclass(frozen=True, slots=True)
class ShopifyMarketplace:
    """One shop. `base_url` is https://{shop}.myshopify.com; `webhook_secrets` are the app's client
    secrets, both of them while one is being replaced."""

    shop: str
    domain: str
    base_url: str
    access_token: str
    webhook_secrets: tuple[str, ...]
    http: httpx.AsyncClient
    api_version: str = API_VERSION
    notify_customer: bool = True
    pace: Pace = UNHURRIED
    location_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)  # how returns are answered
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def channel(self) -> str:
        return "shopify"

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """Raises Rejected: `invalid_signature`, `wrong_shop`, `unreadable`.

        One app secret signs for every shop that installed the app, hence the look at the domain.
        A genuine message without an order's number is kept for a person.
        """
        given, body = pushed.headers, pushed.body
        signature = given.get("x-shopify-hmac-sha256", "")
        if not shopify_genuine(signature, self.webhook_secrets, body):
            raise _refused("the signature does not fit the body", "invalid_signature")
        if given.get("x-shopify-shop-domain", "").lower() != self.domain.lower():
            raise _refused("the message is for another shop", "wrong_shop")
        topic = given.get("x-shopify-topic", "")
        if topic not in TOPICS | shopify_returns.TOPICS and topic != REFUND_TOPIC:
            return ()
        message_id = given.get("x-shopify-webhook-id", "")
        if not message_id:
            raise _refused("cannot read x-shopify-webhook-id: missing", UNREADABLE)
        if not _is_json(body):
            raise _refused("the body is not JSON", UNREADABLE)
        if topic == REFUND_TOPIC:
            return (read_refund(message_id, body),)
        if topic in shopify_returns.TOPICS:
            at = given.get("x-shopify-triggered-at", "")
            return (shopify_returns.read_return(message_id, topic, at, body),)
        try:
            number = read_body(_Named, body, system="shopify").id
        except Rejected:
            number = ""
        return (Push(message_id, topic, number),)

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """200; Shopify reads no body."""
        return DoorAnswer(200)

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """Shopify's own form of an error."""
        status = {UNREADABLE: 400, MISMATCH: 409}.get(refusal.code, 401)
        return DoorAnswer(status, json.dumps({"errors": str(refusal)}).encode())

    async def fetch_raw(self, external_no: str) -> bytes:
        """The GraphQL answer about the order, with the line items of all pages in it."""
        lines: tuple[GraphLine, ...] = ()
        after: str | None = None
        for _ in range(_MOST_PAGES):
            variables = {"id": _order_id(external_no), "after": after}
            raw = await self._ask(ORDER_QUERY, variables, changes=False)
            order = read_answer(_Page, raw, system="shopify", changes=False).data.order
            if order is None:
                raise _refused(f"no order {external_no}", "not_found")
            lines += order.line_items.nodes
            if not order.line_items.page_info.has_next_page:
                whole = order.model_copy(update={"line_items": GraphLines(nodes=lines)})
                stored = _Stored(data=_Fetched(order=whole))
                return stored.model_dump_json(by_alias=True).encode()
            after = order.line_items.page_info.end_cursor
        raise _refused("more lines than can be read", "too_large")

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored webhook or fetched answer; None for a refund or return, no order.

        Raises Rejected (`unreadable`).
        """
        if is_refund(raw) or shopify_returns.is_return(raw):
            return None
        fetched = read_body(_Stored, raw, system="shopify").data
        if fetched is None:
            return snapshot_of(read_body(Order, raw, system="shopify"), self.shop)
        try:
            order = fetched.order.as_webhook()
        except ValidationError as error:
            raise _refused(why(error), UNREADABLE) from None
        return snapshot_of(order, self.shop)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Create the fulfilments of a parcel; what has its waybill number already is left out."""
        order = await self._fulfilled_order(confirmation.external_no)
        told = [
            one.model_copy(update={"lines": await self._fulfilled_lines(one.id)})
            for one in order.told(confirmation.waybill_no)
        ]
        unfinished = [
            one.model_copy(update={"lines": await self._open_lines(one.id)})
            for one in order.unfinished()
        ]
        for fulfilment in fulfilments_for(
            told, unfinished, confirmation, notify_customer=self.notify_customer
        ):
            raw = await self._ask(FULFILMENT_CREATE, {"fulfillment": fulfilment}, changes=True)
            created = read_answer(_CreatedAnswer, raw, system="shopify", changes=True)
            for error in created.data.fulfillment_create.user_errors:
                raise _refused(error.message, ".".join(error.field or ("userErrors",)))

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Approve or decline a return; once the goods are here, refund and close it."""
        await shopify_returns.answer(verdict, self._ask, self.settings)

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the count unless it is so already. What was sold there between reading and setting
        is taken off: it was sold out of what we offer now."""
        level = await self._level(listing)
        for _ in range(_MOST_TRIES):
            if level.quantity == quantity:
                return
            variables = set_call(level, quantity, reference)
            raw = await self._ask(SET_QUANTITIES, variables, changes=True)
            code, text = read_answer(SetAnswer, raw, system="shopify", changes=True).refusal
            if not code:
                return
            if code == STALE:
                now = await self._level(listing)
                quantity = max(quantity + min(now.quantity - level.quantity, 0), 0)
                level = now
            elif code == CONCURRENT:
                await self.pause(_CONCURRENT_PAUSE_S)
            else:
                raise _refused(text or "no reason given", code)
        raise Unavailable("the count does not stand still", code=STALE, system="shopify")

    async def available(self, listing: Listing) -> int | None:
        """What the shop offers now."""
        return (await self._level(listing)).quantity

    async def _level(self, listing: Listing) -> Level:
        question, variables = stock_question(listing)
        raw = await self._ask(question, variables, changes=False)
        answer = read_answer(StockAnswer, raw, system="shopify", changes=False)
        return level_of(answer, listing, self.location_id)

    async def _fulfilled_order(self, external_no: str) -> FulfilledOrder:
        variables = {"id": _order_id(external_no)}
        raw = await self._ask(FULFILMENTS_QUERY, variables, changes=False)
        order = read_answer(_ToldAnswer, raw, system="shopify", changes=False).data.order
        if order is None:
            raise _refused(f"no order {external_no}", "not_found")
        if order.is_cut_off:
            raise _refused("more fulfilments than can be read", "too_large")
        return order

    async def _fulfilled_lines(self, fulfilment_id: str) -> tuple[FulfilledLine, ...]:
        kind = LinesAnswer[FulfilledLine]
        return await self._lines(FULFILLED_LINES_QUERY, fulfilment_id, kind)

    async def _open_lines(self, fulfilment_order_id: str) -> tuple[OpenLine, ...]:
        return await self._lines(OPEN_LINES_QUERY, fulfilment_order_id, LinesAnswer[OpenLine])

    async def _lines(
        self, query: str, holder_id: str, kind: type[LinesAnswer[LineT]]
    ) -> tuple[LineT, ...]:
        """All lines of a fulfilment or a fulfilment order, page by page."""
        lines: tuple[LineT, ...] = ()
        after: str | None = None
        for _ in range(_MOST_PAGES):
            raw = await self._ask(query, {"id": holder_id, "after": after}, changes=False)
            page = read_answer(kind, raw, system="shopify", changes=False).data.holder.lines
            lines += page.nodes
            if not page.page_info.has_next_page:
                return lines
            after = page.page_info.end_cursor
        raise _refused("more lines than can be read", "too_large")

    async def _ask(self, query: str, variables: Mapping[str, Any], *, changes: bool) -> bytes:
        """Send a document and return the answer's body. Raises what its errors mean."""
        request = self.http.build_request(
            "POST",
            f"{self.base_url.rstrip('/')}/admin/api/{self.api_version}/graphql.json",
            json={"query": query, "variables": variables},
            headers={"x-shopify-access-token": self.access_token},
        )
        async with self.pace.call("graphql"):
            answer = await exchange(self.http, request, system="shopify", changes=changes)
            if answer.status != httpx.codes.OK:
                raise http_error(answer.status)
            read = read_answer(GraphAnswer, answer.body, system="shopify", changes=changes)
            if (error := graphql_error(read, changes=changes)) is not None:
                raise error
        return answer.body


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _order_id(external_no: str) -> str:
    return f"gid://shopify/Order/{external_no}"


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="shopify")
