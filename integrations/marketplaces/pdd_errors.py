"""What Pinduoduo's error answers mean: the codes of wire-formats §1.3."""

from collections.abc import Collection
from typing import Final

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.reading import Body, Text

TOKEN: Final = 10019  # expired
SIGNATURE: Final = 20004
ADDRESS: Final = 20005  # our IP is not on the app's list
PERMISSION: Final = 20031
# Nothing works until a person has put it right: the shop waits, not each order.
CREDENTIALS: Final = (TOKEN, SIGNATURE, ADDRESS, PERMISSION)
RETRY: Final = ("70031",)  # as one client does; setting `retry_codes`


class PddError(Body):
    error_code: int
    error_msg: Text = ""
    sub_code: Text = ""
    sub_msg: Text = ""
    request_id: Text = ""


def pdd_error(
    error: PddError, *, changes: bool, retry: Collection[str] = RETRY
) -> IntegrationError:
    """The error to raise. A failure on their side may have come after the work was done: when the
    call `changes` something it is AnswerLost."""
    code = str(error.error_code)
    text = error.sub_msg or error.error_msg or "no reason given"
    if error.error_code in CREDENTIALS:
        return CredentialsRefused(text, code=code, system="pdd")
    if code in retry:
        kind = AnswerLost if changes else Unavailable
        return kind(text, code=code, system="pdd")
    return Rejected(text, code=code, system="pdd")
