"""The demo company's account at the issuer of invoices of the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class DemoIssuer:
    """`path` is below the sandbox's address."""

    id: str
    vendor: str
    name: str
    path: str
    secrets: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


def demo_issuers(accounts: SandboxSettings) -> tuple[DemoIssuer, ...]:
    """One company under one tax number."""
    nuonuo = accounts.nuonuo
    return (
        DemoIssuer(
            "nuonuo-hq",
            "nuonuo",
            "诺诺发票",
            "/nuonuo",
            {
                "app_key": nuonuo.app_key,
                "app_secret": nuonuo.app_secret,
                "access_token": nuonuo.access_token,
                "tax_no": nuonuo.tax_no,
            },
            {
                "seller_name": "昂翰演示商贸有限公司",
                "tel": "021-55550100",
                "address": "上海市浦东新区演示路1号",
                "clerk": "演示员",
            },
        ),
    )
