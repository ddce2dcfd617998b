"""What rows of a till mean, and how they make orders."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.history import Conventions, NotAnOrder, PastLine, orders_of
from domain.orders.order import OrderStatus
from domain.orders.snapshot import LineKind
from domain.orders.standing import End, Standing, standing_of

RULES = Conventions()
START = datetime(2011, 3, 1, 8, 30, tzinfo=UTC)


def line(
    order_no: str = "1", sku: str = "22457", quantity: int = 1, price: str = "2.55", row: int = 2
) -> PastLine:
    at = START + timedelta(minutes=row)
    return PastLine(row, order_no, sku, "GLASS", quantity, Decimal(price), at)


@pytest.mark.parametrize(
    ("sku", "quantity", "price", "kind"),
    [
        ("85123A", 6, "2.55", LineKind.GOODS),
        ("DCGS0076", 1, "1.25", LineKind.GOODS),
        ("POST", 2, "18.0", LineKind.CHARGE),
        ("DOT", 1, "75.58", LineKind.CHARGE),
        ("m", 1, "376.5", LineKind.CHARGE),
        ("BANK CHARGES", 1, "15.0", LineKind.CHARGE),
        ("M", -1, "376.5", LineKind.DISCOUNT),
        ("B", 1, "-11062.06", LineKind.DISCOUNT),
        ("D", -1, "27.5", LineKind.DISCOUNT),
        ("D", 1, "27.5", LineKind.CHARGE),
        ("S", 1, "5", LineKind.SERVICE),
        ("gift_0001_40", 1, "34", LineKind.SERVICE),
        ("运费", 1, "8", LineKind.CHARGE),
    ],
)
def test_codes_say_what_is_no_goods(sku: str, quantity: int, price: str, kind: LineKind) -> None:
    assert RULES.kind_of(line("1", sku, quantity, price)) is kind


def test_a_file_may_have_its_own_codes_for_charges() -> None:
    rules = Conventions(not_goods=frozenset({"WRAP"}))
    assert rules.kind_of(line(sku="WRAP")) is LineKind.CHARGE


def test_a_number_that_begins_with_c_takes_the_order_back() -> None:
    history = orders_of([line("C7", quantity=-1)], RULES, broken=frozenset(), most_lines=9)
    assert [(order.no, order.cancels) for order in history.orders] == [("7", True)]
    plain = orders_of(
        [line("C7")], Conventions(cancellation_prefix=""), broken=frozenset(), most_lines=9
    )
    assert [(order.no, order.cancels) for order in plain.orders] == [("C7", False)]


def test_an_order_with_a_broken_row_is_left_out_as_a_whole() -> None:
    history = orders_of(
        [line("1"), line("2"), line("1")], RULES, broken=frozenset({"1"}), most_lines=9
    )
    assert [order.no for order in history.orders] == ["2"]
    assert history.left_out == {"1": NotAnOrder.BROKEN_ROWS}


def test_units_that_are_less_than_nothing_correct_stock_and_are_no_order() -> None:
    damaged, sold = line("3", quantity=-15, price="0"), line("4")
    history = orders_of([damaged, sold], RULES, broken=frozenset(), most_lines=9)
    assert history.left_out == {"3": NotAnOrder.STOCK_CORRECTION}
    assert history.corrections == (damaged,)
    assert [order.no for order in history.orders] == ["4"]


def test_an_order_longer_than_the_channel_takes_is_named() -> None:
    history = orders_of([line()] * 3, RULES, broken=frozenset(), most_lines=2)
    assert history.left_out == {"1": NotAnOrder.TOO_MANY_LINES}


numbers = st.sampled_from(["1", "2", "3", "C1", "C9", "A5"])
codes = st.sampled_from(["22457", "POST", "M", "D"])
rows = st.builds(line, numbers, codes, st.integers(-5, 5).filter(bool))


@given(st.lists(rows, max_size=30), st.frozensets(numbers))
def test_every_number_is_sent_or_left_out_for_a_reason(
    lines: list[PastLine], broken: frozenset[str]
) -> None:
    told = {one.order_no for one in lines} | broken
    history = orders_of(lines, RULES, broken=broken, most_lines=10)
    sent = [("C" if order.cancels else "") + order.no for order in history.orders]
    assert len(sent) == len(set(sent))
    assert sorted([*sent, *history.left_out]) == sorted(told)
    assert sum(len(order.lines) for order in history.orders) <= len(lines)
    assert [order.at for order in history.orders] == sorted(order.at for order in history.orders)


@pytest.mark.parametrize(
    ("status", "waits_for", "facts", "standing"),
    [
        ("delivered", "completion", {}, Standing(End.DELIVERED)),
        ("completed", "", {}, Standing(End.DELIVERED)),
        ("cancelled", "refund", {"attention": "RefundDue"}, Standing(End.CANCELLED)),
        ("on_hold", "hold:risk", {}, Standing(End.WAITING, "hold:risk")),
        ("backordered", "stock", {}, Standing(End.WAITING, "stock")),
        ("in_fulfilment", "label", {"attention": "Rejected"},
         Standing(End.WAITING, "attention:Rejected")),
        ("in_fulfilment", "picking", {}, Standing(End.MOVING, "picking")),
        ("on_hold", "hold:unpaid", {"unapplied": True}, Standing(End.MOVING, "message")),
        ("received", "", {}, Standing(End.MOVING, "received")),
    ],
)  # fmt: skip
def test_an_order_is_at_its_end_or_waits_for_something_with_a_name(
    status: str, waits_for: str, facts: dict[str, object], standing: Standing
) -> None:
    assert standing_of(OrderStatus(status), waits_for, **facts) == standing  # type: ignore[arg-type]
