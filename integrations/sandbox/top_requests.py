"""Requests to the TOP sandbox: their fields, and its refusals in the vendor's form."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.marketplaces.reading import read_china_time
from integrations.sandbox.framework import Reply

Form = Mapping[str, str]


class Refusal(Exception):
    """An `error_response`."""

    def __init__(self, code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> None:
        super().__init__(msg)
        self.reply = refused(code, msg, sub_code, sub_msg)


def time_of(form: Form, name: str, code: int) -> datetime:
    try:
        return read_china_time(form.get(name, ""))
    except ValueError:
        text = "Invalid Timestamp" if name == "timestamp" else "Invalid Arguments"
        raise Refusal(code, text, f"isv.invalid-parameter:{name}") from None


def number_of(form: Form, name: str, default: int, most: int) -> int:
    text = form.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise Refusal(41, "Invalid Arguments", f"isv.invalid-parameter:{name}")
    return int(text)


def refused(code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> Reply:
    error = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}
    shown = {name: value for name, value in error.items() if value}
    return reply({"error_response": {**shown, "request_id": "sandbox"}}, executed=False)


def reply(body: Mapping[str, Any], *, executed: bool = True) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode(), executed=executed)
