"""Nuonuo as its clients see it: signed calls, invoices a moment later (wire-formats §4.3)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from integrations.invoices.nuonuo import (
    AGAIN,
    DONE,
    ISSUE,
    KNOWN,
    NOBODY,
    PATH,
    RED,
    RED_RESULT,
    RESULT,
)
from integrations.invoices.signing import nuonuo_sign
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox, Vendor
from integrations.signing import same

_WINDOW_S: Final = 300
_RATES: Final = ("0", "0.01", "0.03", "0.05", "0.06", "0.09", "0.13")
_TOLERANCE: Final = Decimal("0.06")  # what the tax bureau lets a line's tax differ by
_NEEDED: Final = ("orderNo", "invoiceDate", "buyerName", "salerTel", "salerAddress", "clerk")
Message = Mapping[str, Any]
Record = dict[str, Any]


class Outcome(BaseModel):
    """What becomes of the next invoices; `times` of them, red ones too."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["issued", "failed", "seal_failed", "buyer_confirms"]
    cause: str = Field(default="开票失败", max_length=200)
    times: int = Field(default=1, ge=0, le=100)


class NuonuoSandbox(Vendor):
    name = "nuonuo"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.nuonuo
        self._services: Mapping[str, Callable[[Message], Any]] = {
            ISSUE: self._issue,
            RESULT: self._results,
            AGAIN: self._again,
            RED: self._red,
            RED_RESULT: self._confirmations,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(name.rpartition(".")[2] for name in self._services)

    def app(self) -> FastAPI:
        app = FastAPI(title="Nuonuo sandbox", docs_url=None, redoc_url=None)

        @app.post(PATH)
        async def services(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            headers, query = dict(request.headers), dict(request.query_params)
            operation = headers.get("method", "").rpartition(".")[2]
            call = Call(self.name, operation, _key(text), text)
            throttled = Reply(b"", 429, executed=False)  # it documents no words of its own
            return await self.sandbox.serve(
                call, lambda: self._serve(headers, query, text), throttled=throttled
            )

        return app

    def controls(self) -> APIRouter:
        router = APIRouter(tags=[self.name])

        @router.get("/invoices")
        async def invoices() -> list[Record]:
            """As Nuonuo has them, the first first."""
            return self.invoices()

        @router.put("/outcome", status_code=204)
        async def outcome(given: Outcome) -> None:
            """Say what becomes of the next invoices."""
            self.sandbox.store.put(self.name, "settings", "outcome", given.model_dump())

        return router

    def acknowledged(self, status: int, body: bytes) -> bool:
        return False  # we ask; nothing is pushed

    def invoices(self) -> list[Record]:
        return self.sandbox.store.all(self.name, "invoice")

    def pass_time(self, now: datetime) -> None:
        """What was submitted is issued a moment later, or fails."""
        for held in self.invoices():
            if held["status"] == "20" and held["due"] <= now.timestamp():
                self._end(held)

    def _end(self, held: Record) -> None:
        match held["outcome"]:
            case "failed":
                held = {**held, "status": "22", "bill_status": "16"}
            case "seal_failed":
                held = {**held, "status": "24", "outcome": "issued"}
            case "buyer_confirms" if held["kind"] == "red":
                held = {**held, "bill_status": "02"}
            case _:
                number = f"26317000{self.sandbox.store.next_number(self.name, 'number'):012d}"
                url = f"https://inv.example.cn/{number}.pdf"
                held = {**held, "status": "2", "bill_status": "01", "number": number, "url": url}
        self._keep(held)

    def _serve(self, headers: Message, query: Mapping[str, str], text: str) -> Reply:
        try:
            self._let_in(headers, query, text)
            perform = self._services.get(headers.get("method", ""))
            if perform is None:
                raise Refusal("070103", "API不存在")
            return _answer(DONE, "成功", perform(_message(text)))
        except Refusal as no:
            return _answer(no.code, no.text, executed=False)

    def _let_in(self, headers: Message, query: Mapping[str, str], text: str) -> None:
        account, timestamp = self._account, query.get("timestamp", "")
        if query.get("appkey") != account.app_key:
            raise Refusal("070101", "appKey无效")
        if headers.get("accesstoken") != account.access_token:
            raise Refusal("070304", "accessToken无效")
        if headers.get("usertax") != account.tax_no:
            raise Refusal("070305", "税号未授权")
        senid, nonce = query.get("senid", ""), query.get("nonce", "")
        right = nuonuo_sign(
            account.app_secret, app_key=account.app_key, senid=senid, nonce=nonce,
            timestamp=timestamp, body=text,
        )  # fmt: skip
        is_shaped = len(senid) == 32 and len(nonce) == 8 and nonce.isdigit()
        if not is_shaped or not same(headers.get("x-nuonuo-sign", ""), right):
            raise Refusal("070306", "签名错误")
        if not _is_fresh(timestamp, self.sandbox.now()):
            raise Refusal("070307", "请求已过期")

    def _issue(self, asked: Message) -> Record:
        order = asked.get("order")
        if not isinstance(order, dict):
            raise Refusal("E0001", "order不能为空")
        if missing := [name for name in _NEEDED if not order.get(name)]:
            raise Refusal("E0001", f"{missing[0]}不能为空")
        key = str(order["orderNo"])
        if len(key) > 20:
            raise Refusal("E0001", "orderNo长度不能超过20")
        if order.get("salerTaxNum") != self._account.tax_no:
            raise Refusal("E0001", "销方税号不正确")
        if self.sandbox.store.get(self.name, "invoice", f"blue/{key}") is not None:
            raise Refusal(KNOWN, "订单编号重复，该订单已提交")
        lines = _lines(order.get("invoiceDetail"))
        for line in lines:
            _check_line(line)
        total = sum(_sum(line, "taxIncludedAmount") for line in lines)
        tax = sum(_sum(line, "tax") for line in lines)
        held = self._submit("blue", key, {
            "buyer": str(order["buyerName"]), "total": f"{total:.2f}", "tax": f"{tax:.2f}",
            "lines": lines, "line": str(order.get("invoiceLine", "")), "of": "", "back": "0.00",
        })  # fmt: skip
        return {"invoiceSerialNum": held["serial"]}

    def _red(self, asked: Message) -> str:
        key = str(asked.get("billId", ""))
        if not key or len(key) > 32:
            raise Refusal("E0001", "billId不正确")
        if self.sandbox.store.get(self.name, "invoice", f"red/{key}") is not None:
            raise Refusal("E0002", "billId重复")
        number = asked.get("blueElecInvoiceNumber")
        blue = next((one for one in self.invoices() if number and one["number"] == number), None)
        if blue is None or blue["kind"] != "blue":
            raise Refusal("E0003", "蓝票不存在")
        left = Decimal(blue["total"]) - Decimal(blue["back"])
        if "detail" in asked:
            lines = _lines(asked["detail"])
            net = sum(_sum(line, "taxExcludedAmount") for line in lines)
            tax = sum(_sum(line, "taxAmount") for line in lines)
            back = -(net + tax)
            for line in lines:
                self._check_back(line, blue, key)
        else:
            lines, back, tax = [], Decimal(blue["total"]), -Decimal(blue["tax"])
        if not 0 < back <= left:
            raise Refusal("E0004", "红冲金额超过蓝票剩余可红冲金额")
        self._keep({**blue, "back": f"{Decimal(blue['back']) + back:.2f}"})
        self._submit("red", key, {
            "buyer": blue["buyer"], "total": f"{-back:.2f}", "tax": f"{tax:.2f}", "lines": lines,
            "line": blue["line"], "of": blue["number"], "back": "0.00",
        })  # fmt: skip
        return key

    def _check_back(self, line: Message, blue: Record, key: str) -> None:
        index = str(line.get("blueDetailIndex", ""))
        if not index.isdigit() or not 1 <= int(index) <= len(blue["lines"]):
            raise Refusal("E0004", "blueDetailIndex不正确")
        before = [
            one
            for red in self.invoices()
            if red["of"] == blue["number"]
            for one in red["lines"]
            if str(one.get("blueDetailIndex")) == index
        ]
        of = blue["lines"][int(index) - 1]
        net = -sum(_sum(one, "taxExcludedAmount") for one in (*before, line))
        tax = -sum(_sum(one, "taxAmount") for one in (*before, line))
        if net > _sum(of, "taxExcludedAmount") or tax > _sum(of, "tax"):
            raise Refusal("E0004", f"第{index}行红冲金额超过蓝票")

    def _results(self, asked: Message) -> list[Record]:
        serials, keys = asked.get("serialNos") or [], asked.get("orderNos") or []
        found = [
            one
            for one in self.invoices()
            if one["serial"] in serials or (one["kind"] == "blue" and one["key"] in keys)
        ]
        if not found:
            raise Refusal(NOBODY, "未查询到发票信息")
        return [
            {
                "serialNo": one["serial"], "orderNo": one["key"], "status": one["status"],
                "failCause": one["cause"] if one["status"] in ("22", "24") else "",
                "allElectronicInvoiceNumber": one["number"], "pdfUrl": one["url"],
                "invoiceTime": int(one["due"] * 1000), "buyerName": one["buyer"],
            }
            for one in found
        ]  # fmt: skip

    def _again(self, asked: Message) -> Record:
        held = self.sandbox.store.get(self.name, "invoice", f"blue/{asked.get('orderno')}")
        if held is None or held["serial"] != asked.get("fpqqlsh"):
            raise Refusal(NOBODY, "未查询到发票信息")
        if held["status"] == "24":
            self._keep({**held, "status": "20", "due": self._later()})
        return {"invoiceSerialNum": held["serial"]}

    def _confirmations(self, asked: Message) -> Record:
        held = self.sandbox.store.get(self.name, "invoice", f"red/{asked.get('billId')}")
        if held is None:
            raise Refusal(NOBODY, "未查询到红字确认单")
        told = {
            "billId": held["key"], "billStatus": held["bill_status"],
            "billMessage": held["cause"] if held["bill_status"] == "16" else "",
            "openStatus": "1" if held["status"] == "2" else "0", "orderNo": held["key"],
            "invoiceSerialNum": held["serial"] if held["status"] == "2" else "",
            "redInvoiceNumber": held["number"],
        }  # fmt: skip
        return {"total": 1, "list": [told]}

    def _submit(self, kind: str, key: str, told: Record) -> Record:
        given = self.sandbox.store.get(self.name, "settings", "outcome") or {"times": 0}
        outcome, cause = "issued", ""
        if given["times"] > 0:
            outcome, cause = given["outcome"], given["cause"]
            left = {**given, "times": given["times"] - 1}
            self.sandbox.store.put(self.name, "settings", "outcome", left)
        number = self.sandbox.store.next_number(self.name, "serial")
        held = {
            **told, "kind": kind, "key": key, "serial": f"26{number:018d}", "status": "20",
            "bill_status": "15", "outcome": outcome, "cause": cause, "number": "", "url": "",
            "due": self._later(), "at": self.sandbox.now().isoformat(),
        }  # fmt: skip
        self._keep(held)
        return held

    def _later(self) -> float:
        return self.sandbox.now().timestamp() + self._account.issues_after_s

    def _keep(self, held: Record) -> None:
        self.sandbox.store.put(self.name, "invoice", f"{held['kind']}/{held['key']}", held)


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= _WINDOW_S


def _check_line(line: Message) -> None:
    """A line as the tax bureau takes it."""
    name, code = line.get("goodsName"), str(line.get("goodsCode", ""))
    if not name or len(str(name)) > 92:
        raise Refusal("E0001", "goodsName不正确")
    if len(code) != 19 or not code.isdigit():
        raise Refusal("E0001", f"商品编码{code}不正确")
    if line.get("taxRate") not in _RATES:
        raise Refusal("E0001", f"税率{line.get('taxRate')}不正确")
    net, tax = _sum(line, "taxExcludedAmount"), _sum(line, "tax")
    total = _sum(line, "taxIncludedAmount")
    if net + tax != total or abs(net * Decimal(str(line["taxRate"])) - tax) > _TOLERANCE:
        raise Refusal("E0001", "金额税额不一致")
    price, units = _number(line, "price"), _number(line, "num")
    if abs(price * units - total) > Decimal("0.01"):
        raise Refusal("E0001", "单价数量与金额不一致")


def _lines(told: object) -> list[Record]:
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        raise Refusal("E0001", "发票明细不能为空")
    return told


def _number(line: Message, name: str) -> Decimal:
    try:
        told = Decimal(str(line.get(name, "")))
    except InvalidOperation:
        raise Refusal("E0001", f"{name}不正确") from None
    if not told.is_finite():
        raise Refusal("E0001", f"{name}不正确")
    return told


def _sum(line: Message, name: str) -> Decimal:
    told = _number(line, name)
    if told != round(told, 2):
        raise Refusal("E0001", f"{name}不正确")
    return told


def _answer(code: str, words: str, result: Any = None, *, executed: bool = True) -> Reply:
    told: Record = {"code": code, "describe": words}
    if result is not None:
        told["result"] = result
    return Reply(json.dumps(told, ensure_ascii=False).encode(), executed=executed)


def _message(text: str) -> Message:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refusal("E0001", "请求内容不是JSON")
    return told


def _key(text: str) -> str:
    """Our key in what was sent, for the log of calls."""
    try:
        told = _message(text)
    except Refusal:
        return ""
    order = told.get("order")
    found = order.get("orderNo") if isinstance(order, dict) else told.get("billId")
    return str(found or "")[:40]
