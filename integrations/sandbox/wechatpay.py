"""WeChat Pay v3 as merchants see it: signed both ways, idempotent by out_refund_no (§3.1, §7)."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from starlette.responses import Response

from integrations.payments.signing import (
    rsa_genuine,
    rsa_sign,
    seal_resource,
    wechatpay_message,
)
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

_WINDOW_S: Final = 300
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_REFUNDS: Final = "/v3/refund/domestic/refunds"
_SCHEMA: Final = "WECHATPAY2-SHA256-RSA2048 "
_PART: Final = re.compile(r'(\w+)="([^"]*)"')
_NUMBER: Final = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")
_STATUSES: Final = {
    PROCESSING: "PROCESSING",
    RefundFate.SUCCEEDED: "SUCCESS",
    RefundFate.ABNORMAL: "ABNORMAL",
    RefundFate.CLOSED: "CLOSED",
}
_HTTP: Final = {
    "PARAM_ERROR": 400, "INVALID_REQUEST": 400, "SIGN_ERROR": 401, "NOT_ENOUGH": 403,
    "RESOURCE_NOT_EXISTS": 404, "MCH_NOT_EXISTS": 404,
}  # fmt: skip


class WechatPaySandbox(PaymentSandbox):
    name = "wechatpay"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.wechatpay

    @property
    def operations(self) -> tuple[str, ...]:
        return ("refund", "query")

    def app(self) -> FastAPI:
        app = FastAPI(title="WeChat Pay sandbox", docs_url=None, redoc_url=None)

        @app.post(_REFUNDS)
        async def refund(request: Request) -> Response:
            body = await request.body()
            return await self._answer("refund", _REFUNDS, request, body, lambda: self._refund(body))

        @app.get(_REFUNDS + "/{number}")
        async def query(number: str, request: Request) -> Response:
            path = f"{_REFUNDS}/{number}"
            return await self._answer("query", path, request, b"", lambda: self._query(number))

        return app

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status in (200, 204)

    def signed_push(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        return {**headers, **self._signature(body)}

    def transaction_id(self, number: int) -> str:
        return f"42000{self.sandbox.now():%Y%m%d}{number:015d}"

    def payment_push(self, payment: Record) -> Outgoing:
        transaction = {
            "mchid": self._account.mch_id,
            "appid": "wx0000000000000001",
            "out_trade_no": payment["merchant_ref"],
            "transaction_id": payment["transaction_id"],
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "attach": payment["order_no"],
            "success_time": _time(payment["paid_at"]),
            "amount": {
                "total": payment["amount"], "payer_total": payment["amount"],
                "currency": payment["currency"], "payer_currency": payment["currency"],
            },
        }  # fmt: skip
        return self._push("TRANSACTION.SUCCESS", "transaction", payment["order_no"], transaction)

    def refund_push(self, refund: Record, payment: Record) -> Outgoing:
        status = _STATUSES[refund["status"]]
        told = {
            "mchid": self._account.mch_id,
            "out_trade_no": payment["merchant_ref"],
            "transaction_id": payment["transaction_id"],
            "out_refund_no": refund["refund_no"],
            "refund_id": refund["refund_id"],
            "refund_status": status,
            "success_time": _time(refund["ended_at"]),
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": payment["amount"], "refund": refund["amount"],
                "payer_total": payment["amount"], "payer_refund": refund["amount"],
            },
        }  # fmt: skip
        return self._push(f"REFUND.{status}", "refund", refund["refund_no"], told)

    async def _answer(
        self, operation: str, path: str, request: Request, body: bytes, act: Callable[[], Record]
    ) -> Response:
        text = body.decode("utf-8", "replace")
        headers = dict(request.headers)
        if request.url.query:
            path = f"{path}?{request.url.query}"
        ref = path.rpartition("/")[2] if operation == "query" else _ref(text)
        call = Call(self.name, operation, ref, text)

        def execute() -> Reply:
            try:
                self._admit(request.method, path, headers, text)
                return self._reply(200, act())
            except Refusal as no:
                return self._reply(_HTTP[no.code], {"code": no.code, "message": no.text})

        throttled = self._reply(429, {"code": "FREQUENCY_LIMITED", "message": "频率超限"})
        return await self.sandbox.serve(call, execute, throttled=throttled)

    def _admit(self, method: str, path: str, headers: Mapping[str, str], body: str) -> None:
        authorization = headers.get("authorization", "")
        parts = dict(_PART.findall(authorization.removeprefix(_SCHEMA)))
        if not authorization.startswith(_SCHEMA) or len(parts) != 5:
            raise Refusal("SIGN_ERROR", "Authorization不正确")
        if (parts["mchid"], parts["serial_no"]) != (self._account.mch_id, self._account.serial_no):
            raise Refusal("SIGN_ERROR", "商户号或证书序列号不正确")
        timestamp = parts["timestamp"]
        fresh = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
        if not fresh or abs(self.sandbox.now().timestamp() - int(timestamp)) > _WINDOW_S:
            raise Refusal("SIGN_ERROR", "时间戳超出有效期")
        message = wechatpay_message(method, path, timestamp, parts["nonce_str"], body)
        key = demo_key(self._account.merchant).public_key()
        if not rsa_genuine(key, parts["signature"], message.encode("utf-8", "replace")):
            raise Refusal("SIGN_ERROR", "签名错误")

    def _refund(self, body: bytes) -> Record:
        asked = _object(body)
        amount, number = asked.get("amount"), asked.get("out_refund_no")
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            raise Refusal("PARAM_ERROR", "out_refund_no不正确")
        if not isinstance(amount, dict) or amount.get("currency") != "CNY":
            raise Refusal("PARAM_ERROR", "amount不正确")
        payment = self._payment(asked)
        wanted = amount.get("refund")
        if not isinstance(wanted, int) or isinstance(wanted, bool):
            raise Refusal("PARAM_ERROR", "amount.refund不正确")
        if amount.get("total") != payment["amount"]:
            raise Refusal("INVALID_REQUEST", "订单金额不一致")
        try:
            return self._shown(self.give_back(number, payment, wanted), payment)
        except NotEnough:
            raise Refusal("NOT_ENOUGH", "基本账户余额不足，请充值后重新发起") from None
        except (UsedOtherwise, TooMuch) as no:
            raise Refusal("INVALID_REQUEST", no.text) from None

    def _query(self, number: str) -> Record:
        refund = self.sandbox.store.get(self.name, "refund", number)
        if refund is None:
            raise Refusal("RESOURCE_NOT_EXISTS", "退款单不存在")
        payment = self.sandbox.store.get(self.name, "payment", refund["transaction_id"])
        assert payment is not None
        return self._shown(refund, payment)

    def _payment(self, asked: Mapping[str, Any]) -> Record:
        wanted = asked.get("transaction_id"), asked.get("out_trade_no")
        for payment in self.sandbox.store.all(self.name, "payment"):
            known = payment["transaction_id"], payment["merchant_ref"]
            if wanted[0] == known[0] or (wanted[0] is None and wanted[1] == known[1]):
                return payment
        raise Refusal("RESOURCE_NOT_EXISTS", "订单不存在")

    def _shown(self, refund: Record, payment: Record) -> Record:
        shown: Record = {
            "refund_id": refund["refund_id"],
            "out_refund_no": refund["refund_no"],
            "transaction_id": payment["transaction_id"],
            "out_trade_no": payment["merchant_ref"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": _time(refund["created_at"]),
            "status": _STATUSES[refund["status"]],
            "funds_account": "AVAILABLE",
            "amount": {
                "total": payment["amount"], "refund": refund["amount"],
                "payer_total": payment["amount"], "payer_refund": refund["amount"],
                "settlement_refund": refund["amount"], "settlement_total": payment["amount"],
                "discount_refund": 0, "currency": payment["currency"],
            },
        }  # fmt: skip
        if refund["status"] == RefundFate.SUCCEEDED:
            shown["success_time"] = _time(refund["ended_at"])
        return shown

    def _push(self, event: str, kind: str, ref: str, told: Record) -> Outgoing:
        nonce = secrets.token_hex(6)
        plain = json.dumps(told, ensure_ascii=False).encode()
        body = {
            "id": f"EV-{self.sandbox.store.next_number(self.name, 'notice'):09d}",
            "create_time": self.sandbox.now().astimezone(_SHANGHAI).isoformat("T", "seconds"),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功" if kind == "transaction" else "退款通知",
            "resource": {
                "algorithm": "AEAD_AES_256_GCM",
                "original_type": kind,
                "ciphertext": seal_resource(self._account.api_v3_key, nonce, kind, plain),
                "associated_data": kind,
                "nonce": nonce,
            },
        }
        headers = {"content-type": "application/json"}
        raw = json.dumps(body, ensure_ascii=False).encode()
        return Outgoing(self._account.push_path, ref, raw, headers)

    def _reply(self, status: int, body: Record) -> Reply:
        raw = json.dumps(body, ensure_ascii=False).encode()
        signature = self._signature(raw)
        return Reply(raw, status, "application/json", signature, executed=status < 400)

    def _signature(self, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(self.sandbox.now().timestamp())), secrets.token_hex(16)
        message = wechatpay_message(timestamp, nonce, body.decode())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._account.platform_serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": rsa_sign(demo_key(self._account.platform), message),
        }


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(_SHANGHAI).isoformat("T", "seconds")


def _object(body: bytes) -> Record:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refusal("PARAM_ERROR", "请求体不是JSON")
    return asked


def _ref(text: str) -> str:
    try:
        return str(_object(text.encode()).get("out_refund_no", ""))
    except Refusal:
        return ""
