"""Alipay's gateway as merchants see it: signed forms, answers signed over their text (§3.2, §7)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request
from starlette.responses import Response

from domain.shared.money import Money
from integrations.payments.reading import read_china_time, write_china_time
from integrations.payments.signing import alipay_string, rsa_genuine, rsa_sign
from integrations.sandbox.demo_keys import demo_key
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.payments import (
    PROCESSING,
    NotEnough,
    PaymentSandbox,
    Record,
    RefundFate,
    TooMuch,
    UsedOtherwise,
)
from integrations.sandbox.pushes import Outgoing

_WINDOW: Final = timedelta(minutes=10)
_CNY: Final = "CNY"


class AlipaySandbox(PaymentSandbox):
    name = "alipay"
    instant = True

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.alipay
        self._methods: Mapping[str, Callable[[Record], Record]] = {
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._query,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._methods)

    def app(self) -> FastAPI:
        app = FastAPI(title="Alipay sandbox", docs_url=None, redoc_url=None)

        @app.api_route("/gateway.do", methods=["GET", "POST"])
        async def gateway(request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            form = {**dict(request.query_params), **dict(parse_qsl(text, max_num_fields=1000))}
            content = _content(form)
            method = form.get("method", "")
            call = Call(self.name, method, str(content.get("out_request_no", "")), text)
            limited = {"code": "40005", "msg": "Request Limit", "sub_msg": "应用调用次数超限"}
            limited["sub_code"] = "isv.app-call-limited"
            throttled = self._reply(method, limited, executed=False)
            return await self.sandbox.serve(call, lambda: self._serve(form), throttled=throttled)

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and body.strip() == b"success"

    def transaction_id(self, number: int) -> str:
        return f"{self.sandbox.now():%Y%m%d}2200{number:016d}"

    def payment_push(self, payment: Record) -> Outgoing:
        return self._push(payment, payment["order_no"], {})

    def refund_push(self, refund: Record, payment: Record) -> Outgoing | None:
        if refund["status"] != RefundFate.SUCCEEDED:
            return None  # Alipay tells only of refunds that were paid
        told = {
            "out_biz_no": refund["refund_no"],
            "refund_fee": _yuan(self.refunded(payment)),
            "gmt_refund": write_china_time(datetime.fromisoformat(refund["ended_at"])),
        }
        return self._push(payment, refund["refund_no"], told)

    def _push(self, payment: Record, ref: str, more: Mapping[str, str]) -> Outgoing:
        whole = self.refunded(payment) == payment["amount"]
        form = {
            "notify_id": f"{self.sandbox.store.next_number(self.name, 'notice'):032x}",
            "notify_type": "trade_status_sync",
            "notify_time": write_china_time(self.sandbox.now()),
            "app_id": self._account.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": payment["transaction_id"],
            "out_trade_no": payment["merchant_ref"],
            "trade_status": "TRADE_CLOSED" if whole else "TRADE_SUCCESS",
            "total_amount": _yuan(payment["amount"]),
            "gmt_payment": write_china_time(datetime.fromisoformat(payment["paid_at"])),
            "passback_params": payment["order_no"],
            **more,
        }
        signature = rsa_sign(demo_key(self._account.platform), alipay_string(form))
        signed = {**form, "sign_type": "RSA2", "sign": signature}
        headers = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
        return Outgoing(self._account.push_path, ref, urlencode(signed).encode(), headers)

    def _serve(self, form: Mapping[str, str]) -> Reply:
        method = form.get("method", "")
        try:
            self._admit(form)
            perform = self._methods.get(method)
            if perform is None:
                raise Refusal("isv.invalid-method", "不存在的方法名")
            return self._reply(
                method, {"code": "10000", "msg": "Success", **perform(form_of(form))}
            )
        except Refusal as no:
            business = no.code.startswith("ACQ.")
            refused = {
                "code": "40004" if business else "40002",
                "msg": "Business Failed" if business else "Invalid Arguments",
                "sub_code": no.code,
                "sub_msg": no.text,
            }
            return self._reply(method, refused, executed=False)

    def _admit(self, form: Mapping[str, str]) -> None:
        if form.get("app_id") != self._account.app_id:
            raise Refusal("isv.invalid-app-id", "无效的AppID参数")
        if form.get("sign_type") != "RSA2":
            raise Refusal("isv.invalid-signature-type", "无效的签名类型")
        key = demo_key(self._account.merchant).public_key()
        message = alipay_string(form).encode("utf-8", "replace")
        if not rsa_genuine(key, form.get("sign", ""), message):
            raise Refusal("isv.invalid-signature", "无效签名")
        try:
            sent_at = read_china_time(form.get("timestamp", ""))
        except ValueError:
            raise Refusal("isv.invalid-timestamp", "非法的时间戳参数") from None
        if abs(self.sandbox.now() - sent_at) > _WINDOW:
            raise Refusal("isv.invalid-timestamp", "非法的时间戳参数")

    def _refund(self, asked: Record) -> Record:
        payment = self._payment(asked)
        amount = _fen(asked.get("refund_amount"))
        number = str(asked.get("out_request_no") or payment["merchant_ref"])
        if amount != payment["amount"] and not asked.get("out_request_no"):
            raise Refusal("ACQ.INVALID_PARAMETER", "部分退款必须传入out_request_no")
        try:
            refund = self.give_back(number, payment, amount)
        except NotEnough:
            raise Refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足") from None
        except UsedOtherwise as no:
            raise Refusal("ACQ.DISCORDANT_REPEAT_REQUEST", no.text) from None
        except TooMuch as no:
            raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", no.text) from None
        moved = refund["status"] == RefundFate.SUCCEEDED and not refund.get("repeated")
        return {
            "trade_no": payment["transaction_id"],
            "out_trade_no": payment["merchant_ref"],
            "buyer_logon_id": "159****5620",
            "fund_change": "Y" if moved else "N",
            "refund_fee": _yuan(self.refunded(payment)),
        }

    def _query(self, asked: Record) -> Record:
        payment = self._payment(asked)
        refund = self.sandbox.store.get(self.name, "refund", str(asked.get("out_request_no", "")))
        if refund is None or refund["status"] == RefundFate.CLOSED:
            return {}  # neither of the two has a refund status
        shown = {
            "trade_no": payment["transaction_id"],
            "out_trade_no": payment["merchant_ref"],
            "out_request_no": refund["refund_no"],
            "total_amount": _yuan(payment["amount"]),
            "refund_amount": _yuan(refund["amount"]),
        }
        if refund["status"] == RefundFate.SUCCEEDED:
            shown["refund_status"] = "REFUND_SUCCESS"
        elif refund["status"] == PROCESSING:
            shown["refund_status"] = "REFUND_PROCESSING"
        return shown

    def _payment(self, asked: Record) -> Record:
        for payment in self.sandbox.store.all(self.name, "payment"):
            if asked.get("trade_no") == payment["transaction_id"] or (
                not asked.get("trade_no") and asked.get("out_trade_no") == payment["merchant_ref"]
            ):
                return payment
        raise Refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")

    def _reply(self, method: str, body: Record, *, executed: bool = True) -> Reply:
        """The signature is over the text of the answer as it stands in the body."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        signature = rsa_sign(demo_key(self._account.platform), text)
        name = (
            f"{method.replace('.', '_')}_response" if method in self._methods else "error_response"
        )
        whole = f'{{"{name}":{text},"sign":"{signature}"}}'
        return Reply(whole.encode(), 200, "text/html;charset=utf-8", executed=executed)


def form_of(form: Mapping[str, str]) -> Record:
    """`biz_content`. Raises Refusal when it is no JSON object."""
    content = _content(form)
    if not content:
        raise Refusal("isv.missing-parameter", "biz_content不正确")
    return content


def _content(form: Mapping[str, str]) -> Record:
    try:
        content: Any = json.loads(form.get("biz_content", ""))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _fen(amount: object) -> int:
    try:
        yuan = Decimal(str(amount))
        exact = Money.of(yuan, _CNY)
    except (InvalidOperation, ValueError, OverflowError):
        raise Refusal("ACQ.INVALID_PARAMETER", "refund_amount不正确") from None
    if exact.major != yuan or not 0 < exact.minor < 10**14:
        raise Refusal("ACQ.INVALID_PARAMETER", "refund_amount不正确")
    return exact.minor


def _yuan(minor: int) -> str:
    return str(Money(minor, _CNY).major)
