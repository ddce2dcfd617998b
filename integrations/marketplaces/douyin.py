"""Douyin shops (抖店): signed calls, pushed and pulled orders, shipping, stock and after-sales.

Facts: wire-formats §1.4. What no vendor's document says is a setting (docs/assumptions.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import CredentialsRefused, Rejected
from integrations.access import MISSING_SECRET, Limit, ShopAccess
from integrations.http import exchange
from integrations.marketplaces import douyin_cases
from integrations.marketplaces.companies import find_company
from integrations.marketplaces.douyin_after_sale import Case, CasesAnswer, after_sale_of
from integrations.marketplaces.douyin_errors import (
    DONE_BEFORE,
    DouyinError,
    codes_of,
    douyin_error,
)
from integrations.marketplaces.douyin_messages import CompaniesAnswer, Page, PageAnswer, TokenAnswer
from integrations.marketplaces.douyin_order import read_order, snapshot_of
from integrations.marketplaces.douyin_push import is_message, read_messages
from integrations.marketplaces.port import (
    CaseVerdict,
    ChangedOrder,
    DoorAnswer,
    Listing,
    NewTokens,
    Push,
    Pushed,
    ShipConfirmation,
)
from integrations.marketplaces.reading import UNREADABLE, BodyT, read_answer
from integrations.marketplaces.signing import (
    DouyinSignMethod,
    canonical_json,
    douyin_event_sign,
    douyin_sign,
)
from integrations.settings import CODES, Schema, choice, codes, table
from integrations.signing import same

PAGE_SIZE: Final = 100
SEARCH: Final = "/order/searchList"
DETAIL: Final = "/order/orderDetail"
SHIP: Final = "/order/logisticsAdd"
SHIP_PACKS: Final = "/order/logisticsAddMultiPack"
COMPANIES: Final = "/order/logisticsCompanyList"
STOCK: Final = "/sku/syncStock"
CASES: Final = "/afterSale/List"
# As the vendor documents them; others wait only when it says so.
SECRETS: Final = ("app_key", "app_secret", "access_token")
OPTIONAL_SECRETS: Final = ("refresh_token",)
RENEW: Final = "/token/refresh"
SETTINGS: Final = (
    CODES
    + douyin_cases.SETTINGS
    + Schema(
        (
            choice("sign_method", DouyinSignMethod),
            codes("more_tags", ["112"]),
            table("carrier_ids", {"zto": "zhongtong"}),
        )
    )
)
LIMITS: Final[Mapping[str, Limit]] = {
    SEARCH: Limit(600, 1),
    DETAIL: Limit(900, 1),
    CASES: Limit(500, 1),
}
_COMPANY_CODES: Final = {"sf": "shunfeng", "yto": "yuantong"}


def open_shop(access: ShopAccess) -> "DouyinMarketplace":
    """Secrets `app_key`, `app_secret`, `access_token`; settings in docs/assumptions.md."""
    return DouyinMarketplace(access)


@dataclass(frozen=True, slots=True)
class DouyinMarketplace:
    """One shop; its `external_id` is Douyin's shop id."""

    access: ShopAccess
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "douyin"

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """Raises Rejected: `wrong_app`, `invalid_signature`, `unreadable`."""
        app_key, given = self.access.secrets["app_key"], pushed.headers
        if given.get("app-id", app_key) != app_key:
            raise _refused("the message is for another app", "wrong_app")
        signature = given.get("event-sign", "").lower()
        secrets = self.access.secrets.both("app_secret")
        signed = [douyin_event_sign(app_key, pushed.body, secret) for secret in secrets]
        if not any([same(signature, right) for right in signed]):
            raise _refused("the signature does not fit the body", "invalid_signature")
        tags = [str(tag) for tag in self.access.settings.get("more_tags", ())]
        return read_messages(pushed.body, self.access.external_id, tags, self.now)

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """The one body that ends Douyin's retries."""
        return DoorAnswer(200, b'{"code":0,"msg":"success"}')

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """Anything but the acknowledgement: Douyin sends it again."""
        status = {UNREADABLE: 400, MISSING_SECRET: 503}.get(refusal.code, 401)
        return DoorAnswer(status, canonical_json({"code": 1, "msg": str(refusal)}).encode())

    async def fetch_raw(self, external_no: str) -> bytes:
        """The answer of `/order/orderDetail`."""
        return await self.call(DETAIL, {"shop_order_id": external_no}, changes=False)

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored answer; None for a message, which only names its order.

        Raises Rejected (`unreadable`).
        """
        if is_message(raw):
            return None
        return snapshot_of(read_order(raw), self.access.shop_id)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """Pages of `PAGE_SIZE` orders updated in the window."""
        return -(-(await self._page(start, end, 1)).total // PAGE_SIZE)

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of orders updated in the window, latest first."""
        found = (await self._page(start, end, page)).shop_order_list
        return tuple(ChangedOrder(order.order_id, order.update_time or end) for order in found)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell Douyin a parcel: the whole order, or what is in this one of several."""
        company = await self._company_code(confirmation.carrier)
        path, parameters = _shipment(confirmation, company)
        try:
            await self.call(path, parameters, changes=True)
        except CredentialsRefused:
            raise
        except Rejected:
            order = read_order(await self.fetch_raw(confirmation.external_no))
            if not order.is_told(confirmation.waybill_no):
                raise

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units Douyin may sell; its SKU is the listing's `sku_id`, else our own code."""
        parameters: dict[str, Any] = {
            "stock_num": quantity,
            "incremental": False,
            "idempotent_id": reference,
        }
        for name in ("product_id", "sku_id", "out_product_id", "out_warehouse_id"):
            if told := listing.ids.get(name):
                parameters[name] = told
        if "sku_id" not in parameters:
            parameters["out_sku_id"] = listing.external_sku
        try:
            await self.call(STOCK, parameters, changes=True)
        except Rejected as error:
            if error.code != DONE_BEFORE:
                raise

    async def available(self, listing: Listing) -> int | None:
        """Douyin's way to ask for it is not known to us."""
        return None

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Every refund, return and exchange of the window, pages from the last one back."""
        total, found = await self._cases(start, end, 1)
        if (pages := -(-total // PAGE_SIZE)) > 1:
            found = [
                case
                for page in range(pages, 0, -1)
                for case in (await self._cases(start, end, page))[1]
            ]
        return tuple(after_sale_of(case, end) for case in found)

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Agree, refuse, or say that the goods are here."""
        await douyin_cases.answer(verdict, self.call, self.access.settings)

    async def _company_code(self, carrier: str) -> str:
        """From the shop's `carrier_ids`, else as Douyin's own list names the carrier."""
        codes = {**_COMPANY_CODES, **self.access.settings.get("carrier_ids", {})}
        if carrier in codes:
            return str(codes[carrier])
        raw = await self.call(COMPANIES, {}, changes=False)
        if found := find_company(_read(CompaniesAnswer, raw).companies, carrier):
            return found
        text = f"Douyin's code of carrier {carrier} is not in the shop's carrier_ids"
        raise Rejected(text, code="unknown_carrier", system="onhand")

    async def _page(self, start: datetime, end: datetime, page: int) -> Page:
        parameters = {
            "update_time_start": int(start.timestamp()),
            "update_time_end": int(end.timestamp()),
            "order_by": "update_time",
            "order_asc": False,
            "page": page - 1,  # Douyin counts from nought
            "size": PAGE_SIZE,
        }
        return _read(PageAnswer, await self.call(SEARCH, parameters, changes=False)).data

    async def _cases(self, start: datetime, end: datetime, page: int) -> tuple[int, list[Case]]:
        parameters = {
            "update_start_time": int(start.timestamp()),
            "update_end_time": int(end.timestamp()),
            "order_by": ["update_time desc"],
            "page": page - 1,
            "size": PAGE_SIZE,
        }
        answer = _read(CasesAnswer, await self.call(CASES, parameters, changes=False)).data
        return answer.total, list(answer.items)

    async def renew(self) -> NewTokens:
        """Trade the refresh token for new ones."""
        traded = self.access.secrets["refresh_token"]
        asked = {"grant_type": "refresh_token", "refresh_token": traded}
        tokens = _read(TokenAnswer, await self.call(RENEW, asked, changes=False)).data
        return NewTokens(tokens.secrets(), tokens.expires_in, traded)

    async def call(self, path: str, parameters: Mapping[str, Any], *, changes: bool) -> bytes:
        """Sign, send and return the answer's body. Raises what its error answer means."""
        secrets, param_json = self.access.secrets, canonical_json(parameters)
        method, timestamp = path.strip("/").replace("/", "."), str(int(self.now().timestamp()))
        sign_method = DouyinSignMethod(
            self.access.settings.get("sign_method", DouyinSignMethod.HMAC_SHA256)
        )
        app_key, secret = secrets["app_key"], secrets["app_secret"]
        query = {
            "app_key": app_key,
            "method": method,
            "v": "2",
            "timestamp": timestamp,
            "sign_method": sign_method,
            "sign": douyin_sign(app_key, method, param_json, timestamp, secret, sign_method),
            **({} if path == RENEW else {"access_token": secrets["access_token"]}),
        }
        request = self.access.http.build_request(
            "POST",
            f"{self.access.base_url.rstrip('/')}{path}",
            params=query,
            content=param_json.encode(),
            headers={"content-type": "application/json"},
        )
        async with self.access.pace.call(path):
            answer = await exchange(self.access.http, request, system="douyin", changes=changes)
            if answer.status != httpx.codes.OK:
                raise _refused(f"answered HTTP {answer.status}", str(answer.status))
            read = _read(DouyinError, answer.body, changes=changes)
            if not read.is_done:
                raise douyin_error(read, codes_of(self.access.settings), changes=changes)
        return answer.body


def _shipment(confirmation: ShipConfirmation, company: str) -> tuple[str, Mapping[str, Any]]:
    parcel = {"company_code": company, "logistics_code": confirmation.waybill_no}
    if not confirmation.partial:
        return SHIP, {"order_id": confirmation.external_no, **parcel}
    lines = [
        {"shipped_order_id": line.external_line_no, "shipped_num": line.quantity}
        for line in confirmation.lines
    ]
    pack = {**parcel, "shipped_order_info": lines}
    parameters = {
        "order_id": confirmation.external_no,
        "request_id": confirmation.reference,
        "pack_list": [pack],
    }
    return SHIP_PACKS, parameters


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="douyin", changes=changes)


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="douyin")
