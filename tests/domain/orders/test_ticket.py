"""A ticket's money adds up, and what cannot be true about it is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.ticket import Tender, Ticket, TicketLine, contradictions, shared_out
from domain.shared.ids import Sku

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SALE = Ticket("S1", "T1", "0001", NOW, "CNY", (TicketLine("A", 2, 1000),), (Tender("cash", 2000),))


@st.composite
def lines(draw: st.DrawFn) -> TicketLine:
    quantity = draw(st.integers(1, 1000))
    price = draw(st.integers(0, 10**9))
    discount = draw(st.integers(0, quantity * price))
    return TicketLine("A", quantity, price, "", discount)


@st.composite
def sales(draw: st.DrawFn) -> Ticket:
    """Any sale whose payments add up."""
    bought = tuple(draw(st.lists(lines(), min_size=1, max_size=12)))
    whole = sum(line.payable_minor for line in bought)
    discount = draw(st.integers(0, whole))
    total = whole - discount
    cash = draw(st.integers(0, total))
    paid = tuple(Tender(kind, sum) for kind, sum in (("cash", cash), ("card", total - cash)) if sum)
    return Ticket("S1", "T1", "1", NOW, "CNY", bought, paid, discount)


@given(sales())
def test_what_the_lines_were_paid_with_is_what_was_paid(sale: Ticket) -> None:
    payable = sale.payable()

    assert sum(payable) == sale.total_minor == sale.paid_minor
    pairs = list(zip(payable, sale.lines, strict=True))
    assert all(0 <= paid <= line.payable_minor for paid, line in pairs)
    assert list(contradictions(sale, NOW)) == []


@given(sales(), st.integers(-(10**6), 10**6).filter(bool))
def test_payments_that_do_not_add_up_are_said(sale: Ticket, off: int) -> None:
    wrong = replace(sale, payments=(*sale.payments, Tender("cash", off)))

    told = f"add up to {wrong.paid_minor}, the ticket to {sale.total_minor}"
    assert list(contradictions(wrong, NOW)) == [("payments", told)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "9" * 60}, "number"),
        ({"sold_at": NOW + timedelta(days=1, seconds=1)}, "sold_at"),
        ({"lines": (TicketLine("A", 0, 1000),), "payments": ()}, "lines.0.quantity"),
        ({"lines": (TicketLine("A", 2, 1000, "", 2001),)}, "lines.0.discount_minor"),
        ({"lines": (TicketLine("A", 2, 1000, "", 0, 2001),)}, "lines.0.tax_minor"),
        ({"lines": (TicketLine("A", 10**6, 10**12),)}, "lines"),
        ({"discount_minor": 2001}, "discount_minor"),
        ({"discount_minor": 1}, "payments"),
    ],
)
def test_what_cannot_be_true_is_said_with_its_field(changes: dict[str, object], field: str) -> None:
    wrong = replace(SALE, **changes)  # type: ignore[arg-type]
    assert field in [name for name, _ in contradictions(wrong, NOW)]


def test_a_till_whose_clock_runs_ahead_a_little_is_believed() -> None:
    assert list(contradictions(replace(SALE, sold_at=NOW + timedelta(hours=23)), NOW)) == []


def test_goods_that_came_back_are_not_judged_as_a_sale() -> None:
    back = replace(SALE, lines=(TicketLine("A", -2, 1000),), payments=(Tender("cash", -2000),))
    assert back.brings_goods_back
    assert list(contradictions(back, NOW)) == []


_SKUS = st.sampled_from([Sku("A"), Sku("B")])


@given(
    st.lists(st.tuples(_SKUS, st.integers(1, 20)), max_size=8),
    st.dictionaries(_SKUS, st.integers(0, 100)),
)
def test_issued_units_are_shared_out_once_and_no_line_gets_too_many(
    asked: list[tuple[Sku, int]], issued: dict[Sku, int]
) -> None:
    open_lines = [(str(number), sku, units) for number, (sku, units) in enumerate(asked)]

    shares = dict(shared_out(open_lines, issued))

    for sku in ("A", "B"):
        wanted = sum(units for _, one, units in open_lines if one == sku)
        given = sum(shares.get(line, 0) for line, one, _ in open_lines if one == sku)
        assert given == min(wanted, issued.get(Sku(sku), 0))
    assert all(0 < shares.get(line, 1) <= units for line, _, units in open_lines)
