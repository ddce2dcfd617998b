"""A catalogue out of what was sold, with stock for so many days."""

from datetime import date, timedelta
from decimal import Decimal

from domain.inventory.cover import Assortment, OfferedProduct

FIRST = date(2011, 3, 1)


def test_opening_stock_is_what_the_first_days_sell() -> None:
    offered = Assortment(FIRST, days=2)
    for day, units in ((-1, 100), (0, 3), (1, 4), (2, 50)):
        offered.name("A", "GLASS")
        offered.sell("A", units, Decimal("2.55"), FIRST + timedelta(days=day))
    assert offered.products() == (OfferedProduct("A", "GLASS", Decimal("2.55"), 7),)


def test_the_usual_name_and_price_win_and_an_unsold_product_is_offered_too() -> None:
    offered = Assortment(FIRST, days=30)
    for title in ("damaged", "MUG", "MUG", ""):
        offered.name("B", title)
    for price in ("1.00", "2.00", "2.00", "0"):
        offered.sell("B", 1, Decimal(price), FIRST)
    offered.name("A", "")
    assert offered.products() == (
        OfferedProduct("A", "A", Decimal(0), 0),
        OfferedProduct("B", "MUG", Decimal("2.00"), 4),
    )


def test_without_cover_nothing_lies_there() -> None:
    offered = Assortment(FIRST, days=0)
    offered.name("A", "GLASS")
    offered.sell("A", 5, Decimal(1), FIRST)
    assert [product.opening for product in offered.products()] == [0]
