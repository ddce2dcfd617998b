"""Past orders become messages that our own channel takes, always the same ones."""

import json
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.history import Conventions, PastLine, PastOrder
from domain.orders.snapshot import ChannelState, LineKind
from domain.shared.address import Contact
from integrations.marketplaces.own_order import parse_own_order
from integrations.marketplaces.own_past import past_message

RULES = Conventions()
AT = datetime(2011, 3, 1, 0, 30, tzinfo=UTC)

lines = st.builds(
    PastLine,
    st.integers(2, 999),
    st.just("545220"),
    st.sampled_from(["85123A", "POST", "D", "M", "S"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60),
    st.integers(1, 1_000_000),
    st.decimals(0, 10_000, places=4),
    st.just(AT),
    st.sampled_from(["", "17850", "张三"]),
    st.sampled_from(["", "France"]),
)


@given(st.lists(lines, min_size=1, max_size=20), st.booleans(), st.sampled_from(["CNY", "JPY"]))
def test_every_past_order_is_a_message_that_the_channel_reads(
    rows: list[PastLine], cancels: bool, currency: str
) -> None:
    order = PastOrder("545220", cancels, tuple(rows))
    message = past_message(order, RULES, currency)
    assert past_message(order, RULES, currency) == message
    snapshot = parse_own_order(message.body, "mini")
    assert snapshot.state is (ChannelState.CANCELLED if cancels else ChannelState.PAID)
    assert [line.kind for line in snapshot.lines] == [RULES.kind_of(row) for row in rows]
    assert [line.quantity for line in snapshot.lines] == [row.quantity for row in rows]


def test_a_cancellation_is_a_later_revision_of_the_order_it_names() -> None:
    row = PastLine(2, "C545277", "35471D", "BIRD", -1, Decimal("1.25"), AT, "12933")
    message = past_message(PastOrder("545277", True, (row,)), RULES, "GBP")
    assert message.id == "replay-545277-2"
    told = json.loads(message.body)
    assert (told["order_no"], told["revision"], told["state"]) == ("545277", 2, "cancelled")


def test_a_discount_takes_off_and_a_free_unit_is_a_gift() -> None:
    rows = (
        PastLine(2, "1", "85123A", "HEART", 2, Decimal(0), AT),
        PastLine(3, "1", "D", "Discount", -1, Decimal("27.5"), AT),
    )
    snapshot = parse_own_order(past_message(PastOrder("1", False, rows), RULES, "CNY").body, "m")
    gift, discount = snapshot.lines
    assert (gift.kind, gift.gift, gift.payable_minor) == (LineKind.GOODS, True, 0)
    assert (discount.kind, discount.payable_minor) == (LineKind.DISCOUNT, -2750)


def test_a_customer_always_lives_at_the_same_place_and_a_stranger_somewhere() -> None:
    def home(customer: str, order_no: str) -> Contact:
        row = PastLine(2, order_no, "A", "A", 1, Decimal(1), AT, customer)
        body = past_message(PastOrder(order_no, False, (row,)), RULES, "CNY").body
        receiver = parse_own_order(body, "mini").receiver
        assert isinstance(receiver, Contact)
        return receiver

    assert home("17850", "1") == home("17850", "2")
    assert home("17850", "1") != home("12352", "1")
    assert home("", "1") == home("", "1") != home("", "2")
