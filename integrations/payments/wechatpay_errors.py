"""What WeChat Pay's error answers mean: the classes of wire-formats §3.1."""

from datetime import datetime
from typing import Final

import httpx
from pydantic import ValidationError

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    NotEnoughBalance,
    RateLimited,
    Rejected,
)
from integrations.http import Answer, retry_after_s
from integrations.payments.reading import Body, Text, lost

NO_SUCH_REFUND: Final = "RESOURCE_NOT_EXISTS"
_SYSTEM: Final = "wechatpay"
# The same request with the same number again; it may have been carried out.
_AGAIN: Final = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR",
                           "BIZERR_NEED_RETRY", "RESOURCE_BUSY"})  # fmt: skip
_THROTTLED: Final = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED"})
_CREDENTIALS: Final = frozenset({"SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS"})


class _Error(Body):
    code: Text = ""
    message: Text = ""


def wechatpay_error(answer: Answer, *, changes: bool, now: datetime) -> IntegrationError:
    """The error to raise. What is in no list is refused for good, save for a failure of theirs."""
    try:
        error = _Error.model_validate_json(answer.body)
    except ValidationError:
        error = _Error()
    code = error.code or str(answer.status)
    text = error.message or f"answered HTTP {answer.status}"
    if error.code in _THROTTLED or answer.status == httpx.codes.TOO_MANY_REQUESTS:
        wait_s = retry_after_s(answer.headers.get("retry-after", ""), now)
        return RateLimited(text, retry_after_s=wait_s, code=code, system=_SYSTEM)
    if error.code in _AGAIN or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return lost(text, code, system=_SYSTEM, changes=changes)
    if error.code == "NOT_ENOUGH":
        return NotEnoughBalance(text, code=code, system=_SYSTEM)
    if error.code in _CREDENTIALS or answer.status == httpx.codes.UNAUTHORIZED:
        return CredentialsRefused(text, code=code, system=_SYSTEM)
    return Rejected(text, code=code, system=_SYSTEM)
