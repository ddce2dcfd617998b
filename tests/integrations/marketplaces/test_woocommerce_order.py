"""A WooCommerce order in our words: states, fees, refunds, receivers, and money to the cent."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from tests.integrations.marketplaces.woocommerce_orders import PARTY, line, order, read, refund

GUANGZHOU = Address("CN", "广东省", "广州市", "", "越秀区西湖路38号 102", "510030")


def test_a_paid_order_is_an_order_to_ship() -> None:
    assert read(order()) == OrderSnapshot(
        channel="woocommerce",
        shop="shop_1",
        external_no="727",
        version=Version(modified_us=1777609805_000000),
        state=ChannelState.PAID,
        currency="CNY",
        placed_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC),
        lines=(
            SnapshotLine(
                external_line_no="1",
                kind=LineKind.GOODS,
                external_sku="TEA-1",
                title="铁观音 250g",
                quantity=2,
                payable_minor=9500,
                list_minor=10000,
                discount_minor=500,
                listing_ids={"product_id": "7"},
            ),
        ),
        receiver=Contact("张三", "13800001234", GUANGZHOU),
        paid_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
        captured_minor=10300,
        freight_minor=800,
        buyer_remark="尽快",
        buyer_ref="12",
    )


@pytest.mark.parametrize(
    ("told", "state", "captured_minor"),
    [
        ({"status": "pending", "date_paid_gmt": None}, ChannelState.UNPAID, 0),
        ({"status": "failed", "date_paid_gmt": None}, ChannelState.UNPAID, 0),
        ({"status": "checkout-draft", "date_paid_gmt": None}, ChannelState.UNPAID, 0),
        ({"status": "on-hold", "date_paid_gmt": None}, ChannelState.UNPAID, 0),
        ({"status": "on-hold"}, ChannelState.FROZEN, 10300),
        ({"status": "processing"}, ChannelState.PAID, 10300),
        ({"status": "completed"}, ChannelState.SHIPPED, 10300),
        ({"status": "cancelled"}, ChannelState.CANCELLED, 0),
        ({"status": "refunded"}, ChannelState.CANCELLED, 0),
        ({"status": "trash"}, ChannelState.CANCELLED, 0),
        ({"payment_method": "cod", "date_paid_gmt": None}, ChannelState.PAID, 0),
    ],
)
def test_the_status_says_how_far_the_order_is(
    told: dict[str, Any], state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(**told))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)
    assert snapshot.cash_on_delivery == (told.get("payment_method") == "cod")


def test_a_status_of_a_plug_in_means_what_the_shop_says() -> None:
    with pytest.raises(Rejected, match="status: 'packing' is not a value we know"):
        read(order(status="packing"))

    assert read(order(status="packing"), states={"packing": "paid"}).state is ChannelState.PAID
    with pytest.raises(Rejected, match="'nonsense' is not a value we know"):
        read(order(status="packing"), states={"packing": "nonsense"})


def test_fees_are_a_line_of_their_own() -> None:
    snapshot = read(order(total="105.50"))
    cheaper = read(order(total="100.00"))

    assert [one.payable_minor for one in snapshot.lines] == [9500, 250]
    assert [one.kind for one in snapshot.lines] == [LineKind.GOODS, LineKind.CHARGE]
    assert cheaper.lines[1].kind is LineKind.DISCOUNT


def test_taxes_are_part_of_what_is_paid() -> None:
    taxed = line(total="95.00", total_tax="9.50", subtotal="100.00", subtotal_tax="10.00")
    snapshot = read(order(taxed, total="113.30", shipping_tax="0.80"))

    (only,) = snapshot.lines
    assert (only.payable_minor, only.list_minor, only.tax_minor) == (10450, 11000, 950)
    assert snapshot.freight_minor == 880


def test_what_was_given_back_before_it_left_is_not_sent() -> None:
    lines = (line(1), line(2, quantity=3, total="30.00", subtotal="30.00"))
    summary = [{"id": 900, "total": "-105.00"}]
    told = order(*lines, total="133.00", refunds=summary)

    snapshot = read(told, refund(l1=2, l2=1))

    first, second = snapshot.lines
    assert (first.cancelled, first.quantity, first.payable_minor) == (True, 2, 0)
    assert (second.cancelled, second.quantity, second.payable_minor) == (False, 2, 2000)
    assert snapshot.captured_minor == 2800


def test_refunds_after_shipping_change_no_line() -> None:
    summary = [{"id": 900, "total": "-95.00"}]

    snapshot = read(order(status="completed", refunds=summary), refund(l1=2))

    assert [(one.quantity, one.cancelled) for one in snapshot.lines] == [(2, False)]
    assert snapshot.captured_minor == 800


def test_the_payer_is_the_receiver_where_no_other_is_told() -> None:
    elsewhere = {**PARTY, "phone": "", "first_name": "Ann", "last_name": "Lee", "country": "GB"}
    nobody = dict.fromkeys(PARTY, "")

    told = read(order(shipping=elsewhere)).receiver
    payer = read(order(shipping=nobody)).receiver

    assert isinstance(told, Contact)
    assert (told.name, told.phone) == ("Ann Lee", "13800001234")
    assert told.address.province == "CN20"  # a code of another country is left as it is
    assert payer == Contact("张三", "13800001234", GUANGZHOU)
    assert read(order(shipping=nobody, billing=None)).receiver is None


@pytest.mark.parametrize(
    ("told", "sku"),
    [
        ({"sku": "A"}, "A"),
        ({"sku": "", "variation_id": 8}, "8"),
        ({"sku": None, "variation_id": 0}, "7"),
    ],
)
def test_the_sellers_code_goes_before_the_shops_numbers(told: dict[str, Any], sku: str) -> None:
    assert read(order(line(**told))).lines[0].external_sku == sku


def test_two_lines_with_one_number_are_no_order() -> None:
    with pytest.raises(Rejected, match="two lines have one id"):
        read(order(line(1), line(1)))


def written(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


sums = st.integers(0, 10**7)


@given(totals=st.lists(sums, min_size=1, max_size=5), total=sums, post=sums)
def test_lines_and_postage_are_as_told_and_a_last_line_makes_up_the_total(
    totals: list[int], total: int, post: int
) -> None:
    lines = [line(number, total=written(one)) for number, one in enumerate(totals, start=1)]

    snapshot = read(order(*lines, total=written(total), shipping_total=written(post)))

    goods = [one.payable_minor for one in snapshot.lines if one.kind is LineKind.GOODS]
    others = [one.payable_minor for one in snapshot.lines if one.kind is not LineKind.GOODS]
    rest = total - post - sum(totals)
    assert goods == totals
    assert (snapshot.freight_minor, snapshot.captured_minor) == (post, total)
    assert others == ([rest] if rest else [])
