"""The payment providers Onhand works with: one line each, and the limits they document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from integrations.access import Limit, PaymentAccess
from integrations.payments import alipay, stripe, wechatpay
from integrations.payments.port import PaymentProvider
from integrations.settings import Schema


@dataclass(frozen=True, slots=True)
class Provider:
    """`settings`: what may be set of an account; `base_url`: where the provider documents itself to
    be. `pause_s`: how long there must be between two refunds of one payment."""

    opens: Callable[[PaymentAccess], PaymentProvider]
    settings: Schema
    base_url: str
    pause_s: float = 0.0


PROVIDERS: Final[Mapping[str, Provider]] = {
    "wechatpay": Provider(
        wechatpay.open_provider, wechatpay.SETTINGS, "https://api.mch.weixin.qq.com"
    ),
    "alipay": Provider(
        alipay.open_provider,
        alipay.SETTINGS,
        "https://openapi.alipay.com/gateway.do",
        alipay.PAUSE_S,
    ),
    "stripe": Provider(stripe.open_provider, stripe.SETTINGS, "https://api.stripe.com"),
}
# Method → calls; a method that is not here waits only when the provider says so.
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {}
