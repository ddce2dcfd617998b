"""From facts to vouchers: which rule a fact is posted by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.finance import claim_rules, goods_claims, money_rules, stock_rules
from domain.finance.claim_rules import ClaimMoney
from domain.finance.goods_claims import GoodsClaimMoney
from domain.finance.money_rules import ProviderMoney
from domain.finance.order_book import OrderBook
from domain.finance.stock_rules import GoodsMoved, StockValue
from domain.finance.vouchers import Voucher
from domain.shared.ids import Sku


class FactKind(StrEnum):
    """What the database tells the books."""

    CAPTURED = "captured"  # an order's sum of what its buyer paid changed
    REFUNDED = "refunded"  # an order's sum of what went back changed
    PAYMENT = "payment"  # a provider holds money for us
    REFUND = "refund"  # a refund was paid out
    TENDER = "tender"  # money was taken at a till
    STOCK = "stock"  # goods came or went, on one paper
    COLLECTED = "collected"  # a courier took the money at the door
    CLOSED = "closed"  # an order is completed or cancelled
    COST = "cost"  # a SKU has a new standard cost
    CLAIM = "claim"  # a carrier accepted or paid a claim, or what it accepted was written off
    GOODS_CLAIM = "goods_claim"  # the same of a claim for goods against a supplier or carrier


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what happened; `amount_minor` where the fact is a sum."""

    id: int
    kind: FactKind
    subject: str
    order_id: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Shipped:
    """What left with a paper: units by order line."""

    order_id: str
    units: Mapping[str, int]


@dataclass(slots=True)
class Picture:
    """What the facts of one round are about, by their subjects. Books and values move along."""

    books: dict[str, OrderBook] = field(default_factory=dict)
    money: dict[str, ProviderMoney] = field(default_factory=dict)
    tenders: dict[str, str] = field(default_factory=dict)
    claims: dict[str, ClaimMoney] = field(default_factory=dict)
    goods_claims: dict[str, GoodsClaimMoney] = field(default_factory=dict)
    goods: dict[str, tuple[GoodsMoved, ...]] = field(default_factory=dict)
    shipped: dict[str, Shipped] = field(default_factory=dict)
    left: dict[str, Mapping[str, int]] = field(default_factory=dict)  # units by line, by order
    carriers: dict[str, str] = field(default_factory=dict)  # who collects, by order
    values: dict[Sku, StockValue] = field(default_factory=dict)


def post(fact: Fact, picture: Picture) -> list[Voucher]:
    """The vouchers of a fact, taken into its order's book; none when nothing moves.

    One that recognises units without a sum yet has no entries: the units are not lost.
    """
    book = order_of(fact, picture)
    posted: list[Voucher] = []
    for voucher in (*_money_of(fact, book, picture), *_goods_of(fact, picture)):
        if not voucher.entries and not voucher.recognised:
            continue
        posted.append(voucher)
        if book is not None:
            book.book(voucher)
    return posted


def order_of(fact: Fact, picture: Picture) -> OrderBook | None:
    """The order a fact belongs to; none where it is about no order we know."""
    shipped = picture.shipped.get(fact.subject)
    return picture.books.get(shipped.order_id if shipped else fact.order_id)


def _money_of(fact: Fact, book: OrderBook | None, picture: Picture) -> Iterator[Voucher]:
    """Asked for one after the other: each finds the book with what came before."""
    if fact.kind is FactKind.PAYMENT:
        yield money_rules.paid_in(picture.money[fact.subject])
    elif fact.kind is FactKind.REFUND:
        yield money_rules.paid_out(picture.money[fact.subject])
    elif fact.kind is FactKind.CLAIM:
        yield claim_rules.moved(picture.claims[fact.subject])
    elif fact.kind is FactKind.GOODS_CLAIM:
        yield goods_claims.booked(picture.goods_claims[fact.subject])
    elif book is not None and not book.test_order:
        yield from _of_order(fact, book, picture)


def _of_order(fact: Fact, book: OrderBook, picture: Picture) -> Iterator[Voucher]:
    carrier = picture.carriers.get(book.order_id, "")
    match fact.kind:
        case FactKind.CAPTURED:
            yield money_rules.captured(book, fact.amount_minor, carrier)
        case FactKind.REFUNDED:
            yield money_rules.refunded(book, fact.amount_minor)
        case FactKind.TENDER:
            yield money_rules.tendered(book, picture.tenders[fact.subject], fact.amount_minor)
        case FactKind.COLLECTED:
            yield money_rules.collected(book, carrier)
        case FactKind.STOCK:
            yield money_rules.sold(book, book.recognise(picture.shipped[fact.subject].units))
        case FactKind.CLOSED:
            yield from _closed(book, picture.left.get(book.order_id, {}))


def _goods_of(fact: Fact, picture: Picture) -> list[Voucher]:
    match fact.kind:
        case FactKind.STOCK:
            return stock_rules.moved(picture.goods[fact.subject], picture.values)
        case FactKind.COST:
            sku = Sku(fact.subject.rpartition("@")[0])
            return [stock_rules.cost_changed(picture.values[sku], fact.amount_minor)]
    return []


def _closed(book: OrderBook, left: Mapping[str, int]) -> Iterator[Voucher]:
    """What left unseen and what is no goods becomes sales, then the channel's rest goes back."""
    if not book.cancelled:
        done = {line: part.units for line, part in book.recognised.items()}
        unseen = {line: units - done.get(line, 0) for line, units in left.items()}
        units = {line: n for line, n in unseen.items() if n > 0}
        yield money_rules.sold(book, book.recognise(units, everything=True))
    yield money_rules.closed(book)
