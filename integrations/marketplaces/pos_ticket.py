"""From a batch of a till to tickets, each judged by itself; and from a kept ticket to its order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, SnapshotLine, Version
from domain.orders.ticket import Tender, Ticket, TicketLine, contradictions
from domain.shared.errors import Rejected
from integrations.marketplaces.own_order import FieldProblem, problems_of, strict_json
from integrations.marketplaces.pos_schema import MOST_TICKETS, PosTicket
from integrations.marketplaces.reading import UNREADABLE

_MOST_PROBLEMS: Final = 20
_LONGEST_TOLD: Final = 64


class UnreadableBatch(Rejected):
    """The body is no batch of tickets at all; nothing of it was kept."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=UNREADABLE, system="pos")


@dataclass(frozen=True, slots=True)
class ToldTicket:
    """A ticket as it was told; without `ticket`, `problems` say why it cannot be taken.

    `raw` is its one way of being written: the same sale has the same bytes, whoever sends it.
    """

    name: str
    ticket: Ticket | None = None
    raw: bytes = b""
    problems: tuple[FieldProblem, ...] = ()


def read_batch(body: bytes, now: datetime) -> tuple[ToldTicket, ...]:
    """Every ticket of a verified body, good and bad. Raises UnreadableBatch."""
    try:
        value = _json(body)
    except (ValueError, RecursionError):
        raise UnreadableBatch("the body is not JSON in UTF-8") from None
    if not isinstance(value, dict) or set(value) != {"tickets"}:
        raise UnreadableBatch("the body must be an object with nothing but tickets")
    told = value["tickets"]
    if not isinstance(told, list) or not 1 <= len(told) <= MOST_TICKETS:
        raise UnreadableBatch(f"tickets must be a list of 1 to {MOST_TICKETS}")
    return tuple(read_ticket(one, now) for one in told)


def read_ticket(value: Any, now: datetime) -> ToldTicket:
    """One ticket, or what is wrong with it."""
    if isinstance(value, _Broken):
        return ToldTicket("", problems=(FieldProblem("", str(value)),))
    try:
        told = PosTicket.model_validate(value)
    except ValidationError as error:
        return ToldTicket(_name_in(value), problems=problems_of(error)[:_MOST_PROBLEMS])
    if problems := tuple(_contradictions(told, now)):
        return ToldTicket(_name_in(value), problems=problems[:_MOST_PROBLEMS])
    ticket = _ticket(told)
    return ToldTicket(ticket.external_no, ticket, _written(told))


def parse_ticket(raw: bytes, shop: str) -> OrderSnapshot:
    """The order a kept ticket becomes. Raises Rejected (`unreadable`)."""
    try:
        told = read_ticket(strict_json(raw), datetime.now(UTC))
    except ValueError as error:
        raise Rejected(f"the ticket {error}", code=UNREADABLE, system="pos") from None
    if told.ticket is None:
        first = told.problems[0]
        text = f"cannot read {first.field or 'ticket'}: {first.problem}"
        raise Rejected(text, code=UNREADABLE, system="pos")
    if told.ticket.brings_goods_back:
        text = "goods that came back are not taken from tickets yet"
        raise Rejected(text, code="returned_goods", system="pos")
    return _snapshot(told.ticket, shop)


class _Broken(str):
    """Stands for an object that cannot be read: it spoils its own ticket and no other."""


def _json(body: bytes) -> Any:
    return json.loads(
        body.decode(), object_pairs_hook=_object, parse_constant=_Broken, parse_float=_Broken
    )


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) < len(pairs):
        return _Broken("has a field twice")
    return found if all(key.isascii() for key in found) else _Broken("has a field nobody knows")


def _snapshot(ticket: Ticket, shop: str) -> OrderSnapshot:
    pairs = zip(ticket.lines, ticket.payable(), strict=True)
    return OrderSnapshot(
        channel="pos",
        shop=shop,
        external_no=ticket.external_no,
        version=Version(revision=1),
        state=ChannelState.PAID,
        currency=ticket.currency,
        placed_at=ticket.sold_at,
        lines=tuple(
            SnapshotLine(
                external_line_no=str(number),
                kind=LineKind.GOODS,
                external_sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                payable_minor=payable,
                list_minor=line.list_minor,
                discount_minor=line.list_minor - payable,
                tax_minor=line.tax_minor,
            )
            for number, (line, payable) in enumerate(pairs, 1)
        ),
        receiver=None,
        paid_at=ticket.sold_at,
        captured_minor=ticket.paid_minor,
        ticket=ticket,
    )


def _ticket(told: PosTicket) -> Ticket:
    return Ticket(
        told.store,
        told.till,
        told.number,
        told.sold_at,
        told.currency,
        tuple(
            TicketLine(
                line.sku, line.quantity, line.unit_price_minor, line.title, line.discount_minor,
                line.tax_minor,
            )
            for line in told.lines
        ),
        tuple(Tender(one.kind, one.amount_minor, one.reference) for one in told.payments),
        told.discount_minor,
    )  # fmt: skip


def _contradictions(told: PosTicket, now: datetime) -> Iterator[FieldProblem]:
    if not told.lines:
        yield FieldProblem("lines", "must have at least one line")
        return
    ticket = _ticket(told)
    if not ticket.brings_goods_back:
        for index, one in enumerate(ticket.payments):
            if one.amount_minor <= 0:
                yield FieldProblem(f"payments.{index}.amount_minor", "must be above zero")
    for field, problem in contradictions(ticket, now):
        yield FieldProblem(field, problem)


def _written(told: PosTicket) -> bytes:
    value = told.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _name_in(value: Any) -> str:
    """What a ticket that cannot be taken calls itself, as far as it can be shown."""
    if not isinstance(value, dict):
        return ""
    parts = [value.get(name) for name in ("store", "till", "number")]
    text = "/".join(part if isinstance(part, str) else "" for part in parts)
    safe = "".join(letter for letter in text if letter.isprintable())
    return safe.encode("utf-8", "replace").decode()[:_LONGEST_TOLD]
