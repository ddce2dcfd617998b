"""WeChat shops (微信小店): sealed pushes, pulled orders, parcels, stock and after-sales.

Facts: wire-formats §1.5. Calls carry no signature but an access token (`wechat_token`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import CredentialsRefused, Rejected
from integrations.access import MISSING_SECRET, Limit, ShopAccess
from integrations.http import exchange
from integrations.marketplaces.cases import ADDRESSES, Seen, answer_once
from integrations.marketplaces.companies import find_company
from integrations.marketplaces.port import (
    CaseVerdict,
    ChangedOrder,
    DoorAnswer,
    Listing,
    Push,
    Pushed,
    ShipConfirmation,
)
from integrations.marketplaces.reading import UNREADABLE, BodyT, read_answer
from integrations.marketplaces.signing import wechat_signature
from integrations.marketplaces.wechat_after_sale import CaseAnswer, CasesAnswer, after_sale_of
from integrations.marketplaces.wechat_answers import ACCEPT, REJECT, answer_to, awaits
from integrations.marketplaces.wechat_crypt import open_message
from integrations.marketplaces.wechat_errors import TOKEN, WechatError, codes_of, wechat_error
from integrations.marketplaces.wechat_messages import CompaniesAnswer, OrdersAnswer, StockAnswer
from integrations.marketplaces.wechat_order import product_of, read_order, snapshot_of
from integrations.marketplaces.wechat_push import is_event, read_event, sealed_part
from integrations.marketplaces.wechat_token import access_token
from integrations.settings import CODES, Schema, table, whole
from integrations.signing import same

SECRETS: Final = ("app_secret", "push_token", "aes_key")
SETTINGS: Final = (
    CODES
    + ADDRESSES
    + Schema(
        (
            table("carrier_ids", {"zto": "ZTO"}),
            whole("reject_reason_type", 1, 1000),
        )
    )
)
PAGE_SIZE: Final = 100
LONGEST_CASES: Final = timedelta(hours=24)
LIST: Final = "/channels/ec/order/list/get"
ORDER: Final = "/channels/ec/order/get"
SEND: Final = "/channels/ec/order/delivery/send"
COMPANIES: Final = "/channels/ec/order/deliverycompanylist/new/get"
SET_STOCK: Final = "/channels/ec/product/stock/update"
GET_STOCK: Final = "/channels/ec/product/stock/get"
CASES: Final = "/channels/ec/aftersale/getaftersalelist"
CASE: Final = "/channels/ec/aftersale/getaftersaleorder"
# 10 000 a minute for each, as the vendor documents it.
LIMITS: Final[Mapping[str, Limit]] = dict.fromkeys(
    (LIST, ORDER, SEND, COMPANIES, SET_STOCK, GET_STOCK, CASES, CASE, ACCEPT, REJECT),
    Limit(10_000, 60),
)
_SET: Final = 3  # diff_type
_EXPRESS: Final = 1  # deliver_type
_DELIVERY_IDS: Final = {"sf": "SF"}
_AT_ONCE: Final = 4
_MOST_PAGES: Final = 1000


def open_shop(access: ShopAccess) -> "WechatMarketplace":
    """Secrets `app_secret`, `push_token`, `aes_key`; settings in docs/assumptions.md."""
    return WechatMarketplace(access)


@dataclass(frozen=True, slots=True)
class WechatMarketplace:
    """One shop; its `external_id` is the app id."""

    access: ShopAccess
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "wechat"

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """None for WeChat's look at the address. Raises Rejected: `invalid_signature`,
        `wrong_shop`, `unreadable`; messages that are not sealed are not taken."""
        secrets, query = self.access.secrets, pushed.query
        parts = (secrets["push_token"], query.get("timestamp", ""), query.get("nonce", ""))
        if pushed.method == "GET":
            if not same(query.get("signature", ""), wechat_signature(*parts)):
                raise _refused("the signature does not fit", "invalid_signature")
            return ()
        sealed = sealed_part(pushed.body)
        if not same(query.get("msg_signature", ""), wechat_signature(*parts, sealed)):
            raise _refused("the signature does not fit the message", "invalid_signature")
        plain, app_id = self._open(sealed)
        if app_id != self.access.external_id:
            raise _refused("the message is for another shop", "wrong_shop")
        return read_event(plain)

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """`success`; to a look at the address what WeChat wants to see again."""
        said = pushed.query.get("echostr", "") if pushed.method == "GET" else "success"
        return DoorAnswer(200, said.encode("utf-8", "replace"), "text/plain; charset=utf-8")

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """Anything but `success`: WeChat sends it again."""
        status = {UNREADABLE: 400, MISSING_SECRET: 503}.get(refusal.code, 401)
        return DoorAnswer(status, refusal.code.encode(), "text/plain; charset=utf-8")

    async def fetch_raw(self, external_no: str) -> bytes:
        """The answer of `order/get`."""
        return await self.call(ORDER, {"order_id": external_no}, changes=False)

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored answer; None for an event, which only names its order.

        Raises Rejected (`unreadable`).
        """
        return None if is_event(raw) else snapshot_of(read_order(raw), self.access.shop_id)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """Pages of the list, which goes by a key: they are walked to be counted."""
        count, key = 0, ""
        while True:
            page = await self._page(start, end, key)
            count += bool(page.order_id_list)
            if not page.has_more or not page.next_key or count >= _MOST_PAGES:
                return count
            key = page.next_key

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of orders updated in the window, each with its own time of change."""
        found = await self._page(start, end, "")
        for _ in range(page - 1):
            if not found.has_more:
                return ()
            found = await self._page(start, end, found.next_key)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(number: str) -> ChangedOrder:
            async with slots:
                return ChangedOrder(number, await self._modified(number) or end)

        return tuple(await asyncio.gather(*(one(number) for number in found.order_id_list)))

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell WeChat a parcel and what is in it."""
        parcel = {
            "delivery_id": await self._delivery_id(confirmation.carrier),
            "waybill_id": confirmation.waybill_no,
            "deliver_type": _EXPRESS,
            "product_infos": _product_infos(confirmation),
        }
        parameters = {"order_id": confirmation.external_no, "delivery_list": [parcel]}
        try:
            await self.call(SEND, parameters, changes=True)
        except CredentialsRefused:
            raise
        except Rejected:
            order = read_order(await self.fetch_raw(confirmation.external_no))
            if not order.is_told(confirmation.waybill_no):
                raise

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units WeChat may sell; needs `product_id` and `sku_id` of the listing."""
        parameters = {**_ids(listing), "diff_type": _SET, "num": quantity}
        await self.call(SET_STOCK, parameters, changes=True)

    async def available(self, listing: Listing) -> int | None:
        """What WeChat offers outside flash sales."""
        raw = await self.call(GET_STOCK, _ids(listing), changes=False)
        return _read(StockAnswer, raw).data.normal_stock_num

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Every case updated in the window, which is asked for a day at a time."""
        numbers: list[str] = []
        while start < end:
            until = min(start + LONGEST_CASES, end)
            numbers += await self._cases(start, until)
            start = until
        return tuple([await self._case(number, end) for number in dict.fromkeys(numbers)])

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Accept or reject. Accepting money alone, or goods that came, pays the buyer at once."""

        async def read() -> Seen[AfterSale]:
            case = await self._case(verdict.after_sale_no, self.now())
            return Seen(awaits(case), case.kind, case)

        async def say(case: Seen[AfterSale]) -> None:
            path, parameters = answer_to(verdict, case.kind, self.access.settings)
            await self.call(path, parameters, changes=True)

        await answer_once(verdict, read, say, "wechat")

    def _open(self, sealed: str) -> tuple[bytes, str]:
        try:
            return open_message(self.access.secrets["aes_key"], sealed)
        except ValueError as error:
            raise _refused(f"the message cannot be opened: {error}", UNREADABLE) from None

    async def _modified(self, number: str) -> datetime | None:
        """None when the order alone cannot be read: whoever fetches it next says why."""
        try:
            return read_order(await self.fetch_raw(number)).update_time
        except CredentialsRefused:
            raise
        except Rejected:
            return None

    async def _page(self, start: datetime, end: datetime, key: str) -> OrdersAnswer:
        span = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
        parameters = {"update_time_range": span, "page_size": PAGE_SIZE, "next_key": key}
        return _read(OrdersAnswer, await self.call(LIST, parameters, changes=False))

    async def _cases(self, start: datetime, end: datetime) -> list[str]:
        numbers: list[str] = []
        key = ""
        for _ in range(_MOST_PAGES):
            parameters = {
                "begin_update_time": int(start.timestamp()),
                "end_update_time": int(end.timestamp()),
                **({"next_key": key} if key else {}),
            }
            page = _read(CasesAnswer, await self.call(CASES, parameters, changes=False))
            numbers += page.after_sale_order_id_list
            if not page.has_more or not page.next_key:
                break
            key = page.next_key
        return numbers

    async def _case(self, number: str, asked_until: datetime) -> AfterSale:
        raw = await self.call(CASE, {"after_sale_order_id": number}, changes=False)
        return after_sale_of(_read(CaseAnswer, raw).after_sale_order, asked_until)

    async def _delivery_id(self, carrier: str) -> str:
        """From the shop's `carrier_ids`, else as WeChat's own list names the carrier."""
        ids = {**_DELIVERY_IDS, **self.access.settings.get("carrier_ids", {})}
        if carrier in ids:
            return str(ids[carrier])
        raw = await self.call(COMPANIES, {"ewaybill_only": False}, changes=False)
        if found := find_company(_read(CompaniesAnswer, raw).companies, carrier):
            return found
        text = f"WeChat's code of carrier {carrier} is not in the shop's carrier_ids"
        raise Rejected(text, code="unknown_carrier", system="onhand")

    async def call(self, path: str, parameters: Mapping[str, Any], *, changes: bool) -> bytes:
        """Send and return the answer's body; a refused token is replaced once.

        Raises what the error answer means.
        """
        token = await access_token(self.access, self.now)
        body, error = await self._post(path, parameters, token, changes=changes)
        if error.errcode in TOKEN:
            token = await access_token(self.access, self.now, refused=token)
            body, error = await self._post(path, parameters, token, changes=changes)
        if error.errcode:
            raise wechat_error(error, codes_of(self.access.settings), changes=changes)
        return body

    async def _post(
        self, path: str, parameters: Mapping[str, Any], token: str, *, changes: bool
    ) -> tuple[bytes, WechatError]:
        request = self.access.http.build_request(
            "POST",
            f"{self.access.base_url.rstrip('/')}{path}",
            params={"access_token": token},
            json=parameters,
        )
        async with self.access.pace.call(path):
            answer = await exchange(self.access.http, request, system="wechat", changes=changes)
            if answer.status == httpx.codes.FORBIDDEN:
                text = "our address is not on the app's list"
                raise CredentialsRefused(text, code="403", system="wechat")
            if answer.status != httpx.codes.OK:
                raise _refused(f"answered HTTP {answer.status}", str(answer.status))
            error = _read(WechatError, answer.body, changes=changes)
            if str(error.errcode) in codes_of(self.access.settings).throttled:
                raise wechat_error(error, codes_of(self.access.settings), changes=changes)
        return answer.body, error


def _product_infos(confirmation: ShipConfirmation) -> list[dict[str, Any]]:
    """Units per product; two lines of one product are one."""
    units: dict[tuple[str, str], int] = {}
    for line in confirmation.lines:
        product = product_of(line.external_line_no)
        units[product] = units.get(product, 0) + line.quantity
    return [
        {"product_id": product_id, "sku_id": sku_id, "product_cnt": count}
        for (product_id, sku_id), count in units.items()
    ]


def _ids(listing: Listing) -> dict[str, str]:
    ids = {name: listing.ids.get(name, "") for name in ("product_id", "sku_id")}
    for name, told in ids.items():
        if not told:
            text = f"the listing {listing.external_sku} has no {name}"
            raise Rejected(text, code=f"no_{name}", system="onhand")
    return ids


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="wechat", changes=changes)


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="wechat")
