"""Tmall and Taobao through TOP, the open platform: signed calls, pulled orders, shipping told back.

Facts: wire-formats §1.1 (developer.alibaba.com 102835, open.taobao.com 101617).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pydantic import Field

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import Rejected
from integrations.access import UNHURRIED, Pace, ShopAccess
from integrations.http import Answer, exchange
from integrations.marketplaces import top_cases
from integrations.marketplaces.port import (
    CaseVerdict,
    ChangedOrder,
    Listing,
    Queued,
    ShipConfirmation,
)
from integrations.marketplaces.reading import (
    Body,
    ChinaTime,
    Number,
    read_answer,
    write_china_time,
)
from integrations.marketplaces.signing import TopSignMethod, top_sign
from integrations.marketplaces.top_after_sale import FIELDS as REFUND_FIELDS
from integrations.marketplaces.top_after_sale import METHOD as REFUNDS_METHOD
from integrations.marketplaces.top_after_sale import PAGE_SIZE as REFUND_PAGE_SIZE
from integrations.marketplaces.top_after_sale import RefundPage, RefundsAnswer, after_sale_of
from integrations.marketplaces.top_errors import SHIPPING_REFUSED, TopError, top_error
from integrations.marketplaces.top_messages import (
    GROUP,
    MOST_AT_ONCE,
    TOPICS,
    ConsumedAnswer,
    only_says_something_happened,
    queued,
)
from integrations.marketplaces.top_stock import stock_call
from integrations.marketplaces.top_trade import LINE_SENT, Trade, read_trade, snapshot_of
from integrations.settings import Schema, choice, text

SECRETS: Final = ("app_key", "app_secret", "session")
SETTINGS: Final = top_cases.SETTINGS + Schema(
    (choice("sign_method", TopSignMethod), text("tmc_group"), text("seller_nick"))
)
PAGE_SIZE: Final = 50
TRADE_FIELDS: Final = ",".join(
    (
        "tid,status,type,payment,post_fee,created,modified,pay_time,est_con_time,buyer_nick",
        "buyer_open_uid,buyer_message,seller_memo,invoice_name,step_trade_status,step_paid_fee,oaid",
        "receiver_name,receiver_mobile,receiver_phone,receiver_country,receiver_state,receiver_city",
        "receiver_district,receiver_town,receiver_address,receiver_zip,orders",
    )
)
_COMPANIES: Final = {
    "sf": "SF",
    "zto": "ZTO",
    "yto": "YTO",
    "sto": "STO",
    "yunda": "YUNDA",
    "ems": "EMS",
}


def open_shop(access: ShopAccess) -> "TopMarketplace":
    """Secrets `app_key`, `app_secret`, `session`; settings `sign_method`,
    `tmc_group`, and `seller_nick` where several shops share a group of messages."""
    return TopMarketplace(
        access.shop_id,
        access.base_url,
        access.secrets["app_key"],
        access.secrets["app_secret"],
        access.secrets["session"],
        access.http,
        TopSignMethod(access.settings.get("sign_method", TopSignMethod.MD5)),
        pace=access.pace,
        tmc_group=str(access.settings.get("tmc_group", GROUP)),
        seller_nick=str(access.settings.get("seller_nick", "")),
        settings=access.settings,
    )


class _Failure(Body):
    error_response: TopError | None = None


class _ListedTrade(Body):
    tid: Number
    modified: ChinaTime


class _Trades(Body):
    trade: tuple[_ListedTrade, ...] = ()


class _Page(Body):
    total_results: int = Field(default=0, ge=0)
    trades: _Trades = _Trades()


class _PageAnswer(Body):
    trades_sold_increment_get_response: _Page


class _Shipping(Body):
    is_success: bool


class _Sent(Body):
    shipping: _Shipping


class _SentAnswer(Body):
    logistics_offline_send_response: _Sent


@dataclass(frozen=True, slots=True)
class TopMarketplace:
    """One shop. `url` is the gateway (…/router/rest), `session` the seller's authorisation."""

    shop: str
    url: str
    app_key: str
    app_secret: str
    session: str
    http: httpx.AsyncClient
    sign_method: TopSignMethod = TopSignMethod.MD5
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pace: Pace = UNHURRIED
    tmc_group: str = GROUP
    seller_nick: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)  # how cases are answered

    @property
    def channel(self) -> str:
        return "top"

    async def fetch_raw(self, external_no: str) -> bytes:
        """The answer of `trade.fullinfo.get`."""
        parameters = {"tid": external_no, "fields": TRADE_FIELDS}
        return await self.call("taobao.trade.fullinfo.get", parameters, changes=False)

    def snapshot(self, raw: bytes) -> OrderSnapshot | None:
        """Translate a stored answer of `trade.fullinfo.get`; None for a message of the queue.

        Raises Rejected (`unreadable`).
        """
        if only_says_something_happened(raw):
            return None
        return snapshot_of(read_trade(raw), self.shop)

    async def changed_page_count(self, start: datetime, end: datetime) -> int:
        """Pages of `PAGE_SIZE` trades modified in the window, which may span a day at most."""
        page = await self._page(start, end, 1)
        return -(-page.total_results // PAGE_SIZE)

    async def changed(self, start: datetime, end: datetime, page: int) -> tuple[ChangedOrder, ...]:
        """One page of trades modified in the window, latest first."""
        trades = (await self._page(start, end, page)).trades.trade
        return tuple(ChangedOrder(trade.tid, trade.modified) for trade in trades)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Tell the buyer's platform that a parcel left. TOP knows whole lines only: of a line in
        several parcels it keeps the first waybill number, and boxes beyond the units are not told.
        """
        if not confirmation.lines:
            return
        parameters = {
            "tid": confirmation.external_no,
            "out_sid": confirmation.waybill_no,
            "company_code": _COMPANIES.get(confirmation.carrier, "OTHER"),
        }
        if confirmation.partial:
            numbers = dict.fromkeys(line.external_line_no for line in confirmation.lines)
            parameters |= {"is_split": "1", "sub_tid": ",".join(numbers)}
        try:
            raw = await self.call("taobao.logistics.offline.send", parameters, changes=True)
        except Rejected as refusal:
            if not refusal.code.startswith(SHIPPING_REFUSED):
                raise
            trade = read_trade(await self.fetch_raw(confirmation.external_no))
            if not _is_known(trade, confirmation):
                raise
            return
        answer = read_answer(_SentAnswer, raw, system="top", changes=True)
        if not answer.logistics_offline_send_response.shipping.is_success:
            raise Rejected("shipping was not accepted", code="is_success=false", system="top")

    async def changed_after_sales(self, start: datetime, end: datetime) -> tuple[AfterSale, ...]:
        """Refunds modified in the window, pages from the last one back, so that none is missed."""
        first = await self._refunds(start, end, 1)
        found = list(first.refunds.refund)
        if (pages := -(-first.total_results // REFUND_PAGE_SIZE)) > 1:
            found = [
                refund
                for page in range(pages, 0, -1)
                for refund in (await self._refunds(start, end, page)).refunds.refund
            ]
        return tuple(after_sale_of(refund) for refund in found)

    async def answer_case(self, verdict: CaseVerdict) -> None:
        """Agree that goods come back, refuse, or pay the case."""
        await top_cases.answer(verdict, self.call, self.settings)

    async def permit(self) -> None:
        """Have the shop's messages queued; asking again changes nothing."""
        parameters = {"topics": ",".join(TOPICS)}
        await self.call("taobao.tmc.user.permit", parameters, changes=True)

    async def consume(self) -> tuple[Queued, ...]:
        """Messages of this seller; those of another one who shares the group are left for his."""
        parameters = {"group_name": self.tmc_group, "quantity": str(MOST_AT_ONCE)}
        raw = await self.call("taobao.tmc.messages.consume", parameters, changes=False)
        answer = read_answer(ConsumedAnswer, raw, system="top", changes=False)
        return tuple(
            queued(message)
            for message in answer.tmc_messages_consume_response.messages.tmc_message
            if not (self.seller_nick and message.user_nick) or message.user_nick == self.seller_nick
        )

    async def confirm(self, done: tuple[str, ...], failed: tuple[str, ...]) -> None:
        """What is kept never comes again; what failed comes again after their time-out."""
        if not (done or failed):
            return
        parameters = {
            "group_name": self.tmc_group,
            "s_message_ids": ",".join(done),
            "f_message_ids": ",".join(failed),
        }
        shown = {name: value for name, value in parameters.items() if value}
        await self.call("taobao.tmc.messages.confirm", shown, changes=True)

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        """Set the whole count, so that telling it twice changes nothing."""
        method, parameters = stock_call(listing, quantity)
        await self.call(method, parameters, changes=True)

    async def available(self, listing: Listing) -> int | None:
        """TOP's way to ask for it is not among the calls we know."""
        return None

    async def _refunds(self, start: datetime, end: datetime, page: int) -> RefundPage:
        parameters = {
            "fields": REFUND_FIELDS,
            "start_modified": write_china_time(start),
            "end_modified": write_china_time(end),
            "page_no": str(page),
            "page_size": str(REFUND_PAGE_SIZE),
            "use_has_next": "false",
        }
        raw = await self.call(REFUNDS_METHOD, parameters, changes=False)
        answer = read_answer(RefundsAnswer, raw, system="top", changes=False)
        return answer.refunds_receive_get_response

    async def _page(self, start: datetime, end: datetime, page: int) -> _Page:
        parameters = {
            "fields": "tid,modified",
            "start_modified": write_china_time(start),
            "end_modified": write_china_time(end),
            "page_no": str(page),
            "page_size": str(PAGE_SIZE),
            "use_has_next": "false",
        }
        raw = await self.call("taobao.trades.sold.increment.get", parameters, changes=False)
        answer = read_answer(_PageAnswer, raw, system="top", changes=False)
        return answer.trades_sold_increment_get_response

    async def call(self, method: str, parameters: Mapping[str, str], *, changes: bool) -> bytes:
        """Sign, send and return the answer's body. Raises what its error answer means."""
        form = {
            **parameters,
            "method": method,
            "app_key": self.app_key,
            "session": self.session,
            "timestamp": write_china_time(self.now()),
            "format": "json",
            "v": "2.0",
            "sign_method": self.sign_method.value,
        }
        form["sign"] = top_sign(self.sign_method, form, self.app_secret)
        request = self.http.build_request("POST", self.url, data=form)
        async with self.pace.call(method):
            answer = await exchange(self.http, request, system="top", changes=changes)
            _raise_for_refusal(answer, changes=changes)
        return answer.body


def _raise_for_refusal(answer: Answer, *, changes: bool) -> None:
    if answer.status != httpx.codes.OK:
        raise Rejected(f"answered HTTP {answer.status}", code=str(answer.status), system="top")
    failure = read_answer(_Failure, answer.body, system="top", changes=changes)
    if failure.error_response is not None:
        raise top_error(failure.error_response, changes=changes)


def _is_known(trade: Trade, confirmation: ShipConfirmation) -> bool:
    """Whether what we wanted to tell is so already: the lines are sent, under our waybill number
    or, for a parcel of several, under that of an earlier one."""
    numbers = {line.external_line_no for line in confirmation.lines}
    lines = [line for line in trade.orders.order if line.oid in numbers]
    return len(lines) == len(numbers) > 0 and all(
        line.status in LINE_SENT
        and (confirmation.partial or line.invoice_no == confirmation.waybill_no)
        for line in lines
    )
