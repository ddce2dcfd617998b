"""The own channel's message: what it means, and everything that is not one."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import integrations.marketplaces.own_schema as own_schema
from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact
from integrations.marketplaces.own_order import UnreadableOrder, parse_own_order
from tests.integrations.marketplaces.messages import line, message, raw, receiver


def read(message: dict[str, Any]) -> OrderSnapshot:
    return parse_own_order(raw(message), "mini")


def problems(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(UnreadableOrder) as caught:
        parse_own_order(body, "mini")
    assert caught.value.code == "unreadable"
    return [(one.field, one.problem) for one in caught.value.problems]


def test_a_message_is_the_whole_order_at_its_revision() -> None:
    told = message(
        line("1", title="铁观音", list="120.00", tax="11.50", gift=True),
        line("2", kind="charge", sku="", quantity=1, payable="5.00"),
        line("3", kind="discount", sku="", quantity=1, payable="-10.00"),
        line("4", cancelled=True, payable="40.00"),
        revision=7,
        freight="8.00",
        ship_by="2026-05-02T18:00:00+08:00",
        presale_until="2026-05-02T00:00:00Z",
        invoice_request="个人",
        buyer_remark="请尽快\n谢谢",
        seller_remark="VIP",
        buyer_ref="u-42",
        gift=True,
        test_order=True,
    )

    assert read(told) == OrderSnapshot(
        channel="own",
        shop="mini",
        external_no="M-1",
        version=Version(revision=7),
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
                list_minor=12000,
                discount_minor=2000,
                tax_minor=1150,
                gift=True,
            ),
            SnapshotLine("2", LineKind.CHARGE, "", "", 1, 500, 500),
            SnapshotLine("3", LineKind.DISCOUNT, "", "", 1, -1000, -1000),
            SnapshotLine("4", LineKind.GOODS, "TEA-1", "", 2, 4000, 4000, cancelled=True),
        ),
        receiver=Contact(
            "张三",
            "13800001234",
            Address(country="CN", detail="西湖路38号102", division_code="440104"),
        ),
        paid_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC),
        captured_minor=10000 + 500 - 1000 + 800,
        freight_minor=800,
        ship_by=datetime(2026, 5, 2, 10, 0, tzinfo=UTC),
        presale_until=datetime(2026, 5, 2, tzinfo=UTC),
        test_order=True,
        gift=True,
        invoice_request="个人",
        buyer_remark="请尽快\n谢谢",
        seller_remark="VIP",
        buyer_ref="u-42",
    )


@pytest.mark.parametrize(
    ("changes", "state", "captured_minor", "paid"),
    [
        ({"state": "unpaid"}, ChannelState.UNPAID, 0, False),
        ({"state": "unpaid", "captured": "30.00"}, ChannelState.UNPAID, 3000, False),
        ({"state": "paid"}, ChannelState.PAID, 10000, True),
        ({"state": "paid", "captured": "99.00"}, ChannelState.PAID, 9900, True),
        ({"state": "paid", "cash_on_delivery": True}, ChannelState.PAID, 0, False),
        ({"state": "frozen"}, ChannelState.FROZEN, 10000, True),
        ({"state": "cancelled"}, ChannelState.CANCELLED, 0, False),
    ],
)
def test_every_state_says_what_is_paid(
    changes: dict[str, Any], state: ChannelState, captured_minor: int, paid: bool
) -> None:
    snapshot = read(message(**changes))

    assert (snapshot.state, snapshot.captured_minor) == (state, captured_minor)
    assert (snapshot.paid_at is not None) is paid


def test_an_order_may_go_abroad_or_to_nobody_yet() -> None:
    abroad = receiver(country="GB", division_code="", city="London", postcode="SW1Y 4JH")

    contact = read(message(receiver=abroad)).receiver

    assert isinstance(contact, Contact)
    assert (contact.address.country, contact.address.city) == ("GB", "London")
    assert read(message(receiver=None)).receiver is None


def test_text_is_stored_as_it_came_but_composed() -> None:
    rare = "𠮷野家 ‮ \u200b 🎁 e\u0301"

    assert read(message(buyer_remark=rare)).buyer_remark == "𠮷野家 ‮ \u200b 🎁 é"


@given(
    payables=st.lists(st.integers(0, 10**14), min_size=1, max_size=20),
    freight=st.integers(0, 10**14),
    currency=st.sampled_from([("CNY", 2), ("JPY", 0), ("KWD", 3)]),
)
def test_every_sum_arrives_exactly(
    payables: list[int], freight: int, currency: tuple[str, int]
) -> None:
    code, digits = currency

    def written(minor: int) -> str:
        whole = minor % 10 ** (12 + digits)
        text = str(whole).rjust(digits + 1, "0")
        return f"{text[:-digits]}.{text[-digits:]}" if digits else text

    lines = [line(str(n), payable=written(payable)) for n, payable in enumerate(payables)]
    snapshot = read(message(*lines, currency=code, freight=written(freight)))

    limit = 10 ** (12 + digits)
    assert [one.payable_minor for one in snapshot.lines] == [one % limit for one in payables]
    assert snapshot.freight_minor == freight % limit
    assert snapshot.captured_minor == sum(one % limit for one in (*payables, freight))


NOT_TEXT = "must not contain control characters"
NOT_A_LABEL = "must be printable, without blanks at its ends"
NO_AMOUNT = 'must be a decimal in a string, such as "12.50"'
NO_TIME = "must be an RFC 3339 time with a zone"
NO_INTEGER = "Input should be a valid integer"
NO_STRING = "Input should be a valid string"


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"is_admin": True}, "is_admin", "Extra inputs are not permitted"),
        (
            {"state": "shipped"},
            "state",
            "Input should be 'unpaid', 'paid', 'frozen' or 'cancelled'",
        ),
        ({"order_no": ""}, "order_no", "String should have at least 1 character"),
        ({"order_no": "x" * 65}, "order_no", "String should have at most 64 characters"),
        ({"order_no": 7}, "order_no", NO_STRING),
        ({"order_no": " M-1"}, "order_no", NOT_A_LABEL),
        ({"order_no": "M\n1"}, "order_no", NOT_A_LABEL),
        ({"revision": 0}, "revision", "Input should be greater than or equal to 1"),
        ({"revision": "1"}, "revision", NO_INTEGER),
        ({"revision": True}, "revision", NO_INTEGER),
        ({"revision": 1.0}, "revision", NO_INTEGER),
        ({"revision": 2**53}, "revision", f"Input should be less than or equal to {2**53 - 1}"),
        ({"currency": "yuan"}, "currency", "String should match pattern '^[A-Z]{3}$'"),
        ({"currency": None}, "currency", NO_STRING),
        ({"placed_at": "2026-05-01T12:00:00"}, "placed_at", NO_TIME),
        ({"placed_at": "2026-05-01 12:00:00Z"}, "placed_at", NO_TIME),
        ({"placed_at": 1777609805}, "placed_at", NO_TIME),
        ({"placed_at": "2026-13-01T12:00:00Z"}, "placed_at", "month must be in 1..12"),
        (
            {"placed_at": "1999-12-31T23:59:59Z"},
            "placed_at",
            "must lie between the years 2000 and 2199",
        ),
        ({"lines": []}, "lines", "must have at least one line"),
        ({"lines": [line(quantity=0)]}, "lines.0.quantity", None),
        ({"lines": [line(quantity=-5)]}, "lines.0.quantity", None),
        ({"lines": [line(quantity=1_000_001)]}, "lines.0.quantity", None),
        ({"lines": [line(quantity=2**31)]}, "lines.0.quantity", None),
        ({"lines": [line(quantity="5")]}, "lines.0.quantity", NO_INTEGER),
        ({"lines": [line(quantity=1.0)]}, "lines.0.quantity", NO_INTEGER),
        ({"lines": [line(quantity=True)]}, "lines.0.quantity", NO_INTEGER),
        ({"lines": [line(payable=100)]}, "lines.0.payable", NO_AMOUNT),
        ({"lines": [line(payable=1e20)]}, "lines.0.payable", NO_AMOUNT),
        ({"lines": [line(payable="1e2")]}, "lines.0.payable", NO_AMOUNT),
        ({"lines": [line(payable="NaN")]}, "lines.0.payable", NO_AMOUNT),
        ({"lines": [line(payable="１２.５０")]}, "lines.0.payable", NO_AMOUNT),
        ({"lines": [line(payable="12.50\n")]}, "lines.0.payable", NO_AMOUNT),
        (
            {"lines": [line(payable="1.005")]},
            "lines.0.payable",
            "has more than the 2 decimal places of CNY",
        ),
        ({"lines": [line(payable="-1.00")]}, "lines.0.payable", "must not be negative"),
        (
            {"lines": [line(kind="discount", payable="1.00")]},
            "lines.0.payable",
            "must not be positive for a discount",
        ),
        ({"lines": [line(list="99.99")]}, "lines.0.list", "must not be less than payable"),
        ({"lines": [line(tax="100.01")]}, "lines.0.tax", "must lie between 0 and payable"),
        ({"lines": [line(tax="-0.01")]}, "lines.0.tax", "must lie between 0 and payable"),
        ({"lines": [line(sku="")]}, "lines.0.sku", "is required for goods"),
        ({"lines": [line(gift="yes")]}, "lines.0.gift", "Input should be a valid boolean"),
        ({"lines": [line(gift=1)]}, "lines.0.gift", "Input should be a valid boolean"),
        ({"lines": [line(price="1.00")]}, "lines.0.price", "Extra inputs are not permitted"),
        ({"freight": "-0.01"}, "freight", "must not be negative"),
        ({"freight": "0.001"}, "freight", "has more than the 2 decimal places of CNY"),
        ({"captured": "-1"}, "captured", "must not be negative"),
        ({"buyer_remark": "\x00"}, "buyer_remark", NOT_TEXT),
        ({"buyer_remark": "\x1b[31m"}, "buyer_remark", NOT_TEXT),
        ({"buyer_remark": "\r\n"}, "buyer_remark", NOT_TEXT),
        ({"buyer_remark": "x" * 2001}, "buyer_remark", None),
        ({"buyer_remark": "\ud800"}, "buyer_remark", None),
        ({"receiver": receiver(name="")}, "receiver.name", None),
        ({"receiver": receiver(phone="call me")}, "receiver.phone", None),
        ({"receiver": receiver(country="China")}, "receiver.country", None),
        ({"receiver": receiver(division_code="4401")}, "receiver.division_code", None),
        (
            {"receiver": receiver(division_code="", province="广东省")},
            "receiver",
            "needs division_code, or province and city",
        ),
    ],
)
def test_what_is_wrong_is_said_by_field(
    changes: dict[str, Any], field: str, problem: str | None
) -> None:
    found = problems(raw(message(**changes)))

    assert [place for place, _ in found] == [field]
    assert problem is None or found[0][1] == problem


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = problems(raw(message(line("1", quantity=0), line("2", payable=5), state="lost")))

    assert [place for place, _ in found] == ["state", "lines.0.quantity", "lines.1.payable"]


def test_two_lines_with_one_number_are_both_named() -> None:
    assert problems(raw(message(line("1"), line("1")))) == [
        ("lines.0.line_no", "is used by more than one line"),
        ("lines.1.line_no", "is used by more than one line"),
    ]


def test_a_thousand_lines_are_taken_and_one_more_is_not() -> None:
    lines = [line(str(n)) for n in range(1001)]

    assert len(read(message(*lines[:1000])).lines) == 1000
    ((place, _),) = problems(raw(message(*lines)))
    assert place == "lines"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (raw(message())[:-2], "is not JSON"),
        (b'{"revision": 1, "revision": 2}', "has a key twice in one object"),
        (b'{"lines": [{"sku": "A", "sku": "B"}]}', "has a key twice in one object"),
        (b'{"freight": NaN}', "has NaN, which is not a number"),
        (b'{"freight": -Infinity}', "has -Infinity, which is not a number"),
        (b'{"freight": 1e99999999999999999999}', "has a number that is out of range"),
        (b'{"revision": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b'{"\\ud800": 1}', "has a key that is not ASCII"),
    ],
)
def test_what_is_not_json_is_refused_as_a_whole(body: bytes, problem: str) -> None:
    ((place, said),) = problems(body)

    assert place == ""
    assert said.startswith(problem)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"order"', b"7", b"[" * 500 + b"]" * 500])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    assert [place for place, _ in problems(body)] == [""]


def test_what_is_wrong_is_said_without_repeating_names_and_numbers() -> None:
    body = raw(message(receiver=receiver(phone="13800001234x", name="\x00李四")))

    assert "李四" not in str(problems(body))
    assert "13800001234" not in str(problems(body))


def test_the_guide_shows_an_order_that_is_one() -> None:
    guide = Path(__file__).parents[3] / "docs" / "own-channel.md"
    example = guide.read_text().split("```json\n")[1].split("```")[0]

    snapshot = parse_own_order(example.encode(), "mini")

    assert (snapshot.external_no, snapshot.captured_minor) == ("MP-20260501-0001", 25400)


def test_the_published_schema_is_the_models() -> None:
    published = Path(own_schema.__file__).with_name("own_schema.json").read_text()

    assert published == own_schema.published_schema()
    assert json.loads(published)["required"] == [
        *("order_no", "revision", "state", "currency", "placed_at", "lines")
    ]
