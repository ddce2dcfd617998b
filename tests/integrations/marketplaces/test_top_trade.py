"""A TOP trade in our words: every status, refund, receiver, and money to the fen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact, MaskedReceiver
from domain.shared.errors import Rejected
from integrations.marketplaces.top_trade import RefundStatus, TradeStatus
from tests.integrations.marketplaces.trades import line, read, trade

GUANGZHOU = Address(
    country="CN",
    province="广东省",
    city="广州市",
    district="越秀区",
    detail="西湖路38号102",
    postcode="510030",
)


def test_a_paid_trade_is_an_order_to_ship() -> None:
    assert read(trade(seller_memo="VIP", buyer_open_uid="AAE-1", invoice_name="某公司")) == (
        OrderSnapshot(
            channel="top",
            shop="shop_1",
            external_no="2600000000000000001",
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
                ),
            ),
            receiver=Contact("张三", "13800001234", GUANGZHOU),
            paid_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC),
            captured_minor=10800,
            freight_minor=800,
            invoice_request="某公司",
            seller_remark="VIP",
            buyer_ref="AAE-1",
        )
    )


@pytest.mark.parametrize(
    ("status", "state", "captured_minor"),
    [
        ("TRADE_NO_CREATE_PAY", ChannelState.UNPAID, 0),
        ("WAIT_BUYER_PAY", ChannelState.UNPAID, 0),
        ("PAY_PENDING", ChannelState.UNPAID, 0),
        ("WAIT_PRE_AUTH_CONFIRM", ChannelState.FROZEN, 0),
        ("PAID_FORBID_CONSIGN", ChannelState.FROZEN, 10800),
        ("WAIT_SELLER_SEND_GOODS", ChannelState.PAID, 10800),
        ("SELLER_CONSIGNED_PART", ChannelState.PART_SHIPPED, 10800),
        ("WAIT_BUYER_CONFIRM_GOODS", ChannelState.SHIPPED, 10800),
        ("TRADE_BUYER_SIGNED", ChannelState.SHIPPED, 10800),
        ("TRADE_FINISHED", ChannelState.COMPLETED, 10800),
        ("TRADE_CLOSED", ChannelState.CANCELLED, 0),
        ("TRADE_CLOSED_BY_TAOBAO", ChannelState.CANCELLED, 0),
    ],
)
def test_every_status_has_its_state_and_what_is_paid(
    status: str, state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(trade(line(status=status), status=status))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


def test_no_status_is_left_out_of_the_table_above() -> None:
    (table,) = test_every_status_has_its_state_and_what_is_paid.pytestmark  # type: ignore[attr-defined]

    assert {row[0] for row in table.args[1]} == set(TradeStatus)


@pytest.mark.parametrize("status", ["TRADE_RESURRECTED", "", "wait_buyer_pay", 7])
def test_a_status_we_do_not_know_is_named_and_not_guessed(status: object) -> None:
    with pytest.raises(Rejected) as caught:
        read(trade(status=status))

    assert caught.value.code == "unreadable"
    assert str(caught.value) == (
        "cannot read trade_fullinfo_get_response.trade.status: "
        f"{str(status)!r} is not a value we know"
    )


@pytest.mark.parametrize(
    ("status", "in_progress"),
    [
        ("", False),
        (None, False),
        ("NO_REFUND", False),
        ("CLOSED", False),
        ("SUCCESS", False),
        ("WAIT_SELLER_AGREE", True),
        ("WAIT_BUYER_RETURN_GOODS", True),
        ("WAIT_SELLER_CONFIRM_GOODS", True),
        ("SELLER_REFUSE_BUYER", True),
        ("WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS", True),
        ("EXCHANGE_TRANSFORM_TO_REFUND", True),
        ("WAIT_SELLER_CONSIGN_GOODS", True),
    ],
)
def test_a_line_says_whether_its_buyer_wants_the_money_back(
    status: str | None, in_progress: bool
) -> None:
    assert read(trade(line(refund_status=status))).lines[0].refund_in_progress is in_progress


def test_no_refund_status_is_left_out_of_the_table_above() -> None:
    (table,) = test_a_line_says_whether_its_buyer_wants_the_money_back.pytestmark  # type: ignore[attr-defined]

    assert {row[0] or "" for row in table.args[1]} == set(RefundStatus)


def test_a_closed_line_is_cancelled_and_its_money_no_longer_ours() -> None:
    closed = line(2, status="TRADE_CLOSED", refund_status="SUCCESS")
    snapshot = read(trade(line(1), closed, payment="208.00"))

    assert [one.cancelled for one in snapshot.lines] == [False, True]
    assert [one.payable_minor for one in snapshot.lines] == [10000, 10000]
    assert snapshot.captured_minor == 10800


def test_a_line_closed_before_payment_is_not_in_the_payment() -> None:
    snapshot = read(trade(line(1), line(2, status="TRADE_CLOSED_BY_TAOBAO")))

    assert [one.payable_minor for one in snapshot.lines] == [10000, 0]


def test_the_platforms_own_share_of_order_discounts_is_taken_over() -> None:
    snapshot = read(
        trade(
            line(1, divide_order_fee="90.01"),
            line(2, divide_order_fee="79.99"),
            payment="178.00",
        )
    )

    assert [(one.payable_minor, one.discount_minor) for one in snapshot.lines] == [
        (9001, 999),
        (7999, 2001),
    ]


FEES = st.integers(0, 10**9).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")


@given(
    payments=st.lists(FEES, min_size=1, max_size=8),
    closed=st.sets(st.integers(0, 7)),
    payment=FEES,
    post_fee=FEES,
)
def test_lines_and_freight_always_add_up_to_the_payment(
    payments: list[str], closed: set[int], payment: str, post_fee: str
) -> None:
    lines = [
        line(
            index,
            payment=paid,
            status="TRADE_CLOSED" if index in closed else "WAIT_SELLER_SEND_GOODS",
        )
        for index, paid in enumerate(payments)
    ]
    snapshot = read(trade(*lines, payment=payment, post_fee=post_fee))

    whole = snapshot.freight_minor + sum(one.payable_minor for one in snapshot.lines)
    assert whole == int(payment.replace(".", ""))
    assert all(one.list_minor - one.discount_minor == one.payable_minor for one in snapshot.lines)
    assert min(one.payable_minor for one in snapshot.lines) >= 0
    assert 0 <= snapshot.captured_minor <= whole


@pytest.mark.parametrize(
    ("step", "status", "state", "captured_minor"),
    [
        ("FRONT_NOPAID_FINAL_NOPAID", "WAIT_BUYER_PAY", ChannelState.UNPAID, 0),
        ("FRONT_PAID_FINAL_NOPAID", "WAIT_BUYER_PAY", ChannelState.UNPAID, 2000),
        ("FRONT_PAID_FINAL_PAID", "WAIT_SELLER_SEND_GOODS", ChannelState.PAID, 10800),
        ("FRONT_PAID_FINAL_NOPAID", "TRADE_CLOSED", ChannelState.CANCELLED, 0),
    ],
)
def test_of_a_presale_only_the_deposit_is_in_hand_until_the_rest_is_paid(
    step: str, status: str, state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(
        trade(type="step", step_trade_status=step, step_paid_fee="20.00", status=status)
    )

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


def test_cash_on_delivery_is_to_be_shipped_with_nothing_in_hand() -> None:
    snapshot = read(trade(type="cod", pay_time=None))

    assert (snapshot.cash_on_delivery, snapshot.state) == (True, ChannelState.PAID)
    assert (snapshot.captured_minor, snapshot.paid_at) == (0, None)


@pytest.mark.parametrize(
    "masked",
    [
        {"receiver_name": "张*"},
        {"receiver_mobile": "138****1234"},
        {"receiver_address": "***"},
        {"receiver_address": ""},
    ],
)
def test_a_masked_receiver_is_known_by_his_oaid(masked: dict[str, Any]) -> None:
    shown = trade(oaid="1abc", **masked)

    assert read(shown).receiver == MaskedReceiver(
        "1abc",
        shown["receiver_name"],
        shown["receiver_mobile"],
        Address(
            country="CN",
            province="广东省",
            city="广州市",
            district="越秀区",
            detail=shown["receiver_address"],
            postcode="510030",
        ),
    )


def test_a_plain_receiver_stays_plain_though_he_has_an_oaid() -> None:
    assert read(trade(oaid="1abc")).receiver == Contact("张三", "13800001234", GUANGZHOU)


def test_without_a_name_or_an_oaid_there_is_no_receiver() -> None:
    assert read(trade(receiver_name=None)).receiver is None
    assert read(trade(receiver_name="张*")).receiver is None


@pytest.mark.parametrize(
    ("said", "ship_by"),
    [
        ("2026-05-03 18:00:00", datetime(2026, 5, 3, 10, 0, tzinfo=UTC)),
        ("2026-05-03", datetime(2026, 5, 3, 15, 59, 59, tzinfo=UTC)),
        ("付款后30天内", None),
        (None, None),
    ],
)
def test_a_promised_time_is_kept_where_it_is_one(said: str | None, ship_by: datetime) -> None:
    assert read(trade(est_con_time=said)).ship_by == ship_by


@pytest.mark.parametrize(
    ("names", "sku"),
    [
        ({"outer_sku_id": "A", "outer_iid": "B", "sku_id": "3", "num_iid": 4}, "A"),
        ({"outer_sku_id": "", "outer_iid": "B", "sku_id": "3", "num_iid": 4}, "B"),
        ({"outer_sku_id": None, "outer_iid": None, "sku_id": "3", "num_iid": 4}, "3"),
        ({"outer_sku_id": None, "num_iid": 4}, "4"),
    ],
)
def test_the_sellers_own_code_comes_before_the_platforms(names: dict[str, Any], sku: str) -> None:
    assert read(trade(line(**names))).lines[0].external_sku == sku


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"payment": "1e400"}, "payment"),
        ({"payment": "NaN"}, "payment"),
        ({"payment": "-1.00"}, "payment"),
        ({"payment": None}, "payment"),
        ({"payment": True}, "payment"),
        ({"post_fee": "ten"}, "post_fee"),
        ({"modified": "2026-05-01T12:30:05Z"}, "modified"),
        ({"modified": "0001-01-01 00:00:00"}, "modified"),
        ({"created": ""}, "created"),
        ({"tid": ""}, "tid"),
        ({"tid": "1\x00"}, "tid"),
        ({"tid": "1" * 101}, "tid"),
        ({"orders": None}, "orders"),
        ({"orders": {"order": []}}, "orders.order"),
        ({"orders": {"order": [line(num=0)]}}, "orders.order.0.num"),
        ({"orders": {"order": [line(num=2**31)]}}, "orders.order.0.num"),
        ({"orders": {"order": [line(num=1.5)]}}, "orders.order.0.num"),
        ({"orders": {"order": [line(refund_status="NEW")]}}, "orders.order.0.refund_status"),
        ({"step_trade_status": "MIDDLE_PAID"}, "step_trade_status"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(trade(**changes))

    assert caught.value.code == "unreadable"
    assert str(caught.value).startswith(f"cannot read trade_fullinfo_get_response.trade.{place}: ")


def test_two_lines_with_one_number_are_refused() -> None:
    with pytest.raises(Rejected, match="two lines have one oid"):
        read(trade(line(1), line(1)))
