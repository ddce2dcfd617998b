"""One number has one form, however it is written; other numbers have others."""

import pytest

from domain.shared.phone import last_four, normal_phone

SAME = (
    "13800000001", "138 0000 0001", "138-0000-0001", "+86 13800000001", "+86-138-0000-0001",
    "8613800000001", "008613800000001", "１３８０００００００１",
    "＋８６　１３８ ００００ ０００１", "(+86) 13800000001",
)  # fmt: skip


@pytest.mark.parametrize("told", SAME)
def test_a_mobile_number_has_one_form(told: str) -> None:
    assert normal_phone(told) == "13800000001"
    assert last_four(told) == "0001"


@pytest.mark.parametrize(
    ("told", "normal"),
    [
        ("0571-8888 8888", "057188888888"), ("+86 571 88888888", "057188888888"),
        ("+86 0571 88888888", "057188888888"), ("88888888", "88888888"),
        ("+1 310 555 1234", "+13105551234"), ("001 310 555 1234", "+13105551234"),
        ("13105551234", "13105551234"), ("18466668888-1234", "184666688881234"),
        ("18466668888转1234", "184666688881234"), ("+86 18466668888-1234", "184666688881234"),
        ("138****0001", ""), ("95338", ""), ("", ""), ("王小明", ""),
    ],
)  # fmt: skip
def test_landlines_extensions_and_numbers_of_elsewhere_have_theirs(told: str, normal: str) -> None:
    assert normal_phone(told) == normal


def test_masks_tell_their_last_digits() -> None:
    assert last_four("*******2222") == "2222"
