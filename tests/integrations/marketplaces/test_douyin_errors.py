"""What each of Douyin's codes means for us."""

import pytest

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.douyin_errors import (
    DouyinCodes,
    DouyinError,
    codes_of,
    douyin_error,
)

CODES = DouyinCodes()


@pytest.mark.parametrize(
    ("code", "sub_code", "asked", "told"),
    [
        (20000, "isp.service-error:10000", Unavailable, AnswerLost),
        (20000, "", Unavailable, AnswerLost),
        (20001, "", Unavailable, AnswerLost),
        (90000, "isp.unknown-error", Unavailable, AnswerLost),
        (20000, "dop.service-error", Unavailable, AnswerLost),
        (60000, "", RateLimited, RateLimited),
        (40003, "isv.api-flow-limit", RateLimited, RateLimited),
        (30001, "isv.app-permissions-insufficient", CredentialsRefused, CredentialsRefused),
        (30001, "dop.authorization-no-existed", CredentialsRefused, CredentialsRefused),
        (30002, "", CredentialsRefused, CredentialsRefused),
        (40003, "isv.access-token-expired", CredentialsRefused, CredentialsRefused),
        (40003, "isv.signature-invalid", CredentialsRefused, CredentialsRefused),
        (40003, "isv.timestamp-invalid", Unavailable, Unavailable),
        (40003, "isv.idempotent-id-existed", Rejected, Rejected),
        (40004, "isv.parameter-invalid:11000", Rejected, Rejected),
        (50002, "isv.business-failed:12001", Rejected, Rejected),
        (70000, "isp.api-service-off", Rejected, Rejected),
        (-1, "", Rejected, Rejected),
    ],
)
def test_every_code_has_its_family(
    code: int, sub_code: str, asked: type[IntegrationError], told: type[IntegrationError]
) -> None:
    error = DouyinError(code=code, sub_code=sub_code, msg="m")

    read, sent = (douyin_error(error, CODES, changes=changes) for changes in (False, True))

    assert (type(read), type(sent)) == (asked, told)
    assert (read.code, read.system, str(read)) == (sub_code or str(code), "douyin", "m")


def test_a_shop_may_know_better() -> None:
    codes = codes_of(
        {"retry_codes": [50002], "throttle_codes": ["isv.x"], "credential_codes": [40004]}
    )

    assert type(douyin_error(DouyinError(code=50002), codes, changes=False)) is Unavailable
    slow = DouyinError(code=1, sub_code="isv.x")
    assert type(douyin_error(slow, codes, changes=False)) is RateLimited
    assert type(douyin_error(DouyinError(code=40004), codes, changes=False)) is CredentialsRefused
    assert type(douyin_error(DouyinError(code=60000), codes, changes=False)) is Rejected


@pytest.mark.parametrize(
    ("told", "done"),
    [
        ({"code": 10000}, True),
        ({"err_no": 0, "message": "success"}, True),
        ({"code": 10001, "err_no": 0}, False),
        ({"err_no": 7}, False),
    ],
)
def test_old_and_new_apps_have_their_own_word_for_done(told: dict[str, int], done: bool) -> None:
    assert DouyinError.model_validate(told).is_done is done
