"""A Shopify order in our words: every status, taxes, discounts, edits, and money to the cent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from integrations.marketplaces.shopify_order import FinancialStatus
from tests.integrations.marketplaces.orders import item, order, read

ADDRESS = {
    "name": "Ada Lovelace",
    "company": None,
    "phone": "+44 20 7946 0000",
    "address1": "12 St James's Square",
    "address2": "Flat 2",
    "city": "London",
    "zip": "SW1Y 4JH",
    "province": "England",
    "province_code": "ENG",
    "country_code": "GB",
    "latitude": 51.507,
    "longitude": -0.136,
}


def test_a_paid_order_is_an_order_to_ship() -> None:
    shown = order(shipping_address=ADDRESS, customer={"id": 7}, note="ring twice", test=True)

    assert read(shown) == OrderSnapshot(
        channel="shopify",
        shop="shop_1",
        external_no="820982911946154508",
        version=Version(modified_us=1777609805_000000),
        state=ChannelState.PAID,
        currency="CNY",
        placed_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC),
        lines=(
            SnapshotLine(
                external_line_no="1",
                kind=LineKind.GOODS,
                external_sku="TEA-1",
                title="Tea",
                quantity=2,
                payable_minor=10000,
                list_minor=10000,
            ),
        ),
        receiver=Contact(
            "Ada Lovelace",
            "+44 20 7946 0000",
            Address(
                country="GB",
                province="England",
                city="London",
                detail="12 St James's Square, Flat 2",
                postcode="SW1Y 4JH",
                longitude=-0.136,
                latitude=51.507,
            ),
        ),
        paid_at=datetime(2026, 5, 1, 4, 1, tzinfo=UTC),
        captured_minor=11000,
        freight_minor=1000,
        test_order=True,
        buyer_remark="ring twice",
        buyer_ref="7",
    )


@pytest.mark.parametrize(
    ("financial", "fulfilment", "state", "captured_minor"),
    [
        (None, None, ChannelState.UNPAID, 0),
        ("", None, ChannelState.UNPAID, 0),
        ("pending", None, ChannelState.UNPAID, 0),
        ("authorized", None, ChannelState.UNPAID, 0),
        ("partially_paid", None, ChannelState.UNPAID, 8000),
        ("voided", None, ChannelState.UNPAID, 0),
        ("expired", None, ChannelState.UNPAID, 0),
        ("paid", None, ChannelState.PAID, 11000),
        ("partially_refunded", None, ChannelState.PAID, 11000),
        ("refunded", None, ChannelState.CANCELLED, 0),
        ("paid", "unfulfilled", ChannelState.PAID, 11000),
        ("paid", "restocked", ChannelState.PAID, 11000),
        ("paid", "on_hold", ChannelState.FROZEN, 11000),
        ("paid", "scheduled", ChannelState.FROZEN, 11000),
        ("pending", "on_hold", ChannelState.UNPAID, 0),
        ("paid", "partial", ChannelState.PART_SHIPPED, 11000),
        ("pending", "partial", ChannelState.PART_SHIPPED, 0),
        ("paid", "fulfilled", ChannelState.SHIPPED, 11000),
        ("refunded", "fulfilled", ChannelState.SHIPPED, 0),
    ],
)
def test_every_status_has_its_state_and_what_is_paid(
    financial: str | None, fulfilment: str | None, state: ChannelState, captured_minor: int
) -> None:
    snapshot = read(
        order(financial_status=financial, fulfillment_status=fulfilment, total_outstanding="30.00")
    )

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)


def test_no_financial_status_is_left_out_of_the_table_above() -> None:
    (table,) = test_every_status_has_its_state_and_what_is_paid.pytestmark  # type: ignore[attr-defined]

    assert {row[0] or "" for row in table.args[1]} == set(FinancialStatus)


@pytest.mark.parametrize("field", ["financial_status", "fulfillment_status"])
def test_a_status_we_do_not_know_is_named_and_not_guessed(field: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(**{field: "levitating"}))

    assert caught.value.code == "unreadable"
    assert str(caught.value) == f"cannot read {field}: 'levitating' is not a value we know"


def test_cancelled_wins_over_everything() -> None:
    snapshot = read(
        order(
            item(current_quantity=0),
            cancelled_at="2026-05-01T12:30:00Z",
            current_total_price="0.00",
            fulfillment_status="fulfilled",
        )
    )

    assert snapshot.state is ChannelState.CANCELLED
    assert [(line.quantity, line.payable_minor) for line in snapshot.lines] == [(2, 10000)]


def test_an_archived_order_that_is_fulfilled_is_completed() -> None:
    snapshot = read(order(fulfillment_status="fulfilled", closed_at="2026-05-09T00:00:00Z"))

    assert snapshot.state is ChannelState.COMPLETED


def test_cash_on_delivery_is_to_be_shipped_with_nothing_in_hand() -> None:
    snapshot = read(
        order(financial_status="pending", payment_gateway_names=["Cash on Delivery (COD)"])
    )

    assert (snapshot.cash_on_delivery, snapshot.state) == (True, ChannelState.PAID)
    assert (snapshot.captured_minor, snapshot.paid_at) == (0, None)


def test_money_given_back_is_no_longer_ours() -> None:
    moves = [
        {"amount": "30.00", "kind": "refund", "status": "success"},
        {"amount": "5.00", "kind": "refund", "status": "failure"},
        {"amount": "7.00", "kind": "capture", "status": "success"},
    ]

    snapshot = read(order(financial_status="partially_refunded", refunds=[{"transactions": moves}]))

    assert snapshot.captured_minor == 8000


def test_discounts_and_taxes_are_the_lines_own() -> None:
    snapshot = read(
        order(
            item(
                discount_allocations=[{"amount": "10.00"}, {"amount": "0.01"}],
                tax_lines=[{"price": "5.40"}, {"price": "3.60"}],
            ),
            taxes_included=False,
            total_price="109.99",
            shipping_lines=[
                {
                    "price": "15.00",
                    "discount_allocations": [{"amount": "5.00"}],
                    "tax_lines": [{"price": "1.00"}],
                }
            ],
        )
    )

    (line,) = snapshot.lines
    assert (line.list_minor, line.discount_minor, line.tax_minor) == (10000, 1001, 900)
    assert line.payable_minor == 10000 - 1001 + 900
    assert snapshot.freight_minor == 1100


def test_what_was_taken_off_the_order_is_cancelled_or_less() -> None:
    snapshot = read(
        order(
            item(1, quantity=3, current_quantity=1, discount_allocations=[{"amount": "10.00"}]),
            item(2, current_quantity=0),
            total_price="260.00",
            current_total_price="56.67",
        )
    )

    assert [(line.quantity, line.payable_minor, line.cancelled) for line in snapshot.lines] == [
        (1, 4667, False),
        (2, 0, True),
    ]


@pytest.mark.parametrize(
    ("total", "kind", "payable_minor"),
    [("115.55", LineKind.CHARGE, 555), ("104.45", LineKind.DISCOUNT, -555)],
)
def test_what_has_no_line_gets_one_and_is_not_smeared_over_goods(
    total: str, kind: LineKind, payable_minor: int
) -> None:
    snapshot = read(order(total_price=total))

    assert [line.payable_minor for line in snapshot.lines] == [10000, payable_minor]
    assert (snapshot.lines[1].kind, snapshot.lines[1].external_line_no) == (kind, "difference")


@pytest.mark.parametrize("service", [{"gift_card": True}, {"requires_shipping": False}])
def test_what_needs_no_parcel_is_a_service(service: dict[str, bool]) -> None:
    assert read(order(item(**service))).lines[0].kind is LineKind.SERVICE


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("JPY", "500", 500), ("USD", "5.01", 501), ("KWD", "5.001", 5001)],
)
def test_every_currency_has_its_own_minor_unit(currency: str, price: str, minor: int) -> None:
    shown = order(item(price=price, quantity=1), currency=currency, total_price=price)
    snapshot = read({**shown, "shipping_lines": []})

    assert (snapshot.currency, snapshot.lines[0].payable_minor) == (currency, minor)
    assert len(snapshot.lines) == 1


CENTS = st.integers(0, 10**8).map(lambda cent: f"{cent // 100}.{cent % 100:02d}")
LINES = st.builds(
    item,
    quantity=st.integers(1, 50),
    current_quantity=st.none() | st.integers(0, 50),
    price=CENTS,
    discount_allocations=st.lists(st.builds(dict, amount=CENTS), max_size=2),
    tax_lines=st.lists(st.builds(dict, price=CENTS), max_size=2),
)


@given(
    lines=st.lists(LINES, min_size=1, max_size=6),
    total=CENTS,
    current=st.none() | CENTS,
    shipping=CENTS,
    taxes_included=st.booleans(),
    cancelled=st.booleans(),
)
def test_lines_and_freight_always_add_up_to_the_total(
    lines: list[dict[str, Any]],
    total: str,
    current: str | None,
    shipping: str,
    taxes_included: bool,
    cancelled: bool,
) -> None:
    numbered = [{**line, "id": index} for index, line in enumerate(lines)]
    snapshot = read(
        order(
            *numbered,
            total_price=total,
            current_total_price=current,
            shipping_lines=[{"price": shipping}],
            taxes_included=taxes_included,
            cancelled_at="2026-05-01T12:30:00Z" if cancelled else None,
        )
    )

    counted = total if cancelled or current is None else current
    whole = snapshot.freight_minor + sum(line.payable_minor for line in snapshot.lines)
    assert whole == int(counted.replace(".", ""))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": None}, "id"),
        ({"updated_at": "2026-05-01T12:30:05"}, "updated_at"),
        ({"updated_at": None}, "updated_at"),
        ({"currency": "Yuan"}, "currency"),
        ({"total_price": "1e400"}, "total_price"),
        ({"total_price": float("nan")}, "total_price"),
        ({"line_items": [item(quantity=0)]}, "line_items.0.quantity"),
        ({"line_items": [item(quantity=10**9)]}, "line_items.0.quantity"),
        ({"line_items": "none"}, "line_items"),
        ({"shipping_address": {"latitude": 900}}, "shipping_address.latitude"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(order(**changes))

    assert caught.value.code == "unreadable"
    assert str(caught.value).startswith(f"cannot read {place}: ")


def test_two_lines_with_one_number_are_refused() -> None:
    with pytest.raises(Rejected, match="two lines have one id"):
        read(json.loads(json.dumps(order(item(1), item(1)))))
