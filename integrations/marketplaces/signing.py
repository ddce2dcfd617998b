"""How marketplaces sign: TOP, JD and Pinduoduo, Douyin, WeChat and Shopify pushes, own messages.

Proven by the vectors.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from integrations.signing import base64_hmac_sha256, same

_SECRET_PREFIX: Final = "whsec_"


class TopSignMethod(StrEnum):
    MD5 = "md5"
    HMAC_MD5 = "hmac"
    HMAC_SHA256 = "hmac-sha256"


def top_sign(method: TopSignMethod, parameters: Mapping[str, str], secret: str) -> str:
    """The `sign` of a TOP call: upper-case hex over the sorted, joined, non-empty parameters.

    open.taobao.com document 101617; hmac-sha256 as in the vendor's SDK source.
    """
    joined = _joined(parameters)
    match method:
        case TopSignMethod.MD5:
            return md5_sign(parameters, secret)
        case TopSignMethod.HMAC_MD5:
            digest = hmac.new(secret.encode(), joined.encode(), hashlib.md5).hexdigest()
        case TopSignMethod.HMAC_SHA256:
            digest = hmac.new(secret.encode(), joined.encode(), hashlib.sha256).hexdigest()
    return digest.upper()


def md5_sign(parameters: Mapping[str, str], secret: str) -> str:
    """The `sign` that TOP (md5), JD and Pinduoduo share: the secret on both sides of the text.

    JD signs its `360buy_param_json` along, Pinduoduo every parameter (open.jd.com listId 2643).
    """
    text = f"{secret}{_joined(parameters)}{secret}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()


def pdd_push_path(client_id: str, timestamp_ms: int, secret: str) -> str:
    """The path of Pinduoduo's push connection; its third part is who we are, proven."""
    text = f"{client_id}{timestamp_ms}{secret}".encode()
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    proof = quote(base64.b64encode(digest.encode()).decode(), safe="")
    return f"/message/{client_id}/{timestamp_ms}/{proof}"


def _joined(parameters: Mapping[str, str]) -> str:
    return "".join(
        key + value for key, value in sorted(parameters.items()) if key and value and key != "sign"
    )


class DouyinSignMethod(StrEnum):
    MD5 = "md5"
    HMAC_SHA256 = "hmac-sha256"


def canonical_json(value: Any) -> str:
    """`param_json` of Douyin: keys sorted on every level, compact, nothing escaped needlessly.

    It is what is signed and what is sent.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def douyin_sign(
    app_key: str,
    method: str,
    param_json: str,
    timestamp: str,
    secret: str,
    sign_method: DouyinSignMethod = DouyinSignMethod.HMAC_SHA256,
) -> str:
    """The `sign` of a call to Douyin; the access token is not signed. Wire-formats §1.4."""
    text = f"app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v2"
    return _sandwich(text, secret, sign_method)


def douyin_spi_sign(
    app_key: str,
    param_json: str,
    timestamp: str,
    secret: str,
    sign_method: DouyinSignMethod = DouyinSignMethod.HMAC_SHA256,
) -> str:
    """The `sign` of a call that Douyin makes to us: no method, no version."""
    text = f"app_key{app_key}param_json{param_json}timestamp{timestamp}"
    return _sandwich(text, secret, sign_method)


def douyin_event_sign(app_key: str, body: bytes, secret: str) -> str:
    """The `event-sign` header of Douyin's pushes."""
    text = app_key.encode() + body + secret.encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def wechat_signature(*parts: str) -> str:
    """SHA-1 over the sorted parts: token, timestamp and nonce; `Encrypt` too where there is one."""
    text = "".join(sorted(parts)).encode()
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def _sandwich(text: str, secret: str, sign_method: DouyinSignMethod) -> str:
    whole = f"{secret}{text}{secret}".encode()
    if sign_method is DouyinSignMethod.MD5:
        return hashlib.md5(whole, usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), whole, hashlib.sha256).hexdigest()


def shopify_signature(secret: str, body: bytes) -> str:
    """`X-Shopify-Hmac-SHA256` of a push (shopify.dev, verify deliveries)."""
    return base64_hmac_sha256(secret, body)


def shopify_genuine(given: str, secrets: Sequence[str], body: bytes) -> bool:
    """Whether one of the secrets signed it: while one is replaced, both are valid for an hour."""
    return any([same(given, shopify_signature(secret, body)) for secret in secrets])


def shopify_query_signature(secret: str, query: Mapping[str, str]) -> str:
    """The `hmac` of an OAuth redirect's query."""
    text = "&".join(f"{key}={value}" for key, value in sorted(query.items()) if key != "hmac")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sign_own(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature` of Standard Webhooks; `timestamp` is Unix seconds.

    Raises ValueError for a secret that is not base64 (with or without `whsec_`) or is empty.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def own_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three Standard Webhooks headers of a message, and its content type."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_own(secret, message_id, timestamp, body),
    }


def own_genuine(
    given: str, secrets: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> bool:
    """Whether any of the space-separated signatures was made with any of the secrets."""
    expected = [sign_own(secret, message_id, timestamp, body) for secret in secrets]
    return any([same(one, right) for one in given.split(" ") for right in expected])


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_SECRET_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is base64 text") from error
    if not key:
        raise ValueError("a webhook secret must not be empty")
    return key
