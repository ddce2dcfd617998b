"""A Douyin order in our words: states, lines, receivers, and money to the fen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact, MaskedReceiver
from domain.shared.errors import Rejected
from tests.integrations.marketplaces.douyin_orders import line, order, read

GUANGZHOU = Address("CN", "广东省", "广州市", "越秀区", "北京街道西湖路38号102")
NAME, PHONE = "##qIOpbLPevlQwA6f+yNJ7Hg==*CgYI=#1##", "$$KlqdO3S6/9vQsJesewp8Rw==*CgYI=$1$$"
ENCRYPTED = {
    "post_receiver": "",
    "post_tel": "",
    "encrypt_post_receiver": NAME,
    "encrypt_post_tel": PHONE,
    "post_addr": {
        "province": {"name": "广东省"},
        "city": {"name": "广州市"},
        "town": {"name": "越秀区"},
        "street": None,
        "encrypt_detail": NAME,
    },
}


def after_sale(status: int, kind: int = 1, refund: int = 0) -> dict[str, int]:
    return {"after_sale_status": status, "after_sale_type": kind, "refund_status": refund}


def test_a_paid_order_is_an_order_to_ship() -> None:
    told = order(buyer_words="尽快", seller_words="VIP", doudian_open_id="1@#x")

    assert read(told) == OrderSnapshot(
        channel="douyin",
        shop="shop_1",
        external_no="6900000000000001000",
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
                listing_ids={"product_id": "350", "sku_id": "170"},
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
        buyer_ref="1@#x",
    )


@pytest.mark.parametrize(
    ("told", "state", "captured_minor"),
    [
        ({}, ChannelState.PAID, 10300),
        ({"order_status": "2"}, ChannelState.PAID, 10300),
        ({"order_status": 1, "pay_time": 0}, ChannelState.UNPAID, 0),
        ({"order_status": 1, "main_status": 103}, ChannelState.UNPAID, 0),
        ({"order_status": 105}, ChannelState.FROZEN, 10300),
        ({"order_status": 101}, ChannelState.PART_SHIPPED, 10300),
        ({"order_status": 3}, ChannelState.SHIPPED, 10300),
        ({"order_status": 5}, ChannelState.COMPLETED, 10300),
        ({"order_status": 4}, ChannelState.CANCELLED, 0),
        ({"main_status": 21}, ChannelState.CANCELLED, 0),
        ({"pay_type": 0}, ChannelState.PAID, 0),
        ({"pay_type": 0, "order_status": 5}, ChannelState.COMPLETED, 10300),
    ],
)
def test_the_status_says_how_far_the_order_is(
    told: dict[str, Any], state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(**told))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)
    assert snapshot.cash_on_delivery == (told.get("pay_type") == 0)


def test_a_status_we_do_not_know_parks_the_order_and_names_itself() -> None:
    with pytest.raises(Rejected, match="order_status: '77' is not a value we know"):
        read(order(order_status=77))


def test_an_encrypted_receiver_is_known_by_the_platforms_key() -> None:
    masks = {
        "mask_post_receiver": "张*",
        "mask_post_tel": "138****1234",
        "mask_post_addr": {"detail": "西湖路***"},
    }

    with_masks = read(order(**ENCRYPTED, **masks, open_address_id="#abc")).receiver
    without = read(order(**ENCRYPTED)).receiver

    place = Address("CN", "广东省", "广州市", "越秀区", "西湖路***")
    assert with_masks == MaskedReceiver("#abc", "张*", "138****1234", place)
    assert isinstance(without, MaskedReceiver)
    assert without.oaid == f"{NAME}\n{PHONE}\n{NAME}"
    assert (without.name_mask, without.address.detail) == ("***", "***")


@pytest.mark.parametrize("nobody", [None, {}])
def test_an_order_without_an_address_has_no_receiver(nobody: Any) -> None:
    assert read(order(post_receiver="", post_tel=None, post_addr=nobody)).receiver is None


def test_shares_of_the_lines_are_taken_as_told_where_they_add_up() -> None:
    lines = (
        line(1, pay_amount=9000, post_amount=500, origin_amount=5000, item_num=2),
        line(2, pay_amount=1300, post_amount=300, origin_amount=500, item_num=4),
    )

    with_post = read(order(*lines))
    without = read(order(*(dict(one, post_amount=0) for one in lines), post_amount=0))
    neither = read(order(*lines, pay_amount=12800))

    assert [one.payable_minor for one in with_post.lines] == [8500, 1000]
    assert [one.payable_minor for one in without.lines] == [9000, 1300]
    assert [one.payable_minor for one in neither.lines] == [10000, 2000]


@pytest.mark.parametrize(
    ("told", "in_progress", "cancelled"),
    [
        (after_sale(0), False, False),
        (after_sale(6), True, False),
        (after_sale(7, 0), True, False),
        (after_sale(11, 0), True, False),
        (after_sale(13, 3), True, False),
        (after_sale(27), False, False),
        (after_sale(28), False, False),
        (after_sale(12, 2, 2), True, False),
        (after_sale(12, 2, 3), False, True),
        (after_sale(12, 1, 3), False, False),
        (None, False, False),
    ],
)
def test_what_a_buyer_wants_back_is_not_sent(
    told: dict[str, int] | None, in_progress: bool, cancelled: bool
) -> None:
    snapshot = read(order(line(1, after_sale_info=told), line(2, pay_amount=0, post_amount=0)))

    first, second = snapshot.lines
    assert (first.refund_in_progress, first.cancelled) == (in_progress, cancelled)
    assert (second.refund_in_progress, second.cancelled) == (False, False)
    assert snapshot.state is ChannelState.PAID
    assert snapshot.captured_minor == 10300 - (first.payable_minor if cancelled else 0)


def test_an_order_of_which_nothing_is_left_is_cancelled() -> None:
    lines = [line(1, after_sale_info=after_sale(12, 2, 3)), line(2, order_status=4)]

    assert read(order(*lines)).state is ChannelState.CANCELLED


@pytest.mark.parametrize(
    ("told", "sku"),
    [
        ({"code": "A"}, "A"),
        ({"code": "", "out_sku_id": "7"}, "7"),
        ({"code": None, "out_sku_id": "0"}, "170"),
        ({"code": "0", "out_sku_id": "0", "sku_id": ""}, "350"),
    ],
)
def test_the_sellers_code_goes_before_the_platforms(told: dict[str, Any], sku: str) -> None:
    assert read(order(line(**told))).lines[0].external_sku == sku


def test_a_gift_is_a_gift_and_an_appointment_is_kept() -> None:
    snapshot = read(order(line(1, given_product_type="FREE"), appointment_ship_time=1778000000))

    assert snapshot.lines[0].gift
    assert snapshot.presale_until == datetime.fromtimestamp(1778000000, UTC)


def test_two_lines_with_one_number_are_no_order() -> None:
    with pytest.raises(Rejected, match="two lines have one order_id"):
        read(order(line(1), line(1)))


@given(
    pays=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    post=st.integers(0, 10**4),
    pay=st.integers(0, 10**7),
)
def test_lines_and_postage_are_what_was_paid(pays: list[int], post: int, pay: int) -> None:
    lines = [
        line(number, pay_amount=one, post_amount=0) for number, one in enumerate(pays, start=1)
    ]

    snapshot = read(order(*lines, pay_amount=pay, post_amount=post))

    payable = sum(one.payable_minor for one in snapshot.lines)
    assert payable + snapshot.freight_minor == pay == snapshot.captured_minor
