"""A WeChat shop as its clients see it: tokens, orders, parcels, stock, cases, sealed events.

The API is /wechat/…; what buyers do is done below /sandbox/wechat.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.sandbox.demo_shop import some_buyer
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.order_controls import STOCK, AskRefund, Order, OrderVendor
from integrations.sandbox.top_controls import Change, NewTrades
from integrations.sandbox.top_trades import Sold
from integrations.sandbox.wechat_door import (
    BUSINESS,
    PARAMETER,
    Asked,
    TokenDesk,
    asked_of,
    done,
    refused,
    sealed,
)
from integrations.sandbox.wechat_orders import (
    CANCELLED,
    GIFT_WAITING,
    PART_SHIPPED,
    REFUNDED,
    SHIPPED,
    TO_SHIP,
    UNPAID,
    make_order,
    modified_of,
    pay,
    send,
    shown,
)
from integrations.sandbox.wechat_waybills import WechatWaybillDesk

_LONGEST_SPAN: Final = timedelta(days=7)
_LONGEST_CASES: Final = timedelta(hours=24)
_CASE: Final = "case"
_WAYBILL: Final = "/channels/ec/logistics/ewaybill/biz/order"
_TOKEN_PATH: Final = "/cgi-bin/stable_token"
# The controls know numbers, WeChat knows words: 1 asked, 2 goods to come back, 3 on their way,
# 4 refused, 5 withdrawn, 6 done, 7 being paid.
_STATUSES: Final = {
    "1": "MERCHANT_PROCESSING",
    "2": "USER_WAIT_RETURN",
    "3": "MERCHANT_WAIT_RECEIPT",
    "4": "MERCHANT_REJECT_REFUND",
    "5": "USER_CANCELD",
    "6": "MERCHANT_REFUND_SUCCESS",
    "7": "PLATFORM_REFUNDING",
}
_COMPANIES: Final = (
    ("SF", "顺丰速运"),
    ("ZTO", "中通快递"),
    ("YTO", "圆通速递"),
    ("STO", "申通快递"),
    ("YD", "韵达快递"),
    ("EMS", "中国邮政速递物流"),
    ("JD", "京东快递"),
)


class WechatSandbox(OrderVendor):
    name = "wechat"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.wechat
        self._tokens = TokenDesk(sandbox, self.name)
        self._waybills = WechatWaybillDesk(sandbox, self.name)
        self._methods: dict[str, Callable[..., Any]] = {
            _TOKEN_PATH: self._tokens.hand_out,
            "/channels/ec/order/list/get": self._list,
            "/channels/ec/order/get": self._get,
            "/channels/ec/order/delivery/send": self._send,
            "/channels/ec/order/deliverycompanylist/new/get": self._companies,
            "/channels/ec/product/stock/update": self._set_stock,
            "/channels/ec/product/stock/get": self._get_stock,
            "/channels/ec/aftersale/getaftersalelist": self._cases,
            "/channels/ec/aftersale/getaftersaleorder": self._case,
            "/channels/ec/aftersale/acceptapply": self._accept,
            "/channels/ec/aftersale/rejectapply": self._reject,
            f"{_WAYBILL}/precreate": self._waybills.precreate,
            f"{_WAYBILL}/create": self._waybills.create,
            f"{_WAYBILL}/get": self._waybills.find,
            f"{_WAYBILL}/cancel": self._waybills.cancel,
        }

    def app(self) -> FastAPI:
        app = FastAPI(title="WeChat sandbox")

        @app.post("/{path:path}")
        async def api(path: str, request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace")
            asked, operation = asked_of(body), f"/{path}"
            token = request.query_params.get("access_token", "")
            call = Call(self.name, operation, str(asked.get("order_id", "")), body)
            throttled = refused("45011", "api minute-quota reach limit, please retry next minute")
            return await self.sandbox.serve(
                call, lambda: self._serve(operation, token, asked), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"success"

    def controls(self) -> APIRouter:
        router = super().controls()

        @router.post("/token/revoke", status_code=204)
        async def revoke() -> None:
            """The token is void before its time."""
            self._tokens.revoke()

        self._waybills.add_controls(router)
        return router

    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        now = self.sandbox.now()
        number = self.sandbox.store.next_number(self.name, "order")
        order = make_order(
            3_705_115_058_471_200_000 + number,
            lines,
            some_buyer(self.chance),
            self.chance,
            now,
            postage=new.post_fee,
            masked=new.masked,
        )
        self._push("new", order)
        if new.paid:
            pay(order, now)
            self._push("pay", order)
        return order

    def number_of(self, order: Order) -> str:
        return str(order["order_id"])

    def modified_of(self, order: Order) -> datetime:
        return modified_of(order)

    def pay(self, order: Order, *, deposit_only: bool) -> None:
        if order["status"] != UNPAID or deposit_only:
            raise HTTPException(409, "the order is not waiting for this payment")
        pay(order, self.touched(order))
        self._push("pay", order)

    def modify(self, order: Order, change: Change) -> None:
        """`status` sets any status, known to us or not."""
        receiver = {
            "user_name": change.receiver_name,
            "tel_number": change.receiver_mobile,
            "detail_info": change.receiver_address,
        }
        order["plain"].update({name: text for name, text in receiver.items() if text})
        detail = order["order_detail"]
        places = {
            "province_name": change.receiver_state,
            "city_name": change.receiver_city,
            "county_name": change.receiver_district,
        }
        words = {"merchant_notes": change.seller_memo, "customer_notes": change.buyer_message}
        for part, told in (
            (detail["delivery_info"]["address_info"], places),
            (detail["ext_info"], words),
        ):
            part.update({name: text for name, text in told.items() if text is not None})
        if change.status is not None:
            order["status"] = int(change.status) if change.status.isdecimal() else change.status
        self._touch(order)
        self._push("ext_info_update", order, type=1)

    def refund(self, order: Order, asked: AskRefund) -> None:
        """A case of the order's first product; asked again it goes on with the one there is."""
        status = _STATUSES.get(asked.refund_status or "1", "MERCHANT_OVERDUE_REFUND")
        self._touch(order)
        info = order["order_detail"]["product_infos"][0]
        known = self.sandbox.store.get(self.name, _CASE, order["order_id"])
        number = known or {"after_sale_order_id": self._next_case()}
        is_over = status in ("USER_CANCELD", "MERCHANT_REJECT_REFUND", "MERCHANT_REFUND_SUCCESS")
        info["on_aftersale_sku_cnt"] = 0 if is_over else info["sku_cnt"]
        if status == "MERCHANT_REFUND_SUCCESS":
            info["finish_aftersale_sku_cnt"] = info["sku_cnt"]
            infos = order["order_detail"]["product_infos"]
            if all(one["finish_aftersale_sku_cnt"] == one["sku_cnt"] for one in infos):
                order["status"] = REFUNDED
        case = {
            **number,
            "order_id": order["order_id"],
            "status": status,
            "type": "RETURN" if asked.with_return else "REFUND",
            "update_time": order["update_time"],
            "product_info": {
                "product_id": info["product_id"],
                "sku_id": info["sku_id"],
                "count": info["sku_cnt"],
            },
            "refund_info": {"amount": info["real_price"], "refund_reason": "不想要了"},
            "return_info": {"waybill_id": "", "delivery_id": ""},
        }
        self.sandbox.store.put(self.name, _CASE, order["order_id"], case)
        update = {
            "status": status,
            "after_sale_order_id": case["after_sale_order_id"],
            "order_id": order["order_id"],
        }
        self._push_event(
            "channels_ec_aftersale_update", order, finder_shop_aftersale_status_update=update
        )

    def close(self, order: Order) -> None:
        order["status"] = CANCELLED
        self._touch(order)
        self._push("cancel", order, cancel_type=1)

    def freeze(self, order: Order, *, frozen: bool) -> None:
        """A gift that its receiver has not taken yet may not leave."""
        order["status"] = GIFT_WAITING if frozen else TO_SHIP
        self._touch(order)
        self._push("ext_info_update", order, type=1)

    def _next_case(self) -> str:
        return str(2_000_000_000 + self.sandbox.store.next_number(self.name, _CASE))

    def _touch(self, order: Order) -> None:
        order["update_time"] = int(self.touched(order).timestamp())

    def _push(self, what: str, order: Order, **more: Any) -> None:
        """WeChat writes the number of an order as a number or as text; so do we, in turn."""
        number: Any = order["order_id"] if what == "pay" else int(order["order_id"])
        self._push_event(
            f"channels_ec_order_{what}", order, order_info={"order_id": number, **more}
        )

    def _push_event(self, event: str, order: Order, **more: Any) -> None:
        number = self.sandbox.store.next_number(self.name, "event")
        body = {
            "ToUserName": "gh_sandbox",
            "FromUserName": order["openid"],
            "CreateTime": order["update_time"],
            "MsgType": "event",
            "Event": event,
            **more,
        }
        outgoing = sealed(self._account, number, body, self.sandbox.now(), order["order_id"])
        self.sandbox.pushes.send(self.name, outgoing)

    def _serve(self, path: str, token: str, asked: Asked) -> Reply:
        method = self._methods.get(path)
        try:
            if method is None:
                raise Refusal("40066", "invalid url")
            if path == _TOKEN_PATH:
                return self._tokens.hand_out(asked)
            self._tokens.admit(token)
            return done(method(asked))
        except Refusal as no:
            return refused(no.code, no.text)

    def _list(self, asked: Asked) -> dict[str, Any]:
        span = asked.get("update_time_range")
        if not isinstance(span, dict):
            raise Refusal(PARAMETER, "update_time_range不能为空")
        start, end = _span(span.get("start_time"), span.get("end_time"), _LONGEST_SPAN)
        found = [one["order_id"] for one in self.updated_within(start, end)]
        return _page(asked, "order_id_list", found)

    def _get(self, asked: Asked) -> dict[str, Any]:
        return {"order": shown(self._known(asked))}

    def _send(self, asked: Asked) -> dict[str, Any]:
        """All parcels of the call or none."""
        order, parcels = self._known(asked), asked.get("delivery_list")
        if order["status"] not in (TO_SHIP, PART_SHIPPED):
            raise Refusal(BUSINESS, "订单状态不可发货")
        if not isinstance(parcels, list) or not parcels:
            raise Refusal(PARAMETER, "delivery_list不能为空")
        for parcel in parcels:
            known = parcel.get("delivery_id") in {id for id, _ in _COMPANIES}
            if not known or not parcel.get("waybill_id") or not parcel.get("product_infos"):
                raise Refusal(PARAMETER, "delivery_id或waybill_id不正确")
            if not send(order, parcel, self.touched(order)):
                raise Refusal(BUSINESS, "商品数量不正确")
        self.keep(order)
        self._push("deliver", order, finish_delivery=int(order["status"] == SHIPPED))
        return {}

    def _companies(self, asked: Asked) -> dict[str, Any]:
        listed = [{"delivery_id": id, "delivery_name": name} for id, name in _COMPANIES]
        return {"company_list": listed}

    def _set_stock(self, asked: Asked) -> dict[str, Any]:
        """`diff_type` 1 adds, 2 takes, 3 sets."""
        key, num, kind = self._sku(asked), asked.get("num"), asked.get("diff_type")
        if type(num) is not int or num < 0 or kind not in (1, 2, 3):
            raise Refusal(PARAMETER, "num或diff_type不正确")
        known = (self.sandbox.store.get(self.name, STOCK, key) or {"quantity": 0})["quantity"]
        quantity = {1: known + num, 2: known - num, 3: num}[kind]
        if quantity < 0:
            raise Refusal(BUSINESS, "库存不足")
        self.sandbox.store.put(self.name, STOCK, key, {"sku": key, "quantity": quantity})
        return {}

    def _get_stock(self, asked: Asked) -> dict[str, Any]:
        known = self.sandbox.store.get(self.name, STOCK, self._sku(asked)) or {"quantity": 0}
        units = known["quantity"]
        return {"data": {"normal_stock_num": units, "total_stock_num": units}}

    def _sku(self, asked: Asked) -> str:
        product, sku = str(asked.get("product_id", "")), str(asked.get("sku_id", ""))
        if not (product.isdigit() and sku.isdigit()):
            raise Refusal(PARAMETER, "product_id或sku_id不正确")
        return f"{product}:{sku}"

    def _cases(self, asked: Asked) -> dict[str, Any]:
        times = (asked.get("begin_update_time"), asked.get("end_update_time"))
        start, end = _span(*times, _LONGEST_CASES)
        found = [
            case["after_sale_order_id"]
            for case in self.sandbox.store.all(self.name, _CASE)
            if start.timestamp() <= case["update_time"] <= end.timestamp()
        ]
        return _page({**asked, "page_size": 50}, "after_sale_order_id_list", found)

    def _case(self, asked: Asked) -> dict[str, Any]:
        for case in self.sandbox.store.all(self.name, _CASE):
            if case["after_sale_order_id"] == str(asked.get("after_sale_order_id")):
                return {"after_sale_order": case}
        raise Refusal(BUSINESS, "售后单不存在")

    def _accept(self, asked: Asked) -> dict[str, Any]:
        """Of a return the first time the goods are awaited, the second time they are paid."""
        case = self._case(asked)["after_sale_order"]
        kind, waits = asked.get("accept_type"), case["status"] == "MERCHANT_PROCESSING"
        if kind == 1 and case["type"] != "REFUND" and waits:
            if not str(asked.get("address_id", "")):
                raise Refusal("10021060", "缺少退货地址address_id参数")
            return self._answered(case, "USER_WAIT_RETURN")
        came = case["status"] in ("MERCHANT_WAIT_RECEIPT", "USER_WAIT_RETURN")
        if kind == 2 and (waits if case["type"] == "REFUND" else came):
            return self._answered(case, "MERCHANT_REFUND_SUCCESS")
        raise Refusal("10020001", "售后单状态不合法")

    def _reject(self, asked: Asked) -> dict[str, Any]:
        case = self._case(asked)["after_sale_order"]
        if type(asked.get("reject_reason_type")) is not int:
            raise Refusal(PARAMETER, "reject_reason_type不正确")
        if case["status"] not in ("MERCHANT_PROCESSING", "MERCHANT_WAIT_RECEIPT"):
            raise Refusal("10020001", "售后单状态不合法")
        return self._answered(case, "MERCHANT_REJECT_REFUND")

    def _answered(self, case: dict[str, Any], status: str) -> dict[str, Any]:
        """The case goes on as the seller said, and tells so."""
        order = self.order(case["order_id"])
        assert order is not None, "a case is of an order"
        code = next(key for key, name in _STATUSES.items() if name == status)
        self.refund(order, AskRefund(refund_status=code, with_return=case["type"] == "RETURN"))
        return {}

    def _known(self, asked: Asked) -> Order:
        order = self.order(str(asked.get("order_id", "")))
        if order is None:
            raise Refusal(BUSINESS, "订单不存在")
        return order


def _span(start: Any, end: Any, longest: timedelta) -> tuple[datetime, datetime]:
    if not all(type(time) is int and 0 <= time < 10**11 for time in (start, end)):
        raise Refusal(PARAMETER, "时间不正确")
    first, last = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    if not timedelta(0) <= last - first <= longest:
        raise Refusal(PARAMETER, "时间范围过长")
    return first, last


def _page(asked: Asked, name: str, found: list[str]) -> dict[str, Any]:
    """From the key on; the key is where the next page begins."""
    size, key = asked.get("page_size"), str(asked.get("next_key") or "0")
    if type(size) is not int or not 1 <= size <= 100 or not key.isdigit():
        raise Refusal(PARAMETER, "page_size或next_key不正确")
    end = int(key) + size
    return {name: found[int(key) : end], "has_more": end < len(found), "next_key": str(end)}
