"""A WooCommerce order in our words: states, money, what refunds leave (wire-formats §1.7)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from domain.shared.money import split
from integrations.marketplaces.lines import told_ids
from integrations.marketplaces.reading import (
    UNREADABLE,
    Amount,
    Body,
    Number,
    Quantity,
    Text,
    minor,
    or_empty,
    or_none,
    version_of,
)
from integrations.marketplaces.woocommerce_places import PROVINCES

DIFFERENCE: Final = "difference"
ON_HOLD: Final = "on-hold"  # waits for a transfer; a shop may hold a paid order back by it
STATES: Final = {
    "checkout-draft": ChannelState.UNPAID,
    "pending": ChannelState.UNPAID,
    "failed": ChannelState.UNPAID,
    "processing": ChannelState.PAID,
    "completed": ChannelState.SHIPPED,
    "cancelled": ChannelState.CANCELLED,
    "refunded": ChannelState.CANCELLED,
    "trash": ChannelState.CANCELLED,
}
_OPEN: Final = (ChannelState.UNPAID, ChannelState.PAID, ChannelState.FROZEN)
_ON_DELIVERY: Final = "cod"
_ZERO: Final = Decimal(0)
_REFUNDED_ITEM: Final = "_refunded_item_id"


def _gmt(value: Any) -> Any:
    """Times are UTC without saying so."""
    if value in (None, ""):
        return None
    read = datetime.fromisoformat(str(value))
    try:
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


GmtTime = Annotated[datetime, BeforeValidator(_gmt)]
OptionalGmtTime = Annotated[datetime | None, BeforeValidator(_gmt)]


def _nought(value: Any) -> Any:
    return 0 if value in (None, "") else value


Sum = Annotated[Amount, BeforeValidator(_nought)]


class Meta(Body):
    key: Text = ""
    value: Any = None


Metas = Annotated[tuple[Meta, ...], BeforeValidator(or_none)]


class Line(Body):
    id: Number
    quantity: Quantity
    total: Sum = _ZERO
    total_tax: Sum = _ZERO
    subtotal: Sum = _ZERO
    subtotal_tax: Sum = _ZERO
    name: Text = ""
    sku: Text = ""
    product_id: Text = ""
    variation_id: Text = ""


class Party(Body):
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    phone: Text = ""

    @property
    def name(self) -> str:
        """As it is written on parcels: Chinese family names come first."""
        if any("\u4e00" <= sign <= "\u9fff" for sign in self.last_name + self.first_name):
            return f"{self.last_name}{self.first_name}"
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_told(self) -> bool:
        return bool(self.name or self.company) and bool(self.address_1 or self.address_2)


class Summary(Body):
    """A refund as an order lists it: its sum is negative."""

    id: Number
    reason: Text = ""
    total: Sum = _ZERO


class RefundedLine(Body):
    quantity: int = 0
    meta_data: Metas = ()

    @property
    def line_id(self) -> str:
        return next((str(one.value) for one in self.meta_data if one.key == _REFUNDED_ITEM), "")


class Refund(Body):
    id: Number
    date_created_gmt: GmtTime
    amount: Sum = _ZERO
    reason: Text = ""
    line_items: Annotated[tuple[RefundedLine, ...], BeforeValidator(or_none)] = ()


class Order(Body):
    id: Number
    status: Annotated[str, Field(min_length=1, max_length=40)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    date_created_gmt: GmtTime
    date_modified_gmt: GmtTime
    total: Amount
    date_paid_gmt: OptionalGmtTime = None
    shipping_total: Sum = _ZERO
    shipping_tax: Sum = _ZERO
    payment_method: Text = ""
    customer_id: Text = ""
    customer_note: Text = ""
    billing: Annotated[Party, BeforeValidator(or_empty)] = Party()
    shipping: Annotated[Party, BeforeValidator(or_empty)] = Party()
    line_items: Annotated[tuple[Line, ...], BeforeValidator(or_none)] = ()
    refunds: Annotated[tuple[Summary, ...], BeforeValidator(or_none)] = ()
    meta_data: Metas = ()

    @property
    def given_back(self) -> Decimal:
        return sum((abs(one.total) for one in self.refunds), _ZERO)

    def left(self, refunds: Sequence[Refund]) -> dict[str, int]:
        """Units of each line that were not given back."""
        back: Counter[str] = Counter()
        for refund in refunds:
            for line in refund.line_items:
                back[line.line_id] += abs(line.quantity)
        return {line.id: max(line.quantity - back[line.id], 0) for line in self.line_items}


def snapshot_of(
    order: Order, refunds: Sequence[Refund], shop: str, more_states: Mapping[str, Any]
) -> OrderSnapshot:
    """Σ line payable + freight = the order's total less what was given back of an open order.

    What WooCommerce adds without a line of goods (fees, rounding, a refund of postage) becomes a
    line of its own. Raises Rejected (`unreadable`).
    """
    state = state_of(order, more_states)
    if len({line.id for line in order.line_items}) < len(order.line_items):
        raise Rejected("two lines have one id", code=UNREADABLE, system="woocommerce")
    is_open = state in _OPEN
    left = order.left(refunds if is_open else ())
    lines = tuple(_line(line, left[line.id], order.currency) for line in order.line_items)
    freight = minor(order.shipping_total + order.shipping_tax, order.currency)
    total = order.total - (order.given_back if is_open else _ZERO)
    rest = minor(total, order.currency) - freight - sum(line.payable_minor for line in lines)
    if rest:
        lines = (*lines, _difference(rest))
    on_delivery = order.payment_method == _ON_DELIVERY
    return OrderSnapshot(
        channel="woocommerce",
        shop=shop,
        external_no=order.id,
        version=version_of(order.date_modified_gmt),
        state=state,
        currency=order.currency,
        placed_at=order.date_created_gmt,
        lines=lines,
        receiver=_receiver(order),
        paid_at=order.date_paid_gmt,
        captured_minor=_captured(order, state),
        freight_minor=freight,
        cash_on_delivery=on_delivery,
        buyer_remark=order.customer_note,
        buyer_ref=order.customer_id if order.customer_id != "0" else "",
    )


def state_of(order: Order, more_states: Mapping[str, Any]) -> ChannelState:
    """Plug-ins add statuses: the shop says what they mean. Raises Rejected (`unreadable`)."""
    if (meant := more_states.get(order.status)) is not None:
        try:
            return ChannelState(str(meant))
        except ValueError:
            raise _unknown(str(meant)) from None
    if order.status == ON_HOLD:
        return ChannelState.FROZEN if order.date_paid_gmt else ChannelState.UNPAID
    if (state := STATES.get(order.status)) is None:
        raise _unknown(order.status)
    return state


def _unknown(status: str) -> Rejected:
    text = f"cannot read status: {status[:60]!a} is not a value we know"
    return Rejected(text, code=UNREADABLE, system="woocommerce")


def _captured(order: Order, state: ChannelState) -> int:
    """What was paid and has not been given back."""
    if state in (ChannelState.CANCELLED, ChannelState.UNPAID):
        return 0
    if order.payment_method == _ON_DELIVERY and order.date_paid_gmt is None:
        return 0
    return max(minor(order.total - order.given_back, order.currency), 0)


def _line(line: Line, left: int, currency: str) -> SnapshotLine:
    """The part of the line that is left; a line with nothing left keeps its quantity, cancelled."""
    weights = (left, line.quantity - left)
    paid = split(minor(line.total + line.total_tax, currency), weights)[0]
    listed = split(minor(line.subtotal + line.subtotal_tax, currency), weights)[0]
    ids = next((one for one in (line.variation_id, line.product_id) if one not in ("", "0")), "")
    return SnapshotLine(
        external_line_no=line.id,
        kind=LineKind.GOODS,
        external_sku=line.sku or ids,
        title=line.name,
        quantity=left or line.quantity,
        payable_minor=paid,
        list_minor=listed,
        discount_minor=listed - paid,
        tax_minor=split(minor(line.total_tax, currency), weights)[0],
        cancelled=left == 0,
        listing_ids=told_ids(product_id=line.product_id, variation_id=line.variation_id),
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


def _receiver(order: Order) -> Contact | None:
    """Where it goes; to the payer where no other address is told."""
    party = order.shipping if order.shipping.is_told else order.billing
    if not party.is_told:
        return None
    in_china = party.country == "CN"
    return Contact(
        party.name,
        party.phone or order.billing.phone,
        Address(
            country=party.country,
            province=PROVINCES.get(party.state, party.state) if in_china else party.state,
            city=party.city,
            detail=" ".join(filter(None, (party.address_1, party.address_2))),
            postcode=party.postcode,
        ),
        party.company,
    )
