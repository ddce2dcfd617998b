"""A JD order in our words: every state, payment, receiver, and money to the fen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact, MaskedReceiver
from domain.shared.errors import Rejected
from integrations.marketplaces.jd_order import JdState
from tests.integrations.marketplaces.jd_orders import consignee, item, order, read

GUANGZHOU = Address("CN", "广东", "广州市", "越秀区", "西湖路38号102")
CIPHER = "AAS/ZFJFpmfveSmeZ0P9i+iPiAVtOMmowMRtStdbSOA32r6wKNWTMeyV2CU1umLIhl0="
NEVER = "0001-01-01 00:00:00"


def test_a_paid_order_is_an_order_to_ship() -> None:
    assert read(order(venderRemark="VIP", orderRemark="尽快", pin="jd_1")) == OrderSnapshot(
        channel="jd",
        shop="shop_1",
        external_no="249786309732",
        version=Version(modified_us=1777609805_000000),
        state=ChannelState.PAID,
        currency="CNY",
        placed_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC),
        lines=(
            SnapshotLine(
                external_line_no="1",
                kind=LineKind.GOODS,
                external_sku="TEA-1",
                title="铁观音",
                quantity=2,
                payable_minor=10000,
                list_minor=10000,
                listing_ids={"sku_id": "1"},
            ),
        ),
        receiver=Contact("张三", "13800001234", GUANGZHOU),
        paid_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
        captured_minor=10800,
        freight_minor=800,
        buyer_remark="尽快",
        seller_remark="VIP",
        buyer_ref="jd_1",
    )


@pytest.mark.parametrize(
    ("told", "state", "captured_minor"),
    [
        ("WAIT_SELLER_STOCK_OUT", ChannelState.PAID, 10800),
        ("WAIT_SELLER_DELIVERY", ChannelState.PAID, 10800),
        ("WAIT_GOODS_RECEIVE_CONFIRM", ChannelState.SHIPPED, 10800),
        ("FINISHED_L", ChannelState.COMPLETED, 10800),
        ("TRADE_CANCELED", ChannelState.CANCELLED, 0),
        ("LOCKED", ChannelState.FROZEN, 10800),
        ("PAUSE", ChannelState.FROZEN, 10800),
    ],
)
def test_every_state_has_ours_and_what_is_paid(
    told: str, state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(order(orderState=told))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


def test_no_state_is_left_out_of_the_table_above() -> None:
    (table,) = test_every_state_has_ours_and_what_is_paid.pytestmark  # type: ignore[attr-defined]

    assert {row[0] for row in table.args[1]} == set(JdState)


@pytest.mark.parametrize("told", ["WAIT_WRITE_WAYBILL", "", "locked", 7])
def test_a_state_we_do_not_know_is_named_and_not_guessed(told: object) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(orderState=told))

    assert caught.value.code == "unreadable"
    assert str(caught.value) == (
        "cannot read jingdong_pop_order_get_responce.orderDetailInfo.orderInfo.orderState: "
        f"{str(told)!r} is not a value we know"
    )


@pytest.mark.parametrize("pay_type", ["2-邮局汇款", "4-在线支付", "5-公司转账", 6, ""])
def test_the_first_year_means_that_nobody_paid(pay_type: object) -> None:
    snapshot = read(order(payType=pay_type, paymentConfirmTime=NEVER))

    assert snapshot.state is ChannelState.UNPAID
    assert (snapshot.captured_minor, snapshot.paid_at) == (0, None)


@pytest.mark.parametrize("pay_type", [1, "1", "1-货到付款"])
def test_cash_on_delivery_is_to_be_shipped_with_nothing_in_hand(pay_type: object) -> None:
    snapshot = read(order(payType=pay_type, paymentConfirmTime=NEVER))

    assert (snapshot.cash_on_delivery, snapshot.state) == (True, ChannelState.PAID)
    assert (snapshot.captured_minor, snapshot.paid_at) == (0, None)


def test_cash_is_in_hand_once_the_order_is_finished() -> None:
    snapshot = read(order(payType="1", paymentConfirmTime=NEVER, orderState="FINISHED_L"))

    assert snapshot.captured_minor == 10800


def test_an_order_locked_before_it_was_paid_has_nothing_in_hand() -> None:
    snapshot = read(order(orderState="LOCKED", paymentConfirmTime=NEVER))

    assert (snapshot.state, snapshot.captured_minor) == (ChannelState.FROZEN, 0)


@pytest.mark.parametrize("told", [None, "", "yesterday"])
def test_a_time_of_payment_that_is_not_told_leaves_the_state_to_decide(told: str | None) -> None:
    snapshot = read(order(paymentConfirmTime=told))

    assert (snapshot.state, snapshot.paid_at) == (ChannelState.PAID, None)


@pytest.mark.parametrize(
    ("sums", "payable_minor", "freight_minor"),
    [
        ({}, 10800, 800),
        ({"actualPay": None, "orderPayment": "98.00"}, 9800, 800),
        ({"actualPay": None, "orderSellerPrice": "90.00"}, 9800, 800),
        ({"actualPay": None, "orderSellerPrice": None}, 10800, 800),
        ({"actualPay": "5.00"}, 500, 500),
        ({"freightPrice": None}, 10800, 0),
    ],
)
def test_the_sum_is_what_the_buyer_pays(
    sums: dict[str, Any], payable_minor: int, freight_minor: int
) -> None:
    snapshot = read(order(**sums))

    lines = sum(line.payable_minor for line in snapshot.lines)
    assert (lines + snapshot.freight_minor, snapshot.freight_minor) == (
        payable_minor,
        freight_minor,
    )


def test_an_order_without_any_sum_is_refused() -> None:
    with pytest.raises(Rejected, match="the order has no sum"):
        read(order(actualPay=None, orderSellerPrice=None, orderTotalPrice=None))


FEES = st.integers(0, 10**9).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")


@given(prices=st.lists(FEES, min_size=1, max_size=8), paid=FEES, freight=FEES)
def test_lines_and_freight_always_add_up_to_the_payment(
    prices: list[str], paid: str, freight: str
) -> None:
    items = [item(index, jdPrice=price) for index, price in enumerate(prices)]
    snapshot = read(order(*items, actualPay=paid, freightPrice=freight))

    whole = snapshot.freight_minor + sum(line.payable_minor for line in snapshot.lines)
    assert whole == int(paid.replace(".", "")) == snapshot.captured_minor
    assert min(line.payable_minor for line in snapshot.lines) >= 0
    assert all(
        line.list_minor - line.discount_minor == line.payable_minor for line in snapshot.lines
    )


def test_a_gift_of_the_same_sku_is_a_line_of_its_own() -> None:
    snapshot = read(order(item(7), item(7, jdPrice="0.00", itemTotal=1), actualPay="108.00"))

    assert [line.external_line_no for line in snapshot.lines] == ["7", "7#2"]
    assert [line.payable_minor for line in snapshot.lines] == [10000, 0]


def test_a_line_worth_more_than_could_be_is_refused() -> None:
    with pytest.raises(Rejected, match="a line is worth too much"):
        read(order(item(jdPrice="1000000000000", itemTotal="2")))


def test_the_sellers_own_code_comes_before_the_platforms() -> None:
    assert read(order(item(9, outerSkuId=None))).lines[0].external_sku == "9"


def test_an_encrypted_receiver_is_known_by_his_oaid() -> None:
    told = consignee(fullname=CIPHER, mobile="136*******5", fullAddress=CIPHER, oaid="oaid-1")

    assert read(order(consigneeInfo=told)).receiver == MaskedReceiver(
        "oaid-1", "***", "136*******5", Address("CN", "广东", "广州市", "越秀区", "***")
    )


def test_without_an_oaid_the_ciphertext_itself_is_the_key() -> None:
    told = consignee(fullname=CIPHER, mobile="136*******5", fullAddress="广东广州市越秀区***")
    receiver = read(order(consigneeInfo=told)).receiver

    assert isinstance(receiver, MaskedReceiver)
    assert receiver.oaid == f"{CIPHER}\n136*******5\n***"


@pytest.mark.parametrize("masked", [{"fullname": "张*"}, {"mobile": "138****1234"}])
def test_asterisks_are_no_address_to_write_on_a_label(masked: dict[str, str]) -> None:
    assert isinstance(read(order(consigneeInfo=consignee(**masked))).receiver, MaskedReceiver)


@pytest.mark.parametrize("nobody", [None, {}, {"province": "广东"}])
def test_nobody_told_is_nobody(nobody: dict[str, str] | None) -> None:
    assert read(order(consigneeInfo=nobody)).receiver is None


def test_who_has_no_mobile_is_called_on_his_telephone() -> None:
    told = consignee(mobile="", telephone="020-88886666")
    receiver = read(order(consigneeInfo=told)).receiver

    assert isinstance(receiver, Contact)
    assert receiver.phone == "020-88886666"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"actualPay": "1e400"}, "actualPay"),
        ({"actualPay": "-1.00"}, "actualPay"),
        ({"freightPrice": "ten"}, "freightPrice"),
        ({"modified": NEVER}, "modified"),
        ({"orderStartTime": ""}, "orderStartTime"),
        ({"orderId": "1\x00"}, "orderId"),
        ({"itemInfoList": []}, "itemInfoList"),
        ({"itemInfoList": [item(itemTotal="0")]}, "itemInfoList.0.itemTotal"),
        ({"itemInfoList": [item(sku_id="")]}, "itemInfoList.0.skuId"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(**changes))

    assert caught.value.code == "unreadable"
    start = "cannot read jingdong_pop_order_get_responce.orderDetailInfo.orderInfo."
    assert str(caught.value).startswith(f"{start}{place}: ")
