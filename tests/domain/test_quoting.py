"""What was opened of people is quoted to nobody; what names nobody stays readable."""

import pytest

from domain.platform.quoting import nobody_quoted, opened, without_people


def test_what_was_opened_is_left_out_however_it_is_written() -> None:
    with nobody_quoted():
        opened("欧阳金丝雀", "金丝雀路 969 号", "", "号")
        told = without_people("收件人欧阳金丝雀 地址：浙江省金丝雀路 969 号7栋 %E6%AC%A7 3 号楼")
    assert told == "收件人*** 地址：浙江省***7栋 %E6%AC%A7 3 号楼"


def test_the_longer_word_is_hidden_whole() -> None:
    with nobody_quoted():
        opened("王小", "王小明")
        assert without_people("王小明 refused") == "*** refused"


def test_a_step_forgets_whom_it_opened() -> None:
    with nobody_quoted():
        opened("李雷雷")
    assert without_people("李雷雷") == "李雷雷"
    opened("韩梅梅")  # outside of any step nothing is remembered
    assert without_people("韩梅梅") == "韩梅梅"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("call 13800000001 now", "call 138****0001 now"),
        ("电话+86 13800000001。", "电话138****0001。"),
        ("SF13800000001", "SF13800000001"),  # a waybill
        ("order 138000000012", "order 138000000012"),
        ("2026-11-26 14:00", "2026-11-26 14:00"),
    ],
)
def test_mobile_phones_are_masked_and_other_numbers_stay(told: str, shown: str) -> None:
    assert without_people(told) == shown
