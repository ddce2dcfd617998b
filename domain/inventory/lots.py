"""Which lots leave: the promised one, or another one that is free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.inventory.stock import StockLine
from domain.shared.ids import NO_LOT, Lot


@dataclass(frozen=True, slots=True)
class Rebooking:
    """Units by the lot that gives them up. `lacking` cannot be had of the lot that is wanted."""

    gives: Mapping[Lot, int]
    lacking: int = 0


def rebooking(
    lot: Lot, taken: Mapping[Lot, int], promised: Mapping[Lot, int], free: int
) -> Rebooking:
    """What has to be promised of `lot` instead of other lots, so that all that was taken of it is.

    `taken` are units in hand by lot, `promised` what the lease holds, `free` what nobody holds of
    the lot. Units that the books keep without a lot may be of any.
    """
    beyond = {
        one: max(0, units - promised.get(one, 0)) for one, units in taken.items() if one != NO_LOT
    }
    wanted = beyond.pop(lot, 0)
    spare = {
        one: units - taken.get(one, 0)
        for one, units in promised.items()
        if one not in (lot, NO_LOT) and units > taken.get(one, 0)
    }
    anonymous = max(0, promised.get(NO_LOT, 0) - sum(beyond.values()))
    moved = min(wanted, free, sum(spare.values()) + anonymous)
    gives: dict[Lot, int] = {}
    for one, units in [*sorted(spare.items()), (NO_LOT, anonymous)]:
        if part := min(units, moved - sum(gives.values())):
            gives[one] = part
    left = anonymous - gives.get(NO_LOT, 0)
    return Rebooking(gives, max(0, wanted - moved - left))


def not_found(
    held: Sequence[StockLine], found: Mapping[str, int], lots: Mapping[str, Mapping[str, int]]
) -> list[StockLine]:
    """What is held beyond the units found by SKU: `lots` were in hand, so they are not missing."""
    left = dict(found)
    here: dict[int, int] = {}
    for number, line in enumerate(held):
        seen = lots.get(line.key.sku, {}).get(line.key.lot, 0) if line.key.lot else 0
        here[number] = min(seen, line.quantity, max(left.get(line.key.sku, 0), 0))
        left[line.key.sku] = left.get(line.key.sku, 0) - here[number]
    for number, line in enumerate(held):
        more = min(max(left[line.key.sku], 0), line.quantity - here[number])
        here[number] += more
        left[line.key.sku] -= more
    return [
        StockLine(line.key, line.quantity - here[number])
        for number, line in enumerate(held)
        if here[number] < line.quantity
    ]


def lots_that_left(promised: Mapping[Lot, int], scanned: Mapping[str, int]) -> dict[str, int]:
    """Units of a SKU by lot: as the ledger keeps them, and what a scanner read of units that the
    ledger keeps without a lot."""
    units: dict[str, int] = {lot: n for lot, n in promised.items() if lot != NO_LOT}
    anonymous = promised.get(NO_LOT, 0)
    for lot, n in sorted(scanned.items()):
        more = min(anonymous, max(0, n - promised.get(Lot(lot), 0))) if lot else 0
        if more:
            units[lot] = units.get(lot, 0) + more
            anonymous -= more
    if anonymous:
        units[NO_LOT] = anonymous
    return dict(sorted(units.items()))


def goes_on_sale_without_lot(line: StockLine) -> bool:
    """Whether more good units of ours would lie there without a lot. What leaves, is set apart or
    belongs to others may have none."""
    key = line.key
    return line.quantity > 0 and key.lot == NO_LOT and (key.condition, key.owner) == ("good", "own")
