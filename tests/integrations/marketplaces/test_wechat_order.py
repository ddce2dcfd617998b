"""An order of a WeChat shop in our words: states, lines, receivers, and money to the fen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact, MaskedReceiver
from domain.shared.errors import Rejected
from tests.integrations.marketplaces.wechat_orders import ADDRESS, order, product, read

GUANGZHOU = Address("CN", "广东省", "广州市", "越秀区", "西湖路38号102", "510030")
MASKED = {**ADDRESS, "user_name": "张**", "tel_number": "138****1234", "detail_info": "***"}


def test_a_paid_order_is_an_order_to_ship() -> None:
    assert read(order()) == OrderSnapshot(
        channel="wechat",
        shop="shop_1",
        external_no="3705115058471208928",
        version=Version(modified_us=1777609805_000000),
        state=ChannelState.PAID,
        currency="CNY",
        placed_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC),
        lines=(
            SnapshotLine(
                external_line_no="10:20",
                kind=LineKind.GOODS,
                external_sku="TEA-1",
                title="铁观音 250g",
                quantity=2,
                payable_minor=9500,
                list_minor=10000,
                listing_ids={"product_id": "10", "sku_id": "20"},
                discount_minor=500,
            ),
        ),
        receiver=Contact("张三", "13800001234", GUANGZHOU),
        paid_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
        captured_minor=10300,
        freight_minor=800,
        ship_by=datetime(2026, 5, 3, 4, 30, tzinfo=UTC),
        buyer_remark="尽快",
        seller_remark="VIP",
        buyer_ref="o1",
    )


@pytest.mark.parametrize(
    ("status", "state", "captured_minor"),
    [
        (10, ChannelState.UNPAID, 0),
        (12, ChannelState.FROZEN, 10300),
        (13, ChannelState.FROZEN, 10300),
        (20, ChannelState.PAID, 10300),
        (21, ChannelState.PART_SHIPPED, 10300),
        (30, ChannelState.SHIPPED, 10300),
        (100, ChannelState.COMPLETED, 10300),
        (200, ChannelState.CANCELLED, 0),
        (250, ChannelState.CANCELLED, 0),
    ],
)
def test_the_status_says_how_far_the_order_is(
    status: int, state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(status=status))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)
    assert snapshot.gift == (status in (12, 13))


def test_who_pays_later_has_not_paid_yet() -> None:
    assert read(order(pay={"payment_method": 2})).captured_minor == 0
    assert read(order(pay={"payment_method": 2}, status=100)).captured_minor == 10300


def test_a_status_we_do_not_know_parks_the_order_and_names_itself() -> None:
    with pytest.raises(Rejected, match="status: '77' is not a value we know"):
        read(order(status=77))


def test_a_masked_receiver_is_known_by_the_best_key_there_is() -> None:
    by_code = read(
        order(address={**MASKED, "hash_code": "h"}, delivery={"ewaybill_order_code": "e"})
    )
    by_hash = read(order(address={**MASKED, "hash_code": "h"}))
    by_order = read(order(address=MASKED))

    receivers = [one.receiver for one in (by_code, by_hash, by_order)]
    keys = [one.oaid for one in receivers if isinstance(one, MaskedReceiver)]
    assert keys == ["e", "h", "3705115058471208928"]
    place = Address("CN", "广东省", "广州市", "越秀区", "***", "510030")
    assert receivers[2] == MaskedReceiver(keys[2], "张**", "138****1234", place)


@pytest.mark.parametrize("nobody", [None, {}, {"user_name": "", "tel_number": None}])
def test_an_order_without_an_address_has_no_receiver(nobody: dict[str, Any] | None) -> None:
    assert read(order(address=nobody)).receiver is None


def test_the_same_goods_in_two_lines_have_a_number_each() -> None:
    lines = read(order(product(), product(real_price=0, sale_price=0))).lines

    assert [line.external_line_no for line in lines] == ["10:20", "10:20#2"]


@pytest.mark.parametrize(
    ("status", "back", "quantity", "cancelled"),
    [(20, 0, 2, False), (20, 1, 1, False), (20, 2, 2, True), (20, 3, 2, True), (30, 2, 2, False)],
)
def test_what_was_paid_back_before_it_left_is_not_sent(
    status: int, back: int, quantity: int, cancelled: bool
) -> None:
    snapshot = read(
        order(product(finish_aftersale_sku_cnt=back), product(21, real_price=0), status=status)
    )

    line = snapshot.lines[0]
    assert (line.quantity, line.cancelled) == (quantity, cancelled)


def test_what_a_buyer_wants_back_is_in_progress() -> None:
    assert read(order(product(on_aftersale_sku_cnt=1))).lines[0].refund_in_progress


@pytest.mark.parametrize(
    ("told", "sku"),
    [
        ({"sku_code": "A", "out_sku_id": "B"}, "A"),
        ({"sku_code": None, "out_sku_id": "B"}, "B"),
        ({"sku_code": ""}, "20"),
        ({"sku_code": "", "sku_id": ""}, "10"),
    ],
)
def test_the_sellers_code_goes_before_the_platforms(told: dict[str, Any], sku: str) -> None:
    assert read(order(product(**told))).lines[0].external_sku == sku


@given(
    reals=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    post=st.integers(0, 10**4),
    pay=st.integers(0, 10**7),
)
def test_lines_and_postage_are_what_was_paid(reals: list[int], post: int, pay: int) -> None:
    products = [product(number, real_price=one) for number, one in enumerate(reals, start=1)]

    snapshot = read(order(*products, price={"order_price": pay, "freight": post}))

    payable = sum(line.payable_minor for line in snapshot.lines)
    assert payable + snapshot.freight_minor == pay == snapshot.captured_minor
