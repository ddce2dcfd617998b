"""Douyin's gateway: who is let in, and how its messages to us are made."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from integrations.marketplaces.douyin import RENEW
from integrations.marketplaces.signing import (
    DouyinSignMethod,
    canonical_json,
    douyin_event_sign,
    douyin_sign,
)
from integrations.sandbox.douyin_requests import PLATFORM, Asked, No
from integrations.sandbox.pushes import Outgoing
from integrations.sandbox.settings import DouyinAccount
from integrations.signing import same

_WINDOW: Final = timedelta(minutes=10)
_MISSING: Final = (
    ("app_key", "isv.app-id-missing"),
    ("sign", "isv.signature-missing"),
    ("timestamp", "isv.timestamp-missing"),
    ("access_token", "isv.access-token-missing"),
)


def admit(
    account: DouyinAccount,
    path: str,
    query: Mapping[str, str],
    asked: Asked,
    now: datetime,
    serves: Callable[[str], bool],
) -> None:
    """Raises No, in the order in which the gateway looks. `serves` knows good access tokens; who
    trades a refresh token has none."""
    for name, sub_code in _MISSING:
        if not query.get(name) and not (name == "access_token" and path == RENEW):
            raise No(40001, sub_code, f"{name}不能为空")
    timestamp = query["timestamp"]
    if query["app_key"] != account.app_key:
        raise No(PLATFORM, "isv.app-id-invalid", "app_key不正确")
    if not (timestamp.isdigit() and len(timestamp) < 12):
        raise No(PLATFORM, "isv.timestamp-format-error", "时间戳格式错误")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > _WINDOW:
        raise No(PLATFORM, "isv.timestamp-invalid", "时间戳不合法")
    method = path.strip("/").replace("/", ".")
    if query.get("method") != method or query.get("v") != "2":
        raise No(PLATFORM, "isv.parameter-format-invalid", "method或v不正确")
    if not same(query["sign"], _sign(account, method, query, asked)):
        raise No(PLATFORM, "isv.signature-invalid", "签名校验失败")
    if path != RENEW and not serves(query["access_token"]):
        raise No(PLATFORM, "isv.access-token-no-existed", "access_token不存在")


def message(
    account: DouyinAccount, tag: int, number: int, data: Mapping[str, Any], ref: str
) -> Outgoing:
    """One message in an array, its data as text, signed like Douyin's own."""
    told = {"tag": str(tag), "msg_id": f"{number:032d}", "data": json.dumps(data)}
    body = json.dumps([told]).encode()
    headers = {
        "content-type": "application/json",
        "app-id": account.app_key,
        "event-sign": douyin_event_sign(account.app_key, body, account.app_secret),
    }
    return Outgoing(account.push_path, ref, body, headers)


def _sign(account: DouyinAccount, method: str, query: Mapping[str, str], asked: Asked) -> str:
    try:
        sign_method = DouyinSignMethod(query.get("sign_method", DouyinSignMethod.MD5))
    except ValueError:
        raise No(PLATFORM, "isv.signature-invalid", "sign_method不正确") from None
    return douyin_sign(
        account.app_key,
        method,
        canonical_json(asked),
        query["timestamp"],
        account.app_secret,
        sign_method,
    )
