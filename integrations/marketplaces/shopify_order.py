"""A Shopify order in our words: the webhook's REST shape (shopify.dev, Order resource)."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from domain.shared.money import split
from integrations.marketplaces.lines import told_ids
from integrations.marketplaces.reading import (
    LARGEST_QUANTITY,
    UNREADABLE,
    Amount,
    Body,
    Number,
    OptionalAmount,
    Quantity,
    Text,
    ZonedTime,
    blank,
    minor,
    version_of,
)

DIFFERENCE: Final = "difference"
_ZERO: Final = Decimal(0)


class FinancialStatus(StrEnum):
    NONE = ""
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"


class FulfilmentStatus(StrEnum):
    """What the webhook says, and below it what only GraphQL tells apart."""

    NONE = ""
    PARTIAL = "partial"
    FULFILLED = "fulfilled"
    RESTOCKED = "restocked"
    UNFULFILLED = "unfulfilled"
    ON_HOLD = "on_hold"
    SCHEDULED = "scheduled"


_IN_HAND: Final = frozenset({FinancialStatus.PAID, FinancialStatus.PARTIALLY_REFUNDED})
_MONEY_CAME: Final = _IN_HAND | {FinancialStatus.REFUNDED}
_HELD: Final = frozenset({FulfilmentStatus.ON_HOLD, FulfilmentStatus.SCHEDULED})
_COD_WORDS: Final = ("cash on delivery", "cash_on_delivery", "货到付款", "(cod)")


class Allocation(Body):
    amount: Amount


class TaxLine(Body):
    price: Amount


class Line(Body):
    id: Number
    quantity: Quantity
    price: Amount
    current_quantity: Annotated[int | None, Field(ge=0, le=LARGEST_QUANTITY)] = None
    sku: Text = ""
    variant_id: Text = ""
    title: Text = ""
    variant_title: Text = ""
    gift_card: bool = False
    requires_shipping: bool | None = None
    discount_allocations: tuple[Allocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()

    @property
    def left(self) -> int:
        """Pieces still on the order after edits and refunds."""
        known = self.current_quantity
        return self.quantity if known is None else min(known, self.quantity)


class ShippingLine(Body):
    price: Amount
    discounted_price: OptionalAmount = None
    discount_allocations: tuple[Allocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    is_removed: bool = False

    @property
    def charged(self) -> Decimal:
        if self.discounted_price is not None:
            return self.discounted_price
        return self.price - _sum(self.discount_allocations)


class ShippingAddress(Body):
    name: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    phone: Text = ""
    address1: Text = ""
    address2: Text = ""
    city: Text = ""
    province: Text = ""
    province_code: Text = ""
    country_code: Text = ""
    zip: Text = ""
    latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None


class Customer(Body):
    id: Text = ""


class Transaction(Body):
    amount: Amount
    kind: Text = ""
    status: Text = ""


class Refund(Body):
    transactions: tuple[Transaction, ...] = ()


class Order(Body):
    id: Number
    created_at: ZonedTime
    updated_at: ZonedTime
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    total_price: Amount
    line_items: tuple[Line, ...] = ()
    financial_status: Annotated[FinancialStatus, BeforeValidator(blank)] = FinancialStatus.NONE
    fulfillment_status: Annotated[FulfilmentStatus, BeforeValidator(blank)] = FulfilmentStatus.NONE
    cancelled_at: ZonedTime | None = None
    closed_at: ZonedTime | None = None
    processed_at: ZonedTime | None = None
    current_total_price: OptionalAmount = None
    total_outstanding: OptionalAmount = None
    taxes_included: bool = False
    shipping_lines: tuple[ShippingLine, ...] = ()
    refunds: tuple[Refund, ...] = ()
    shipping_address: ShippingAddress | None = None
    customer: Customer | None = None
    payment_gateway_names: tuple[str, ...] = ()
    note: Text = ""
    test: bool = False

    @property
    def given_back(self) -> Decimal:
        """Refunds that went through, and those under way."""
        return sum(
            (
                move.amount
                for refund in self.refunds
                for move in refund.transactions
                if move.kind == "refund" and move.status in ("success", "pending")
            ),
            _ZERO,
        )


def snapshot_of(order: Order, shop: str) -> OrderSnapshot:
    """Sums are in the shop's currency. Raises Rejected (code `unreadable`).

    Σ line payable + freight = the order's total; what Shopify adds without a line (tips, duties,
    refunds of postage, rounding) becomes a line of its own, so that nothing is smeared over goods.
    """
    edited = order.cancelled_at is None and order.current_total_price is not None
    total = order.total_price
    if edited and order.current_total_price is not None:
        total = order.current_total_price
    freight = _freight(order)
    lines = _lines(order, edited)
    rest = minor(total, order.currency) - freight - sum(line.payable_minor for line in lines)
    if rest:
        lines = (*lines, _difference(rest))
    return OrderSnapshot(
        channel="shopify",
        shop=shop,
        external_no=order.id,
        version=version_of(order.updated_at),
        state=_state(order),
        currency=order.currency,
        placed_at=order.created_at,
        lines=lines,
        receiver=_receiver(order.shipping_address),
        paid_at=(order.processed_at or order.created_at) if _paid(order) else None,
        captured_minor=_captured(order),
        freight_minor=freight,
        cash_on_delivery=_on_delivery(order),
        test_order=order.test,
        buyer_remark=order.note,
        buyer_ref=order.customer.id if order.customer else "",
    )


def _state(order: Order) -> ChannelState:
    if order.cancelled_at is not None:
        return ChannelState.CANCELLED
    if order.fulfillment_status is FulfilmentStatus.FULFILLED:
        return ChannelState.COMPLETED if order.closed_at else ChannelState.SHIPPED
    if order.fulfillment_status is FulfilmentStatus.PARTIAL:
        return ChannelState.PART_SHIPPED
    if order.financial_status is FinancialStatus.REFUNDED:
        return ChannelState.CANCELLED
    if not (_paid(order) or _on_delivery(order)):
        return ChannelState.UNPAID
    return ChannelState.FROZEN if order.fulfillment_status in _HELD else ChannelState.PAID


def _paid(order: Order) -> bool:
    return order.financial_status in _MONEY_CAME


def _on_delivery(order: Order) -> bool:
    names = " ".join(order.payment_gateway_names).lower()
    return not _paid(order) and any(word in names for word in _COD_WORDS)


def _captured(order: Order) -> int:
    """What was paid and has not been given back."""
    current = order.total_price if order.current_total_price is None else order.current_total_price
    if order.financial_status is FinancialStatus.PARTIALLY_PAID:
        paid = _ZERO if order.total_outstanding is None else current - order.total_outstanding
    elif order.financial_status in _IN_HAND:
        paid = max(order.total_price, current) - order.given_back
    else:
        paid = _ZERO
    return max(minor(paid, order.currency), 0)


def _lines(order: Order, edited: bool) -> tuple[SnapshotLine, ...]:
    if len({line.id for line in order.line_items}) < len(order.line_items):
        raise Rejected("two lines have one id", code=UNREADABLE, system="shopify")
    return tuple(_line(line, order, edited) for line in order.line_items)


def _line(line: Line, order: Order, edited: bool) -> SnapshotLine:
    """The part of the line that is left; a line with nothing left keeps its quantity, cancelled."""
    left = line.left if edited else line.quantity
    weights = (left, line.quantity - left)
    tax = split(minor(_sum_tax(line.tax_lines), order.currency), weights)[0]
    discount = split(minor(_sum(line.discount_allocations), order.currency), weights)[0]
    listed = minor(line.price * left, order.currency)
    service = line.gift_card or line.requires_shipping is False
    return SnapshotLine(
        external_line_no=line.id,
        kind=LineKind.SERVICE if service else LineKind.GOODS,
        external_sku=line.sku or line.variant_id,
        title=" · ".join(filter(None, (line.title, line.variant_title))),
        quantity=left or line.quantity,
        payable_minor=listed - discount + (0 if order.taxes_included else tax),
        list_minor=listed,
        discount_minor=discount,
        tax_minor=tax,
        cancelled=line.left == 0,
        listing_ids=told_ids(variant_id=line.variant_id),
    )


def _difference(rest: int) -> SnapshotLine:
    return SnapshotLine(
        external_line_no=DIFFERENCE,
        kind=LineKind.CHARGE if rest > 0 else LineKind.DISCOUNT,
        external_sku="",
        title="",
        quantity=1,
        payable_minor=rest,
        list_minor=rest,
    )


def _freight(order: Order) -> int:
    charged = _ZERO
    for line in order.shipping_lines:
        if not line.is_removed:
            charged += line.charged
            charged += _ZERO if order.taxes_included else _sum_tax(line.tax_lines)
    return minor(charged, order.currency)


def _sum(allocations: tuple[Allocation, ...]) -> Decimal:
    return sum((allocation.amount for allocation in allocations), _ZERO)


def _sum_tax(lines: tuple[TaxLine, ...]) -> Decimal:
    return sum((line.price for line in lines), _ZERO)


def _receiver(address: ShippingAddress | None) -> Contact | None:
    if address is None:
        return None
    name = address.name or f"{address.first_name} {address.last_name}".strip()
    detail = ", ".join(filter(None, (address.address1, address.address2)))
    if not (name or address.company or detail):
        return None
    place = Address(
        country=address.country_code or "",
        province=address.province or address.province_code,
        city=address.city,
        detail=detail,
        postcode=address.zip,
        longitude=address.longitude,
        latitude=address.latitude,
    )
    return Contact(name, address.phone, place, address.company)
