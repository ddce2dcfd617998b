"""How marketplaces sign: TOP, JD and Pinduoduo, Shopify pushes, Standard Webhooks.

Proven by the vectors.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from integrations.signing import same

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


def shopify_signature(secret: str, body: bytes) -> str:
    """`X-Shopify-Hmac-SHA256` of a push (shopify.dev, verify deliveries)."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


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
