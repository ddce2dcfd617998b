"""Yonyou YonBIP as its clients see it: signed tokens, vouchers kept once (wire-formats §4.2)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import Response

from integrations.erp.signing import yonyou_signature
from integrations.erp.yonyou import ADD, GATEWAY, QUERY
from integrations.erp.yonyou_token import PATH as TOKEN
from integrations.sandbox.framework import Call, Refusal, Reply, Sandbox
from integrations.sandbox.ledgers import LedgerSandbox, Record, sum_of
from integrations.signing import same

_WINDOW_S: Final = 300
_KNOWN: Final = "310504"
_TOKEN_CODE: Final = "310036"
_MOST: Final = 100
_KEY: Final = re.compile(r"OH\d{6}-\d{6,9}-[0-9a-f]{6}")
Message = Mapping[str, Any]


class YonyouSandbox(LedgerSandbox):
    name = "yonyou"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.yonyou

    @property
    def operations(self) -> tuple[str, ...]:
        return ("getAccessToken", "addVoucher", "queryVouchers")

    def app(self) -> FastAPI:
        app = FastAPI(title="Yonyou sandbox", docs_url=None, redoc_url=None)

        @app.get(TOKEN)
        async def token(request: Request) -> Response:
            asked = dict(request.query_params)
            call = Call(self.name, "getAccessToken", "", request.url.query)
            throttled = Reply(b"", 429, executed=False)
            return await self.sandbox.serve(call, lambda: self._token(asked), throttled=throttled)

        @app.post(GATEWAY + "{path:path}")
        async def gateway(path: str, request: Request) -> Response:
            text = (await request.body()).decode("utf-8", "replace")
            token = request.query_params.get("access_token", "")
            found = _KEY.search(text)
            call = Call(self.name, path.rpartition("/")[2], found[0] if found else "", text)
            return await self.sandbox.serve(
                call, lambda: self._serve(path, token, text),
                throttled=Reply(b"", 429, executed=False),
            )  # fmt: skip

        return app

    def _token(self, asked: Mapping[str, str]) -> Reply:
        account, timestamp = self._account, asked.get("timestamp", "")
        signed = {"appKey": account.app_key, "timestamp": timestamp}
        if asked.get("appKey") != account.app_key:
            return _answer("50000", "appKey不存在", executed=False)
        if not self._is_fresh(timestamp):
            return _answer("50000", "时间戳已过期", executed=False)
        right = yonyou_signature(account.app_secret, signed)
        if not same(quote(asked.get("signature", ""), safe=""), right):
            return _answer("50000", "签名不正确", executed=False)
        number = self.sandbox.store.next_number(self.name, "token")
        value = f"demo-yonyou-token-{number}"
        until = self.sandbox.now().timestamp() + account.token_life_s
        self.sandbox.store.put(self.name, "token", value, {"until": until})
        return _answer("00000", "成功！", {"access_token": value, "expire": account.token_life_s})

    def _is_fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            return False
        return abs(self.sandbox.now().timestamp() - int(timestamp) / 1000) <= _WINDOW_S

    def _serve(self, path: str, token: str, text: str) -> Reply:
        held = self.sandbox.store.get(self.name, "token", token)
        if held is None or held["until"] <= self.sandbox.now().timestamp():
            return _answer(_TOKEN_CODE, "非法的access_token", executed=False)
        try:
            asked = _message(text)
            if asked.get("accbookCode") != self._account.account_book:
                raise Refusal("404", "账簿不存在")
            match path:
                case _ if path == ADD:
                    return self._add(asked)
                case _ if path == QUERY:
                    return self._query(asked)
            raise Refusal("310404", "接口不存在")
        except Refusal as no:
            return _answer(no.code or "404", no.text, executed=False)

    def _add(self, asked: Message) -> Reply:
        key = str(asked.get("businessId", ""))
        if key and self.sandbox.store.get(self.name, "business", key) is not None:
            raise Refusal(_KNOWN, "凭证已存在，请勿重复保存")
        if not (asked.get("makerMobile") or asked.get("makerEmail")):
            raise Refusal("404", "制单人手机号和邮箱不能同时为空")
        bodies = asked.get("bodies")
        if not isinstance(bodies, list) or not all(isinstance(one, dict) for one in bodies):
            raise Refusal("404", "凭证分录不能为空")
        voucher = self.keep(
            {
                "text": str(asked.get("description", "")),
                "day": str(asked.get("makeTime", "")),
                "entries": [_entry(one) for one in bodies],
                "business_id": key,
            }
        )
        if key:
            self.sandbox.store.put(self.name, "business", key, {"number": voucher["number"]})
        told = {
            "voucherId": _id(voucher),
            "voucherStatus": "01",
            "period": voucher["month"],
            "billCode": voucher["number"],
        }
        return _answer("200", "OK", told)

    def _query(self, asked: Message) -> Reply:
        first, last = str(asked.get("periodStart", "")), str(asked.get("periodEnd", ""))
        pager = asked.get("pager")
        page, size = (1, 20) if not isinstance(pager, dict) else _page(pager)
        found = [one for one in self.vouchers() if first <= one["month"] <= last]
        shown = found[(page - 1) * size : page * size]
        rows = [
            {
                "header": {
                    "id": _id(one),
                    "billcode": one["number"],
                    "period": one["month"],
                    "description": one["text"],
                },
                "body": [],
            }
            for one in shown
        ]
        data = {"pageIndex": page, "pageSize": size, "recordCount": len(found), "recordList": rows}
        return _answer("200", "OK", data)


def _entry(told: Message) -> Record:
    debit, credit = sum_of(told.get("debitOrg")), sum_of(told.get("creditOrg"))
    if (debit, credit) != (sum_of(told.get("debitOriginal")), sum_of(told.get("creditOriginal"))):
        raise Refusal("404", "原币和本币金额不一致")
    text = str(told.get("description", ""))
    if not text:
        raise Refusal("404", "摘要不能为空")
    return {
        "account": str(told.get("accsubjectCode", "")),
        "text": text[:255],
        "debit": debit,
        "credit": credit,
    }


def _page(pager: Message) -> tuple[int, int]:
    page, size = pager.get("pageIndex"), pager.get("pageSize")
    if not isinstance(page, int) or not isinstance(size, int) or page < 1 or size < 1:
        raise Refusal("404", "分页参数不正确")
    return page, min(size, _MOST)


def _id(voucher: Record) -> str:
    return f"{str(voucher['month']).replace('-', '')}{voucher['number']:013d}"


def _answer(code: str, text: str, data: Any = None, *, executed: bool = True) -> Reply:
    body = {"code": code, "message": text, "data": data}
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)


def _message(text: str) -> Message:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refusal("404", "请求内容不是JSON")
    return told
