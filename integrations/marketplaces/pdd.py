"""Pinduoduo: signed calls, pulled orders, shipping, stock and refunds.

Facts: wire-formats §1.3. Its push is a WebSocket known from third parties only; orders are pulled
(docs/assumptions.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import httpx

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import CredentialsRefused, Rejected
from integrations.access import Limit, ShopAccess
from integrations.http import exchange
from integrations.marketplaces import pdd_cases
from integrations.marketplaces.companies import CARRIERS, find_company
from integrations.marketplaces.pdd_after_sale import Case, CasesAnswer, after_sale_of
from integrations.marketplaces.pdd_errors import RETRY, pdd_error
from integrations.marketplaces.pdd_messages import (
    CompaniesAnswer,
    Failure,
    Page,
    PageAnswer,
    SentAnswer,
    StockAnswer,
    TokenAnswer,
)
from integrations.marketplaces.pdd_order import (
    Order,
    OrderStatus,
    read_order,
    snapshot_of,
)
from integrations.marketplaces.port import (
    CaseVerdict,
    ChangedOrder,
    Listing,
    NewTokens,
    ShipConfirmation,
)
from integrations.marketplaces.reading import BodyT, read_answer
from integrations.marketplaces.signing import md5_sign
from integrations.settings import Schema, codes, table, text, whole, yes_no

SECRETS: Final = ("client_id", "client_secret", "access_token")
OPTIONAL_SECRETS: Final = ("refresh_token",)
RENEW: Final = "pdd.pop.auth.token.refresh"
SETTINGS: Final = pdd_cases.SETTINGS + Schema(
    (
        codes("retry_codes", RETRY),
        table("carrier_ids", {"yunda": "121"}),
        text("refund_address_id"),
        yes_no("change_waybills"),
        whole("after_sales_status", 0, 99),
        whole("after_sales_type", 0, 99),
    )
)
PAGE_SIZE: Final = 100
LONGEST_WINDOW: Final = timedelta(minutes=30)
# As the vendor documents them for its methods; others wait only when it says so.
LIMITS: Final[Mapping[str, Limit]] = {
    "pdd.order.list.get": Limit(6000, 60),
    "pdd.order.information.get": Limit(30_000, 60),
    "pdd.logistics.online.send": Limit(30_000, 10),
    "pdd.logistics.companies.get": Limit(1200, 10),
    "pdd.refund.list.increment.get": Limit(600, 60),
}
FIRST: Final = "1"  # redelivery_type of a parcel that was not told before
CHANGED: Final = "2"  # … and of one that takes the place of another
_ALL: Final = "5"  # order_status, refund_status
_FULL: Final = "1"  # update_type of a stock that replaces what was set
_YUNDA: Final = {"yunda": "121"}


def open_shop(access: ShopAccess) -> "PddMarketplace":
    """Secrets `client_id`, `client_secret`, `access_token`; settings in docs/assumptions.md."""
    return PddMarketplace(access)


@dataclass(frozen=True, slots=True)
class PddMarketplace:
    """One shop. The gateway ends in /api/router."""

    access: ShopAccess
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "pdd"

    async def fetch_raw(self, external_no: str) -> bytes:
        """The answer of `order.information.get`."""
        parameters = {"order_sn": external_no}
        return await self.call("pdd.order.information.get", parameters, changes=False)

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a stored answer of `order.information.get`. Raises Rejected (`unreadable`)."""
        return snapshot_of(read_order(raw), self.access.shop_id)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """Pages of `PAGE_SIZE` orders updated in the window; the vendor takes half an hour at a
        time, a longer window is asked for in parts."""
        return sum([await self._count(*part) for part in _parts(start, end)])

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of orders updated in the window."""
        *earlier, last = _parts(start, end)
        for part in earlier:
            if page <= (count := await self._count(*part)):
                return await self._listed(*part, page)
            page -= count
        return await self._listed(*last, page)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell Pinduoduo that a parcel left. It ships whole orders: of several parcels it hears
        the first, the others find the order shipped."""
        parameters = {
            "order_sn": confirmation.external_no,
            "logistics_id": await self._logistics_id(confirmation.carrier),
            "tracking_number": confirmation.waybill_no,
        }
        if refund_address := self.access.settings.get("refund_address_id"):
            parameters["refund_address_id"] = str(refund_address)
        try:
            await self._send({**parameters, "redelivery_type": FIRST})
        except CredentialsRefused:
            raise
        except Rejected:
            order = read_order(await self.fetch_raw(confirmation.external_no))
            if _is_known(order, confirmation):
                return
            if not self._may_change(order):
                raise
            await self._send({**parameters, "redelivery_type": CHANGED})

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the units Pinduoduo may sell; needs the `goods_id` of the listing."""
        if not (goods_id := listing.ids.get("goods_id")):
            text = f"the listing {listing.external_sku} has no goods_id"
            raise Rejected(text, code="no_goods_id", system="onhand")
        parameters = {"goods_id": goods_id, "quantity": str(quantity), "update_type": _FULL}
        if sku_id := listing.ids.get("sku_id"):
            parameters["sku_id"] = sku_id
        else:
            parameters["outer_id"] = listing.external_sku
        raw = await self.call("pdd.goods.quantity.update", parameters, changes=True)
        answer = _read(StockAnswer, raw, changes=True)
        if not answer.goods_quantity_update_response.is_success:
            raise Rejected("the stock was not set", code="is_success=false", system="pdd")

    async def available(self, listing: Listing) -> int | None:
        """Pinduoduo's way to ask for it is not known to us."""
        return None

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Every refund, return and exchange of the window, pages from the last one back."""
        cases: list[AfterSale] = []
        for part in _parts(start, end):
            total, found = await self._cases(*part, 1)
            if (pages := -(-total // PAGE_SIZE)) > 1:
                found = [
                    case
                    for page in range(pages, 0, -1)
                    for case in (await self._cases(*part, page))[1]
                ]
            cases += [after_sale_of(case, end) for case in found]
        return tuple(cases)

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Agree, or pay; there is no call that refuses."""
        await pdd_cases.answer(verdict, self.call, self.access.settings)

    async def _send(self, parameters: Mapping[str, str]) -> None:
        raw = await self.call("pdd.logistics.online.send", parameters, changes=True)
        answer = _read(SentAnswer, raw, changes=True)
        if not answer.logistics_online_send_response.is_success:
            raise Rejected("shipping was not accepted", code="is_success=false", system="pdd")

    def _may_change(self, order: Order) -> bool:
        """Whether our number may take the place of another: the shop says so."""
        shipped = order.order_status is OrderStatus.SHIPPED
        return shipped and self.access.settings.get("change_waybills") is True

    async def _logistics_id(self, carrier: str) -> str:
        """From the shop's `carrier_ids`, else as Pinduoduo's own list names the carrier."""
        ids = {**_YUNDA, **self.access.settings.get("carrier_ids", {})}
        if carrier in ids:
            return str(ids[carrier])
        if carrier in CARRIERS:
            raw = await self.call("pdd.logistics.companies.get", {}, changes=False)
            answer = _read(CompaniesAnswer, raw, changes=False)
            if found := find_company(answer.in_use, carrier):
                return found
        text = f"Pinduoduo's number of carrier {carrier} is not in the shop's carrier_ids"
        raise Rejected(text, code="unknown_carrier", system="onhand")

    async def _count(self, start: datetime, end: datetime) -> int:
        return -(-(await self._page(start, end, 1)).total_count // PAGE_SIZE)

    async def _listed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        found = (await self._page(start, end, page)).order_sn_list
        return tuple(ChangedOrder(order.order_sn, order.updated_at or end) for order in found)

    async def _page(self, start: datetime, end: datetime, page: int) -> Page:
        parameters = {
            **_window(start, end, page),
            "order_status": _ALL,
            "refund_status": _ALL,
            "is_lucky_flag": "0",
            "use_has_next": "false",
        }
        method = "pdd.order.number.list.increment.get"
        raw = await self.call(method, parameters, changes=False)
        return _read(PageAnswer, raw, changes=False).order_sn_increment_get_response

    async def _cases(self, start: datetime, end: datetime, page: int) -> tuple[int, list[Case]]:
        parameters = {
            **_window(start, end, page),
            "after_sales_status": str(self.access.settings.get("after_sales_status", 1)),
            "after_sales_type": str(self.access.settings.get("after_sales_type", 1)),
        }
        raw = await self.call("pdd.refund.list.increment.get", parameters, changes=False)
        answer = _read(CasesAnswer, raw, changes=False).refund_increment_get_response
        return answer.total_count, list(answer.refund_list)

    async def renew(self) -> NewTokens:
        """Trade the refresh token for new ones."""
        traded = self.access.secrets["refresh_token"]
        raw = await self.call(RENEW, {"refresh_token": traded}, changes=False)
        tokens = _read(TokenAnswer, raw, changes=False).pop_auth_token_refresh_response
        return NewTokens(tokens.secrets(), tokens.expires_in, traded)

    async def call(self, method: str, parameters: Mapping[str, str], *, changes: bool) -> bytes:
        """Sign, send and return the answer's body. Raises what its error answer means."""
        secrets = self.access.secrets
        form = {
            **parameters,
            "type": method,
            "client_id": secrets["client_id"],
            **({} if method == RENEW else {"access_token": secrets["access_token"]}),
            "timestamp": str(int(self.now().timestamp())),
            "data_type": "JSON",
            "version": "V1",
        }
        form["sign"] = md5_sign(form, secrets["client_secret"])
        request = self.access.http.build_request("POST", self.access.base_url, data=form)
        async with self.access.pace.call(method):
            answer = await exchange(self.access.http, request, system="pdd", changes=changes)
            if answer.status != httpx.codes.OK:
                text = f"answered HTTP {answer.status}"
                raise Rejected(text, code=str(answer.status), system="pdd")
            failure = _read(Failure, answer.body, changes=changes).error_response
            if failure is not None:
                retry = [str(code) for code in self.access.settings.get("retry_codes", RETRY)]
                raise pdd_error(failure, changes=changes, retry=retry)
        return answer.body


def _read(model: type[BodyT], raw: bytes, *, changes: bool) -> BodyT:
    return read_answer(model, raw, system="pdd", changes=changes)


def _parts(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The window in parts of half an hour at most, one at least."""
    cuts = [start]
    while end - cuts[-1] > LONGEST_WINDOW:
        cuts.append(cuts[-1] + LONGEST_WINDOW)
    return list(pairwise([*cuts, end]))


def _window(start: datetime, end: datetime, page: int) -> dict[str, str]:
    return {
        "start_updated_at": str(int(start.timestamp())),
        "end_updated_at": str(int(end.timestamp())),
        "page": str(page),
        "page_size": str(PAGE_SIZE),
    }


def _is_known(order: Order, confirmation: ShipConfirmation) -> bool:
    """Whether what we wanted to tell is so already: the order is shipped, with our tracking number
    or, for a parcel of several, with that of an earlier one."""
    sent = order.order_status in (OrderStatus.SHIPPED, OrderStatus.SIGNED)
    return sent and (confirmation.partial or order.tracking_number == confirmation.waybill_no)
