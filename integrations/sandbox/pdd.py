"""Pinduoduo as its clients see it: the router, orders, shipping, stock, refunds.

The gateway is /pdd/api/router; what buyers do is done below /sandbox/pdd.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.marketplaces.pdd import RENEW
from integrations.marketplaces.reading import write_china_time
from integrations.marketplaces.signing import md5_sign
from integrations.sandbox.demo_shop import some_buyer
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.order_controls import STOCK, AskRefund, Order, OrderVendor
from integrations.sandbox.pdd_cases import PddCaseDesk
from integrations.sandbox.pdd_orders import (
    CANCELLED,
    OPEN,
    SHIPPED,
    TO_SHIP,
    make_order,
    modified_of,
    pay,
    set_after_sale,
    shown,
)
from integrations.sandbox.pdd_requests import (
    BUSINESS,
    PARAMETER,
    Form,
    answered,
    form_of,
    number_of,
    page_of,
    refused,
    seconds_of,
    span_of,
)
from integrations.sandbox.pdd_waybills import PddWaybillDesk
from integrations.sandbox.tokens import Tokens
from integrations.sandbox.top_controls import Change, NewTrades
from integrations.sandbox.top_trades import Sold
from integrations.signing import same

_WINDOW: Final = timedelta(minutes=10)
_SYSTEM: Final = ("type", "client_id", "timestamp", "sign", "access_token")
_BAD_SIGN: Final = "20004"
_CASE: Final = "case"
_REFUNDED: Final = 10  # after_sales_status
COMPANIES: Final = (
    (44, "顺丰快递", "SF"),
    (85, "圆通快递", "YTO"),
    (115, "中通快递", "ZTO"),
    (1, "申通快递", "STO"),
    (121, "韵达快递", "YUNDA"),
    (118, "邮政EMS", "EMS"),
    (120, "京东快递", "JD"),
)


class PddSandbox(OrderVendor):
    name = "pdd"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.pdd
        self._waybills = PddWaybillDesk(sandbox, self.name)
        self._desk = PddCaseDesk(self._find_case, self._answered)
        self._methods = {
            "pdd.order.number.list.increment.get": self._increment,
            "pdd.order.information.get": self._information,
            "pdd.logistics.online.send": self._send,
            "pdd.logistics.companies.get": self._companies,
            "pdd.goods.quantity.update": self._set_stock,
            "pdd.refund.list.increment.get": self._cases,
            "pdd.refund.information.get": self._desk.information,
            "pdd.refund.returngoods.agree": self._desk.agree_return,
            "pdd.refund.agree": self._desk.agree_refund,
            "pdd.waybill.get": self._waybills.get,
            "pdd.waybill.cancel": self._waybills.cancel,
            RENEW: self._trade,
        }
        self._tokens = Tokens(sandbox, self.name, self._account)

    def app(self) -> FastAPI:
        app = FastAPI(title="Pinduoduo sandbox")

        @app.post("/api/router")
        async def gateway(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = form_of(text)
            call = Call(self.name, form.get("type", ""), form.get("order_sn", ""), text)
            throttled = Reply(b"", status=429, headers={"retry-after": "1"}, executed=False)
            return await self.sandbox.serve(call, lambda: self._serve(form), throttled=throttled)

        return app

    def controls(self) -> APIRouter:
        router = super().controls()
        self._waybills.add_controls(router)
        return router

    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        now = self.sandbox.now()
        number = self.sandbox.store.next_number(self.name, "order")
        order = make_order(
            f"{now:%y%m%d}-{400_000_000_000 + number}",
            lines,
            some_buyer(self.chance),
            self.chance,
            now,
            postage=new.post_fee,
            masked=new.masked,
            presale=new.presale,
        )
        if new.paid:
            pay(order, now, deposit_only=False)
        return order

    def number_of(self, order: Order) -> str:
        return str(order["order_sn"])

    def modified_of(self, order: Order) -> datetime:
        return modified_of(order)

    def pay(self, order: Order, *, deposit_only: bool) -> None:
        if order["confirm_status"] != OPEN or (deposit_only and order["trade_type"] != 1):
            raise HTTPException(409, "the order is not waiting for this payment")
        pay(order, self.touched(order), deposit_only=deposit_only)

    def modify(self, order: Order, change: Change) -> None:
        """`status` sets any order_status, known to us or not."""
        secret = {
            "receiver_name": change.receiver_name,
            "receiver_phone": change.receiver_mobile,
            "receiver_address": change.receiver_address,
        }
        order["plain"].update({name: text for name, text in secret.items() if text})
        fields = {
            "province": change.receiver_state,
            "city": change.receiver_city,
            "town": change.receiver_district,
            "remark": change.seller_memo,
            "buyer_memo": change.buyer_message,
        }
        order.update({name: text for name, text in fields.items() if text is not None})
        if change.status is not None:
            order["order_status"] = (
                int(change.status) if change.status.isdecimal() else change.status
            )
        self._touch(order)

    def refund(self, order: Order, asked: AskRefund) -> None:
        """A case of the order's first line; asked again it goes on with the one there is."""
        status = int(asked.refund_status or (3 if asked.with_return else 2))
        self._touch(order)
        set_after_sale(order, status)
        known = self.sandbox.store.get(self.name, _CASE, order["order_sn"])
        first = order["item_list"][0]
        case = known or {
            "id": 7_000_000 + self.sandbox.store.next_number(self.name, _CASE),
            "order_sn": order["order_sn"],
            "after_sales_type": 3 if asked.with_return else 2,
            "after_sale_reason": "不想要了",
            "goods_id": first["goods_id"],
            "sku_id": str(first["sku_id"]),
            "refund_amount": order["pay_amount"],
            "tracking_number": "",
            "shipping_name": "",
        }
        case |= {"after_sales_status": status, "updated_time": order["updated_at"]}
        self.sandbox.store.put(self.name, _CASE, order["order_sn"], case)

    def close(self, order: Order) -> None:
        """Never paid: cancelled. Paid: all the money went back."""
        if order["pay_time"]:
            self.refund(order, AskRefund(refund_status=str(_REFUNDED)))
        else:
            order["confirm_status"] = CANCELLED
            self._touch(order)

    def freeze(self, order: Order, *, frozen: bool) -> None:
        order["risk_control_status"] = int(frozen)
        self._touch(order)

    def _touch(self, order: Order) -> None:
        order["updated_at"] = write_china_time(self.touched(order))

    def _serve(self, form: Form) -> Reply:
        try:
            self._admit(form)
            method = self._methods.get(form["type"])
            if method is None:
                raise Refusal("10000", "type错误")
            return answered(method(form))
        except Refusal as no:
            return refused(no.code, no.text)

    def _admit(self, form: Form) -> None:
        trades = form.get("type") == RENEW  # without an access token
        for name in _SYSTEM:
            if not form.get(name) and not (trades and name == "access_token"):
                raise Refusal(PARAMETER, f"公共参数错误:{name}")
        if form["client_id"] != self._account.client_id:
            raise Refusal(PARAMETER, "公共参数错误:client_id")
        if abs(self.sandbox.now() - seconds_of(form, "timestamp", _BAD_SIGN)) > _WINDOW:
            raise Refusal(_BAD_SIGN, "timestamp超时")
        if not same(form["sign"], md5_sign(form, self._account.client_secret)):
            raise Refusal(_BAD_SIGN, "签名sign校验失败")
        if not trades and not self._tokens.serves(form["access_token"]):
            raise Refusal("10019", "access_token已过期")

    def _trade(self, form: Form) -> dict[str, Any]:
        told = self._tokens.trade(form.get("refresh_token", ""))
        if told is None:
            raise Refusal("10019", "refresh_token已过期")
        return {"pop_auth_token_refresh_response": told}

    def _increment(self, form: Form) -> dict[str, Any]:
        start, end = span_of(form)
        for name in ("order_status", "refund_status", "is_lucky_flag"):
            number_of(form, name, 0, 5)
        wanted = {
            name: int(form[name])
            for name in ("order_status", "refund_status")
            if form[name] != "5"  # all
        }
        found = [
            order
            for order in self.updated_within(start, end)
            if all(order[name] == value for name, value in wanted.items())
        ]
        page = page_of(form, [shown(order) for order in found])
        counted = {"order_sn_list": page, "total_count": len(found)}
        return {"order_sn_increment_get_response": counted}

    def _information(self, form: Form) -> dict[str, Any]:
        return {"order_info_get_response": {"order_info": shown(self._known(form))}}

    def _send(self, form: Form) -> dict[str, Any]:
        """`redelivery_type` 1 is for orders that wait for it, 2 for those that are on their way."""
        order = self._known(form)
        company, number = form.get("logistics_id", ""), form.get("tracking_number", "")
        if company not in {str(id) for id, *_ in COMPANIES} or not number:
            raise Refusal(BUSINESS, "快递公司编号或快递单号不正确")
        wanted = SHIPPED if form.get("redelivery_type") == "2" else TO_SHIP
        if order["order_status"] != wanted or order["confirm_status"] != 1:
            raise Refusal(BUSINESS, "订单状态不正确，发货失败")
        if order["risk_control_status"]:
            raise Refusal(BUSINESS, "订单审核中，不能发货")
        if order["refund_status"] in (3, 4):
            raise Refusal(BUSINESS, "订单已退款，不能发货")
        self._touch(order)
        order.update(
            order_status=SHIPPED,
            tracking_number=number,
            logistics_id=int(company),
            shipping_time=order["updated_at"],
        )
        self.keep(order)
        return {"logistics_online_send_response": {"is_success": True}}

    def _companies(self, form: Form) -> dict[str, Any]:
        listed = [
            {"id": id, "logistics_company": company, "code": code, "available": 1}
            for id, company, code in COMPANIES
        ]
        return {"logistics_companies_get_response": {"logistics_companies": listed}}

    def _set_stock(self, form: Form) -> dict[str, Any]:
        sku = form.get("sku_id") or form.get("outer_id", "")
        if not form.get("goods_id", "").isdigit() or not sku:
            raise Refusal(BUSINESS, "goods_id和sku_id或outer_id不能为空")
        told = form.get("quantity", "")
        if not re.fullmatch("-?[0-9]{1,9}", told):
            raise Refusal(BUSINESS, "quantity不正确")
        known = self.sandbox.store.get(self.name, STOCK, sku) or {"quantity": 0}
        delta = form.get("update_type") == "2"
        quantity = int(told) + (known["quantity"] if delta else 0)
        if quantity < 0:
            raise Refusal(BUSINESS, "库存不能小于0")
        body = {"goods_id": form["goods_id"], "sku": sku, "quantity": quantity}
        self.sandbox.store.put(self.name, STOCK, sku, body)
        return {"goods_quantity_update_response": {"is_success": True}}

    def _cases(self, form: Form) -> dict[str, Any]:
        start, end = span_of(form)
        status = number_of(form, "after_sales_status", 0, 100)
        kind = number_of(form, "after_sales_type", 1, 100)
        found = [
            case
            for case in self.sandbox.store.all(self.name, _CASE)
            if write_china_time(start) <= case["updated_time"] <= write_china_time(end)
            and status in (1, case["after_sales_status"])  # 1 = all
            and kind in (1, case["after_sales_type"])
        ]
        counted = {"refund_list": page_of(form, found), "total_count": len(found)}
        return {"refund_increment_get_response": counted}

    def _find_case(self, order_sn: str) -> dict[str, Any] | None:
        return self.sandbox.store.get(self.name, _CASE, order_sn)

    def _answered(self, case: Mapping[str, Any], status: int) -> None:
        """The case goes on as the seller said."""
        order = self.order(case["order_sn"])
        assert order is not None, "a case is of an order"
        self.refund(order, AskRefund(refund_status=str(status)))
        self.keep(order)

    def _known(self, form: Form) -> Order:
        order = self.order(form.get("order_sn", ""))
        if order is None:
            raise Refusal(BUSINESS, "订单不存在")
        return order
