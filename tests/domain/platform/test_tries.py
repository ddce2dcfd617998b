"""What was sent and said, as people read it: who it is about is masked by role."""

from domain.platform.permissions import Role
from domain.platform.tries import compared, people_in, shown

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


def test_everybody_in_it_is_known_and_goods_are_nobody() -> None:
    assert list(people_in(SENT)) == ["王小明", "13800000001", "", "文一西路 969 号"]
    assert list(people_in({"buyer": {"title": "某公司", "tax_no": "91X", "email": "a@b.cn"}})) == [
        "某公司", "91X", "a@b.cn",
    ]  # fmt: skip


def test_a_correction_stands_beside_what_was_sent() -> None:
    assert compared({"carrier": "sf", "product": "2"}, SENT) == {"carrier": "zto", "product": ""}
