"""How Pinduoduo reads what it is asked, and its refusals."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from integrations.sandbox.framework import Refusal, Reply

PARAMETER: Final = "10001"  # a parameter that every call needs
BUSINESS: Final = "50001"  # what was asked for cannot be done
_LONGEST_SPAN_S: Final = 1800
Form = Mapping[str, str]


def form_of(text: str) -> dict[str, str]:
    """The parameters, sent as a form or as one JSON object."""
    if not text.lstrip().startswith("{"):
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in body.items()
    }


def span_of(form: Form) -> tuple[datetime, datetime]:
    start = seconds_of(form, "start_updated_at", PARAMETER)
    end = seconds_of(form, "end_updated_at", PARAMETER)
    if not 0 <= (end - start).total_seconds() <= _LONGEST_SPAN_S:
        raise Refusal(BUSINESS, "开始时间结束时间间距不超过30分钟")
    return start, end


def page_of(form: Form, found: list[Any]) -> list[Any]:
    page = number_of(form, "page", 1, 10_000)
    size = number_of(form, "page_size", 1, 100)
    return found[(page - 1) * size : page * size]


def seconds_of(form: Form, name: str, code: str) -> datetime:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise Refusal(code, f"{name}不正确")
    return datetime.fromtimestamp(int(text), UTC)


def number_of(form: Form, name: str, least: int, most: int) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise Refusal(PARAMETER, f"{name}不正确")
    return int(text)


def refused(code: str, text: str) -> Reply:
    error = {"error_code": int(code), "error_msg": text, "sub_code": None, "sub_msg": text}
    return answered({"error_response": {**error, "request_id": "sandbox"}}, executed=False)


def answered(body: Mapping[str, Any], *, executed: bool = True) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)
