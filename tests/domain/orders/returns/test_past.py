"""Cancellations of past orders find the sales they take back, each unit once, to the penny."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.history import Conventions, PastLine
from domain.orders.returns.past import PastReturnState, match_returns
from integrations.past_orders import past_lines
from integrations.spreadsheet import read_rows

START = datetime(2010, 12, 1, tzinfo=UTC)
RULES = Conventions()
STATE = PastReturnState


def line(
    row: int, order_no: str, quantity: int, price: str = "2.55", sku: str = "A", customer: str = "7"
) -> PastLine:
    at = START + timedelta(hours=row)
    return PastLine(row, order_no, sku, "Tea", quantity, Decimal(price), at, customer)


def fates(*lines: PastLine) -> list[tuple[str, int, str]]:
    return [(one.order_no, one.units, str(one.state)) for one in match_returns(lines, RULES)]


def test_the_latest_sale_at_the_same_price_is_taken_back_first() -> None:
    assert fates(line(1, "1", 6), line(2, "2", 6), line(3, "3", 6, "3.00"), line(4, "C9", -8)) == [
        ("2", 6, "matched"),
        ("1", 2, "matched"),
    ]


def test_what_is_left_over_has_a_name() -> None:
    assert fates(line(1, "1", 2), line(2, "C9", -3)) == [
        ("1", 2, "matched"), ("", 1, "over_returned"),
    ]  # fmt: skip
    assert fates(line(1, "C9", -1)) == [("", 1, "never_sold_to_this_customer")]
    assert fates(line(1, "1", 2, customer=""), line(2, "C9", -1, customer="")) == [
        ("", 1, "no_customer")
    ]
    assert fates(line(1, "C9", -1, "27.5", "D")) == [("", 1, "not_goods")]
    assert fates(line(1, "1", 2, "3.00"), line(2, "C9", -1)) == [
        ("1", 1, "matched_at_another_price")
    ]


def test_a_sale_after_it_is_not_taken_back() -> None:
    assert fates(line(1, "C9", -1), line(2, "1", 5)) == [("", 1, "never_sold_to_this_customer")]


rows = st.lists(
    st.tuples(
        st.booleans(), st.integers(1, 9), st.sampled_from("AB"), st.sampled_from(["7", "8", ""]),
        st.sampled_from(["1.00", "2.55"]),
    ),
    max_size=30,
)  # fmt: skip


@given(rows)
def test_no_unit_is_taken_back_twice_and_no_cent_is_without_a_name(
    told: list[tuple[bool, int, str, str, str]],
) -> None:
    lines = [
        line(n, f"C{n}" if back else str(n), -units if back else units, price, sku, customer)
        for n, (back, units, sku, customer, price) in enumerate(told)
    ]
    found = match_returns(lines, RULES)

    taken = Counter[str]()
    for one in found:
        taken[one.order_no] += one.units
    sold = {one.order_no: one.quantity for one in lines if one.quantity > 0}
    assert all(taken[number] <= sold[number] for number in taken if number)
    back = [one for one in lines if one.quantity < 0]
    assert sum(one.units for one in found) == -sum(one.quantity for one in back)
    assert sum((one.sum for one in found), Decimal()) == -sum(
        (one.price * one.quantity for one in back), Decimal()
    )


def test_the_cancellations_of_nine_real_months_reconcile_to_the_penny(shared_data: Path) -> None:
    file = shared_data / "online_retail" / "transactions_2010-12_2011-08.csv.xz"
    read = past_lines(read_rows(file, "", ""), {}, ZoneInfo("Europe/London"))
    lines = [one for one in read if isinstance(one, PastLine)]
    back = [one for one in lines if RULES.cancelled_no(one.order_no) is not None]
    found = match_returns(lines, RULES)

    assert sum((one.sum for one in found), Decimal()) == -sum(
        (one.price * one.quantity for one in back), Decimal()
    )
    assert {one.line.row for one in found} == {one.row for one in back}
    states = Counter(one.state for one in found)
    assert states[STATE.MATCHED] > states.total() / 2
    assert set(states) == set(STATE)
