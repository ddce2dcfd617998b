"""What of an order goes now and what later: a plan people confirm."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.orders.companions import (
    Companion,
    Waiting,
    boxes_of,
    freight_of,
    has_all,
)
from domain.orders.sourcing.model import Candidate
from domain.shared.errors import ActionNotAllowed
from domain.shared.plans import Plan


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken out of a shipment: (line, SKU, quantity), or all of it."""

    shipment_no: str
    whole: bool
    lines: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class SplitPlan(Plan):
    """These parts go now and by themselves, from `location_id` or, where it is empty, from where
    each lies. What stays behind goes when the rest of the order does."""

    order_no: str
    parts: tuple[Part, ...]
    location_id: str
    units_now: int
    units_later: int  # in shipments
    units_awaited: int  # not in stock yet
    parcels_before: int
    parcels_after: int
    freight_before_minor: int
    freight_after_minor: int


@dataclass(frozen=True, slots=True)
class Dividable:
    """An order whose parts may go by themselves. `factors` are units to pick for one unit of a
    line, by what has to be picked; `awaited` units are not in stock yet."""

    order: Companion
    factors: Mapping[str, int]
    awaited: int = 0
    places: tuple[Candidate, ...] = field(default=())


def plan_split(what: Dividable, wanted: Mapping[str, int], location_id: str = "") -> SplitPlan:
    """What sending these units of order lines now, and the rest later, would do.

    Raises ActionNotAllowed with the reason.
    """
    order = what.order
    if why := _not_dividable(order):
        raise ActionNotAllowed(why)
    free = [one for one in order.shipments if one.may_move and not one.box]
    taken = {one.no: _taken(one, wanted, what.factors) for one in free}
    _refuse_what_is_not_there(free, taken, wanted, what.factors)
    parts = tuple(_part(one, taken[one.no]) for one in free if taken[one.no])
    whole = all(part.whole for part in parts) and len(parts) == len(free)
    if whole and not what.awaited and not location_id:
        raise ActionNotAllowed("nothing would stay behind")
    places = {place.location_id: place for place in what.places}
    ahead, behind = _divided(free, parts, location_id)
    if location_id and not _fits(places.get(location_id), free, parts):
        raise ActionNotAllowed(f"{location_id} does not have all of it")
    return SplitPlan(
        order.no,
        parts,
        location_id,
        _units(ahead),
        _units(behind),
        what.awaited,
        len(boxes_of(free)),
        len(boxes_of([*ahead, *behind])),
        freight_of(free, places),
        freight_of([*ahead, *behind], places),
    )


def _not_dividable(order: Companion) -> str:
    if order.status.is_closed or order.carried_out:
        return f"order {order.no} is {order.status}"
    if order.cash_on_delivery:  # one sum is collected, by one parcel
        return f"order {order.no} is paid on delivery"
    return f"order {order.no} is held: {order.holds[0]}" if order.holds else ""


def _taken(one: Waiting, wanted: Mapping[str, int], factors: Mapping[str, int]) -> dict[str, int]:
    """Units to pick of each piece that are asked for, not more than are in this shipment."""
    return {
        piece.line_id: min(
            wanted.get(piece.order_line_id, 0) * factors[piece.line_id], piece.quantity
        )
        for piece in one.pieces
        if wanted.get(piece.order_line_id, 0) > 0
    }


def _refuse_what_is_not_there(
    free: Sequence[Waiting],
    taken: dict[str, dict[str, int]],
    wanted: Mapping[str, int],
    factors: Mapping[str, int],
) -> None:
    """What lies in several places is taken from the first; what is nowhere cannot go now."""
    left: dict[str, int] = {}
    lines = {piece.line_id: piece.order_line_id for one in free for piece in one.pieces}
    for line_id, order_line_id in lines.items():
        left[line_id] = wanted.get(order_line_id, 0) * factors[line_id]
    for one in free:
        for line_id, quantity in list(taken[one.no].items()):
            taken[one.no][line_id] = min(quantity, left[line_id])
            left[line_id] -= taken[one.no][line_id]
        taken[one.no] = {line: units for line, units in taken[one.no].items() if units}
    unknown = {line for line, units in wanted.items() if units > 0} - set(lines.values())
    if unknown or any(left.values()):
        raise ActionNotAllowed("that much does not lie ready")
    if not any(taken.values()):
        raise ActionNotAllowed("choose what goes now")


def _part(one: Waiting, taken: Mapping[str, int]) -> Part:
    lines = tuple(
        (piece.line_id, piece.sku, taken[piece.line_id])
        for piece in one.pieces
        if taken.get(piece.line_id)
    )
    return Part(one.no, all(taken.get(p.line_id) == p.quantity for p in one.pieces), lines)


def _divided(
    free: Sequence[Waiting], parts: Sequence[Part], location_id: str
) -> tuple[list[Waiting], list[Waiting]]:
    """The shipments of now and of later, as they would be."""
    ahead, behind = [], []
    taken = {part.shipment_no: {line: q for line, _, q in part.lines} for part in parts}
    for one in free:
        units = taken.get(one.no, {})
        now = _with(one, {p.line_id: units.get(p.line_id, 0) for p in one.pieces})
        later = _with(one, {p.line_id: p.quantity - units.get(p.line_id, 0) for p in one.pieces})
        if now.pieces:
            box = f"{location_id}:now" if location_id else f"{one.no}:now"
            place = location_id or one.location_id
            ahead.append(replace(now, no=f"{one.no}:now", box=box, location_id=place))
        if later.pieces:
            behind.append(later)
    return ahead, behind


def _with(one: Waiting, units: Mapping[str, int]) -> Waiting:
    pieces = (replace(piece, quantity=units[piece.line_id]) for piece in one.pieces)
    return replace(one, pieces=tuple(piece for piece in pieces if piece.quantity))


def _fits(place: Candidate | None, free: Sequence[Waiting], parts: Sequence[Part]) -> bool:
    if place is None or not place.freight:
        return False
    ahead, _ = _divided(free, parts, "")
    return has_all(place, ahead)


def _units(shipments: Iterable[Waiting]) -> int:
    return sum(piece.quantity for one in shipments for piece in one.pieces)
