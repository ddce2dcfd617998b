"""Douyin as its clients see it: signed calls, orders, parcels, stock, after-sales, pushes.

The gateway is /douyin/{path}; what buyers do is done below /sandbox/douyin.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.marketplaces.douyin import RENEW
from integrations.sandbox.demo_shop import some_buyer
from integrations.sandbox.douyin_cases import DouyinCaseDesk
from integrations.sandbox.douyin_gateway import admit, message
from integrations.sandbox.douyin_orders import (
    CANCELLED,
    DEPOSIT_PAID,
    PART_SHIPPED,
    REFUNDED_BEFORE_SHIPPING,
    REVIEWED,
    TO_SHIP,
    UNPAID,
    make_order,
    modified_of,
    pay,
    send,
    set_status,
    shown,
)
from integrations.sandbox.douyin_requests import (
    PLATFORM,
    Asked,
    No,
    asked_of,
    done,
    invalid,
    not_possible,
    page_of,
    refused,
    span_of,
)
from integrations.sandbox.douyin_waybills import DouyinWaybillDesk
from integrations.sandbox.framework import Call, Reply, Sandbox
from integrations.sandbox.order_controls import STOCK, AskRefund, Order, OrderVendor
from integrations.sandbox.tokens import Tokens
from integrations.sandbox.top_controls import Change, NewTrades
from integrations.sandbox.top_trades import Sold

_CASE: Final = "case"
_USED: Final = "idempotent_id"
_ASKED, _REFUNDED = 6, 12  # aftersale_status
# What is pushed when a case comes to a status.
_TAGS: Final = {6: 200, 7: 202, 11: 203, 12: 206, 27: 204, 28: 207}
_COMPANIES: Final = (
    (12, "shunfeng", "顺丰速运"),
    (7, "yuantong", "圆通速递"),
    (15, "zhongtong", "中通快递"),
    (8, "shentong", "申通快递"),
    (9, "yunda", "韵达快递"),
    (19, "ems", "EMS"),
    (17, "jd", "京东快递"),
)


class DouyinSandbox(OrderVendor):
    name = "douyin"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.douyin
        self._waybills = DouyinWaybillDesk(sandbox, self.name)
        self._desk = DouyinCaseDesk(self._find_case, self._answered)
        self._methods = {
            "/order/searchList": self._search,
            "/order/orderDetail": self._detail,
            "/order/logisticsAdd": self._ship,
            "/order/logisticsAddMultiPack": self._ship_packs,
            "/order/logisticsCompanyList": self._companies,
            "/sku/syncStock": self._set_stock,
            "/afterSale/List": self._cases,
            "/afterSale/Detail": self._desk.detail,
            "/afterSale/operate": self._desk.operate,
            "/logistics/newCreateOrder": self._waybills.get,
            "/logistics/waybillApply": self._waybills.apply,
            "/logistics/cancelOrder": self._waybills.cancel,
            RENEW: self._trade,
        }
        self._tokens = Tokens(sandbox, self.name, self._account)

    def app(self) -> FastAPI:
        app = FastAPI(title="Douyin sandbox")

        @app.post("/{path:path}")
        async def gateway(path: str, request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace")
            query, asked, operation = dict(request.query_params), asked_of(body), f"/{path}"
            ref = str(asked.get("shop_order_id") or asked.get("order_id") or "")
            call = Call(self.name, operation, ref, body)
            throttled = refused(60000, "isv.api-flow-limit", "触发限流，请稍后重试")
            return await self.sandbox.serve(
                call, lambda: self._serve(operation, query, asked), throttled=throttled
            )

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        """Exactly the words Douyin waits for, whatever the spaces."""
        try:
            return status == 200 and json.loads(body) == {"code": 0, "msg": "success"}
        except ValueError:
            return False

    def controls(self) -> APIRouter:
        router = super().controls()
        self._waybills.add_controls(router)
        return router

    def place(self, new: NewTrades, lines: list[Sold]) -> Order:
        now = self.sandbox.now()
        number = 6_900_000_000_000_000_000 + 1000 * self.sandbox.store.next_number(
            self.name, "order"
        )
        order = make_order(
            number,
            lines,
            some_buyer(self.chance),
            self.chance,
            now,
            postage=new.post_fee,
            masked=new.masked,
            presale=new.presale,
            shop_id=self._account.shop_id,
        )
        self._push(100, order, create_time=order["create_time"])
        if new.paid:
            pay(order, now, deposit_only=False)
            self._push_paid(order)
        return order

    def number_of(self, order: Order) -> str:
        return str(order["order_id"])

    def modified_of(self, order: Order) -> datetime:
        return modified_of(order)

    def pay(self, order: Order, *, deposit_only: bool) -> None:
        presale = order["trade_type"] == 2
        if order["order_status"] != UNPAID or (deposit_only and not presale):
            raise HTTPException(409, "the order is not waiting for this payment")
        pay(order, self.touched(order), deposit_only=deposit_only)
        if order["main_status"] != DEPOSIT_PAID:
            self._push_paid(order)

    def modify(self, order: Order, change: Change) -> None:
        """`status` sets any order_status, known to us or not."""
        receiver = {
            "receiver": change.receiver_name,
            "tel": change.receiver_mobile,
            "detail": change.receiver_address,
        }
        order["plain"].update({name: text for name, text in receiver.items() if text})
        places = {
            "province": change.receiver_state,
            "city": change.receiver_city,
            "town": change.receiver_district,
        }
        for name, text in places.items():
            if text is not None:
                order["post_addr"][name]["name"] = text
        words = {"seller_words": change.seller_memo, "buyer_words": change.buyer_message}
        order.update({name: text for name, text in words.items() if text is not None})
        if change.status is not None:
            order["order_status"] = (
                int(change.status) if change.status.isdecimal() else change.status
            )
        self._touch(order)
        if any((*receiver.values(), *places.values())):
            self._push(105, order, update_time=order["update_time"])

    def refund(self, order: Order, asked: AskRefund) -> None:
        """A case of the order's first line; asked again it goes on with the one there is."""
        status = int(asked.refund_status or _ASKED)
        self._touch(order)
        line = order["sku_order_list"][0]
        sent = bool(order["logistics_info"])
        kind = (0 if asked.with_return else 1) if sent else 2
        known = self.sandbox.store.get(self.name, _CASE, order["order_id"])
        case = known or {
            "aftersale_id": str(7_100_000 + self.sandbox.store.next_number(self.name, _CASE)),
            "aftersale_type": kind,
            "apply_time": order["update_time"],
            "refund_amount": line["pay_amount"],
        }
        case |= {"aftersale_status": status, "update_time": order["update_time"]}
        line["after_sale_info"] = {
            "after_sale_status": status,
            "after_sale_type": case["aftersale_type"],
            "refund_status": 3 if status == _REFUNDED else 1,
        }
        if status in (27, 28):
            line["after_sale_info"]["refund_status"] = 0
        if status == _REFUNDED and kind == 2:
            line["order_status"] = CANCELLED
            if all(one["order_status"] == CANCELLED for one in order["sku_order_list"]):
                self._cancel(order)
        self.sandbox.store.put(self.name, _CASE, order["order_id"], {**case, "order": order})
        self._push(_TAGS.get(status, 208), order, s_id=int(line["order_id"]), **_told(case))

    def close(self, order: Order) -> None:
        """Never paid: cancelled. Paid: all the money went back."""
        self._touch(order)
        self._cancel(order)
        self._push(106, order, cancel_time=order["update_time"])

    def freeze(self, order: Order, *, frozen: bool) -> None:
        set_status(order, REVIEWED if frozen else TO_SHIP)
        self._touch(order)
        if not frozen:
            self._push_paid(order)

    def _cancel(self, order: Order) -> None:
        set_status(order, CANCELLED)
        if order["pay_time"]:
            order["main_status"] = REFUNDED_BEFORE_SHIPPING

    def _touch(self, order: Order) -> None:
        order["update_time"] = int(self.touched(order).timestamp())

    def _push_paid(self, order: Order) -> None:
        paid = {"pay_time": order["pay_time"], "pay_amount": order["pay_amount"]}
        self._push(110, order, pay_type=order["pay_type"], biz=2, **paid)

    def _push(self, tag: int, order: Order, **more: Any) -> None:
        data = {
            "p_id": int(order["order_id"]),
            "s_ids": [int(line["order_id"]) for line in order["sku_order_list"]],
            "shop_id": int(self._account.shop_id),
            "order_status": order["order_status"],
            "order_type": 0,
            **more,
        }
        number = self.sandbox.store.next_number(self.name, "message")
        outgoing = message(self._account, tag, number, data, order["order_id"])
        self.sandbox.pushes.send(self.name, outgoing)

    def _serve(self, path: str, query: Mapping[str, str], asked: Asked) -> Reply:
        try:
            if (method := self._methods.get(path)) is None:
                raise No(70000, "isp.api-service-off", "API不存在或API已下线")
            admit(self._account, path, query, asked, self.sandbox.now(), self._tokens.serves)
            return done(method(asked))
        except No as no:
            return refused(no.number, no.code, no.text)

    def _trade(self, asked: Asked) -> dict[str, Any]:
        told = self._tokens.trade(str(asked.get("refresh_token", "")))
        if told is None or asked.get("grant_type") != "refresh_token":
            raise No(30001, "isv.refresh-token-invalid", "refresh_token不正确或已失效")
        return told

    def _search(self, asked: Asked) -> dict[str, Any]:
        start, end = span_of(asked, "update_time_start", "update_time_end")
        found = self.updated_within(start, end)
        if asked.get("order_asc"):
            found.reverse()
        listed = page_of(asked, [shown(order) for order in found])
        return {
            "page": asked["page"],
            "size": len(listed),
            "total": len(found),
            "shop_order_list": listed,
        }

    def _detail(self, asked: Asked) -> dict[str, Any]:
        return {"shop_order_detail": shown(self._known(str(asked.get("shop_order_id", ""))))}

    def _ship(self, asked: Asked) -> dict[str, Any]:
        order = self._sendable(asked)
        self._pack(order, {}, asked)
        self._shipped(order)
        return {}

    def _ship_packs(self, asked: Asked) -> dict[str, Any]:
        """The same `request_id` again changes nothing."""
        order, request_id = self._known(str(asked.get("order_id", ""))), asked.get("request_id")
        packs = asked.get("pack_list")
        if not request_id or not isinstance(packs, list) or not packs:
            raise invalid("request_id或pack_list不能为空")
        if request_id in order["packs"]:
            return {}
        order = self._sendable(asked)
        for pack in packs:
            units = {
                str(one.get("shipped_order_id")): int(one.get("shipped_num", 0))
                for one in pack.get("shipped_order_info", [])
            }
            self._pack(order, units, pack)
        order["packs"].append(request_id)
        self._shipped(order)
        return {}

    def _sendable(self, asked: Asked) -> Order:
        order = self._known(str(asked.get("order_id", "")))
        if order["order_status"] not in (TO_SHIP, PART_SHIPPED):
            raise not_possible("订单状态不正确，发货失败")
        return order

    def _pack(self, order: Order, units: Mapping[str, int], told: Asked) -> None:
        company, waybill_no = told.get("company_code"), told.get("logistics_code")
        if company not in {code for _, code, _ in _COMPANIES} or not waybill_no:
            raise invalid("物流公司或运单号不正确")
        if not send(order, units, str(waybill_no), str(company)):
            raise not_possible("商品已发货或数量不正确")

    def _shipped(self, order: Order) -> None:
        self._touch(order)
        self.keep(order)
        partly = order["order_status"] == PART_SHIPPED
        self._push(108 if partly else 102, order, ship_time=order["update_time"])

    def _companies(self, asked: Asked) -> list[dict[str, Any]]:
        return [{"id": id, "code": code, "name": name} for id, code, name in _COMPANIES]

    def _set_stock(self, asked: Asked) -> dict[str, Any]:
        sku = str(asked.get("sku_id") or asked.get("out_sku_id") or "")
        units, key = asked.get("stock_num"), str(asked.get("idempotent_id") or "")
        if not sku or type(units) is not int or not 0 <= units < 10**9:
            raise invalid("sku_id或stock_num不正确")
        if key and self.sandbox.store.get(self.name, _USED, key) is not None:
            raise No(PLATFORM, "isv.idempotent-id-existed", "幂等ID重复")
        known = self.sandbox.store.get(self.name, STOCK, sku) or {"quantity": 0}
        quantity = units + (known["quantity"] if asked.get("incremental") else 0)
        self.sandbox.store.put(self.name, STOCK, sku, {"sku": sku, "quantity": quantity})
        if key:
            self.sandbox.store.put(self.name, _USED, key, {"sku": sku})
        return {}

    def _cases(self, asked: Asked) -> dict[str, Any]:
        start, end = span_of(asked, "update_start_time", "update_end_time")
        found = [
            {
                "aftersale_info": _told(case) | {"related_id": case["order"]["order_id"]},
                "order_info": {
                    "shop_order_id": case["order"]["order_id"],
                    "related_order_info": [
                        {"sku_order_id": case["order"]["sku_order_list"][0]["order_id"]}
                    ],
                },
                "text_part": {"reason_text": "不想要了"},
            }
            for case in self.sandbox.store.all(self.name, _CASE)
            if start.timestamp() <= case["update_time"] <= end.timestamp()
        ]
        return {"total": len(found), "items": page_of(asked, found)}

    def _find_case(self, number: str) -> dict[str, Any] | None:
        cases = self.sandbox.store.all(self.name, _CASE)
        return next((case for case in cases if case["aftersale_id"] == number), None)

    def _answered(self, case: Mapping[str, Any], status: int) -> None:
        """The case goes on as the seller said, and tells so."""
        order = self._known(case["order"]["order_id"])
        asked = AskRefund(refund_status=str(status), with_return=case["aftersale_type"] == 0)
        self.refund(order, asked)
        self.keep(order)

    def _known(self, number: str) -> Order:
        order = self.order(number)
        if order is None:
            raise not_possible("订单不存在")
        return order


def _told(case: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name != "order"}
