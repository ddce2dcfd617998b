"""The request for waybills that Cainiao's and Pinduoduo's cloud print share, and its answer.

Names are those of the vendors' own libraries; what they leave open is in docs/assumptions.md.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from domain.shared.address import Address
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from integrations.marketplaces.reading import Body, Number

PARAMETER: Final = "param_waybill_cloud_print_apply_new_request"
# To void what is void already is refused in words alone.
VOID_WORDS: Final = ("已取消", "已被取消", "已回收")
_MOST_ITEMS: Final = 100
_NOT_IN_KEYS: Final = re.compile(r"[^A-Za-z0-9_]")


class Module(Body):
    """`print_data` is passed on as it is: nothing is cut off."""

    object_id: Number
    waybill_code: Number
    print_data: str = Field(min_length=1, repr=False)

    @property
    def waybill(self) -> PlatformWaybill:
        return PlatformWaybill(self.waybill_code, self.print_data)


def key_of(parcel: MaskedParcel) -> str:
    """Our reference in the letters these platforms take; order and key name a waybill."""
    return _NOT_IN_KEYS.sub("_", parcel.reference)


def request_of(
    parcel: MaskedParcel,
    key: str,
    channel: str,
    recipient: Mapping[str, Any],
    entry: Mapping[str, Any],
    user_id: str,
) -> dict[str, Any]:
    """What is asked for one parcel; its carrier is added by whoever calls it by another name."""
    order = {
        "object_id": key,
        "order_info": {
            "order_channels_type": channel,
            "trade_order_list": [parcel.external_no, *parcel.others],
        },
        "package_info": {
            "id": key,
            "weight": parcel.weight_g,
            "items": [
                {"name": item.name, "count": item.quantity} for item in parcel.items[:_MOST_ITEMS]
            ],
        },
        "recipient": recipient,
        "template_url": entry["template_url"],
        "user_id": user_id,
    }
    if services := entry.get("services"):
        order["logistics_services"] = str(services)
    sender = {
        "name": parcel.sender.name,
        "mobile": parcel.sender.phone,
        "address": address_of(parcel.sender.address),
    }
    return {"need_encrypt": True, "sender": sender, "trade_order_info_dtos": [order]}


def written(asked: Any) -> str:
    """A parameter that is a JSON text."""
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":"))


def address_of(address: Address) -> dict[str, str]:
    return {
        "province": address.province,
        "city": address.city,
        "district": address.district,
        "detail": address.detail,
    }
