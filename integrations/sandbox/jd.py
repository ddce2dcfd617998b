"""JD as its clients see it: the JOS gateway, its `_responce` answers, orders, shipping, stock.

The gateway is /jd/routerjson; what buyers do is done below /sandbox/jd.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import Field
from starlette.responses import Response

from integrations.marketplaces.reading import write_china_time
from integrations.marketplaces.signing import md5_sign
from integrations.sandbox.demo_shop import some_buyer
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.jd_orders import (
    CANCELED,
    LOCKED,
    SHIPPED,
    TO_SHIP,
    is_paid,
    make_order,
    modified_of,
)
from integrations.sandbox.jd_requests import (
    Business,
    No,
    answered,
    business_of,
    fields_of,
    number_of,
    refused,
    shown,
    time_of,
    timestamp_of,
)
from integrations.sandbox.order_controls import STOCK, AskRefund, Order, OrderVendor
from integrations.sandbox.top_controls import Change, NewTrades, Strict
from integrations.sandbox.top_trades import Sold
from integrations.signing import same

_WINDOW: Final = timedelta(minutes=6)
_LONGEST_SPAN: Final = timedelta(days=31)
_MISSING: Final = (
    ("v", "4", "缺少版本参数"),
    ("timestamp", "7", "缺少时间戳参数"),
    ("sign", "11", "缺少签名参数"),
    ("method", "14", "缺少方法名参数"),
    ("access_token", "19", "无效access_token"),
    ("app_key", "21", "无效app_key"),
)
_SLIP: Final = "slip"
_FORBIDDEN: Final = "forbidden"
Form = Mapping[str, str]


class Forbidden(Strict):
    """Methods the shop's authorisation does not cover."""

    methods: list[str] = Field(default_factory=list)


class JdSandbox(OrderVendor):
    name = "jd"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.jd
        self._methods = {
            "jingdong.pop.order.search": self._search,
            "jingdong.pop.order.get": self._get,
            "jingdong.pop.order.shipment": self._ship,
            "jingdong.ware.stock.sku.set": self._set_stock,
            "jingdong.asc.query.list": self._slips,
        }

    def app(self) -> FastAPI:
        app = FastAPI(title="JD sandbox")

        @app.post("/routerjson")
        async def gateway(request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace")
            form = dict(request.query_params) | dict(parse_qsl(body, keep_blank_values=True))
            business = business_of(form)
            ref = str(business.get("order_id") or business.get("orderId") or "")
            call = Call(self.name, form.get("method", ""), ref, body)
            throttled = refused("2", "限制时间内调用失败次数")
            return await self.sandbox.serve(
                call, lambda: self._serve(form, business), throttled=throttled
            )

        return app

    def controls(self) -> APIRouter:
        router = super().controls()

        @router.put("/forbidden", status_code=204)
        async def forbid(forbidden: Forbidden) -> None:
            """Take the permission for some methods away; an empty list gives all back."""
            body = {"methods": forbidden.methods}
            self.sandbox.store.put(self.name, _FORBIDDEN, _FORBIDDEN, body)

        return router

    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        number = 300_000_000_000 + self.sandbox.store.next_number(self.name, "order")
        now = self.sandbox.now()
        order = make_order(
            number,
            lines,
            some_buyer(self.chance),
            self.chance,
            now,
            freight=new.post_fee,
            masked=new.masked,
            vender_id=self._account.vender_id,
        )
        if new.paid:
            order["paymentConfirmTime"] = write_china_time(now)
        return order

    def number_of(self, order: Order) -> str:
        return str(order["orderId"])

    def modified_of(self, order: Order) -> datetime:
        return modified_of(order)

    def pay(self, order: Order, *, deposit_only: bool) -> None:
        if is_paid(order) or order["orderState"] != TO_SHIP or deposit_only:
            raise HTTPException(409, "the order is not waiting for this payment")
        at = self.touched(order)
        order["paymentConfirmTime"] = order["modified"] = write_china_time(at)

    def modify(self, order: Order, change: Change) -> None:
        """`status` sets any state, known to us or not."""
        told = {
            "fullname": change.receiver_name,
            "mobile": change.receiver_mobile,
            "province": change.receiver_state,
            "city": change.receiver_city,
            "county": change.receiver_district,
            "fullAddress": change.receiver_address,
        }
        order["consigneeInfo"].update({name: text for name, text in told.items() if text})
        fields = {
            "orderState": change.status,
            "venderRemark": change.seller_memo,
            "orderRemark": change.buyer_message,
        }
        order.update({name: text for name, text in fields.items() if text is not None})
        order["modified"] = write_china_time(self.touched(order))

    def refund(self, order: Order, asked: AskRefund) -> None:
        """A service slip; an order that has not left is locked until it is settled."""
        at = self.touched(order)
        number = str(900_000_000 + self.sandbox.store.next_number(self.name, _SLIP))
        slip = {
            "serviceId": number,
            "orderId": order["orderId"],
            "customerExpect": 10 if asked.with_return else 11,
            "serviceStatus": int(asked.refund_status or 10001),
            "serviceStatusName": "待收货" if asked.refund_status == "10005" else "待审核",
            "skuId": order["itemInfoList"][0]["skuId"],
            "actualPayPrice": order["actualPay"],
            "applyTime": int(at.timestamp() * 1000),
            "updateDate": int(at.timestamp() * 1000),
        }
        self.sandbox.store.put(self.name, _SLIP, number, slip)
        if order["orderState"] == TO_SHIP:
            order["orderState"] = LOCKED
        order["modified"] = write_china_time(at)

    def close(self, order: Order) -> None:
        order["orderState"] = CANCELED
        order["modified"] = write_china_time(self.touched(order))

    def freeze(self, order: Order, *, frozen: bool) -> None:
        order["orderState"] = LOCKED if frozen else TO_SHIP
        order["modified"] = write_china_time(self.touched(order))

    def _serve(self, form: Form, business: Business) -> Reply:
        try:
            self._admit(form)
            method = self._methods.get(form["method"])
            if method is None:
                raise Refusal("15", "不存在的方法名")
            key = form["method"].replace(".", "_") + "_responce"
            answer = method(business)
        except Refusal as no:
            return refused(no.code, no.text)
        failed = any(
            part.get("success") is False or part.get("apiResult", {}).get("success") is False
            for part in answer.values()
        )
        return answered({key: {"code": "0", **answer}}, executed=not failed)

    def _admit(self, form: Form) -> None:
        """The checks of the gateway, in the order it makes them."""
        for name, code, text in _MISSING:
            if not form.get(name):
                raise Refusal(code, text)
        if form["v"] != "2.0":
            raise Refusal("5", "不支持的版本号")
        if form["app_key"] != self._account.app_key:
            raise Refusal("21", "无效app_key")
        if abs(self.sandbox.now() - timestamp_of(form["timestamp"])) > _WINDOW:
            raise Refusal("8", "非法的时间戳参数")
        if not same(form["sign"], md5_sign(form, self._account.app_secret)):
            raise Refusal("12", "无效签名")
        if form["access_token"] not in self._account.access_tokens:
            raise Refusal("19", "无效access_token")
        taken = self.sandbox.store.get(self.name, _FORBIDDEN, _FORBIDDEN) or {"methods": []}
        if form["method"] in taken["methods"]:
            raise Refusal("2001", "没有调用该接口的权限")

    def _search(self, asked: Business) -> dict[str, Any]:
        try:
            start, end = time_of(asked, "start_date"), time_of(asked, "end_date")
            if end < start or end - start > _LONGEST_SPAN:
                raise No("10100019", "时间范围不能超过一个月")
            fields = fields_of(asked)
            page, size = number_of(asked, "page", 10_000), number_of(asked, "page_size", 100)
        except No as no:
            return {"searchorderinfo_result": {"apiResult": no.result}}
        states = str(asked.get("order_state", "")).split(",")
        found = [
            order for order in self.updated_within(start, end) if order["orderState"] in states
        ]
        if asked.get("sortType") != "1":
            found.reverse()
        listed = found[(page - 1) * size : page * size]
        return {
            "searchorderinfo_result": {
                "apiResult": {"success": True},
                "orderTotal": len(found),
                "orderInfoList": [shown(order, fields) for order in listed],
            }
        }

    def _get(self, asked: Business) -> dict[str, Any]:
        try:
            fields = fields_of(asked)
            order = self._known(str(asked.get("order_id", "")))
        except No as no:
            return {"orderDetailInfo": {"apiResult": no.result}}
        return {
            "orderDetailInfo": {
                "apiResult": {"success": True},
                "orderInfo": shown(order, fields),
            }
        }

    def _ship(self, asked: Business) -> dict[str, Any]:
        try:
            order = self._known(str(asked.get("orderId", "")))
            company, waybill = str(asked.get("logiCoprId", "")), str(asked.get("logiNo", ""))
            if not (company.isdigit() and waybill):
                raise No("10100020", "物流公司ID或运单号不正确")
            if order["orderState"] != TO_SHIP:
                raise No("10400001", "订单状态不是等待出库，不能出库")
        except No as no:
            return {"sopjosshipment_result": no.result}
        order.update(orderState=SHIPPED, waybill=waybill, logisticsId=company)
        order["modified"] = write_china_time(self.touched(order))
        self.keep(order)
        return {"sopjosshipment_result": {"success": True, "errorCode": "0"}}

    def _set_stock(self, asked: Business) -> dict[str, Any]:
        """Listed under `req`, or, as an older form, flat; the same `stockRfId` changes nothing."""
        wrapped = asked.get("req", asked)
        lines = wrapped.get("skuStocks", [wrapped]) if isinstance(wrapped, dict) else []
        done = [
            self._set_one(line, str(wrapped.get("stockRfId", "")))
            for line in lines
            if isinstance(line, dict)
        ]
        fine = bool(done) and all(line["success"] for line in done)
        return {"returnType": {"success": fine, "obj": {"updateStockResult": done}}}

    def _set_one(self, line: Business, reference: str) -> Mapping[str, Any]:
        sku_id, units = str(line.get("skuId", "")), line.get("stockNum")
        if not sku_id.isdigit() or type(units) is not int or units < 0:
            return {"data": sku_id, "success": False, "storeId": 0, "message": "库存参数不正确"}
        body = {"skuId": sku_id, "stockNum": units, "stockRfId": reference}
        self.sandbox.store.put(self.name, STOCK, sku_id, body)
        return {"data": sku_id, "success": True, "storeId": 0}

    def _slips(self, asked: Business) -> dict[str, Any]:
        if str(asked.get("buId")) != self._account.vender_id:
            return {"pageResult": {"success": False, "code": "40", "msg": "商家编号不正确"}}
        try:
            start, end = time_of(asked, "updateTimeBegin"), time_of(asked, "updateTimeEnd")
            page, size = number_of(asked, "pageNumber", 10_000), number_of(asked, "pageSize", 100)
        except No as no:
            text = no.result["chineseErrCode"]
            return {"pageResult": {"success": False, "code": "41", "msg": text}}
        found = [
            slip
            for slip in self.sandbox.store.all(self.name, _SLIP)
            if start.timestamp() <= slip["updateDate"] / 1000 <= end.timestamp()
        ]
        listed = found[(page - 1) * size : page * size]
        return {"pageResult": {"success": True, "totalCount": len(found), "data": listed}}

    def _known(self, number: str) -> Order:
        order = self.order(number)
        if order is None:
            raise No("10100001", "订单不存在")
        return order
