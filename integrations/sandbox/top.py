"""TOP as its clients see it: signed calls, its error codes, trades one can pay, change and close.

The gateway is /top/router/rest; what buyers do is done below /sandbox/top.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import Response

from integrations.marketplaces.reading import read_china_time
from integrations.marketplaces.signing import TopSignMethod, top_sign
from integrations.sandbox.demo_shop import some_basket, some_buyer
from integrations.sandbox.framework import Call, Reply, Sandbox, Vendor
from integrations.sandbox.top_cases import TopCaseDesk
from integrations.sandbox.top_controls import Change, Closing, NewTrades, Payment, Refund, Stock
from integrations.sandbox.top_queue import MESSAGE, TopQueue
from integrations.sandbox.top_refunds import REFUND, found_refunds, make_refund
from integrations.sandbox.top_requests import Form, Refusal, number_of, refused, reply, time_of
from integrations.sandbox.top_stock import Shelf
from integrations.sandbox.top_trades import (
    Sold,
    Trade,
    close,
    make_trade,
    pay,
    send,
    set_status,
    touch,
)
from integrations.sandbox.top_waybills import TopWaybillDesk
from integrations.signing import same

_WINDOW: Final = timedelta(minutes=10)
_LONGEST_SPAN: Final = timedelta(days=1)
_FEWEST_MESSAGES: Final = 10
_BAN: Final = "This ban will last for 1 more seconds"
_MISSING: Final = (
    ("method", 21, "Missing Method"),
    ("app_key", 28, "Missing App Key"),
    ("timestamp", 30, "Missing Timestamp"),
    ("v", 32, "Missing Version"),
    ("sign", 24, "Missing Signature"),
    ("session", 26, "Missing Session"),
)


class TopSandbox(Vendor):
    name = "top"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.top
        self._queue = TopQueue(sandbox, self.name)
        self._shelf = Shelf(sandbox, self.name)
        self._waybills = TopWaybillDesk(sandbox, self.name)
        self._cases = TopCaseDesk(sandbox.store, self.name, self._account, self._answered)
        self._chance = random.Random(sandbox.settings.seed)
        self._methods: Mapping[str, Callable[[Form], Mapping[str, Any]]] = {
            "taobao.trades.sold.increment.get": self._increment,
            "taobao.trade.fullinfo.get": self._fullinfo,
            "taobao.logistics.offline.send": self._send,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.skus.quantity.update": self._shelf.set_skus,
            "taobao.item.quantity.update": self._shelf.set_item,
            "cainiao.waybill.ii.get": self._waybills.get,
            "cainiao.waybill.ii.cancel": self._waybills.cancel,
            "cainiao.waybill.ii.query.by.tradecode": self._waybills.by_order,
            **self._cases.methods,
            "taobao.tmc.user.permit": self._permit,
            "taobao.tmc.messages.consume": self._consume,
            "taobao.tmc.messages.confirm": self._confirm,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._methods)

    def app(self) -> FastAPI:
        app = FastAPI(title="TOP sandbox", docs_url=None, redoc_url=None)

        @app.post("/router/rest")
        async def gateway(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = dict(parse_qsl(text, keep_blank_values=True))
            call = Call(self.name, form.get("method", ""), form.get("tid", ""), text)
            throttled = refused(
                7, "App Call Limited", "accesscontrol.limited-by-app-access-count", _BAN
            )
            return await self.sandbox.serve(call, lambda: self._serve(form), throttled=throttled)

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        """TOP calls nobody: we pull, and take its messages out of a queue."""
        return True

    def controls(self) -> APIRouter:
        router = APIRouter(tags=["TOP"])

        @router.get("/trades")
        async def trades() -> list[Trade]:
            return self.sandbox.store.all(self.name, "trade")

        @router.post("/trades", status_code=201)
        async def create(new: NewTrades) -> list[Trade]:
            """Buyers order, and pay unless told otherwise."""
            return [self._sell(new) for _ in range(new.count)]

        @router.post("/trades/{tid}/pay")
        async def pay_trade(tid: str, payment: Payment) -> Trade:
            return self._change(tid, "pay", lambda trade: self._pay(trade, payment.deposit_only))

        @router.post("/trades/{tid}/modify")
        async def modify(tid: str, change: Change) -> Trade:
            return self._change(tid, "modify", lambda trade: self._modify(trade, change))

        @router.post("/trades/{tid}/refund")
        async def refund(tid: str, asked: Refund) -> Trade:
            return self._change(tid, "", lambda trade: self._refund(trade, asked))

        @router.post("/trades/{tid}/close")
        async def close_trade(tid: str, closing: Closing) -> Trade:
            now = self.sandbox.now()
            return self._change(tid, "close", lambda trade: self._close(trade, now, closing.oid))

        @router.get("/refunds")
        async def refunds() -> list[dict[str, Any]]:
            return self.sandbox.store.all(self.name, REFUND)

        @router.get("/messages")
        async def messages() -> list[dict[str, Any]]:
            """What waits in the queue, or for its confirmation."""
            return self.sandbox.store.all(self.name, MESSAGE)

        @router.get("/stock")
        async def stock() -> list[dict[str, Any]]:
            """What we told it that it may sell."""
            return self._shelf.all()

        @router.put("/stock/{num_iid}")
        async def set_stock(num_iid: str, given: Stock) -> dict[str, Any]:
            if not self._shelf.set(num_iid, given.quantity):
                raise HTTPException(404, "no such listing")
            return {"num_iid": num_iid, "quantity": given.quantity}

        self._waybills.add_controls(router)
        return router

    def sell(self, count: int, *, masked: bool = False) -> None:
        for _ in range(count):
            self._sell(NewTrades(masked=masked))

    def _sell(self, new: NewTrades) -> Trade:
        now = self.sandbox.now()
        number = self.sandbox.store.next_number(self.name, "trade")
        lines = [Sold(line.sku, line.title or line.sku, line.price, line.num) for line in new.lines]
        lines = lines or [
            Sold(product.sku, product.title, product.price, num)
            for product, num in some_basket(self._chance)
        ]
        trade = make_trade(
            2_600_000_000_000_000 + number,
            lines,
            some_buyer(self._chance),
            self._chance,
            now,
            post_fee=new.post_fee,
            masked=new.masked,
            presale=new.presale,
        )
        if new.paid:
            pay(trade, now)
        self._keep(trade, "create")
        if new.paid:
            self._queue.trade("pay", trade)
        for line in lines:
            self._shelf.list(line.sku)
        return trade

    def _change(self, tid: str, what: str, change: Callable[[Trade], None]) -> Trade:
        trade = self.sandbox.store.get(self.name, "trade", tid)
        if trade is None:
            raise HTTPException(404, "no such trade")
        change(trade)
        self._keep(trade, what)
        return trade

    def _pay(self, trade: Trade, deposit_only: bool) -> None:
        if trade["status"] != "WAIT_BUYER_PAY":
            raise HTTPException(409, "the trade is not waiting for payment")
        pay(trade, self.sandbox.now(), deposit_only=deposit_only)

    def _modify(self, trade: Trade, change: Change) -> None:
        trade.update(change.model_dump(exclude_none=True, exclude={"status"}))
        if change.status is not None:
            set_status(trade, change.status)
        touch(trade, self.sandbox.now())

    def _refund(self, trade: Trade, asked: Refund) -> None:
        touch(trade, self.sandbox.now())
        for order in trade["orders"]["order"]:
            if not asked.oid or str(order["oid"]) == asked.oid:
                order["refund_status"] = asked.refund_status
                self._keep_refund(trade, order, with_return=asked.with_return)

    def _answered(self, refund: Mapping[str, Any], status: str) -> None:
        """A refund goes on as the seller said, and tells so."""
        asked = Refund(
            oid=str(refund["oid"]), refund_status=status, with_return=refund["has_good_return"]
        )
        self._change(str(refund["tid"]), "", lambda trade: self._refund(trade, asked))

    def _close(self, trade: Trade, now: datetime, oid: str) -> None:
        close(trade, now, oid)
        for order in trade["orders"]["order"]:
            if order["refund_status"] == "SUCCESS" and (not oid or str(order["oid"]) == oid):
                self._keep_refund(trade, order, with_return=False)

    def _keep_refund(self, trade: Trade, order: Mapping[str, Any], *, with_return: bool) -> None:
        status = order["refund_status"]
        refund = make_refund(trade, order, status, self.sandbox.now(), with_return=with_return)
        self.sandbox.store.put(self.name, REFUND, str(refund["refund_id"]), refund)
        self._queue.refund(refund)

    def _keep(self, trade: Trade, what: str) -> None:
        """Store it and queue the message of it, if there is one."""
        self.sandbox.store.put(self.name, "trade", str(trade["tid"]), trade)
        if what:
            self._queue.trade(what, trade)

    def _serve(self, form: Form) -> Reply:
        try:
            self._admit(form)
            method = self._methods.get(form["method"])
            if method is None:
                raise Refusal(22, "Invalid Method")
            key = form["method"].removeprefix("taobao.").replace(".", "_") + "_response"
            return reply({key: method(form)})
        except Refusal as no:
            return no.reply

    def _admit(self, form: Form) -> None:
        """The checks of the gateway, in the order it makes them."""
        for name, code, msg in _MISSING:
            if not form.get(name):
                raise Refusal(code, msg)
        if form["app_key"] != self._account.app_key:
            raise Refusal(29, "Invalid App Key")
        if abs(self.sandbox.now() - time_of(form, "timestamp", 31)) > _WINDOW:
            raise Refusal(31, "Invalid Timestamp")
        if form["v"] != "2.0":
            raise Refusal(33, "Invalid Version")
        if form.get("format") != "json":
            raise Refusal(23, "Invalid Format")
        try:
            sign_method = TopSignMethod(form.get("sign_method", ""))
        except ValueError:
            raise Refusal(25, "Invalid Signature") from None
        if not same(form["sign"], top_sign(sign_method, form, self._account.app_secret)):
            raise Refusal(25, "Invalid Signature")
        if form["session"] not in self._account.sessions:
            raise Refusal(27, "Invalid Session", "invalid-sessionkey", "SessionKey非法")

    def _increment(self, form: Form) -> Mapping[str, Any]:
        start, end = time_of(form, "start_modified", 41), time_of(form, "end_modified", 41)
        if end < start or end - start > _LONGEST_SPAN:
            raise Refusal(41, "Invalid Arguments", "isv.invalid-parameter:end_modified", "超过1天")
        page, size = number_of(form, "page_no", 1, 10_000), number_of(form, "page_size", 40, 100)
        found = [
            trade
            for trade in self.sandbox.store.all(self.name, "trade")
            if start <= read_china_time(trade["modified"]) <= end
        ]
        found.sort(key=lambda trade: (trade["modified"], trade["tid"]), reverse=True)
        fields = form.get("fields", "").split(",")
        shown = [
            {name: trade[name] for name in fields if name in trade}
            for trade in found[(page - 1) * size : page * size]
        ]
        if form.get("use_has_next") == "true":
            return {"trades": {"trade": shown}, "has_next": page * size < len(found)}
        return {"trades": {"trade": shown}, "total_results": len(found)}

    def _fullinfo(self, form: Form) -> Mapping[str, Any]:
        fields = form.get("fields", "").split(",")
        trade = self._trade(form)
        return {"trade": {name: trade[name] for name in fields if name in trade}}

    def _send(self, form: Form) -> Mapping[str, Any]:
        for name in ("out_sid", "company_code"):
            if not form.get(name):
                raise Refusal(40, "Missing Required Arguments", f"isv.missing-parameter:{name}")
        trade = self._trade(form)
        split_off = form.get("is_split") == "1"
        oids = [oid for oid in form.get("sub_tid", "").split(",") if oid and split_off]
        now = self.sandbox.now()
        if not send(trade, form["out_sid"], form["company_code"], oids, now):
            raise Refusal(
                15,
                "Remote service error",
                "isv.logistics-offline-service-error:B04",
                "订单状态不对该物流订单已经发货或者已关闭，不能重复发货",
            )
        whole = trade["status"] != "SELLER_CONSIGNED_PART"
        self._keep(trade, "send" if whole else "send_part")
        return {"shipping": {"is_success": True}}

    def _refunds(self, form: Form) -> Mapping[str, Any]:
        return found_refunds(self.sandbox.store, self.name, form)

    def _permit(self, form: Form) -> Mapping[str, Any]:
        self._queue.permit(form.get("topics", ""))
        return {"is_success": True}

    def _consume(self, form: Form) -> Mapping[str, Any]:
        quantity = number_of(form, "quantity", 100, 200)
        if quantity < _FEWEST_MESSAGES:
            raise Refusal(41, "Invalid Arguments", "isv.invalid-parameter:quantity")
        return self._queue.consume(quantity)

    def _confirm(self, form: Form) -> Mapping[str, Any]:
        self._queue.confirm(form.get("s_message_ids", ""))
        return {"is_success": True}

    def _trade(self, form: Form) -> Trade:
        trade = self.sandbox.store.get(self.name, "trade", form.get("tid", ""))
        if trade is None:
            raise Refusal(15, "Remote service error", "isv.trade-not-exist", "交易不存在")
        return trade
