"""What each of Pinduoduo's codes means for us."""

import pytest

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.pdd_errors import PddError, pdd_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (10019, CredentialsRefused),
        (20004, CredentialsRefused),
        (20005, CredentialsRefused),
        (20031, CredentialsRefused),
        (70031, Unavailable),
        (10000, Rejected),
        (50001, Rejected),
        (0, Rejected),
    ],
)
def test_every_code_has_its_family(code: int, kind: type[IntegrationError]) -> None:
    asked = pdd_error(PddError(error_code=code, error_msg="m"), changes=False)
    told = pdd_error(PddError(error_code=code, error_msg="m", sub_msg="s"), changes=True)

    assert type(asked) is kind
    assert type(told) is (AnswerLost if kind is Unavailable else kind)
    assert (asked.code, asked.system, str(asked), str(told)) == (str(code), "pdd", "m", "s")


def test_a_shop_may_know_better() -> None:
    error = PddError(error_code=50000)

    assert type(pdd_error(error, changes=False, retry=["50000"])) is Unavailable
    assert type(pdd_error(PddError(error_code=70031), changes=False, retry=[])) is Rejected
