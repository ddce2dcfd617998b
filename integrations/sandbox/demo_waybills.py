"""What the demo company told its sandbox shops about its electronic waybill accounts."""

from typing import Any, Final

_CARRIERS: Final = ("sf", "zto", "yto", "sto", "yunda")
_CLOUD_PRINT: Final = {
    carrier: {"template_url": f"http://cloudprint.example/template/standard/{number}"}
    for number, carrier in enumerate(_CARRIERS, 1)
}
_WAYBILLS: Final[dict[str, dict[str, Any]]] = {
    "top": {"waybill_user_id": "2088000001", "waybills": _CLOUD_PRINT},
    "pdd": {"waybills": _CLOUD_PRINT},
    "douyin": {"waybills": _CLOUD_PRINT},
    "wechat": {
        "waybills": {
            carrier: {"ewaybill_acct_id": f"100{number}", "shop_id": "2000"}
            for number, carrier in enumerate(_CARRIERS, 1)
        }
    },
}


def demo_waybills(channel: str) -> dict[str, Any]:
    """Settings of a shop; none where the platform makes no waybills."""
    return _WAYBILLS.get(channel, {})
