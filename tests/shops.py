"""A shop of each channel, and messages as they send them."""

import json
import time
from typing import Any, Final

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.vault import Vault, shop_context
from integrations.marketplaces.signing import own_headers, shopify_signature

VAULT: Final = Vault(bytes(range(32)))
OWN_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHOPIFY_SECRET: Final = "shpss_test"
SHOPIFY_DOMAIN: Final = "test.myshopify.com"

_SECRETS: Final[dict[str, dict[str, str]]] = {
    "own": {"secret": OWN_SECRET},
    "shopify": {"access_token": "shpat_test", "webhook_secret": SHOPIFY_SECRET},
    "top": {"app_key": "k", "app_secret": "s", "session": "t"},
}


async def seed_shops(sessions: Sessions, **settings: Any) -> None:
    """Shops `own-1`, `shopify-1` and `top-1`; `settings` are those of `top-1`."""
    async with sessions.begin() as session:
        for channel, secrets in _SECRETS.items():
            shop_id = f"{channel}-1"
            session.add(
                ShopRow(
                    id=shop_id,
                    channel=channel,
                    external_id=SHOPIFY_DOMAIN if channel == "shopify" else shop_id,
                    name=shop_id,
                    base_url=f"https://{channel}.example",
                    secrets=VAULT.seal_secrets(secrets, shop_context(shop_id)),
                    settings=settings if channel == "top" else {},
                )
            )


def own_order(order_no: str = "A-1", **changes: Any) -> bytes:
    """An order message of the own channel."""
    message = {
        "order_no": order_no,
        "revision": 1,
        "state": "paid",
        "currency": "CNY",
        "placed_at": "2026-03-01T10:00:00Z",
        "lines": [{"line_no": "1", "sku": "SKU-1", "quantity": 2, "payable": "20.00"}],
        "receiver": {
            "name": "张三",
            "phone": "13800000001",
            "detail": "文一西路 969 号",
            "division_code": "330110",
        },
    }
    return json.dumps(message | changes, ensure_ascii=False).encode()


def own_message(body: bytes, message_id: str = "m-1", secret: str = OWN_SECRET) -> dict[str, str]:
    """The headers that make `body` a genuine message of `own-1`, sent now."""
    return own_headers(secret, message_id, int(time.time()), body)


def shopify_message(
    body: bytes, message_id: str = "w-1", topic: str = "orders/create"
) -> dict[str, str]:
    """The headers that make `body` a genuine webhook of `shopify-1`."""
    return {
        "content-type": "application/json",
        "x-shopify-hmac-sha256": shopify_signature(SHOPIFY_SECRET, body),
        "x-shopify-shop-domain": SHOPIFY_DOMAIN,
        "x-shopify-topic": topic,
        "x-shopify-webhook-id": message_id,
    }
