"""The signature formulas several vendors share; each is proven by tests/integrations/vectors."""

import base64
import hashlib
import hmac
from urllib.parse import quote_plus


def base64_md5(text: str) -> str:
    """Base64 of the MD5 digest of the UTF-8 text (SF, ZTO, STO, YTO)."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def hex_md5(text: str) -> str:
    """Lower-case hex of the MD5 digest of the UTF-8 text (JD Logistics, Yunda, Kuaidi100)."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def base64_hmac_sha256(secret: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256 of the raw body (Shopify, WooCommerce)."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def hex_sm3(text: str) -> str:
    """Lower-case hex of the SM3 digest (GB/T 32905) of the UTF-8 text."""
    return hashlib.new("sm3", text.encode()).hexdigest()


def java_url_encode(text: str) -> str:
    """As java.net.URLEncoder: space is +, only letters, digits and . - * _ stay as they are."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def same(given: str, expected: str) -> bool:
    """Compare two signatures without telling by the time it takes where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
