"""How ERPs sign; each formula is proven by tests/integrations/vectors."""

import base64
import binascii
import codecs
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from domain.shared.errors import CredentialsRefused

_APP_SECRET_LENGTH: Final = 32
# The vendor's kit hides the key behind this constant (rot13 of its parts, in order).
_MASK: Final = codecs.encode("0054s397p6234378o09pn7q3r5qropr7", "rot13").encode()


def kingdee_client_secret(hidden: str) -> str:
    """The key of `X-Api-Signature`, from the part of the app id after `_`. Raises
    CredentialsRefused, without a word of it."""
    try:
        if len(hidden) != _APP_SECRET_LENGTH:
            raise ValueError
        masked = base64.b64decode(hidden, validate=True)
    except (ValueError, binascii.Error):
        text = "app_id must be the id, _ and 32 characters, as Kingdee issues it"
        raise CredentialsRefused(text, code="unreadable_key", system="kingdee") from None
    plain = bytes(one ^ other for one, other in zip(masked, _MASK, strict=False))
    return base64.b64encode(plain).decode()


def kingdee_api_signature(secret: str, path: str, nonce: str, timestamp: str) -> str:
    """`X-Api-Signature` of a POST to this path, its first / included."""
    encoded = quote(path, safe="")
    text = f"POST\n{encoded}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"
    return _base64_hex(secret, text)


def kingdee_kd_signature(app_secret: str, app_id: str, app_data: str) -> str:
    """`X-Kd-Signature`: who we are, proven by the app's secret."""
    return _base64_hex(app_secret, app_id + app_data)


def yonyou_string(parameters: Mapping[str, str]) -> str:
    """What is signed: names and values one after the other, by name."""
    return "".join(name + parameters[name] for name in sorted(parameters))


def yonyou_signature(secret: str, parameters: Mapping[str, str]) -> str:
    """As it stands in the address, encoded."""
    digest = hmac.digest(secret.encode(), yonyou_string(parameters).encode(), hashlib.sha256)
    return quote(base64.b64encode(digest).decode(), safe="")


def _base64_hex(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()
