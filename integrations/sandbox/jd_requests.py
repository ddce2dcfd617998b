"""How JD reads what it is asked, and the two shapes of its refusals."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from integrations.marketplaces.reading import read_china_time
from integrations.sandbox.framework import Refusal, Reply
from integrations.sandbox.order_controls import Order

PARAMETERS: Final = "360buy_param_json"
Business = Mapping[str, Any]


class No(Exception):
    """The business refuses, in the shape of `apiResult`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.result = {
            "success": False,
            "numberCode": code,
            "errorCode": code,
            "chineseErrCode": text,
            "englishErrCode": "",
        }


def business_of(form: Mapping[str, str]) -> Business:
    try:
        business = json.loads(form.get(PARAMETERS, "") or "{}")
    except ValueError:
        return {}
    return business if isinstance(business, dict) else {}


def timestamp_of(text: str) -> datetime:
    """Whole seconds, or milliseconds and the zone: `2021-05-07 09:20:39.683+0800`."""
    try:
        return read_china_time(text.removesuffix("+0800").partition(".")[0])
    except ValueError:
        raise Refusal("8", "非法的时间戳参数") from None


def time_of(asked: Business, name: str) -> datetime:
    try:
        return read_china_time(str(asked.get(name, "")))
    except ValueError:
        raise No("10100018", f"{name}不正确") from None


def number_of(asked: Business, name: str, most: int) -> int:
    """JD wants its page numbers as text."""
    text = asked.get(name)
    if (
        not isinstance(text, str)
        or not re.fullmatch("[0-9]{1,9}", text)
        or not 1 <= int(text) <= most
    ):
        raise No("10100017", f"{name}不正确")
    return int(text)


def fields_of(asked: Business) -> list[str]:
    if not (fields := str(asked.get("optional_fields") or "")):
        raise No("10100016", "optional_fields不能为空")
    return fields.split(",")


def shown(order: Order, fields: list[str]) -> Order:
    return {name: order[name] for name in ("orderId", *fields) if name in order}


def refused(code: str, text: str) -> Reply:
    return answered(
        {"error_response": {"code": code, "zh_desc": text, "en_desc": ""}}, executed=False
    )


def answered(body: Mapping[str, Any], *, executed: bool = True) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)
