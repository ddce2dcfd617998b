"""What JD's refusals mean. The vendor publishes no retry table: which codes are what is a shop's
setting, the defaults are what wire-formats §1.2 says and the gateway's own texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.http import DEFAULT_RETRY_AFTER_S
from integrations.marketplaces.jd_order import ApiResult
from integrations.marketplaces.reading import Body, Text

CLOCK: Final = "8"  # the timestamp is not within six minutes: right again once our clock is
PERMISSION: Final = "2001"


class JdError(Body):
    """`error_response`, or the shorter form of some methods."""

    code: Text = ""
    zh_desc: Text = ""
    en_desc: Text = ""
    msg: Text = ""


@dataclass(frozen=True, slots=True)
class JdCodes:
    """Gateway codes that are not final refusals of the one request."""

    retry: tuple[str, ...] = (CLOCK,)
    throttled: tuple[str, ...] = ("2",)
    credentials: tuple[str, ...] = (PERMISSION, "12", "19", "21", "24")


def codes_of(settings: Mapping[str, Any]) -> JdCodes:
    """The shop's own reading of the codes: `retry_codes`, `throttle_codes`, `credential_codes`."""
    plain = JdCodes()
    return JdCodes(
        _texts(settings.get("retry_codes", plain.retry)),
        _texts(settings.get("throttle_codes", plain.throttled)),
        _texts(settings.get("credential_codes", plain.credentials)),
    )


def jd_error(error: JdError, codes: JdCodes) -> IntegrationError:
    """The error to raise. The gateway refuses before it does anything, so nothing was done."""
    text = error.zh_desc or error.msg or error.en_desc or "no reason given"
    if error.code in codes.throttled:
        wait_s = DEFAULT_RETRY_AFTER_S
        return RateLimited(text, retry_after_s=wait_s, code=error.code, system="jd")
    if error.code in codes.credentials:
        return CredentialsRefused(text, code=error.code, system="jd")
    kind = Unavailable if error.code in codes.retry else Rejected
    return kind(text, code=error.code, system="jd")


def not_successful(result: ApiResult) -> Rejected:
    """The business said no, whatever the gateway thinks."""
    text = result.chinese_err_code or result.english_err_code or "no reason given"
    code = result.number_code or result.english_err_code or "success=false"
    return Rejected(text, code=code, system="jd")


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
