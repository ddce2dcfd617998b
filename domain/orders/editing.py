"""Other lines before anything is picked: what changes, what it costs, who owes the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.orders.added_units import Added, Shelves, parts_given_back, place_added
from domain.orders.channels import OUR_CHANNELS
from domain.orders.companions import Companion
from domain.orders.messages import LineUnits
from domain.orders.order import HoldKind
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.money import share_of
from domain.shared.plans import Plan


@dataclass(frozen=True, slots=True)
class EditableLine:
    """A line of goods that is not cancelled; `sku` as the channel sells it, sums of the line."""

    line_id: str
    title: str
    sku: str
    quantity: int
    payable_minor: int
    parts: tuple[tuple[str, str, int], ...] = ()  # (what is picked, SKU, units for one)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a SKU may be sold for."""

    sku: str
    title: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class EditableOrder:
    """An order as its lines are changed. `received_minor` is what came in and does not go back."""

    order: Companion
    channel: str
    currency: str
    payable_minor: int
    received_minor: int
    lines: tuple[EditableLine, ...]
    offered: Mapping[str, Offered] = field(default_factory=dict)
    shelves: Shelves = field(default_factory=Shelves)


@dataclass(frozen=True, slots=True)
class EditedLine:
    """One line as it was and as it would be; an empty `line_id` is a new one."""

    line_id: str
    title: str
    sku: str
    quantity_before: int
    quantity_after: int
    payable_before_minor: int
    payable_after_minor: int


@dataclass(frozen=True, slots=True)
class EditPlan(Plan):
    """Lines that change. The buyer owes `owed_minor` before it goes, or gets `refund_minor`.
    `added` is reserved with it; a new line is named there by `+` and its place in `lines`."""

    order_no: str
    currency: str
    lines: tuple[EditedLine, ...]
    payable_before_minor: int
    payable_after_minor: int
    owed_minor: int
    refund_minor: int
    added: tuple[Added, ...] = ()


def why_not_edited(what: EditableOrder) -> str:
    """Why the lines stay as they are, as a sentence; empty when they may change."""
    order = what.order
    if what.channel not in OUR_CHANNELS:
        return "orders of this channel are changed where they were bought"
    if order.status.is_closed or order.carried_out:
        return f"order {order.no} is {order.status}"
    if HoldKind.UNPAID in order.holds:
        return f"order {order.no} is held: {HoldKind.UNPAID}"
    if order.has_left:
        return f"something of order {order.no} has left already"
    if not all(one.may_move for one in order.shipments):
        return f"order {order.no} is picked already"
    if any(one.box for one in order.shipments):
        return f"order {order.no} goes in one parcel with others; part them first"
    return ""


def plan_edit(what: EditableOrder, wanted: Sequence[LineUnits]) -> EditPlan:
    """What these lines instead would do. A line not named stays; quantity 0 takes it out; with
    another SKU it is replaced; without an id it is added. A new unit costs `unit_minor`, or what
    its SKU is sold for; a unit of a line costs what it did.

    Raises ActionNotAllowed, InvalidInput.
    """
    if why := why_not_edited(what):
        raise ActionNotAllowed(why)
    named = [one.line_id for one in wanted if one.line_id]
    if len(set(named)) < len(named):
        raise InvalidInput("a line is given twice")
    known = {line.line_id: line for line in what.lines}
    if set(named) - set(known):
        raise InvalidInput("there is no such line")
    edited = [line for one in wanted for line in _edited(what, known.get(one.line_id), one)]
    if not edited:
        raise ActionNotAllowed("nothing would change")
    gone = {line.line_id for line in edited if line.line_id and not line.quantity_after}
    if gone >= set(known) and not any(line.quantity_after for line in edited):
        raise ActionNotAllowed("nothing would be left; cancel the order instead")
    after = what.payable_minor + sum(
        line.payable_after_minor - line.payable_before_minor for line in edited
    )
    owed, refund = _difference(what, after)
    shipments = what.order.shipments
    given_back = parts_given_back(shipments, units_over(what, edited))
    return EditPlan(
        what.order.no, what.currency, tuple(edited), what.payable_minor, after, owed, refund,
        place_added(units_more(what, edited), what.shelves, shipments, given_back),
    )  # fmt: skip


def units_over(what: EditableOrder, edited: Sequence[EditedLine]) -> dict[str, int]:
    """Units in shipments that are not wanted any more, by what is picked."""
    known = {line.line_id: line for line in what.lines}
    over: dict[str, int] = {}
    for line in edited:
        if line.line_id and line.quantity_after < line.quantity_before:
            for part, _, per_unit in known[line.line_id].parts:
                placed = sum(
                    piece.quantity
                    for one in what.order.shipments
                    for piece in one.pieces
                    if piece.line_id == part
                )
                over[part] = max(placed - per_unit * line.quantity_after, 0)
    return over


def units_more(what: EditableOrder, edited: Sequence[EditedLine]) -> list[tuple[str, str, int]]:
    """Units that come to what is picked: (line, SKU, units)."""
    known = {line.line_id: line for line in what.lines}
    more: list[tuple[str, str, int]] = []
    for place, line in enumerate(edited):
        units = line.quantity_after - line.quantity_before
        if units > 0 and not line.line_id:
            more.append((f"+{place}", line.sku, units))
        elif units > 0:
            parts = known[line.line_id].parts
            more += [(part, sku, per_unit * units) for part, sku, per_unit in parts]
    return more


def _edited(what: EditableOrder, line: EditableLine | None, one: LineUnits) -> list[EditedLine]:
    if line is None or (one.sku and one.sku != line.sku and one.quantity):
        new = _new(what, one)
        if line is None:
            return [new] if one.quantity else []
        out = EditedLine(
            line.line_id, line.title, line.sku, line.quantity, 0, line.payable_minor, 0
        )
        return [out, new]
    if one.quantity == line.quantity:
        return []
    payable = share_of(line.payable_minor, one.quantity, line.quantity)
    edited = EditedLine(
        line.line_id, line.title, line.sku, line.quantity, one.quantity, line.payable_minor, payable
    )
    return [edited]


def _new(what: EditableOrder, one: LineUnits) -> EditedLine:
    offered = what.offered.get(one.sku)
    if offered is None:
        raise InvalidInput(f"there is no SKU {one.sku[:50]}")
    price = offered.price_minor if one.unit_minor is None else one.unit_minor
    if price <= 0:
        raise InvalidInput(f"SKU {one.sku} has no price in {what.currency}")
    return EditedLine("", offered.title, one.sku, 0, one.quantity, 0, price * one.quantity)


def _difference(what: EditableOrder, after_minor: int) -> tuple[int, int]:
    """What the buyer owes, and what goes back. Cash on delivery is collected as it is then, and an
    order that nothing came in for yet is paid as it is then."""
    if what.order.cash_on_delivery or not what.received_minor:
        return 0, 0
    owed = after_minor - what.received_minor
    return max(owed, 0), max(-owed, 0)
