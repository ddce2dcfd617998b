"""An order's money in the books, whatever happens in which order."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from domain.finance.accounts import Account
from domain.finance.money_rules import ProviderMoney
from domain.finance.order_book import FREIGHT, BookLine, OrderBook
from domain.finance.posting import Fact, FactKind, Picture, Shipped, post
from domain.finance.vouchers import Voucher

NOW = datetime(2026, 11, 26, tzinfo=UTC)
_ids = count(1)
A = Account


def _fact(kind: FactKind, amount: int = 0, subject: str = "o", order: str = "o") -> Fact:
    return Fact(next(_ids), kind, subject, order, amount, NOW)


def _book(*lines: BookLine, freight: int = 0, by_channel: bool = True) -> OrderBook:
    payable = sum(line.payable_minor for line in lines) + freight
    return OrderBook("o", "s", "CNY", payable, 0, freight, by_channel, lines=lines)


def _ship(picture: Picture, units: dict[str, int]) -> list[Voucher]:
    subject = f"issue:{next(_ids)}"
    picture.shipped[subject] = Shipped("o", units)
    picture.goods[subject] = ()
    return post(_fact(FactKind.STOCK, subject=subject, order=""), picture)


def _balance(book: OrderBook, *accounts: Account) -> int:
    return sum(book.balances.get(account, 0) for account in accounts)


TWO = (BookLine("a", "goods", 3, 1000, 200, 115), BookLine("b", "goods", 1, 999))


def test_what_is_paid_is_a_deposit_until_the_goods_leave() -> None:
    picture = Picture({"o": _book(*TWO, freight=800)})
    book = picture.books["o"]

    post(_fact(FactKind.CAPTURED, 2799), picture)
    assert book.balances == {A.CHANNEL_RECEIVABLE: 2799, A.BUYER_DEPOSITS: -2799}

    (sale,) = _ship(picture, {"a": 1})
    assert [(e.side.account, e.debit_minor, e.credit_minor) for e in sale.entries] == [
        (A.DISCOUNTS, 66, 0),
        (A.BUYER_DEPOSITS, 1133, 0),
        (A.SALES, 0, 361),
        (A.TAX_PAYABLE, 0, 38),
        (A.FREIGHT_INCOME, 0, 800),
    ]

    _ship(picture, {"a": 2, "b": 1})
    assert _balance(book, A.BUYER_DEPOSITS, A.BUYER_RECEIVABLE) == 0
    assert book.balances[A.SALES] == -(1000 - 115 + 200 + 999)
    assert book.balances[A.TAX_PAYABLE] == -115
    assert book.recognised[FREIGHT].sales_minor == 800


def test_a_refund_before_shipping_gives_the_deposit_back_and_one_after_it_lessens_sales() -> None:
    cancelled = BookLine("b", "goods", 1, 999, cancelled=True)
    picture = Picture({"o": _book(TWO[0], cancelled, by_channel=False)})
    book = picture.books["o"]
    post(_fact(FactKind.CAPTURED, 1999), picture)

    post(_fact(FactKind.REFUNDED, 999), picture)
    assert book.balances[A.BUYER_DEPOSITS] == -1000
    assert A.REFUNDS not in book.balances or book.balances[A.REFUNDS] == 0

    _ship(picture, {"a": 3})
    post(_fact(FactKind.REFUNDED, 400), picture)
    assert (book.balances[A.REFUNDS], book.balances[A.TAX_PAYABLE]) == (354, -69)
    post(_fact(FactKind.REFUNDED, 600), picture)
    assert book.balances[A.TAX_PAYABLE] == 0
    assert book.balances[A.CHANNEL_RECEIVABLE] == 0


def test_goodwill_on_what_is_still_to_be_shipped_leaves_its_deposit_alone() -> None:
    picture = Picture({"o": _book(TWO[1], by_channel=False)})
    post(_fact(FactKind.CAPTURED, 999), picture)

    post(_fact(FactKind.REFUNDED, 100), picture)

    balances = picture.books["o"].balances
    assert (balances[A.BUYER_DEPOSITS], balances[A.REFUNDS]) == (-999, 100)


def test_money_collected_at_the_door_is_owed_by_the_carrier_until_it_is_paid_on() -> None:
    picture = Picture({"o": _book(TWO[1])}, carriers={"o": "carrier/sf"})
    book = picture.books["o"]

    _ship(picture, {"b": 1})
    assert book.balances[A.BUYER_RECEIVABLE] == 999
    post(_fact(FactKind.COLLECTED), picture)
    assert (book.balances[A.BUYER_RECEIVABLE], book.balances[A.CARRIER_COLLECTED]) == (0, 999)
    post(_fact(FactKind.CAPTURED, 999), picture)
    assert (book.balances[A.CARRIER_COLLECTED], book.balances[A.CHANNEL_RECEIVABLE]) == (0, 999)


def test_a_second_payment_that_goes_back_leaves_nothing_behind() -> None:
    money = ProviderMoney("wx", "s", 500, "CNY", is_order=False)
    picture = Picture(money={"pay": money, "RF": money})

    (came,) = post(_fact(FactKind.PAYMENT, 500, "pay", ""), picture)
    (went,) = post(_fact(FactKind.REFUND, 500, "RF", ""), picture)

    assert [e.side for e in came.entries] == [e.side for e in reversed(went.entries)]


def test_a_provider_s_money_is_what_the_shop_was_owed() -> None:
    money = ProviderMoney("wx", "s", 999, "CNY", is_order=True)
    picture = Picture({"o": _book(TWO[1], by_channel=False)}, money={"pay": money})

    post(_fact(FactKind.PAYMENT, 999, "pay"), picture)
    post(_fact(FactKind.CAPTURED, 999), picture)

    balances = picture.books["o"].balances
    assert balances[A.CHANNEL_RECEIVABLE] == 0
    assert balances[A.CASH_AT_PROVIDER] == 999


def test_a_channel_gives_the_deposit_of_a_cancelled_order_back_itself() -> None:
    picture = Picture({"o": _book(*TWO)})
    book = picture.books["o"]
    post(_fact(FactKind.CAPTURED, 1999), picture)
    book.cancelled = True

    post(_fact(FactKind.CLOSED), picture)

    assert _balance(book, A.BUYER_DEPOSITS) == 0
    assert _balance(book, A.CHANNEL_RECEIVABLE) == 0


def test_an_order_without_goods_becomes_sales_when_it_is_completed() -> None:
    picture = Picture({"o": _book(BookLine("v", "service", 0, 5000), by_channel=False)})
    post(_fact(FactKind.CAPTURED, 5000), picture)

    post(_fact(FactKind.CLOSED), picture)

    assert picture.books["o"].balances[A.SALES] == -5000


def test_what_left_without_the_stock_ledger_becomes_sales_when_the_order_is_completed() -> None:
    picture = Picture({"o": _book(*TWO)}, left={"o": {"a": 3, "b": 1}})
    _ship(picture, {"a": 1})

    post(_fact(FactKind.CLOSED), picture)

    assert _balance(picture.books["o"], A.SALES, A.DISCOUNTS, A.TAX_PAYABLE) == -1999


def test_a_test_order_moves_no_money_in_the_books() -> None:
    picture = Picture({"o": _book(*TWO)})
    picture.books["o"].test_order = True

    assert post(_fact(FactKind.CAPTURED, 1999), picture) == []
    assert _ship(picture, {"a": 3}) == []


def test_a_discount_line_is_no_negative_sale() -> None:
    lines = (BookLine("b", "goods", 1, 999), BookLine("d", "discount", 0, -99))
    picture = Picture({"o": _book(*lines)})

    _ship(picture, {"b": 1})

    balances = picture.books["o"].balances
    assert (balances[A.SALES], balances[A.DISCOUNTS]) == (-999, 99)
    assert balances[A.BUYER_RECEIVABLE] == 900


SUMS = st.integers(0, 10**12)


@st.composite
def _lines(draw: st.DrawFn) -> tuple[BookLine, ...]:
    lines = []
    for number in range(draw(st.integers(1, 5))):
        payable = draw(SUMS)
        tax = draw(st.integers(0, payable))
        units = draw(st.integers(0, 7))
        kind = "goods" if units else draw(st.sampled_from(("service", "charge")))
        lines.append(
            BookLine(f"l{number}", kind, units, payable, draw(SUMS), tax, draw(st.booleans()))
        )
    return tuple(lines)


@given(_lines(), st.integers(0, 10**9), st.booleans(), st.data())
def test_whatever_happens_to_an_order_its_books_balance(
    lines: tuple[BookLine, ...], freight: int, by_channel: bool, data: st.DataObject
) -> None:
    picture = Picture({"o": _book(*lines, freight=freight, by_channel=by_channel)})
    book = picture.books["o"]
    left = {line.line_id: line.units for line in lines if line.units}
    captured = refunded = 0
    everything: list[Voucher] = []
    for _ in range(data.draw(st.integers(0, 12))):
        step = data.draw(st.sampled_from(("capture", "refund", "ship", "collect", "close")))
        if step == "capture":
            amount = data.draw(SUMS)
            captured += amount
            posted = post(_fact(FactKind.CAPTURED, amount), picture)
        elif step == "refund":
            amount = data.draw(st.integers(0, captured - refunded))
            refunded += amount
            posted = post(_fact(FactKind.REFUNDED, amount), picture)
        elif step == "ship":
            units = {line: data.draw(st.integers(0, most)) for line, most in left.items()}
            left = {line: most - units[line] for line, most in left.items()}
            posted = _ship(picture, units)
        elif step == "collect":
            posted = post(_fact(FactKind.COLLECTED), picture)
        else:
            posted = post(_fact(FactKind.CLOSED), picture)
        everything += posted

    for voucher in everything:
        debits = sum(entry.debit_minor for entry in voucher.entries)
        assert debits == sum(entry.credit_minor for entry in voucher.entries) > 0
        assert all((e.debit_minor > 0) != (e.credit_minor > 0) for e in voucher.entries)
    assert sum(book.balances.values()) == 0
    for line in lines:
        done = book.recognised.get(line.line_id)
        if done and line.units and done.units == line.units:
            assert (done.sales_minor, done.tax_minor) == (line.whole.sales_minor, line.tax_minor)
    if not by_channel:
        assert book.balances.get(A.CHANNEL_RECEIVABLE, 0) == captured - refunded


@given(_lines(), st.permutations(("capture", "capture", "ship", "ship")))
def test_paid_and_shipped_in_any_order_ends_with_nothing_open(
    lines: tuple[BookLine, ...], steps: list[str]
) -> None:
    goods = tuple(line for line in lines if line.units)
    picture = Picture({"o": _book(*goods)})
    book = picture.books["o"]
    halves = [
        {line.line_id: line.units // 2 for line in goods},
        {line.line_id: line.units - line.units // 2 for line in goods},
    ]
    sums = [book.payable_minor // 3, book.payable_minor - book.payable_minor // 3]
    acts: dict[str, Callable[[], object]] = {
        "capture": lambda: post(_fact(FactKind.CAPTURED, sums.pop()), picture),
        "ship": lambda: _ship(picture, halves.pop()),
    }

    for step in steps:
        acts[step]()

    assert book.owed(A.BUYER_RECEIVABLE) == book.owing(A.BUYER_DEPOSITS) == 0
    assert book.owing(A.BUYER_RECEIVABLE) == book.owed(A.BUYER_DEPOSITS) == 0
    assert book.owed(A.CHANNEL_RECEIVABLE) == book.payable_minor
