"""What Alipay's answers mean: the classes of wire-formats §3.2."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

from pydantic import AfterValidator

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    NotEnoughBalance,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.http import DEFAULT_RETRY_AFTER_S
from integrations.payments.reading import Body, Text, lost

OK: Final = "10000"
_SYSTEM: Final = "alipay"
_UNKNOWN: Final = "20000"  # service unavailable: nobody knows whether it was done
_THROTTLED: Final = "40005"
_CREDENTIALS: Final = frozenset({"20001", "40006"})
_CREDENTIAL_REASONS: Final = (
    "isv.invalid-signature", "isv.invalid-app-id", "isv.missing-signature", "isv.invalid-app-auth",
)  # fmt: skip


def _number(text: str) -> str:
    if text:
        try:
            if not Decimal(text).is_finite():
                raise ValueError("must be a finite number")
        except InvalidOperation:
            raise ValueError("must be a decimal number") from None
    return text


class AlipayResult(Body):
    """The fields of both answers that say what happened."""

    code: Text
    msg: Text = ""
    sub_code: Text = ""
    sub_msg: Text = ""
    trade_no: Text = ""
    fund_change: Text = ""
    refund_status: Text = ""
    refund_amount: Annotated[Text, AfterValidator(_number)] = ""


def alipay_error(result: AlipayResult, *, changes: bool) -> IntegrationError:
    """The error to raise. 40004 says no more than that `sub_code` has to be read."""
    reason = result.sub_code.removeprefix("aop.")
    code = result.sub_code or result.code
    text = result.sub_msg or result.msg or "no reason given"
    if result.code == _UNKNOWN or reason == "ACQ.SYSTEM_ERROR":
        return lost(text, code, system=_SYSTEM, changes=changes)
    if reason == "ACQ.REFUND_CHARGE_ERROR":  # the fee cannot be taken back now: later again
        return Unavailable(text, code=code, system=_SYSTEM)
    if reason == "ACQ.SELLER_BALANCE_NOT_ENOUGH":
        return NotEnoughBalance(text, code=code, system=_SYSTEM)
    if result.code == _THROTTLED or reason == "isv.app-call-limited":
        return RateLimited(text, retry_after_s=DEFAULT_RETRY_AFTER_S, code=code, system=_SYSTEM)
    if result.code in _CREDENTIALS or reason.startswith(_CREDENTIAL_REASONS):
        return CredentialsRefused(text, code=code, system=_SYSTEM)
    return Rejected(text, code=code, system=_SYSTEM)
