"""A Pinduoduo order in our words: states, deposits, pre-sales, receivers, and money to the fen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact, MaskedReceiver
from domain.shared.errors import Rejected
from tests.integrations.marketplaces.pdd_orders import item, order, read

GUANGZHOU = Address("CN", "广东省", "广州市", "越秀区", "西湖路38号102")
CIPHER = "~AgAAAAJTmIsE7fFxUwFmzKjCWm+bqx0KZbgtRrOoDJwLlg==~1~~"
SECRET = {"receiver_name": CIPHER, "receiver_phone": CIPHER, "receiver_address": CIPHER}


def test_a_paid_order_is_an_order_to_ship() -> None:
    assert read(order(remark="VIP", buyer_memo="尽快")) == OrderSnapshot(
        channel="pdd",
        shop="shop_1",
        external_no="260501-400000000001",
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
                listing_ids={"goods_id": "10", "sku_id": "1"},
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
    )


@pytest.mark.parametrize(
    ("told", "state", "captured_minor"),
    [
        ({}, ChannelState.PAID, 10300),
        ({"order_status": 2}, ChannelState.SHIPPED, 10300),
        ({"order_status": 3}, ChannelState.COMPLETED, 10300),
        ({"confirm_status": 0, "pay_time": ""}, ChannelState.UNPAID, 0),
        ({"confirm_status": 0, "pay_time": "", "order_status": 0}, ChannelState.UNPAID, 0),
        ({"confirm_status": 0, "group_status": 0}, ChannelState.FROZEN, 10300),
        ({"group_status": 0}, ChannelState.FROZEN, 10300),
        ({"order_status": None}, ChannelState.FROZEN, 10300),
        ({"risk_control_status": 1}, ChannelState.FROZEN, 10300),
        ({"confirm_status": 2}, ChannelState.CANCELLED, 0),
        ({"confirm_status": 2, "risk_control_status": 1}, ChannelState.CANCELLED, 0),
        ({"group_status": 2}, ChannelState.CANCELLED, 0),
        ({"refund_status": 4}, ChannelState.CANCELLED, 0),
        ({"refund_status": 4, "order_status": 2}, ChannelState.SHIPPED, 10300),
        ({"refund_status": 4, "order_status": 3}, ChannelState.COMPLETED, 10300),
        ({"refund_status": 2}, ChannelState.PAID, 10300),
        ({"order_status": 2, "risk_control_status": 1}, ChannelState.SHIPPED, 10300),
    ],
)
def test_the_statuses_together_say_how_far_the_order_is(
    told: dict[str, Any], state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(**told))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


@pytest.mark.parametrize(
    "name", ["order_status", "confirm_status", "group_status", "refund_status"]
)
@pytest.mark.parametrize("told", [7, "-1", "shipped", 2**40])
def test_a_status_we_do_not_know_is_named_and_not_guessed(name: str, told: object) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(**{name: told}))

    assert caught.value.code == "unreadable"
    assert str(caught.value) == (
        f"cannot read order_info_get_response.order_info.{name}: "
        f"{str(told)!r} is not a value we know"
    )


@pytest.mark.parametrize(
    ("refund_status", "after_sales_status", "in_progress"),
    [
        (1, 0, False),
        (None, None, False),
        (4, 10, False),
        (1, 9, False),
        (1, 11, False),
        (1, 12, False),
        (1, 13, False),
        (1, 16, False),
        (1, 17, False),
        (1, 24, False),
        (1, 25, False),
        (2, 2, True),
        (3, 4, True),
        (2, 0, True),
        *((1, code, True) for code in (2, 3, 4, 5, 6, 7, 8, 14, 15, 18, 21, 22, 27, 31, 32)),
    ],
)
def test_a_line_says_whether_its_buyer_wants_the_money_back(
    refund_status: int | None, after_sales_status: int | None, in_progress: bool
) -> None:
    told = order(refund_status=refund_status, after_sales_status=after_sales_status, order_status=2)

    assert read(told).lines[0].refund_in_progress is in_progress


@pytest.mark.parametrize(
    ("step", "state", "captured_minor"),
    [
        ({"step_trade_status": 0}, ChannelState.UNPAID, 0),
        ({"step_trade_status": 1, "advanced_paid_fee": "20.00"}, ChannelState.UNPAID, 2000),
        ({"step_trade_status": 1, "step_paid_fee": "20.00"}, ChannelState.UNPAID, 2000),
        ({"step_trade_status": 1, "advanced_paid_fee": "999.00"}, ChannelState.UNPAID, 10300),
        ({"step_trade_status": 2, "step_paid_fee": "103.00"}, ChannelState.PAID, 10300),
    ],
)
def test_of_a_deposit_order_only_the_deposit_is_in_hand_until_the_rest_is_paid(
    step: dict[str, Any], state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(trade_type=1, step_order_info=step))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


@pytest.mark.parametrize(
    ("told", "until"),
    [
        ({"pre_sale_time": "2026-05-08 12:00:00"}, None),
        ({"is_pre_sale": 1}, None),
        (
            {
                "is_pre_sale": 1,
                "pre_sale_time": "2026-05-08 12:00:00",
                "last_ship_time": "2026-05-10 12:00:00",
            },
            datetime(2026, 5, 8, 4, 0, tzinfo=UTC),
        ),
        (  # never so late that the promise could not be kept
            {
                "is_pre_sale": 1,
                "pre_sale_time": "2026-05-08 12:00:00",
                "last_ship_time": "2026-05-08 12:00:00",
            },
            datetime(2026, 5, 7, 4, 0, tzinfo=UTC),
        ),
        (
            {"is_pre_sale": 1, "pre_sale_time": "2026-05-08 12:00:00", "last_ship_time": ""},
            datetime(2026, 5, 8, 4, 0, tzinfo=UTC),
        ),
    ],
)
def test_a_presale_waits_for_its_time_but_not_past_its_promise(
    told: dict[str, Any], until: datetime | None
) -> None:
    assert read(order(**told)).presale_until == until


FEES = st.integers(0, 10**9).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")


@given(prices=st.lists(FEES, min_size=1, max_size=8), paid=FEES, postage=FEES)
def test_lines_and_postage_always_add_up_to_the_payment(
    prices: list[str], paid: str, postage: str
) -> None:
    items = [item(index, goods_price=price) for index, price in enumerate(prices, 1)]
    snapshot = read(order(*items, pay_amount=paid, postage=postage))

    whole = snapshot.freight_minor + sum(line.payable_minor for line in snapshot.lines)
    assert whole == int(paid.replace(".", "")) == snapshot.captured_minor
    assert min(line.payable_minor for line in snapshot.lines) >= 0
    assert all(
        line.list_minor - line.discount_minor == line.payable_minor for line in snapshot.lines
    )


def test_an_encrypted_receiver_is_read_by_his_masks() -> None:
    told = order(
        **SECRET,
        receiver_name_mask="张*",
        receiver_phone_mask="138****1234",
        receiver_address_mask="西湖路***",
        open_address_id="addr-1",
    )

    assert read(told).receiver == MaskedReceiver(
        "addr-1", "张*", "138****1234", Address("CN", "广东省", "广州市", "越秀区", "西湖路***")
    )


def test_ciphertext_alone_is_the_key_and_nothing_to_read() -> None:
    assert read(order(**SECRET)).receiver == MaskedReceiver(
        f"{CIPHER}\n{CIPHER}\n{CIPHER}",
        "***",
        "***",
        Address("CN", "广东省", "广州市", "越秀区", "***"),
    )


@pytest.mark.parametrize("hidden", ["", None])
def test_a_receiver_who_is_hidden_is_nobody(hidden: str | None) -> None:
    assert read(order(**dict.fromkeys(SECRET, hidden))).receiver is None


@pytest.mark.parametrize(
    ("names", "number", "sku"),
    [
        ({"outer_goods_id": "B"}, "1", "TEA-1"),
        ({"outer_id": "", "outer_goods_id": "B"}, "1", "B"),
        ({"outer_id": None}, "1", "1"),
        ({"outer_id": None, "sku_id": 0}, "10", "10"),
        ({"outer_id": None, "sku_id": None}, "10", "10"),
    ],
)
def test_the_sellers_own_code_comes_before_the_platforms(
    names: dict[str, Any], number: str, sku: str
) -> None:
    (line,) = read(order(item(**names))).lines

    assert (line.external_line_no, line.external_sku) == (number, sku)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"pay_amount": "1e400"}, "pay_amount"),
        ({"pay_amount": None}, "pay_amount"),
        ({"pay_amount": "-0.01"}, "pay_amount"),
        ({"postage": "ten"}, "postage"),
        ({"updated_at": "2026-05-01T12:30:05Z"}, "updated_at"),
        ({"created_time": ""}, "created_time"),
        ({"order_sn": ""}, "order_sn"),
        ({"item_list": None}, "item_list"),
        ({"item_list": []}, "item_list"),
        ({"item_list": [item(goods_count=0)]}, "item_list.0.goods_count"),
        ({"item_list": [item(goods_count=1.5)]}, "item_list.0.goods_count"),
        ({"step_order_info": {"step_trade_status": 9}}, "step_order_info.step_trade_status"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(**changes))

    assert caught.value.code == "unreadable"
    start = "cannot read order_info_get_response.order_info."
    assert str(caught.value).startswith(f"{start}{place}: ")
