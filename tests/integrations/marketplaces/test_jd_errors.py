"""What JD's codes mean for us, and that a shop may know better."""

import pytest

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.marketplaces.jd_errors import JdCodes, JdError, codes_of, jd_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("8", Unavailable),
        ("2", RateLimited),
        ("2001", CredentialsRefused),
        ("12", CredentialsRefused),
        ("19", CredentialsRefused),
        ("21", CredentialsRefused),
        ("24", CredentialsRefused),
        *(
            (code, Rejected)
            for code in ("4", "5", "7", "11", "14", "15", "43", "65", "67", "", "x")
        ),
    ],
)
def test_every_code_has_its_family(code: str, kind: type[IntegrationError]) -> None:
    error = jd_error(JdError(code=code, zh_desc="说明"), JdCodes())

    assert type(error) is kind
    assert (error.code, error.system, str(error)) == (code, "jd", "说明")


def test_a_shop_may_know_better() -> None:
    codes = codes_of({"retry_codes": [67, "8"], "throttle_codes": [9], "credential_codes": ["1"]})

    kinds = [type(jd_error(JdError(code=code), codes)) for code in ("67", "8", "9", "1", "2001")]
    assert kinds == [Unavailable, Unavailable, RateLimited, CredentialsRefused, Rejected]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (JdError(code="1", zh_desc="中", en_desc="en", msg="m"), "中"),
        (JdError(code="1", en_desc="en", msg="m"), "m"),
        (JdError(code="1", en_desc="en"), "en"),
        (JdError(code="1"), "no reason given"),
    ],
)
def test_its_own_words_are_kept(error: JdError, text: str) -> None:
    assert str(jd_error(error, JdCodes())) == text
