"""How the cloud prints of Cainiao and Pinduoduo read a request for a waybill.

Their refusals' codes are not published: each platform gives its own to the words.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PARAMETER: Final = "param_waybill_cloud_print_apply_new_request"
_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


class Unusable(Exception):
    """What is wrong with a request, in the platform's language."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One waybill as it was asked for."""

    key: str
    object_id: str
    order_no: str
    carrier: str
    sender_city: str
    recipient: Mapping[str, Any]


def read_request(text: str, carriers: Mapping[str, str], carrier_field: str) -> Wanted:
    """`carriers` leads from the platform's code to ours. Raises Unusable."""
    asked = _object(_json(text), PARAMETER)
    carrier = carriers.get(str(asked.get(carrier_field)))
    if carrier is None:
        raise Unusable(f"{carrier_field}不正确或未订购该快递公司的电子面单服务")
    sender = _object(asked.get("sender"), "sender")
    address = _object(sender.get("address"), "sender.address")
    for name, told in (
        ("sender.name", sender.get("name")),
        ("sender.mobile", sender.get("mobile")),
        ("province", address.get("province")),
        ("detail", address.get("detail")),
    ):
        if not told:
            raise Unusable(f"{name}不能为空")  # fmt: skip
    orders = asked.get("trade_order_info_dtos")
    if not isinstance(orders, list) or len(orders) != 1:
        raise Unusable("trade_order_info_dtos不能为空，此沙箱一次一单")
    order = _object(orders[0], "trade_order_info_dtos[0]")
    info = _object(order.get("order_info"), "order_info")
    package = _object(order.get("package_info"), "package_info")
    numbers = info.get("trade_order_list")
    if not isinstance(numbers, list) or len(numbers) != 1 or not numbers[0]:
        raise Unusable("trade_order_list不能为空")
    if not info.get("order_channels_type") or not order.get("template_url"):
        raise Unusable("order_channels_type和template_url不能为空")
    package_id, object_id = str(package.get("id", "")), str(order.get("object_id", ""))
    if not _KEY.fullmatch(package_id) or not object_id:
        raise Unusable("包裹id只能传入数字、字母和下划线，object_id不能为空")
    if not package.get("items"):
        raise Unusable("package_info.items不能为空")
    recipient = _object(order.get("recipient"), "recipient")
    key = f"{carrier}/{numbers[0]}/{package_id}"
    return Wanted(key, object_id, str(numbers[0]), carrier, str(address.get("city", "")), recipient)


def made_of(waybill: Mapping[str, Any], object_id: str) -> dict[str, Any]:
    """A waybill as it is told."""
    return {
        "object_id": object_id,
        "waybill_code": waybill["waybill_no"],
        "print_data": waybill["print_data"],
        "parent_waybill_code": "",
    }


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("参数不是合法的JSON") from None


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unusable(f"{name}不能为空")
    return value
