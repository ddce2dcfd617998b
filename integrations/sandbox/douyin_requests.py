"""How Douyin reads what it is asked, and its envelope."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from integrations.sandbox.framework import Refusal, Reply

PLATFORM, PARAMETER, BUSINESS = 40003, 40004, 50002
_WORDS: Final = {
    20000: "服务不可用",
    30001: "操作权限不足",
    40001: "缺少必选参数",
    PLATFORM: "非法的参数",
    PARAMETER: "非法的参数",
    BUSINESS: "业务处理失败",
    60000: "触发限流，请稍后重试",
    70000: "接口服务已下线",
}
_LONGEST_SPAN: Final = timedelta(days=90)
Asked = Mapping[str, Any]


class No(Refusal):
    """A refusal by main code and sub code."""

    def __init__(self, number: int, sub_code: str, text: str) -> None:
        super().__init__(sub_code, text)
        self.number = number


def invalid(text: str) -> No:
    return No(PARAMETER, "isv.parameter-invalid:11000", text)


def not_possible(text: str) -> No:
    return No(BUSINESS, "isv.business-failed:12001", text)


def asked_of(body: str) -> Asked:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def span_of(asked: Asked, start: str, end: str) -> tuple[datetime, datetime]:
    times = [asked.get(start), asked.get(end)]
    if not all(type(time) is int and 0 <= time < 10**11 for time in times):
        raise invalid(f"{start}或{end}不正确")
    first, last = (datetime.fromtimestamp(time, UTC) for time in times if time is not None)
    if not timedelta(0) <= last - first <= _LONGEST_SPAN:
        raise invalid("时间范围不能超过90天")
    return first, last


def page_of(asked: Asked, found: list[Any]) -> list[Any]:
    """Pages are counted from nought."""
    page, size = asked.get("page"), asked.get("size")
    if type(page) is not int or type(size) is not int or page < 0 or not 1 <= size <= 100:
        raise invalid("page或size不正确")
    return found[page * size : (page + 1) * size]


def refused(number: int, sub_code: str, text: str) -> Reply:
    return answered(
        {"code": number, "msg": _WORDS.get(number, "其他异常"), "sub_code": sub_code,
         "sub_msg": text, "log_id": "sandbox"},
        executed=False,
    )  # fmt: skip


def done(data: Any) -> Reply:
    return answered(
        {"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "data": data,
         "log_id": "sandbox"}
    )  # fmt: skip


def answered(body: Mapping[str, Any], *, executed: bool = True) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)
