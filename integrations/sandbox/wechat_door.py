"""WeChat's tokens, envelopes and sealed events."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from integrations.marketplaces.signing import wechat_signature
from integrations.marketplaces.wechat_crypt import seal_message
from integrations.sandbox.framework import Refusal, Reply, Sandbox
from integrations.sandbox.pushes import Outgoing
from integrations.sandbox.settings import WechatAccount

PARAMETER, BUSINESS = "40097", "10020052"
_TOKEN: Final = "token"
Asked = Mapping[str, Any]


def asked_of(body: str) -> Asked:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def refused(code: str, text: str) -> Reply:
    body = {"errcode": int(code), "errmsg": f"{text} rid: sandbox"}
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=False)


def done(data: Mapping[str, Any]) -> Reply:
    body = {"errcode": 0, "errmsg": "ok", **data}
    return Reply(json.dumps(body, ensure_ascii=False).encode())


class TokenDesk:
    """Hands out the stable token: the same one until it is over or a new one is forced."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self._sandbox, self._name, self._account = sandbox, name, sandbox.settings.wechat

    def hand_out(self, asked: Asked) -> Reply:
        if asked.get("appid") != self._account.app_id:
            return refused("40013", "invalid appid")
        if asked.get("secret") != self._account.app_secret:
            return refused("40125", "invalid appsecret")
        now = self._sandbox.now().timestamp()
        held = self._held()
        if held is None or held["until"] <= now or asked.get("force_refresh") is True:
            number = self._sandbox.store.next_number(self._name, _TOKEN)
            life = self._account.token_life_s
            held = {"value": f"demo-wechat-token-{number}", "until": now + life}
            self._sandbox.store.put(self._name, _TOKEN, _TOKEN, held)
        left = int(held["until"] - now)
        return Reply(json.dumps({"access_token": held["value"], "expires_in": left}).encode())

    def admit(self, given: str) -> None:
        """Raises Refusal."""
        held = self._held()
        if not given:
            raise Refusal("41001", "access_token missing")
        if held is None or given != held["value"]:
            raise Refusal("40001", "invalid credential, access_token is invalid or not latest")
        if held["until"] <= self._sandbox.now().timestamp():
            raise Refusal("42001", "access_token expired")

    def revoke(self) -> None:
        """The token is void, as after a reset of the secret."""
        self._sandbox.store.put(self._name, _TOKEN, _TOKEN, {"value": "", "until": 0})

    def _held(self) -> dict[str, Any] | None:
        return self._sandbox.store.get(self._name, _TOKEN, _TOKEN)


def sealed(
    account: WechatAccount, number: int, event: Mapping[str, Any], now: datetime, ref: str
) -> Outgoing:
    """An event in secure mode: sealed, and signed in the query."""
    plain = json.dumps(event, ensure_ascii=False).encode()
    random = hashlib.sha256(str(number).encode()).digest()[:16]
    encrypt = seal_message(account.aes_key, plain, account.app_id, random)
    timestamp, nonce = str(int(now.timestamp())), f"{number:010d}"
    query = {
        "signature": wechat_signature(account.push_token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": wechat_signature(account.push_token, timestamp, nonce, encrypt),
    }
    body = json.dumps({"ToUserName": "gh_sandbox", "Encrypt": encrypt}).encode()
    headers = {"content-type": "application/json"}
    return Outgoing(f"{account.push_path}?{urlencode(query)}", ref, body, headers)
