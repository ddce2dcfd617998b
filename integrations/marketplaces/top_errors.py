"""What TOP's error answers mean: the table of wire-formats §1.1, first match counts."""

import re
from typing import Final

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

TRADE_SERVICE_WAIT_S: Final = (
    180.0  # isv.trade-service-rejection: too many time-outs, three minutes
)
SHIPPING_REFUSED: Final = "isv.logistics-offline-service-error:"

_LONGEST_BAN_S: Final = 86_400.0
_BAN: Final = re.compile(r"([0-9]{1,6})\s*(?:more\s+)?(?:seconds|second|秒)")
_THROTTLED: Final = 7
_SIGNATURE: Final = 25
_SESSION: Final = (26, 27)
_SERVICE: Final = (10, 15)
_LATER: Final = (f"{SHIPPING_REFUSED}B150",)  # "shipping failed, try again a little later"
_BROKEN_FOR_GOOD: Final = (
    "isp.null-pointer-exception",
    "isp.top-parse-error",
    "isp.top-mapping-parse-error",
)


class TopError(Body):
    code: int
    msg: Text = ""
    sub_code: Text = ""
    sub_msg: Text = ""
    request_id: Text = ""


def top_error(error: TopError, *, changes: bool) -> IntegrationError:
    """The error to raise. A failure on their side may have come after the work was done: when the
    call `changes` something it is AnswerLost."""
    sub_code = error.sub_code
    code = sub_code or str(error.code)
    text = error.sub_msg or error.msg or "no reason given"
    if error.code == _THROTTLED or sub_code.startswith("accesscontrol.limited-by-"):
        return RateLimited(text, retry_after_s=_ban_s(error), code=code, system="top")
    if sub_code == "isv.trade-service-rejection":
        return RateLimited(text, retry_after_s=TRADE_SERVICE_WAIT_S, code=code, system="top")
    if error.code == _SIGNATURE or error.code in _SESSION:
        return CredentialsRefused(text, code=code, system="top")
    if sub_code in _LATER or (sub_code.startswith("isp.") and sub_code not in _BROKEN_FOR_GOOD):
        kind = AnswerLost if changes else Unavailable
        return kind(text, code=code, system="top")
    if error.code in _SERVICE and not sub_code:
        kind = AnswerLost if changes else Unavailable
        return kind(text, code=code, system="top")
    return Rejected(text, code=code, system="top")


def _ban_s(error: TopError) -> float:
    """How long they shut us out: `sub_msg` usually names it in seconds."""
    named = _BAN.search(error.sub_msg)
    return min(max(float(named[1]), 1.0), _LONGEST_BAN_S) if named else DEFAULT_RETRY_AFTER_S
