"""Our clients against the sandbox's servers, with a clock one can turn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.shared.errors import Rejected
from integrations.access import PaymentAccess, Secrets
from integrations.payments.alipay import Alipay
from integrations.payments.alipay import open_provider as open_alipay
from integrations.payments.port import PaymentNotice, PaymentProvider, RefundRequest
from integrations.payments.stripe import Stripe
from integrations.payments.stripe import open_provider as open_stripe
from integrations.payments.wechatpay import WechatPay
from integrations.payments.wechatpay import open_provider as open_wechatpay
from integrations.sandbox.demo_payments import demo_payments
from integrations.sandbox.settings import SandboxSettings
from tests.integrations.sandbox.world import World, create_world

PROVIDERS = ("wechatpay", "alipay", "stripe")
PATHS = {"wechatpay": "", "alipay": "/gateway.do", "stripe": ""}


def secrets_of(provider: str, settings: SandboxSettings | None = None) -> dict[str, str]:
    """What our account has to know to be let into the sandbox."""
    accounts = demo_payments(settings or SandboxSettings())
    return dict(next(one.secrets for one in accounts if one.provider == provider))


def open_payments(
    provider: str,
    http: httpx.AsyncClient,
    now: Callable[[], Any],
    base_url: str = "http://sandbox",
    **changed: str,
) -> PaymentProvider:
    """The client of a provider; `changed` are secrets it gets wrong."""
    access = PaymentAccess(
        f"{provider}-mini",
        f"{base_url}/{provider}{PATHS[provider]}",
        Secrets(provider, {**secrets_of(provider), **changed}),
        {},
        http,
    )
    opened: WechatPay | Alipay | Stripe
    match provider:
        case "wechatpay":
            opened = open_wechatpay(access)
        case "alipay":
            opened = open_alipay(access)
        case _:
            opened = open_stripe(access)
    opened._now = now
    return opened


@dataclass
class Payments:
    """A sandbox and what it told us."""

    name: str
    world: World
    client: PaymentProvider
    notices: list[PaymentNotice] = field(default_factory=list)
    refused: list[Rejected] = field(default_factory=list)

    async def pay(self, order_no: str = "A-1", amount: str = "20.00", currency: str = "CNY") -> Any:
        """A buyer pays, and we hear of it."""
        if self.name == "stripe":
            currency = "USD"
        body = {"order_no": order_no, "amount": amount, "currency": currency}
        answer = await self.control("POST", "payments", body)
        await self.world.sandbox.step()
        return answer.json()

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        url = f"/sandbox/{self.name}/{path}"
        answer = await self.world.vendor_http.request(method, url, json=body)
        return answer.raise_for_status()

    async def refunds(self) -> list[Any]:
        found: list[Any] = (await self.control("GET", "refunds")).json()
        return found


def request_for(payment: Any, refund_no: str = "RF1", minor: int = 500) -> RefundRequest:
    return RefundRequest(
        refund_no,
        payment["transaction_id"],
        payment["merchant_ref"],
        minor,
        payment["amount"],
        payment["currency"],
        "质量问题",
    )


def payments_world(name: str, **changed: str) -> Payments:
    """Our side takes what the provider tells and answers in the provider's form."""
    world = create_world()
    client = open_payments(name, world.vendor_http, world.now, **changed)
    payments = Payments(name, world, client)

    def take(request: httpx.Request) -> httpx.Response:
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            payments.notices.append(client.read_notification(headers, {}, request.content))
            answer = client.acknowledge()
        except Rejected as error:
            payments.refused.append(error)
            answer = client.refuse(error)
        return httpx.Response(answer.status, content=answer.body)

    world.answer = take
    return payments
