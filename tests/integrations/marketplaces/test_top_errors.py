"""What each row of TOP's error table means for us."""

import pytest

from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.top_errors import TopError, top_error


@pytest.mark.parametrize(
    ("code", "sub_code", "kind"),
    [
        (15, "isp.trade-service-unavailable", Unavailable),
        (15, "isp.remote-service-error", Unavailable),
        (15, "isp.remote-service-timeout", Unavailable),
        (15, "isp.remote-connection-error", Unavailable),
        (15, "isp.top-remote-connection-timeout", Unavailable),
        (15, "isp.top-remote-connection-error", Unavailable),
        (15, "isp.unknown-error", Unavailable),
        (15, "isp.null-pointer-exception", Rejected),
        (15, "isp.top-parse-error", Rejected),
        (15, "isp.top-mapping-parse-error", Rejected),
        (15, "isv.trade-not-exist", Rejected),
        (15, "isv.logistics-offline-service-error:B04", Rejected),
        (15, "isv.logistics-offline-service-error:B150", Unavailable),
        (10, "", Unavailable),
        (15, "", Unavailable),
        (25, "", CredentialsRefused),
        (26, "", CredentialsRefused),
        (27, "invalid-sessionkey", CredentialsRefused),
        *((code, "", Rejected) for code in (11, 12, 42, 53)),
        *((code, "", Rejected) for code in (21, 22, 23, 24, 28, 29, 30, 31, 32, 33, 34)),
        *((code, "", Rejected) for code in (40, 41, 43)),
        (41, "isv.invalid-parameter:tid", Rejected),
        (999, "", Rejected),
    ],
)
def test_every_code_has_its_family(code: int, sub_code: str, kind: type[IntegrationError]) -> None:
    asked = top_error(TopError(code=code, sub_code=sub_code, msg="m"), changes=False)
    told = top_error(TopError(code=code, sub_code=sub_code, msg="m"), changes=True)

    assert type(asked) is kind
    assert type(told) is (AnswerLost if kind is Unavailable else kind)
    assert asked.code == (sub_code or str(code))
    assert (asked.system, str(asked)) == ("top", "m")


@pytest.mark.parametrize(
    ("code", "sub_code", "sub_msg", "wait_s"),
    [
        (7, "", "", 30.0),
        (
            7,
            "accesscontrol.limited-by-app-access-count",
            "This ban will last for 7 more seconds",
            7,
        ),
        (7, "accesscontrol.limited-by-api-access-count", "This ban will last for 1 seconds", 1),
        (7, "", "ban of 31062 more seconds", 31062.0),
        (7, "", "ban of 999999 seconds", 86400.0),
        (7, "", "0 seconds", 1.0),
        (15, "isv.trade-service-rejection", "", 180.0),
    ],
)
def test_we_wait_as_long_as_they_say(code: int, sub_code: str, sub_msg: str, wait_s: float) -> None:
    error = top_error(TopError(code=code, sub_code=sub_code, sub_msg=sub_msg), changes=True)

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait_s
