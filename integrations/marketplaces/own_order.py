"""From the bytes of an own-channel message to an order snapshot, or to a list of what is wrong."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from domain.shared.money import Money, minor_digits
from integrations.marketplaces.own_schema import OwnLine, OwnOrder, OwnReceiver, OwnState
from integrations.marketplaces.reading import UNREADABLE

_MOST_PROBLEMS: Final = 50
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong; `field` is a path such as lines.0.quantity, empty for the body.
    `code` is for those who say it in another language, `about` what it is about."""

    field: str
    problem: str
    code: str = ""
    about: str = ""


class UnreadableOrder(Rejected):
    """The message does not follow the schema; `problems` says where."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        first = problems[0]
        text = f"cannot read {first.field or 'body'}: {first.problem}"
        super().__init__(text, code=UNREADABLE, system="own")
        self.problems = problems


def parse_own_order(raw: bytes, shop: str) -> OrderSnapshot:
    """The order a verified message describes. Raises UnreadableOrder."""
    order = read_own_order(raw)
    digits = order.currency
    return OrderSnapshot(
        channel="own",
        shop=shop,
        external_no=order.order_no,
        version=Version(revision=order.revision),
        state=ChannelState(order.state.value),
        currency=order.currency,
        placed_at=order.placed_at,
        lines=tuple(_line(line, digits) for line in order.lines),
        receiver=None if order.receiver is None else _receiver(order.receiver),
        paid_at=order.paid_at or (order.placed_at if _is_paid(order) else None),
        captured_minor=_captured(order),
        freight_minor=_minor(order.freight, digits),
        ship_by=order.ship_by,
        presale_until=order.presale_until,
        cash_on_delivery=order.cash_on_delivery,
        test_order=order.test_order,
        gift=order.gift,
        invoice_request=order.invoice_request,
        buyer_remark=order.buyer_remark,
        seller_remark=order.seller_remark,
        buyer_ref=order.buyer_ref,
    )


def read_own_order(raw: bytes) -> OwnOrder:
    """The message by its schema and by what a schema cannot say. Raises UnreadableOrder."""
    try:
        value = strict_json(raw)
    except ValueError as error:
        raise UnreadableOrder((FieldProblem("", str(error)[:200]),)) from None
    try:
        order = OwnOrder.model_validate(value)
    except ValidationError as error:
        raise UnreadableOrder(problems_of(error)) from None
    if problems := tuple(_contradictions(order)):
        raise UnreadableOrder(problems[:_MOST_PROBLEMS])
    return order


def strict_json(raw: bytes) -> Any:
    """JSON as RFC 8259 means it: no duplicate keys, no NaN, no half characters; fractions become
    Decimal. Raises ValueError, whatever comes."""
    try:
        return json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_fraction,
        )
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("has a key twice in one object")
    for key in found:
        if not key.isascii():
            raise ValueError("has a key that is not ASCII")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is not a number")


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise ValueError("has a number that is out of range") from error


def problems_of(error: ValidationError) -> tuple[FieldProblem, ...]:
    """Where and what, without the values: they may be names and addresses."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(
        FieldProblem(
            ".".join(str(part)[:60] for part in one["loc"]),
            one["msg"].removeprefix("Value error, ")[:200],
            one["type"],
        )
        for one in found[:_MOST_PROBLEMS]
    )


def _contradictions(order: OwnOrder) -> Iterator[FieldProblem]:
    sums = {"freight": order.freight, "captured": order.captured or _ZERO}
    for field, amount in sums.items():
        yield from _not_exact(field, amount, order.currency)
        if amount < 0:
            yield FieldProblem(field, "must not be negative", "negative")
    if not order.lines:
        yield FieldProblem("lines", "must have at least one line", "missing")
    uses = Counter(line.line_no for line in order.lines)
    for index, line in enumerate(order.lines):
        if uses[line.line_no] > 1:
            yield FieldProblem(
                f"lines.{index}.line_no", "is used by more than one line", "twice_in_order"
            )
        yield from _line_contradictions(f"lines.{index}", line, order.currency)
    if order.receiver is not None and not _has_place(order.receiver):
        yield FieldProblem("receiver", "needs division_code, or province and city", "needs_place")


def _has_place(receiver: OwnReceiver) -> bool:
    named = receiver.division_code or (receiver.province and receiver.city)
    return bool(named) or receiver.country != "CN"


def _line_contradictions(place: str, line: OwnLine, currency: str) -> Iterator[FieldProblem]:
    listed = line.payable if line.list is None else line.list
    for name, amount in (("payable", line.payable), ("list", line.list), ("tax", line.tax)):
        if amount is not None:
            yield from _not_exact(f"{place}.{name}", amount, currency)
    if line.kind is LineKind.GOODS and not line.sku:
        yield FieldProblem(f"{place}.sku", "is required for goods", "missing")
    if line.kind is LineKind.DISCOUNT:
        if line.payable > 0:
            yield FieldProblem(
                f"{place}.payable", "must not be positive for a discount", "out_of_range"
            )
        return
    if line.payable < 0:
        yield FieldProblem(f"{place}.payable", "must not be negative", "negative")
    if listed < line.payable:
        yield FieldProblem(f"{place}.list", "must not be less than payable", "out_of_range")
    if not 0 <= line.tax <= max(line.payable, _ZERO):
        yield FieldProblem(f"{place}.tax", "must lie between 0 and payable", "out_of_range")


def _not_exact(field: str, amount: Decimal, currency: str) -> Iterator[FieldProblem]:
    if Money.of(amount, currency).major != amount:
        problem = f"has more than the {minor_digits(currency)} decimal places of {currency}"
        yield FieldProblem(field, problem, "too_many_decimals", currency)


def _line(line: OwnLine, currency: str) -> SnapshotLine:
    payable = _minor(line.payable, currency)
    listed = payable if line.list is None else _minor(line.list, currency)
    return SnapshotLine(
        external_line_no=line.line_no,
        kind=line.kind,
        external_sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        payable_minor=payable,
        list_minor=listed,
        discount_minor=listed - payable,
        tax_minor=_minor(line.tax, currency),
        refund_in_progress=line.refund_in_progress,
        cancelled=line.cancelled,
        gift=line.gift,
    )


def _receiver(receiver: OwnReceiver) -> Contact:
    address = Address(
        country=receiver.country,
        province=receiver.province,
        city=receiver.city,
        district=receiver.district,
        detail=receiver.detail,
        postcode=receiver.postcode,
        division_code=receiver.division_code,
    )
    return Contact(receiver.name, receiver.phone, address, receiver.company)


def _is_paid(order: OwnOrder) -> bool:
    return order.state in (OwnState.PAID, OwnState.FROZEN) and not order.cash_on_delivery


def _captured(order: OwnOrder) -> int:
    if order.captured is not None:
        return _minor(order.captured, order.currency)
    if not _is_paid(order):
        return 0
    whole = order.freight + sum(line.payable for line in order.lines if not line.cancelled)
    return max(_minor(whole, order.currency), 0)


def _minor(amount: Decimal, currency: str) -> int:
    return Money.of(amount, currency).minor
