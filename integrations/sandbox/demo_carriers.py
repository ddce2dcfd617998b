"""The demo company's contracts with the sandbox carriers: addresses, secrets and settings."""

from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class DemoCarrier:
    """`path` is where the carrier is below the sandbox's address."""

    code: str
    name: str
    path: str
    secrets: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)


def demo_carriers(accounts: SandboxSettings, callback_base_url: str) -> tuple[DemoCarrier, ...]:
    """Every carrier of the sandbox; pushes come to `callback_base_url`."""
    sf, zto, yto, sto = accounts.sf, accounts.zto, accounts.yto, accounts.sto
    jdl, yunda, kuaidi100 = accounts.jdl, accounts.yunda, accounts.kuaidi100
    return (
        DemoCarrier(
            "sf", "顺丰速运", "/sf/std/service",
            {"partner_id": sf.partner_id, "checkword": sf.checkword,
             "monthly_card": sf.monthly_card},
        ),
        DemoCarrier(
            "zto", "中通快递", "/zto",
            {"app_key": zto.app_key, "app_secret": zto.app_secret, "account_id": zto.account_id,
             "account_password": zto.account_password},
        ),
        DemoCarrier(
            "yto", "圆通速递", "/yto/open",
            {"customer_code": yto.customer_code, "url_token": yto.url_token,
             "secret": yto.secret},
        ),
        DemoCarrier(
            "sto", "申通快递", "/sto/gateway/link.do",
            {"app_key": sto.app_key, "from_code": sto.from_code, "secret_key": sto.secret_key,
             "site_code": sto.site_code, "customer_name": sto.customer_name,
             "site_password": sto.site_password},
        ),
        DemoCarrier(
            "jdl", "京东物流", "/jdl",
            {"app_key": jdl.app_key, "app_secret": jdl.app_secret,
             "access_token": jdl.access_token, "customer_code": jdl.customer_code},
        ),
        DemoCarrier(
            "yunda", "韵达快递", "/yunda",
            {"app_key": yunda.app_key, "app_secret": yunda.app_secret,
             "partner_id": yunda.partner_id, "partner_secret": yunda.partner_secret},
        ),
        DemoCarrier(
            "kuaidi100", "快递100", "/kuaidi100",
            {"customer": kuaidi100.customer, "key": kuaidi100.key, "secret": kuaidi100.secret,
             "salt": kuaidi100.salt},
            {"callback_url": f"{callback_base_url}/{kuaidi100.push_path}",
             "partners": {"yuantong": {"partnerId": "demo"},
                          "debangkuaidi": {"partnerId": "demo"}}},
        ),
    )  # fmt: skip
