"""What of a receiver each role sees is one table, and nobody sees him whole without a reason."""

import pytest

from domain.platform.masking import SIGHT, Sight, mask_phone, seen
from domain.platform.permissions import Role

FIELDS = {"name", "company", "phone", "detail"}
WORDS = {"remark", "invoice_title"}


def test_every_role_has_every_field_and_nobody_sees_a_receiver_plain() -> None:
    assert set(SIGHT) == set(Role)
    for fields in SIGHT.values():
        assert set(fields) == FIELDS | WORDS
        assert Sight.PLAIN not in {fields[name] for name in FIELDS}


def test_remarks_are_for_who_packs_and_invoice_titles_for_who_keeps_books() -> None:
    read = {
        name: {role for role in Role if seen(name, "words", frozenset({role}))} for name in WORDS
    }
    colleagues = {Role.CUSTOMER_SERVICE, Role.MANAGER, Role.ADMIN}
    assert read["remark"] == colleagues | {Role.WAREHOUSE, Role.DEALER}
    assert read["invoice_title"] == colleagues | {Role.FINANCE}


@pytest.mark.parametrize(
    ("roles", "phone", "name"),
    [
        ({Role.CUSTOMER_SERVICE}, "138****0001", "王***"), ({Role.FINANCE}, "", "王***"),
        ({Role.BUYER}, "", ""), ({Role.BUYER, Role.MANAGER}, "138****0001", "王***"),
        (set(), "", ""),
    ],
)  # fmt: skip
def test_of_several_roles_the_one_that_sees_more_holds(
    roles: set[Role], phone: str, name: str
) -> None:
    assert seen("phone", "13800000001", frozenset(roles)) == phone
    assert seen("name", "王小明", frozenset(roles)) == name


def test_short_phones_show_nothing() -> None:
    assert mask_phone("12345") == "***"
