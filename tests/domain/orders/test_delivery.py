"""Which line of the tables of days holds for an order."""

import pytest

from domain.orders.delivery import DeliveryTime, days_to_door

ALL = DeliveryTime("", "", "", 4)
CARRIER = DeliveryTime("", "sf", "", 2)
ZONE = DeliveryTime("", "sf", "far", 5)
PROVINCE = DeliveryTime("", "sf", "650000", 7)
OF_SHOP = DeliveryTime("tmall", "", "", 1)
OF_SHOP_THERE = DeliveryTime("tmall", "", "650000", 6)


@pytest.mark.parametrize(
    ("lines", "carrier", "days"),
    [
        ((), "sf", 3),
        ((ALL,), "sf", 4),
        ((ALL, CARRIER), "sf", 2),
        ((ALL, CARRIER), "zto", 4),
        ((ALL, CARRIER, ZONE), "sf", 5),
        ((ALL, ZONE, CARRIER, PROVINCE), "sf", 7),
        ((PROVINCE, OF_SHOP), "sf", 1),
        ((OF_SHOP, OF_SHOP_THERE, PROVINCE), "sf", 6),
        ((CARRIER, PROVINCE), "", 3),
    ],
)
def test_what_says_most_about_the_order_holds(
    lines: tuple[DeliveryTime, ...], carrier: str, days: int
) -> None:
    assert days_to_door(lines, carrier) == days
    assert days_to_door(reversed(lines), carrier) == days
