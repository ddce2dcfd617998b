"""Another address for an order that has not left: which parcels stay, which go from elsewhere, with
whom and for how much. A plan people confirm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.logistics.tariff import Quote, TariffRow, best_quote
from domain.orders.companions import Piece
from domain.orders.order import ShipmentStatus
from domain.orders.sourcing.model import Candidate, Decision, Demand, Strategy
from domain.orders.sourcing.record import Question
from domain.shared.errors import ActionNotAllowed
from domain.shared.plans import Plan


@dataclass(frozen=True, slots=True)
class Box:
    """A parcel as carriers price it."""

    weight_g: int
    volume_mm3: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A shipment that has not left. `before` and `after` are the price lines from its place to the
    old and to the new address."""

    no: str
    location_id: str
    status: ShipmentStatus
    picked: bool
    pieces: tuple[Piece, ...]
    boxes: tuple[Box, ...]
    before: tuple[TariffRow, ...]
    after: tuple[TariffRow, ...]
    waybills: tuple[str, ...] = ()
    carrier: str = ""
    product: str = ""
    others: tuple[str, ...] = ()  # orders in its parcel
    packed: bool = False
    rated: bool = False  # its boxes have a carrier and no waybill yet

    @property
    def is_served(self) -> bool:
        """Its place sends there; where no tariff was ever known nothing can be said."""
        return bool(self.after) or not self.before

    @property
    def is_opened(self) -> bool:
        """A closed box with goods of others: it is opened, as theirs go somewhere else."""
        return bool(self.others) and self.packed

    @property
    def is_moved(self) -> bool:
        return not self.is_served and not self.is_opened


@dataclass(frozen=True, slots=True)
class Readdressable:
    """An order and its new address. `candidates` are the places that could send there, with what is
    free; `shut` carriers fail at the moment."""

    order_no: str
    division_code: str
    is_usable: bool
    shipments: tuple[Bound, ...]
    candidates: tuple[Candidate, ...] = ()
    strategy: Strategy = Strategy.CHEAPEST
    max_parcels: int | None = None
    shut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """It goes from where it lies. Waybills that exist are void and ordered anew."""

    no: str
    location_id: str
    units: int
    waybills: tuple[str, ...]
    others: tuple[str, ...]
    carrier_before: str
    carrier_after: str
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True)
class Given:
    """It is given back; `opened`: because its closed box is, and its order is planned again."""

    no: str
    location_id: str
    units: int
    waybills: tuple[str, ...]
    carrier: str
    opened: bool
    before_minor: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A new shipment: (line, SKU, units) from where the new address is served."""

    location_id: str
    lines: tuple[tuple[str, str, int], ...]
    carrier: str
    product: str
    cost_minor: int


@dataclass(frozen=True, slots=True)
class AddressPlan(Plan):
    """Freight in minor units of the company; handling of new shipments counts to it."""

    order_no: str
    division_code: str
    kept: tuple[Kept, ...]
    given: tuple[Given, ...]
    sent: tuple[Sent, ...]

    @property
    def freight_before_minor(self) -> int:
        kept, given = (one.before_minor for one in self.kept), (x.before_minor for x in self.given)
        return sum(kept) + sum(given)

    @property
    def freight_after_minor(self) -> int:
        return sum(one.after_minor for one in self.kept) + sum(x.cost_minor for x in self.sent)

    @property
    def carrier_of(self) -> dict[str, str]:
        """The carrier of each shipment that stays, as it is expected then."""
        return {one.no: one.carrier_after for one in self.kept}


def plan_address(what: Readdressable) -> AddressPlan:
    """What this address instead would do.

    A shipment stays where it lies as long as a carrier goes there from its place; one that nobody
    has picked is else sent from another. Raises ActionNotAllowed with the reason.
    """
    if not what.is_usable:
        raise ActionNotAllowed("the address is missing or incomplete")
    moved = [one for one in what.shipments if one.is_moved]
    for one in moved:
        if one.picked:
            raise ActionNotAllowed(f"no carrier goes there from where {one.no} is packed")
    if not what.shipments and what.candidates and not any(p.freight for p in what.candidates):
        raise ActionNotAllowed("no carrier of ours goes there")
    opened = [one for one in what.shipments if one.is_opened]
    stays = [one for one in what.shipments if not one.is_moved and not one.is_opened]
    return AddressPlan(
        what.order_no,
        what.division_code,
        tuple(_kept(one, what.shut) for one in stays),
        tuple(_given(one, what.shut) for one in (*moved, *opened)),
        _sent(decision_for(what)[1]) if moved else (),
    )


def decision_for(what: Readdressable) -> tuple[Question, Decision]:
    """From where what cannot stay goes. Raises ActionNotAllowed where nobody has all of it."""
    demands = tuple(
        Demand(piece.line_id, piece.sku, piece.quantity, piece.weight_g, piece.volume_mm3)
        for one in what.shipments
        if one.is_moved
        for piece in one.pieces
    )
    able = tuple(place for place in what.candidates if place.freight)
    question = Question(_together(demands), able, what.strategy, what.max_parcels)
    if not able:
        raise ActionNotAllowed("no carrier of ours goes there")
    decision = question.decide()
    if decision.missing:
        raise ActionNotAllowed("no place that sends there has all of it")
    return question, decision


def _together(demands: Sequence[Demand]) -> tuple[Demand, ...]:
    """One demand for each line, also where it lay in two places."""
    sums: dict[str, Demand] = {}
    for one in demands:
        known = sums.get(one.line_id)
        sums[one.line_id] = replace(known, quantity=known.quantity + one.quantity) if known else one
    return tuple(sums.values())


def _sent(decision: Decision) -> tuple[Sent, ...]:
    return tuple(
        Sent(one.location_id, one.lines, one.carrier, one.product, one.cost_minor)
        for one in decision.plan
    )


def _kept(one: Bound, shut: frozenset[str]) -> Kept:
    hoped = ("", "") if one.waybills else (one.carrier, one.product)
    rows = (_chosen(one, one.after) if one.rated else ()) or one.after
    after = [best_quote(rows, *_box(box), shut, hoped) for box in one.boxes]
    carriers = [quote.row.carrier for quote in after if quote]
    return Kept(
        one.no, one.location_id, _units(one), one.waybills, one.others, one.carrier,
        carriers[-1] if carriers else one.carrier, _freight_now(one, shut), _sum(after),
    )  # fmt: skip


def _given(one: Bound, shut: frozenset[str]) -> Given:
    return Given(
        one.no, one.location_id, _units(one), one.waybills, one.carrier, one.is_opened,
        _freight_now(one, shut),
    )  # fmt: skip


def _freight_now(one: Bound, shut: frozenset[str]) -> int:
    """By the line that was chosen; by the best one where none was."""
    rows = _chosen(one, one.before) or one.before
    return _sum([best_quote(rows, *_box(box), shut, ("", "")) for box in one.boxes])


def _chosen(one: Bound, rows: Sequence[TariffRow]) -> tuple[TariffRow, ...]:
    return tuple(row for row in rows if (row.carrier, row.product) == (one.carrier, one.product))


def _sum(quotes: Sequence[Quote | None]) -> int:
    return sum(quote.price_minor for quote in quotes if quote)


def _box(box: Box) -> tuple[int, int]:
    return box.weight_g, box.volume_mm3


def _units(one: Bound) -> int:
    return sum(piece.quantity for piece in one.pieces)
