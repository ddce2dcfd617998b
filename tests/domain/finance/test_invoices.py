"""Invoices add up: a blue one to the money that is kept, red ones never to more than the blue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.finance.invoices import (
    RATES_BP,
    Back,
    InvoiceLine,
    Item,
    Kept,
    blue_lines,
    rate_told,
    red_lines,
    takes_all,
    tax_within,
)
from domain.shared.errors import InvalidInput

CODE = "1010101000000000000"
RATES = st.sampled_from(RATES_BP)
ITEMS = st.lists(
    st.builds(
        Item,
        key=st.uuids().map(str),
        name=st.just("茶"),
        units=st.integers(1, 9),
        weight=st.integers(0, 10**7),
        goods_code=st.just(CODE),
        rate_bp=RATES,
    ),
    min_size=1,
    max_size=6,
).filter(lambda items: any(item.weight for item in items))


@given(ITEMS, st.integers(1, 10**8))
def test_the_lines_of_a_blue_invoice_add_up_to_what_is_kept(items: list[Item], kept: int) -> None:
    lines = blue_lines(items, kept)

    assert sum(line.total_minor for line in lines) == kept
    assert all(line.net_minor + line.tax_minor == line.total_minor for line in lines)
    assert all(0 <= line.tax_minor < line.total_minor for line in lines)
    assert [line.index for line in lines] == list(range(1, len(lines) + 1))


@given(st.integers(0, 10**9), RATES)
def test_the_tax_is_right_to_the_cent(total: int, rate: int) -> None:
    tax = tax_within(total, rate)

    assert abs((total - tax) * rate - tax * 10_000) <= (10_000 + rate) / 2


@given(
    ITEMS,
    st.integers(1, 10**7),
    st.lists(st.tuples(st.floats(0, 1), st.randoms(use_true_random=False)), max_size=5),
)
def test_red_invoices_never_take_back_more_than_the_blue_one_says(
    items: list[Item], invoiced: int, refunds: list[tuple[float, object]]
) -> None:
    lines = blue_lines(items, invoiced)
    kept = invoiced
    backs: list[Back] = []
    for share, chance in refunds:
        kept = int(kept * share)
        by_line = {
            line.key: Kept(chance.randint(0, line.total_minor), chance.randint(0, line.units))  # type: ignore[attr-defined]
            for line in lines
        }
        backs += red_lines(lines, backs, by_line, kept)

        assert sum(back.total_minor for back in backs) == invoiced - kept
        for line in lines:
            mine = [back for back in backs if back.index == line.index]
            assert sum(back.total_minor for back in mine) <= line.total_minor
            assert 0 <= sum(back.tax_minor for back in mine) <= line.tax_minor
            assert sum(back.net_minor for back in mine) <= line.net_minor
            assert sum(back.units for back in mine) <= line.units
            assert all(back.total_minor > 0 and back.tax_minor >= 0 for back in mine)
    backs += red_lines(lines, backs, {}, 0)
    for line in lines:
        mine = [back for back in backs if back.index == line.index]
        assert sum(back.total_minor for back in mine) == line.total_minor
        assert sum(back.tax_minor for back in mine) == line.tax_minor


def line(index: int, total: int, units: int = 1, rate: int = 1300) -> InvoiceLine:
    return InvoiceLine(index, f"L{index}", "茶", units, CODE, rate, total, tax_within(total, rate))


def test_what_came_back_is_taken_back_before_anything_else() -> None:
    lines = (line(1, 1130, units=2), line(2, 2260))

    backs = red_lines(lines, (), {"L1": Kept(565, 1), "L2": Kept(2260)}, 2825)

    assert backs == (Back(1, 1, 565, 65),)
    assert not takes_all(lines, backs)


def test_money_without_goods_is_taken_back_from_all_lines() -> None:
    lines = (line(1, 1000), line(2, 3000))

    backs = red_lines(lines, (), {"L1": Kept(1000), "L2": Kept(3000)}, 3600)

    assert [(back.index, back.total_minor, back.units) for back in backs] == [
        (1, 100, 0),
        (2, 300, 0),
    ]


def test_a_whole_refund_takes_the_whole_invoice() -> None:
    lines = (line(1, 1000), line(2, 3000))

    assert takes_all(lines, red_lines(lines, (), {}, 0))


def test_more_money_than_invoiced_takes_nothing_back() -> None:
    assert red_lines((line(1, 1000),), (), {}, 5000) == ()


@pytest.mark.parametrize("kept", [0, -5])
def test_nothing_kept_is_no_invoice(kept: int) -> None:
    with pytest.raises(InvalidInput):
        blue_lines([Item("a", "茶", 1, 5, CODE, 1300)], kept)


@pytest.mark.parametrize(
    ("payable", "tax", "rate"),
    [(11300, 1300, 1300), (10900, 900, 900), (9990, 1149, 1300), (100, 0, None), (0, 0, None)],
)
def test_a_channel_s_tax_is_read_as_the_nearest_legal_rate(
    payable: int, tax: int, rate: int | None
) -> None:
    assert rate_told(payable, tax) == rate
