"""Kingdee 云星空 as its clients see it: two signatures, a session, vouchers (wire-formats §4.1)."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from fastapi import FastAPI, Request
from starlette.responses import Response

from integrations.erp.kingdee import SERVICE, SESSION
from integrations.erp.signing import (
    kingdee_api_signature,
    kingdee_client_secret,
    kingdee_kd_signature,
)
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.ledgers import LedgerSandbox, Record, sum_of
from integrations.signing import same

_WINDOW_S: Final = 300
_FILTER: Final = re.compile(r"FEXPLANATION like '([^'%]+)%'")
_LOST: Final = "会话信息已丢失，请重新登录"
Message = Mapping[str, Any]


class KingdeeSandbox(LedgerSandbox):
    name = "kingdee"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.kingdee
        self._services: Mapping[str, Callable[[Message], Reply]] = {
            "Save": self._save,
            "ExecuteBillQuery": self._query,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._services)

    def app(self) -> FastAPI:
        app = FastAPI(title="Kingdee sandbox", docs_url=None, redoc_url=None)

        @app.post("/k3cloud/{service}")
        async def service(service: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            headers, path = dict(request.headers), unquote(request.url.path)
            operation = service.removeprefix(SERVICE).removesuffix(".common.kdsvc")
            call = Call(self.name, operation, _key(text), text)
            throttled = Reply(b"", 429, executed=False)  # it documents no words of its own
            return await self.sandbox.serve(
                call, lambda: self._serve(operation, path, headers, text), throttled=throttled
            )

        return app

    def _serve(self, operation: str, path: str, headers: Mapping[str, str], text: str) -> Reply:
        if (trouble := self._stranger(path, headers)) is not None:
            return _error(trouble)
        if (session := headers.get(SESSION)) and not self._knows(session):
            return _refused("1", _LOST)
        perform = self._services.get(operation)
        if perform is None:
            return _error(f"服务{operation}不存在")
        try:
            reply = perform(_message(text))
        except Refusal as no:
            reply = _refused("500", no.text)
        if session:
            return reply
        cookie = f"{SESSION}={self._session()}; path=/; HttpOnly"
        return Reply(
            reply.body, reply.status, reply.content_type, {"set-cookie": cookie}, reply.executed
        )

    def _stranger(self, path: str, headers: Mapping[str, str]) -> str | None:
        """Why the caller is not let in."""
        account = self._account
        client_id, _, hidden = account.app_id.partition("_")
        now, nonce = headers.get("x-api-timestamp", ""), headers.get("x-api-nonce", "")
        signature = kingdee_api_signature(kingdee_client_secret(hidden), path, nonce, now)
        if headers.get("x-api-clientid") != client_id:
            return "AppId不存在"
        if not self._is_fresh(now) or not same(headers.get("x-api-signature", ""), signature):
            return "API签名验证失败"
        try:
            data = base64.b64decode(headers.get("x-kd-appdata", ""), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "应用数据不正确"
        proof = kingdee_kd_signature(account.app_secret, account.app_id, data)
        if not same(headers.get("x-kd-signature", ""), proof):
            return "应用签名验证失败"
        account_set, _, rest = data.partition(",")
        if (account_set, rest.partition(",")[0]) != (account.account_set, account.user_name):
            return "账套或登录用户未授权"
        return None

    def _is_fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return False
        return abs(self.sandbox.now().timestamp() - int(timestamp)) <= _WINDOW_S

    def _save(self, message: Message) -> Reply:
        data = _part(message, "data")
        model = _part(data, "Model")
        if message.get("formid") != "GL_VOUCHER":
            raise Refusal("", "formid不存在")
        if _number(model, "FAccountBookID") != self._account.account_book:
            raise Refusal("", "账簿不存在")
        whole = json.dumps(model, sort_keys=True).encode()
        digest = hashlib.sha256(whole).hexdigest()
        if data.get("ValidateRepeatJson") == "true" and self._saw(digest):
            raise Refusal("", "数据重复提交")
        voucher = self.keep(
            {
                "text": str(_entries(model)[0].get("FEXPLANATION", "")),
                "day": str(model.get("FDate", "")),
                "entries": [_entry(one) for one in _entries(model)],
                "audited": data.get("IsAutoSubmitAndAudit") == "true",
            }
        )
        self.sandbox.store.put(self.name, "seen", digest, {"number": voucher["number"]})
        done = {"Id": _id(voucher), "Number": _bill_no(voucher), "DIndex": 0}
        status = {"IsSuccess": True, "Errors": [], "SuccessEntitys": [done], "MsgCode": 0}
        result = {"ResponseStatus": status, "Id": done["Id"], "Number": done["Number"]}
        return Reply(json.dumps({"Result": result}, ensure_ascii=False).encode())

    def _query(self, message: Message) -> Reply:
        asked = _part(message, "data")
        found = _FILTER.fullmatch(str(asked.get("FilterString", "")))
        if asked.get("FormId") != "GL_VOUCHER" or found is None:
            raise Refusal("", "过滤条件不正确")
        rows = [
            [_id(voucher), _bill_no(voucher)]
            for voucher in self.vouchers()
            if str(voucher["text"]).startswith(found[1])
        ]
        return Reply(json.dumps(rows[:1]).encode())

    def _saw(self, digest: str) -> bool:
        return self.sandbox.store.get(self.name, "seen", digest) is not None

    def _session(self) -> str:
        number = self.sandbox.store.next_number(self.name, "session")
        until = self.sandbox.now().timestamp() + self._account.session_life_s
        self.sandbox.store.put(self.name, "session", f"demo-session-{number}", {"until": until})
        return f"demo-session-{number}"

    def _knows(self, session: str) -> bool:
        held = self.sandbox.store.get(self.name, "session", session)
        return held is not None and held["until"] > self.sandbox.now().timestamp()


def _entry(told: Message) -> Record:
    return {
        "account": _number(told, "FACCOUNTID"),
        "text": str(told.get("FEXPLANATION", ""))[:255],
        "debit": sum_of(told.get("FDEBIT")),
        "credit": sum_of(told.get("FCREDIT")),
    }


def _entries(model: Message) -> list[Message]:
    entries = model.get("FEntity")
    if (
        not isinstance(entries, list)
        or not entries
        or not all(isinstance(e, dict) for e in entries)
    ):
        raise Refusal("", "FEntity不能为空")
    return entries


def _id(voucher: Record) -> int:
    return int(str(voucher["month"]).replace("-", "")) * 1_000_000 + int(voucher["number"])


def _bill_no(voucher: Record) -> str:
    return f"PZ{str(voucher['month']).replace('-', '')}{voucher['number']:06d}"


def _error(text: str) -> Reply:
    return Reply(f"response_error:{text}".encode(), executed=False)


def _refused(code: str, text: str) -> Reply:
    error = {"FieldName": "", "Message": text, "DIndex": 0}
    status = {"IsSuccess": False, "ErrorCode": 500, "MsgCode": int(code), "Errors": [error]}
    body = {"Result": {"ResponseStatus": {**status, "SuccessEntitys": []}}}
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=False)


def _message(text: str) -> Message:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refusal("", "请求内容不是JSON")
    return told


def _part(told: Message, name: str) -> Message:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _number(told: Message, name: str) -> str:
    return str(_part(told, name).get("FNumber", ""))


def _key(text: str) -> str:
    """Our key in what was sent, for the log of calls."""
    found = re.search(r"OH\d{6}-\d{6,9}-[0-9a-f]{6}", text)
    return found[0] if found else ""
