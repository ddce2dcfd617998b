"""How issuers of invoices sign; the formula is proven by tests/integrations/vectors."""

import base64
import hashlib
import hmac


def nuonuo_sign(
    secret: str, *, app_key: str, senid: str, nonce: str, timestamp: str, body: str
) -> str:
    """`X-Nuonuo-Sign` of a call to /open/v1/services with exactly this body."""
    text = f"a=services&l=v1&p=open&k={app_key}&i={senid}&n={nonce}&t={timestamp}&f={body}"
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1)).decode()
