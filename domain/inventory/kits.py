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
