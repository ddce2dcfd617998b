"""From where the units that an edit adds are taken: into a parcel of the order, or a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.orders.companions import Waiting
from domain.orders.sourcing.model import Candidate, Demand, Strategy
from domain.orders.sourcing.record import Question
from domain.orders.splitting import Part
from domain.shared.errors import ActionNotAllowed


@dataclass(frozen=True, slots=True)
class Shelves:
    """The places that send to the order, with what is free there, and how its shop chooses.
    Without `reserves` nothing is reserved now: a hold says that it is not known what goes where."""

    places: tuple[Candidate, ...] = ()
    strategy: Strategy = Strategy.CHEAPEST
    max_parcels: int | None = None
    reserves: bool = False
    measures: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # SKU: weight, volume


@dataclass(frozen=True, slots=True)
class Added:
    """Units that are reserved by the edit: (line, SKU, units) into `shipment_no`, or into a new
    shipment where it is empty."""

    shipment_no: str
    location_id: str
    lines: tuple[tuple[str, str, int], ...]
    carrier: str = ""
    product: str = ""
    cost_minor: int = 0


@dataclass(frozen=True, slots=True)
class FreeNow:
    """A SKU that an edit adds, and what is free of it at each place: (location, units)."""

    sku: str
    units: int
    places: tuple[tuple[str, int], ...]


def free_now(wanted: Sequence[tuple[str, str, int]], shelves: Shelves) -> tuple[FreeNow, ...]:
    """What is there of the SKUs that are added; no part of a plan, as it changes all the time."""
    sums: dict[str, int] = {}
    for _, sku, units in wanted:
        sums[sku] = sums.get(sku, 0) + units
    return tuple(
        FreeNow(
            sku, units,
            tuple((p.location_id, max(p.free.get(sku, 0), 0)) for p in shelves.places),
        )
        for sku, units in sums.items()
    )  # fmt: skip


def parts_given_back(shipments: Sequence[Waiting], over: Mapping[str, int]) -> tuple[Part, ...]:
    """What of these units is taken out of which shipment, the last first."""
    left = dict(over)
    parts: list[Part] = []
    for one in reversed(shipments):
        lines: list[tuple[str, str, int]] = []
        for piece in one.pieces:
            units = min(left.get(piece.line_id, 0), piece.quantity)
            if units:
                left[piece.line_id] -= units
                lines.append((piece.line_id, piece.sku, units))
        if lines:
            whole = sum(units for *_, units in lines) == sum(p.quantity for p in one.pieces)
            parts.append(Part(one.no, whole, tuple(lines)))
    return tuple(parts)


def place_added(
    wanted: Sequence[tuple[str, str, int]],
    shelves: Shelves,
    shipments: Sequence[Waiting],
    given_back: Sequence[Part],
) -> tuple[Added, ...]:
    """Where these units (line, SKU, units) come from: along with a shipment that stays and lies
    where all of them are free, else as the shop chooses.

    Raises ActionNotAllowed with how many there are.
    """
    if not wanted or not shelves.reserves:
        return ()
    sums: dict[str, int] = {}
    for _, sku, units in wanted:
        sums[sku] = sums.get(sku, 0) + units
    by_id = {place.location_id: place for place in shelves.places}
    emptied = {part.shipment_no for part in given_back if part.whole}
    for one in shipments:
        place = by_id.get(one.location_id)
        if one.no in emptied or place is None or not one.may_move or one.box:
            continue
        if all(place.free.get(sku, 0) >= units for sku, units in sums.items()):
            return (Added(one.no, one.location_id, tuple(wanted)),)
    return _from_the_best(wanted, sums, shelves)


def _from_the_best(
    wanted: Sequence[tuple[str, str, int]], sums: Mapping[str, int], shelves: Shelves
) -> tuple[Added, ...]:
    for sku, units in sums.items():
        free = sum(max(place.free.get(sku, 0), 0) for place in shelves.places)
        if free < units:
            raise ActionNotAllowed(f"of {sku} {free} are free, {units} are needed")
    demands = tuple(
        Demand(line, sku, units, *shelves.measures.get(sku, (0, 0))) for line, sku, units in wanted
    )
    question = Question(demands, shelves.places, shelves.strategy, shelves.max_parcels)
    decision = question.decide()
    if decision.missing:
        raise ActionNotAllowed("it does not fit into as many parcels as the shop allows")
    return tuple(
        Added("", one.location_id, one.lines, one.carrier, one.product, one.cost_minor)
        for one in decision.plan
    )
