"""What money facts mean in the books. Every rule answers with transfers between two accounts."""

from dataclasses import dataclass
from typing import Final

from domain.finance.accounts import Account, Side
from domain.finance.order_book import FREIGHT, OrderBook
from domain.finance.vouchers import Recognised, Transfer, Voucher

_A: Final = Account
_DEPOSITS: Final = Side(_A.BUYER_DEPOSITS)
_BUYER: Final = Side(_A.BUYER_RECEIVABLE)
CASH: Final = "cash"  # the tender that lies in our own till


@dataclass(frozen=True, slots=True)
class ProviderMoney:
    """A payment that came in at a provider, or a refund it paid out.

    `is_order` money counts for an order of the shop; other money is nobody's and goes back.
    """

    account_id: str
    shop_id: str
    minor: int
    currency: str
    is_order: bool
    by_hand: bool = False  # a person paid it out another way


def captured(book: OrderBook, minor: int, carrier: str = "") -> Voucher:
    """The buyer's money is with the channel: it settles what was shipped, the rest is a deposit."""
    till = _channel(book)
    if minor < 0:
        return Voucher("money", book.currency, (Transfer(till, _DEPOSITS, minor),))
    left, transfers = minor, []
    for side in (Side(_A.CARRIER_COLLECTED, carrier), _BUYER):
        settled = min(left, book.owed(side.account))
        transfers.append(Transfer(till, side, settled))
        left -= settled
    transfers.append(Transfer(till, _DEPOSITS, left))
    return Voucher("money", book.currency, tuple(transfers))


def refunded(book: OrderBook, minor: int) -> Voucher:
    """Money went back: a deposit as far as nothing is left to ship for it, else less sales.

    What was sold with tax comes back with its share of the tax; the last refund takes all of it.
    """
    till = _channel(book)
    deposit = min(max(minor, 0), max(book.owing(_A.BUYER_DEPOSITS) - book.open_minor, 0))
    rest = minor - deposit
    tax = _tax_of(book, rest)
    return Voucher(
        "money",
        book.currency,
        (
            Transfer(_DEPOSITS, till, deposit),
            Transfer(Side(_A.REFUNDS), till, rest - tax),
            Transfer(Side(_A.TAX_PAYABLE), till, tax),
        ),
    )


def sold(book: OrderBook, parts: list[Recognised]) -> Voucher:
    """Goods left, or what is not shipped is done: deposits become sales, what is unpaid is owed."""
    due = sum(part.payable_minor for part in parts)
    paid = min(max(due, 0), book.owing(_A.BUYER_DEPOSITS))
    kinds = {line.line_id: line.kind for line in book.lines}
    transfers: list[Transfer] = []
    for part in parts:
        income = Side(_income_of(part.line_id, kinds))
        transfers += [
            Transfer(_BUYER, income, part.sales_minor),
            Transfer(Side(_A.DISCOUNTS), _BUYER, part.discount_minor),
            Transfer(_BUYER, Side(_A.TAX_PAYABLE), part.tax_minor),
        ]
    transfers.append(Transfer(_DEPOSITS, _BUYER, paid))
    return Voucher("sale", book.currency, tuple(transfers), tuple(parts))


def collected(book: OrderBook, carrier: str) -> Voucher:
    """The courier took the money at the door: the carrier owes us what the buyer owed."""
    minor = max(book.payable_minor - book.captured_minor, 0)
    owed = min(minor, book.owed(_A.BUYER_RECEIVABLE))
    side = Side(_A.CARRIER_COLLECTED, carrier)
    transfers = (Transfer(side, _BUYER, owed), Transfer(side, _DEPOSITS, minor - owed))
    return Voucher("money", book.currency, transfers)


def closed(book: OrderBook) -> Voucher:
    """Nothing more will be shipped: a channel that holds the money gives the rest back itself."""
    left = book.owing(_A.BUYER_DEPOSITS) if book.settled_by_channel else 0
    return Voucher("money", book.currency, (Transfer(_DEPOSITS, _channel(book), left),))


def paid_in(money: ProviderMoney) -> Voucher:
    """A provider holds money for us: an order's shop is owed that much less by its buyers."""
    cash = Side(_A.CASH_AT_PROVIDER, f"payment/{money.account_id}")
    return Voucher("money", money.currency, (Transfer(cash, _meant_for(money), money.minor),))


def paid_out(money: ProviderMoney) -> Voucher:
    """A refund left the provider, or our bank where a person paid it another way."""
    cash = Side(_A.CASH_AT_PROVIDER, f"payment/{money.account_id}")
    if money.by_hand:
        cash = Side(_A.BANK)
    return Voucher("money", money.currency, (Transfer(_meant_for(money), cash, money.minor),))


def tendered(book: OrderBook, kind: str, minor: int) -> Voucher:
    """What a buyer paid with at a till."""
    cash = Side(_A.CASH_AT_PROVIDER, f"tender/{kind}")
    if kind == CASH:
        cash = Side(_A.CASH_ON_HAND)
    return Voucher("money", book.currency, (Transfer(cash, _channel(book), minor),))


def _channel(book: OrderBook) -> Side:
    return Side(_A.CHANNEL_RECEIVABLE, f"shop/{book.shop_id}")


def _meant_for(money: ProviderMoney) -> Side:
    if money.is_order:
        return Side(_A.CHANNEL_RECEIVABLE, f"shop/{money.shop_id}")
    return Side(_A.PAYMENTS_TO_RETURN)


def _tax_of(book: OrderBook, refund: int) -> int:
    tax = book.owing(_A.TAX_PAYABLE)
    sales = -sum(
        book.balances.get(account, 0)
        for account in (
            _A.SALES, _A.DISCOUNTS, _A.REFUNDS, _A.FREIGHT_INCOME, _A.OTHER_INCOME, _A.TAX_PAYABLE,
        )
    )  # fmt: skip
    if refund <= 0 or tax <= 0 or sales <= 0:
        return 0
    return min(tax, tax * refund // sales)


def _income_of(line_id: str, kinds: dict[str, str]) -> Account:
    if line_id == FREIGHT:
        return _A.FREIGHT_INCOME
    return _A.OTHER_INCOME if kinds.get(line_id) == "charge" else _A.SALES
