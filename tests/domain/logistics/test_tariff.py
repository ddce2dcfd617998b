"""What a parcel costs by contract, and which line of it counts."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logistics.tariff import PriceList, TariffRow, applicable, cheapest, contract_day
from domain.shared.freight import price_minor

DAY = date(2026, 11, 24)


def line(
    carrier: str = "sf",
    origin: str = "*",
    to: str = "*",
    *,
    first_g: int = 1000,
    first: int = 1200,
    step_g: int = 500,
    step: int = 300,
    divisor: int = 0,
    surcharge: int = 0,
    minimum: int = 0,
    since: date = date(2026, 1, 1),
    until: date = date.max,
    product: str = "std",
    currency: str = "CNY",
) -> TariffRow:
    return TariffRow(
        carrier, product, origin, to, first_g, first, step_g, step, divisor, surcharge, minimum,
        currency, since, until,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("weight_g", "volume_mm3", "price"),
    [
        (0, 0, 1200),
        (1000, 0, 1200),  # the first weight covers exactly itself
        (1001, 0, 1500),  # a started step is a whole one
        (1500, 0, 1500),
        (1501, 0, 1800),
        (500, 12_000_000, 1800),  # 12,000 cm³ ÷ 6,000 = 2 kg, more than it weighs
        (3000, 12_000_000, 2400),
    ],
)
def test_first_weight_then_started_steps_of_the_larger_weight(
    weight_g: int, volume_mm3: int, price: int
) -> None:
    assert price_minor(line(divisor=6000), weight_g, volume_mm3) == price


def test_the_minimum_counts_before_the_surcharge() -> None:
    assert price_minor(line(first=300, minimum=800, surcharge=150), 10, 0) == 950


def test_a_step_of_nothing_means_one_price_for_any_weight() -> None:
    assert price_minor(line(step_g=0, step=900), 99_000, 0) == 1200


def test_a_named_destination_beats_a_named_origin_beats_anywhere() -> None:
    rows = [line(), line(origin="a"), line(to="b"), line(origin="a", to="b")]
    for length, expected in ((4, 3), (3, 2), (2, 1), (1, 0)):
        assert applicable(rows[:length], "a", "b", DAY) == (rows[expected],)
    assert applicable(rows[1:], "x", "y", DAY) == ()


def test_a_contract_counts_from_its_first_day_until_before_its_last() -> None:
    old = line(first=1, until=DAY)
    new = line(first=2, since=DAY)
    assert applicable([old, new], "", "", DAY) == (new,)
    assert applicable([old, new], "", "", date(2026, 11, 23)) == (old,)


def test_of_two_lines_for_the_same_way_the_later_agreement_counts() -> None:
    early, late = line(first=1), line(first=2, since=date(2026, 6, 1))
    assert applicable([late, early], "", "", DAY) == (late,)


def test_every_carrier_has_zones_of_its_own() -> None:
    near, far = line("sf", "east", "east", first=1), line("sf", first=9)
    zto = line("zto", "n1", "n2", first=5)
    zones = {("sf", "330000"): "east", ("zto", "330000"): "n1", ("zto", "110000"): "n2"}
    prices = PriceList((near, far, zto), zones)
    assert prices.between("330110", "330106", DAY) == (near,)
    assert prices.between("330110", "110105", DAY) == (far, zto)
    assert prices.between("", "", DAY) == (far,)


def test_the_cheapest_line_depends_on_the_weight() -> None:
    light, heavy = line("sf", first=500, step=900), line("zto", first=900, step=100)
    for weight_g, row in ((900, light), (5000, heavy)):
        quote = cheapest([light, heavy], weight_g, 0)
        assert quote is not None
        assert quote.row is row
    assert cheapest([], 1, 0) is None


def test_prices_of_two_currencies_are_not_compared() -> None:
    with pytest.raises(ValueError, match="currencies"):
        cheapest([line(), line("zto", currency="USD")], 1, 0)


def test_contracts_change_at_midnight_in_china() -> None:
    assert contract_day(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2027, 1, 1)
    assert contract_day(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)) == date(2026, 12, 31)


@given(st.integers(0, 60_000), st.integers(0, 60_000), st.sampled_from((0, 100, 500, 1000)))
def test_more_weight_never_costs_less(one: int, other: int, step_g: int) -> None:
    low, high = sorted((one, other))
    row = line(step_g=step_g)
    assert price_minor(row, low, 0) <= price_minor(row, high, 0)
