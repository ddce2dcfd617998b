"""What Douyin's refusals mean: the platform's own codes and sub codes, as its libraries list them.

`isv.*` is our fault and final, `isp.*` and `dop.service-error` theirs (wire-formats §1.4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import model_validator

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

DONE: Final = 10000
DONE_BEFORE: Final = "isv.idempotent-id-existed"  # this idempotent_id was carried out already
SERVICE: Final = range(20000, 20100)  # their side is down or slow
THROTTLED: Final = "60000"
PERMISSION, ADDRESS = "30001", "30002"  # no right to the method; our IP is not on the app's list
_SERVICE: Final = ("isp.service-error", "isp.unknown-error", "dop.service-error")
_THROTTLED: Final = ("flow-limit", "call-limited", "rate-limit")
_CLOCK: Final = "isv.timestamp-"  # refused before anything was done
_CREDENTIALS: Final = (
    "isv.access-token-",
    "isv.signature-",
    "isv.app-id-",
    "isv.app-permissions-",
    "isv.authorization-type-",
    "dop.authorization-",
    "dop.app-forbidden",
)


class DouyinError(Body):
    """The envelope of an answer; older apps say `err_no` and `message`."""

    code: int | None = None
    msg: Text = ""
    sub_code: Text = ""
    sub_msg: Text = ""
    err_no: int | None = None
    message: Text = ""

    @model_validator(mode="after")
    def _is_an_envelope(self) -> "DouyinError":
        if self.code is None and self.err_no is None:
            raise ValueError("it has no code")
        return self

    @property
    def number(self) -> int:
        return self.code if self.code is not None else self.err_no or 0

    @property
    def is_done(self) -> bool:
        return self.code == DONE or (self.code is None and self.err_no == 0)


@dataclass(frozen=True, slots=True)
class DouyinCodes:
    """Codes and sub codes of the shop's own reading, besides the platform's families."""

    retry: tuple[str, ...] = ()
    throttled: tuple[str, ...] = (THROTTLED,)
    credentials: tuple[str, ...] = (PERMISSION, ADDRESS)


def codes_of(settings: Mapping[str, Any]) -> DouyinCodes:
    """The shop's settings `retry_codes`, `throttle_codes`, `credential_codes`."""
    plain = DouyinCodes()
    return DouyinCodes(
        _texts(settings.get("retry_codes", plain.retry)),
        _texts(settings.get("throttle_codes", plain.throttled)),
        _texts(settings.get("credential_codes", plain.credentials)),
    )


def douyin_error(error: DouyinError, codes: DouyinCodes, *, changes: bool) -> IntegrationError:
    """The error to raise. A failure on their side may have come after the work was done: when the
    call `changes` something it is AnswerLost."""
    number = str(error.number)
    told = (number, error.sub_code)
    code = error.sub_code or number
    text = error.sub_msg or error.msg or error.message or "no reason given"
    if any(one in codes.throttled for one in told) or _has(error.sub_code, _THROTTLED):
        wait_s = DEFAULT_RETRY_AFTER_S
        return RateLimited(text, retry_after_s=wait_s, code=code, system="douyin")
    if any(one in codes.credentials for one in told) or error.sub_code.startswith(_CREDENTIALS):
        return CredentialsRefused(text, code=code, system="douyin")
    if error.sub_code.startswith(_CLOCK):
        return Unavailable(text, code=code, system="douyin")
    theirs = error.number in SERVICE or error.sub_code.startswith(_SERVICE)
    if theirs or any(one in codes.retry for one in told):
        kind = AnswerLost if changes else Unavailable
        return kind(text, code=code, system="douyin")
    return Rejected(text, code=code, system="douyin")


def _has(text: str, parts: Sequence[str]) -> bool:
    return any(part in text for part in parts)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
