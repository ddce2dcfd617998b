"""Kits: products made of others, only in the shop (virtual) or on the shelf (assembled)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.shared.errors import InvalidInput


class KitKind(StrEnum):
    VIRTUAL = "virtual"  # its components are picked for each order; none of it is kept
    ASSEMBLED = "assembled"  # put together before it is sold, and kept as itself


class KitWork(StrEnum):
    ASSEMBLE = "assemble"
    DISASSEMBLE = "disassemble"


@dataclass(frozen=True, slots=True)
class Component:
    """So many units of a SKU are in one kit."""

    sku: str
    quantity: int


def available(components: Sequence[Component], free: Mapping[str, int]) -> int:
    """How many kits the free units of their components make."""
    return min((max(free.get(x.sku, 0), 0) // x.quantity for x in components), default=0)


def components_of(
    wanted: Mapping[str, int], kits: Mapping[str, Sequence[Component]]
) -> dict[str, int]:
    """Units to be picked for these units of SKUs and kits: what two kits share is summed."""
    found: dict[str, int] = {}
    for sku, units in wanted.items():
        for part in kits.get(sku, (Component(sku, 1),)):
            found[part.sku] = found.get(part.sku, 0) + units * part.quantity
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """A unit that somebody names by its number: the lot the register has it in, and the paper of
    the kit it is in; both '' where nobody knows."""

    serial: str
    lot: str = ""
    paper: str = ""


def papers_opened(named: Mapping[str, Sequence[Named]], each: Mapping[str, int]) -> dict[str, int]:
    """How many kits of which paper are taken apart, by the components that came out of them; `each`
    is how many of a component one kit has."""
    found: dict[str, int] = {}
    for sku, units in named.items():
        counts: dict[str, int] = {}
        for unit in units:
            counts[unit.paper] = counts.get(unit.paper, 0) + 1
        for paper, count in counts.items():
            if paper:
                found[paper] = max(found.get(paper, 0), count // each[sku])
    return found


def lots_first(lots: Sequence[tuple[str, int]], wanted: Mapping[str, int]) -> list[tuple[str, int]]:
    """The free units of lots in the order in which they are used: of those lots that are asked for
    as many as are asked for, then all others as they come."""
    first = [(lot, min(free, wanted.get(lot, 0))) for lot, free in lots]
    rest = [(lot, free - min(free, wanted.get(lot, 0))) for lot, free in lots]
    return [(lot, free) for lot, free in [*first, *rest] if free > 0]


def refuse_circle(code: str, components: Sequence[Component], kits: Mapping[str, KitKind]) -> None:
    """Raises InvalidInput for a kit without components, one that holds itself, or a virtual kit in
    another kit: none of that could be picked."""
    if not components or any(x.quantity <= 0 for x in components):
        raise InvalidInput("a kit is made of units of other products")
    if len({x.sku for x in components}) < len(components):
        raise InvalidInput("each component is said once")
    for part in components:
        if part.sku == code:
            raise InvalidInput("a kit is not made of itself")
        if kits.get(part.sku) is KitKind.VIRTUAL:
            raise InvalidInput(f"{part.sku} is no product that is kept, but a kit")
