"""The demo company's accounts at the ERPs of the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class DemoErp:
    """`path` is below the sandbox's address; `by_itself`: vouchers go there as they are written."""

    id: str
    vendor: str
    name: str
    path: str
    by_itself: bool
    secrets: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


def demo_erps(accounts: SandboxSettings) -> tuple[DemoErp, ...]:
    """One account book at each: the first is kept up by itself, the second by hand."""
    kingdee, yonyou = accounts.kingdee, accounts.yonyou
    return (
        DemoErp(
            "kingdee-hq",
            "kingdee",
            "金蝶云星空 总账",
            "/kingdee/k3cloud",
            True,
            {
                "app_id": kingdee.app_id,
                "app_secret": kingdee.app_secret,
                "account_set": kingdee.account_set,
                "user_name": kingdee.user_name,
            },
            {"account_book": kingdee.account_book},
        ),
        DemoErp(
            "yonyou-hq",
            "yonyou",
            "用友 BIP 总账",
            "/yonyou",
            False,
            {"app_key": yonyou.app_key, "app_secret": yonyou.app_secret},
            {"account_book": yonyou.account_book, "maker_mobile": "13800000000"},
        ),
    )
