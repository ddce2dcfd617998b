"""What WeChat's `errcode` means (wire-formats §1.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.http import DEFAULT_RETRY_AFTER_S
from integrations.marketplaces.reading import Body, Text

TOKEN: Final = (40001, 40014, 42001)  # a new token is asked for, once
_BUSY: Final = "-1"
_DAY_USED_UP: Final = "45009"
_A_WHILE_S: Final = 1800.0


class WechatHead(Body):
    """What a token comes without when all is well."""

    errcode: int = 0
    errmsg: Text = ""
    delivery_error_msg: Text = ""  # the carrier's own words about a waybill


class WechatError(WechatHead):
    """The head of every other answer: nought when all is well."""

    errcode: int


@dataclass(frozen=True, slots=True)
class WechatCodes:
    """Codes that are not final refusals of the one request."""

    retry: tuple[str, ...] = (_BUSY,)
    throttled: tuple[str, ...] = (_DAY_USED_UP, "45011")
    # No such app, wrong secret, our IP is not on the list, no right to the call; the token.
    credentials: tuple[str, ...] = ("40013", "40125", "40164", "48001", *map(str, TOKEN))


def codes_of(settings: Mapping[str, Any]) -> WechatCodes:
    """The shop's settings `retry_codes`, `throttle_codes`, `credential_codes`."""
    plain = WechatCodes()
    return WechatCodes(
        _texts(settings.get("retry_codes", plain.retry)),
        _texts(settings.get("throttle_codes", plain.throttled)),
        _texts(settings.get("credential_codes", plain.credentials)),
    )


def wechat_error(error: WechatHead, codes: WechatCodes, *, changes: bool) -> IntegrationError:
    """The error to raise. A failure on their side may have come after the work was done: when the
    call `changes` something it is AnswerLost."""
    code = str(error.errcode)
    text = error.delivery_error_msg or error.errmsg or "no reason given"
    if code in codes.throttled:
        wait_s = _A_WHILE_S if code == _DAY_USED_UP else DEFAULT_RETRY_AFTER_S
        return RateLimited(text, retry_after_s=wait_s, code=code, system="wechat")
    if code in codes.credentials:
        return CredentialsRefused(text, code=code, system="wechat")
    if code in codes.retry:
        kind = AnswerLost if changes else Unavailable
        return kind(text, code=code, system="wechat")
    return Rejected(text, code=code, system="wechat")


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
