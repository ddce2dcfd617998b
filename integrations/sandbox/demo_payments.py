"""The demo company's accounts at the payment providers of the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sandbox.demo_keys import private_pem, public_pem
from integrations.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class DemoPayment:
    """`path` is below the sandbox's address; the id is part of the address notices come to."""

    id: str
    provider: str
    name: str
    path: str
    secrets: Mapping[str, str] = field(repr=False)


def demo_payments(accounts: SandboxSettings) -> tuple[DemoPayment, ...]:
    """One account of each provider, all for the mini program's shop."""
    wechatpay, alipay, stripe = accounts.wechatpay, accounts.alipay, accounts.stripe
    return (
        DemoPayment(
            "wechat-mini",
            "wechatpay",
            "微信支付",
            "/wechatpay",
            {
                "mch_id": wechatpay.mch_id,
                "serial_no": wechatpay.serial_no,
                "private_key": private_pem(wechatpay.merchant),
                "api_v3_key": wechatpay.api_v3_key,
                "platform_serial": wechatpay.platform_serial,
                "platform_key": public_pem(wechatpay.platform),
            },
        ),
        DemoPayment(
            "alipay-mini",
            "alipay",
            "支付宝",
            "/alipay/gateway.do",
            {
                "app_id": alipay.app_id,
                "private_key": private_pem(alipay.merchant),
                "alipay_key": public_pem(alipay.platform),
            },
        ),
        DemoPayment(
            "stripe-mini",
            "stripe",
            "Stripe",
            "/stripe",
            {"secret_key": stripe.secret_key, "webhook_secret": stripe.webhook_secret},
        ),
    )
