"""JD POP through JOS: signed calls, pulled orders, shipping, stock and after-sales.

Facts: wire-formats §1.2 (open.jd.com listId 2643). What the vendor does not say is a setting of
the shop; docs/assumptions.md lists them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from domain.orders.after_sale import AfterSale, AfterSaleStage
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import CredentialsRefused, Rejected
from integrations.access import ShopAccess
from integrations.http import exchange
from integrations.marketplaces.jd_after_sale import (
    METHOD,
    SlipPage,
    SlipsAnswer,
    after_sale_of,
    after_sales_of,
)
from integrations.marketplaces.jd_after_sale import PAGE_SIZE as SLIPS_PAGE_SIZE
from integrations.marketplaces.jd_errors import JdError, codes_of, jd_error, not_successful
from integrations.marketplaces.jd_messages import (
    Failure,
    Found,
    GetAnswer,
    SearchAnswer,
    ShippedAnswer,
    StockAnswer,
)
from integrations.marketplaces.jd_order import (
    SENT,
    JdState,
    Order,
    read_order,
    snapshot_of,
    state_of,
)
from integrations.marketplaces.port import ChangedOrder, Listing, ShipConfirmation
from integrations.marketplaces.reading import read_answer, write_china_time
from integrations.marketplaces.signing import md5_sign
from integrations.settings import CODES, Schema, meanings, table, text, yes_no

SECRETS: Final = ("app_key", "app_secret", "access_token")
SETTINGS: Final = CODES + Schema(
    (
        table("carrier_ids", {"sf": "467"}),
        text("install_id"),
        text("address_id"),
        text("order_fields"),
        text("order_states"),
        yes_no("flat_stock"),
        text("after_sale_begin"),
        text("after_sale_end"),
        text("after_sale_operator"),
        meanings("after_sale_stages", AfterSaleStage),
    )
)
PAGE_SIZE: Final = 50
ORDER_STATES: Final = ",".join(JdState)
ORDER_FIELDS: Final = ",".join(
    (
        "orderId,venderId,payType,orderTotalPrice,orderSellerPrice,actualPay,orderPayment",
        "freightPrice,sellerDiscount,orderState,orderRemark,venderRemark,orderStartTime",
        "paymentConfirmTime,modified,consigneeInfo,itemInfoList,waybill,logisticsId",
    )
)
# JD's numbers of carriers, as third parties tell them; setting `carrier_ids` goes first.
CARRIER_IDS: Final = {
    "sf": "467",
    "zto": "1499",
    "yto": "463",
    "sto": "470",
    "yunda": "1327",
    "ems": "465",
    "jdl": "2087",
    "own": "1274",
}
_PARAMETERS: Final = "360buy_param_json"
_FINE: Final = ("", "0")


def open_shop(access: ShopAccess) -> "JdMarketplace":
    """Secrets `app_key`, `app_secret`, `access_token`; settings in docs/assumptions.md."""
    return JdMarketplace(access)


@dataclass(frozen=True, slots=True)
class JdMarketplace:
    """One shop; its `external_id` is the vender id. The gateway ends in /routerjson."""

    access: ShopAccess
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "jd"

    async def fetch_raw(self, external_no: str) -> bytes:
        """The answer of `pop.order.get`, once JD says that it has the order."""
        business = {
            "order_id": external_no,
            "order_state": self._states,
            "optional_fields": self.access.settings.get("order_fields", ORDER_FIELDS),
        }
        raw = await self._call("jingdong.pop.order.get", business, changes=False)
        answer = read_answer(GetAnswer, raw, system="jd", changes=False)
        result = answer.jingdong_pop_order_get_responce.order_detail_info.api_result
        if not result.success:
            raise not_successful(result)
        return raw

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a stored answer of `pop.order.get`. Raises Rejected (`unreadable`)."""
        return snapshot_of(read_order(raw), self.access.shop_id)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """Pages of `PAGE_SIZE` orders modified in the window, which may span a month at most."""
        return -(-(await self._page(start, end, 1)).order_total // PAGE_SIZE)

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of orders modified in the window, latest first."""
        found = (await self._page(start, end, page)).order_info_list
        return tuple(ChangedOrder(order.order_id, order.modified) for order in found)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell JD that a parcel left. JD ships whole orders: of several parcels it hears the
        first, the others find the order shipped."""
        business = {
            "orderId": confirmation.external_no,
            "logiCoprId": self._carrier_id(confirmation.carrier),
            "logiNo": confirmation.waybill_no,
        }
        for name, setting in (("installId", "install_id"), ("venderTaskAddressId", "address_id")):
            if value := self.access.settings.get(setting):
                business[name] = str(value)
        try:
            await self._ship(business)
        except CredentialsRefused:
            raise
        except Rejected:
            order = read_order(await self.fetch_raw(confirmation.external_no))
            if not _is_known(order, confirmation):
                raise

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units JD may sell of a SKU of its own number."""
        sku_id = listing.ids.get("sku_id") or listing.external_sku
        stock = {"skuId": sku_id, "stockNum": quantity}
        if self.access.settings.get("flat_stock", False):
            business: Mapping[str, Any] = stock
        else:
            business = {"req": {"stockRfId": reference, "skuStocks": [stock]}}
        raw = await self._call("jingdong.ware.stock.sku.set", business, changes=True)
        answer = read_answer(StockAnswer, raw, system="jd", changes=True)
        result = answer.jingdong_ware_stock_sku_set_responce.return_type
        lines = result.obj.update_stock_result if result.obj else ()
        refused = [line for line in lines if not line.success]
        if not result.success or refused:
            text = refused[0].message if refused else result.message
            code = result.code if result.code not in _FINE else "success=false"
            raise Rejected(text or "no reason given", code=code, system="jd")

    async def available(self, listing: Listing) -> int | None:
        """JD's way to ask for it is not known to us."""
        return None

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Every service slip of the window, pages from the last one back."""
        told = after_sales_of(self.access.settings)
        page = await self._slips(start, end, 1)
        slips = list(page.data)
        if (pages := -(-page.total_count // SLIPS_PAGE_SIZE)) > 1:
            slips = [
                slip
                for number in range(pages, 0, -1)
                for slip in (await self._slips(start, end, number)).data
            ]
        return tuple(after_sale_of(slip, told, end) for slip in slips)

    @property
    def _states(self) -> str:
        states: str = self.access.settings.get("order_states", ORDER_STATES)
        return states

    def _carrier_id(self, carrier: str) -> str:
        ids = {**CARRIER_IDS, **self.access.settings.get("carrier_ids", {})}
        if carrier not in ids:
            text = f"JD's number of carrier {carrier} is not in the shop's carrier_ids"
            raise Rejected(text, code="unknown_carrier", system="onhand")
        return str(ids[carrier])

    async def _ship(self, business: Mapping[str, Any]) -> None:
        raw = await self._call("jingdong.pop.order.shipment", business, changes=True)
        answer = read_answer(ShippedAnswer, raw, system="jd", changes=True)
        result = answer.jingdong_pop_order_shipment_responce.sopjosshipment_result
        if not result.success:
            text = result.chinese_err_code or result.english_err_code or "no reason given"
            raise Rejected(text, code=result.error_code or "success=false", system="jd")

    async def _page(self, start: datetime, end: datetime, page: int) -> Found:
        business = {
            "start_date": write_china_time(start),
            "end_date": write_china_time(end),
            "order_state": self._states,
            "optional_fields": "orderId,modified",
            "page": str(page),
            "page_size": str(PAGE_SIZE),
            "sortType": "1",
            "dateType": "0",
        }
        raw = await self._call("jingdong.pop.order.search", business, changes=False)
        answer = read_answer(SearchAnswer, raw, system="jd", changes=False)
        found = answer.jingdong_pop_order_search_responce.searchorderinfo_result
        if not found.api_result.success:
            raise not_successful(found.api_result)
        return found

    async def _slips(self, start: datetime, end: datetime, page: int) -> SlipPage:
        told = after_sales_of(self.access.settings)
        business = {
            "buId": self.access.external_id,
            "operatePin": told.operator,
            "operateNick": told.operator,
            told.begin: write_china_time(start),
            told.end: write_china_time(end),
            "pageNumber": str(page),
            "pageSize": str(SLIPS_PAGE_SIZE),
        }
        raw = await self._call(METHOD, business, changes=False)
        answer = read_answer(SlipsAnswer, raw, system="jd", changes=False)
        found = answer.jingdong_asc_query_list_responce.page_result
        if not found.success:
            raise Rejected(found.msg or "no reason given", code=found.code, system="jd")
        return found

    async def _call(self, method: str, business: Mapping[str, Any], *, changes: bool) -> bytes:
        """Sign, send and return the answer's body. Raises what its error answer means."""
        secrets = self.access.secrets
        system = {
            "method": method,
            "access_token": secrets["access_token"],
            "app_key": secrets["app_key"],
            "timestamp": write_china_time(self.now()),
            "v": "2.0",
        }
        body = {_PARAMETERS: json.dumps(business, ensure_ascii=False, separators=(",", ":"))}
        system["sign"] = md5_sign({**system, **body}, secrets["app_secret"])
        request = self.access.http.build_request(
            "POST", self.access.base_url, params=system, data=body
        )
        async with self.access.pace.call(method):
            answer = await exchange(self.access.http, request, system="jd", changes=changes)
            if answer.status != httpx.codes.OK:
                text = f"answered HTTP {answer.status}"
                raise Rejected(text, code=str(answer.status), system="jd")
            self._raise_for_refusal(answer.body, changes=changes)
        return answer.body

    def _raise_for_refusal(self, body: bytes, *, changes: bool) -> None:
        failure = read_answer(Failure, body, system="jd", changes=changes)
        error = failure.error_response
        if error is None and failure.code not in _FINE:
            error = JdError(code=failure.code, msg=failure.msg)
        if error is not None:
            raise jd_error(error, codes_of(self.access.settings))


def _is_known(order: Order, confirmation: ShipConfirmation) -> bool:
    """Whether what we wanted to tell is so already: the order is shipped, with our waybill number
    or, for a parcel of several, with that of an earlier one."""
    numbers = order.waybill.replace("|", ",").split(",")
    return state_of(order) in SENT and (confirmation.partial or confirmation.waybill_no in numbers)
