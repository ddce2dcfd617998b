"""What was sent and said, as people read it: who it is about is masked by role."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.platform.permissions import Role
from domain.platform.tries import compared, shown, without_people

SENT = {
    "carrier": "zto",
    "product": "",
    "receiver": {
        "name": "王小明", "phone": "13800000001", "company": "",
        "address": {"province": "浙江省", "detail": "文一西路 969 号", "longitude": 120.02},
    },
    "cargo": [{"name": "Tea", "quantity": 2, "weight_g": 100}],
    "insured_minor": 0,
}  # fmt: skip


def values(*roles: Role) -> dict[str, str]:
    return {one.path: one.value for one in shown(SENT, frozenset(roles))}


def test_customer_service_sees_masks_the_warehouse_no_street_and_a_buyer_nobody() -> None:
    seen_by_service, by_warehouse = values(Role.CUSTOMER_SERVICE), values(Role.WAREHOUSE)

    assert seen_by_service == {
        "carrier": "zto",
        "receiver.name": "王***",
        "receiver.phone": "138****0001",
        "receiver.address.province": "浙江省",
        "receiver.address.detail": "***",
        "receiver.address.longitude": "***",
        "cargo": "Tea × 2",
    }
    assert "receiver.address.detail" not in by_warehouse
    assert set(values(Role.BUYER)) == {"carrier", "receiver.address.province", "cargo"}


@pytest.mark.parametrize(
    ("said", "shown_as"),
    [
        ("收件人 王小明 电话 13800000001 不可达", "收件人 王*** 电话 138****0001 不可达"),
        ("no such street: 文一西路 969 号", "no such street: ***"),
        ("call 0571-88888888 or 13911112222", "call 057****8888 or 139****2222"),
        ("+86 139 is no phone, +8613911112222 is", "+86 139 is no phone, 139****2222 is"),
        ("mail wang@example.com", "mail ***"),
        ("waybill SF1380000000112 of order 2026112613800000001", None),
    ],
)
def test_the_words_of_others_lose_whom_they_tell_of(said: str, shown_as: str | None) -> None:
    assert without_people(said, SENT) == (shown_as or said)


@given(st.text(min_size=2).filter(lambda name: "*" not in name and len(name.strip()) > 1))
def test_no_name_that_was_sent_comes_back(name: str) -> None:
    told = {"receiver": {"name": name, "phone": ""}}

    assert name not in without_people(f"<<{name}>>", told)


def test_a_correction_stands_beside_what_was_sent() -> None:
    assert compared({"carrier": "sf", "product": "2"}, SENT) == {"carrier": "zto", "product": ""}
