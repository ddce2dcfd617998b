"""WooCommerce: signed webhooks in, orders asked for, shipping and stock told through REST wc/v3.

Facts: wire-formats §1.7. Calls carry the consumer key and secret (HTTP Basic): https only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from pydantic import TypeAdapter, ValidationError

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.snapshot import ChannelState, OrderSnapshot
from domain.shared.errors import AnswerLost, Rejected, Unavailable
from integrations.access import MISSING_SECRET, ShopAccess
from integrations.http import Answer, exchange
from integrations.marketplaces.port import (
    MISMATCH,
    ChangedOrder,
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
    minor,
    read_answer,
    read_body,
    why,
)
from integrations.marketplaces.woocommerce_errors import refusal_of
from integrations.marketplaces.woocommerce_order import (
    GmtTime,
    Order,
    Refund,
    snapshot_of,
    state_of,
)
from integrations.marketplaces.woocommerce_parcels import (
    is_all_told,
    is_told,
    our_parcel,
    tracking_items,
)
from integrations.marketplaces.woocommerce_push import (
    TOPICS,
    Summaries,
    ToldOrder,
    is_ping,
    read_message,
)
from integrations.settings import Schema, meanings, text
from integrations.signing import base64_hmac_sha256, same

PAGE_SIZE: Final = 100
API: Final = "/wp-json/wc/v3"
_SENDABLE: Final = (ChannelState.PAID, ChannelState.PART_SHIPPED, ChannelState.SHIPPED)
_SHIPPED: Final = "completed"
_MOST_PAGES: Final = 1000


SECRETS: Final = ("consumer_key", "consumer_secret", "webhook_secret")
OPTIONAL_SECRETS: Final = ("webhook_secret_old",)
SETTINGS: Final = Schema(
    (meanings("states", ChannelState), text("shipped_status"), text("tracking_meta"))
)


def open_shop(access: ShopAccess) -> "WooMarketplace":
    """Secrets `consumer_key`, `consumer_secret`, `webhook_secret`; settings in
    docs/assumptions.md."""
    return WooMarketplace(access)


class _Fetched(Body):
    order: Order
    refunds: tuple[Refund, ...] = ()


class _Kind(Body):
    order: Any = None


class _Listed(Body):
    id: Number
    date_modified_gmt: GmtTime
    refunds: Summaries = ()


class _Product(Body):
    id: Number
    parent_id: Text = ""
    manage_stock: bool | str = False
    stock_quantity: int | None = None


_LISTED: Final = TypeAdapter(tuple[_Listed, ...])
_REFUNDS: Final = TypeAdapter(tuple[Refund, ...])
_PRODUCTS: Final = TypeAdapter(tuple[_Product, ...])


@dataclass(frozen=True, slots=True)
class WooMarketplace:
    """One shop; its address is the site's."""

    access: ShopAccess

    @property
    def channel(self) -> str:
        return "woocommerce"

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """Raises Rejected: `invalid_signature`, `unreadable`. The ping that comes when a webhook is
        made is no message."""
        given, body = pushed.headers, pushed.body
        if is_ping(body):
            return ()
        signature = given.get("x-wc-webhook-signature", "")
        secrets = self.access.secrets.both("webhook_secret")
        if not any([same(signature, base64_hmac_sha256(secret, body)) for secret in secrets]):
            raise _refused("the signature does not fit the body", "invalid_signature")
        topic = given.get("x-wc-webhook-topic", "")
        if topic not in TOPICS:
            return ()
        return (read_message(body, topic, given.get("x-wc-webhook-delivery-id", "")),)

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """200; WooCommerce reads no body."""
        return DoorAnswer(200)

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """As its own REST API refuses."""
        statuses = {UNREADABLE: 400, MISMATCH: 409, MISSING_SECRET: 503}
        status = statuses.get(refusal.code, 401)
        told = {"code": refusal.code, "message": str(refusal), "data": {"status": status}}
        return DoorAnswer(status, json.dumps(told).encode())

    async def fetch_raw(self, external_no: str) -> bytes:
        """The order and its refunds, of which the order itself names but the sums."""
        raw = (await self._ask("GET", f"/orders/{external_no}")).body
        order = read_answer(ToldOrder, raw, system="woocommerce", changes=False)
        refunds = await self._refunds(external_no) if order.refunds else b"[]"
        return b'{"order":' + raw + b',"refunds":' + refunds + b"}"

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate what was fetched or pushed; None for an order pushed as deleted or with
        refunds, whose lines only the channel can tell. Raises Rejected (`unreadable`)."""
        states = self.access.settings.get("states", {})
        if read_body(_Kind, raw, system="woocommerce").order is not None:
            fetched = read_body(_Fetched, raw, system="woocommerce")
            return snapshot_of(fetched.order, fetched.refunds, self.access.shop_id, states)
        told = read_body(ToldOrder, raw, system="woocommerce")
        if not told.status or told.refunds:
            return None
        order = read_body(Order, raw, system="woocommerce")
        return snapshot_of(order, (), self.access.shop_id, states)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """As the list's own header counts them."""
        answer = await self._list(start, end, 1)
        told = answer.headers.get("x-wp-totalpages", "")
        if not (told.isascii() and told.isdigit() and len(told) < 9):
            raise Unavailable("the list is not counted", code=UNREADABLE, system="woocommerce")
        return int(told)

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of orders modified in the window, latest first."""
        found = _read(_LISTED, (await self._list(start, end, page)).body)
        return tuple(ChangedOrder(order.id, order.date_modified_gmt) for order in found)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Write the parcel down at the order; complete it once all its goods are in parcels."""
        path = f"/orders/{confirmation.external_no}"
        order = await self._order("GET", path)
        state = state_of(order, self.access.settings.get("states", {}))
        if state not in _SENDABLE:
            raise _refused(f"the order is {order.status}", "not_open")
        refunds: tuple[Refund, ...] = ()
        if order.refunds:
            refunds = _read(_REFUNDS, await self._refunds(order.id))
        if not is_told(order, confirmation):
            metas: list[Mapping[str, Any]] = [our_parcel(confirmation)]
            if key := self.access.settings.get("tracking_meta", "_wc_shipment_tracking_items"):
                metas.append({"key": key, "value": tracking_items(order, str(key), confirmation)})
            order = await self._order("PUT", path, {"meta_data": metas})
        shipped = str(self.access.settings.get("shipped_status", _SHIPPED))
        if state is not ChannelState.SHIPPED and is_all_told(order, order.left(refunds)):
            await self._order("PUT", path, {"status": shipped})

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units the shop may sell; products without numbers are found by their SKU."""
        body = {"manage_stock": True, "stock_quantity": quantity}
        await self._ask("PUT", await self._product_path(listing), body)

    async def available(self, listing: Listing) -> int | None:
        """What the shop offers; None where it does not count."""
        raw = (await self._ask("GET", await self._product_path(listing))).body
        product = read_answer(_Product, raw, system="woocommerce", changes=False)
        return product.stock_quantity if product.manage_stock else None

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Refunds of the orders that changed in the window, pages from the last one back."""
        cases: list[AfterSale] = []
        for page in range(await self.changed_page_count(start, end), 0, -1):
            for order in _read(_LISTED, (await self._list(start, end, page)).body):
                if order.refunds:
                    cases += await self._cases(order.id)
        return tuple(cases)

    async def _refunds(self, number: str) -> bytes:
        """The list of an order's refunds, once it is seen to be one."""
        raw = (await self._ask("GET", f"/orders/{number}/refunds", per_page="100")).body
        _read(_REFUNDS, raw)
        return raw

    async def _cases(self, number: str) -> list[AfterSale]:
        whole = read_body(_Fetched, await self.fetch_raw(number), system="woocommerce")
        return [
            AfterSale(
                external_no=number,
                after_sale_no=refund.id,
                kind=AfterSaleKind.REFUND,
                stage=AfterSaleStage.DONE,
                vendor_status="refunded",
                modified=refund.date_created_gmt,
                amount_minor=minor(abs(refund.amount), whole.order.currency),
                reason=refund.reason,
                external_line_nos=tuple(line.line_id for line in refund.line_items if line.line_id),
            )
            for refund in whole.refunds
        ]

    async def _order(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Order:
        changes = method == "PUT"
        raw = (await self._ask(method, path, body)).body
        return read_answer(Order, raw, system="woocommerce", changes=changes)

    async def _list(self, start: datetime, end: datetime, page: int) -> Answer:
        return await self._ask(
            "GET",
            "/orders",
            modified_after=_written(start - timedelta(seconds=1)),  # which is left out itself
            modified_before=_written(end),
            dates_are_gmt="true",
            orderby="modified",
            order="desc",
            status="any",
            per_page=str(PAGE_SIZE),
            page=str(page),
            _fields="id,date_modified_gmt,refunds",
        )

    async def _product_path(self, listing: Listing) -> str:
        product, variation = (listing.ids.get(f"{what}_id") for what in ("product", "variation"))
        if not product:
            raw = (await self._ask("GET", "/products", sku=listing.external_sku)).body
            if not (found := _read(_PRODUCTS, raw)):
                text = f"no product has the SKU {listing.external_sku}"
                raise Rejected(text, code="no_product_id", system="onhand")
            product, variation = found[0].id, None
            if found[0].parent_id not in ("", "0"):
                product, variation = found[0].parent_id, found[0].id
        path = f"/products/{product}"
        return f"{path}/variations/{variation}" if variation else path

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str
    ) -> Answer:
        """Raises what a refusal means."""
        secrets, changes = self.access.secrets, method == "PUT"
        request = self.access.http.build_request(
            method,
            f"{self.access.base_url.rstrip('/')}{API}{path}",
            params=query or None,
            json=body,
        )
        basic = httpx.BasicAuth(secrets["consumer_key"], secrets["consumer_secret"])
        request = next(basic.auth_flow(request))
        async with self.access.pace.call(path.split("/")[1]):
            answer = await exchange(
                self.access.http, request, system="woocommerce", changes=changes
            )
            if (refusal := refusal_of(answer)) is not None:
                raise refusal
        _check_json(answer.body, changes=changes)
        return answer


def _read(adapter: TypeAdapter[tuple[Any, ...]], raw: bytes) -> Any:
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        raise Unavailable(why(error), code=UNREADABLE, system="woocommerce") from None


def _check_json(raw: bytes, *, changes: bool) -> None:
    """A page of a proxy in place of the answer says nothing about what was done."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        kind = AnswerLost if changes else Unavailable
        raise kind("the answer is not JSON", code=UNREADABLE, system="woocommerce") from None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="woocommerce")
