"""Serial numbers: which unit of a SKU lies, left, or came back; for SKUs that ask for them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.inventory.receiving import Counted, ReceiptLine, Verdict
from domain.shared.errors import InvalidInput, SerialsMissing

GOOD = "good"


class SerialState(StrEnum):
    """Where a unit is in its life."""

    IN_STOCK = "in_stock"
    PACKED = "packed"  # scanned for a shipment that has not left
    SHIPPED = "shipped"
    BUILT_IN = "built_in"  # a component in a kit that was put together
    GONE = "gone"  # written off, or back at the supplier


class SerialAct(StrEnum):
    """What happened to a unit."""

    RECEIVED = "received"
    MOVED = "moved"
    NOTED = "noted"  # its number was taken down while it lay here
    PACKED = "packed"
    PUT_BACK = "put_back"
    SHIPPED = "shipped"
    RETURNED = "returned"
    UNDONE = "undone"  # a receipt or an inspection was taken back
    CORRECTED = "corrected"
    WRITTEN_OFF = "written_off"
    FOUND = "found"
    SOUGHT = "sought"  # it, or another one beside it, was not found
    SEEN = "seen"  # none of them is missing any more
    MADE = "made"  # a kit was put together and got its number
    BUILT_IN = "built_in"
    TAKEN_OUT = "taken_out"  # the kit it was in was taken apart
    TAKEN_APART = "taken_apart"


class Refusal(StrEnum):
    """Why a scanned unit may not go."""

    NEEDED = "serial_needed"  # the SKU asks for a number, and none was scanned
    UNITS = "serial_units"  # one number is one unit
    UNKNOWN = "serial_unknown"
    TWICE = "serial_twice"
    TAKEN = "serial_taken"  # it left, goes into another parcel, or is set apart
    ELSEWHERE = "serial_elsewhere"  # the register has it at another place
    OTHER_LOT = "serial_other_lot"


@dataclass(frozen=True, slots=True)
class Serial:
    """A unit as the register has it. `shipment_no` is where it goes, or went; `sought`: it, or
    another one beside it, was not found."""

    sku: str
    serial: str
    lot: str
    state: SerialState
    condition: str
    place: str
    shipment_no: str
    sought: bool = False


def refusal(
    found: Serial | None, place: str, box: Collection[str], lot: str, twice: Collection[str]
) -> Refusal | None:
    """Why a unit may not go from a place into a box of these shipments; `lot` is what its code
    says, '' where it says none; `twice` are numbers that were scanned here before."""
    if found is None:
        return Refusal.UNKNOWN
    if found.serial in twice:
        return Refusal.TWICE
    if lot and found.lot and lot != found.lot:
        return Refusal.OTHER_LOT
    if found.state is SerialState.PACKED and found.shipment_no in box:
        return None
    if found.state is not SerialState.IN_STOCK or found.condition != GOOD:
        return Refusal.TAKEN
    return None if found.place == place else Refusal.ELSEWHERE


def may_come_in(found: Serial | None, *, moved: bool) -> bool:
    """Whether a unit may be taken in: one that is new or had gone; with a transfer also one that
    lies somewhere."""
    if found is None or found.state is SerialState.GONE:
        return True
    return moved and found.state is SerialState.IN_STOCK


def leaves(found: Serial, place: str, lot: str, condition: str) -> bool:
    """Whether a unit is one of a balance and free to go: it goes into no parcel."""
    lies = (found.place, found.lot, found.condition) == (place, lot, condition)
    return lies and found.state is SerialState.IN_STOCK


def looked_for(marked: Iterable[str], more_than_units: int) -> tuple[list[str], list[str]]:
    """Of units of a balance that are looked for: which are gone, and which nobody needs to look for
    any more, where so many more numbers lie than units. Who was seen since is not among them, so
    that what is left is missing when it is no more than that."""
    left = sorted(marked)
    if more_than_units <= 0:
        return [], left
    return (left, []) if len(left) <= more_than_units else ([], [])


def corrected_by_count(
    gone: Iterable[str], turned_up: Iterable[str], known: int, units: int
) -> tuple[list[str], list[str]]:
    """Which numbers leave the register and which come in after a count, when `known` numbers are
    there and `units` lie there by the books: never more numbers than units, and while missing
    units stay in the books because they are promised, some of their numbers stay too."""
    missed, new = sorted(gone), sorted(turned_up)
    leaving = min(len(missed), max(known + len(new) - units, 0))
    coming = max(min(len(new), units - known + leaving), 0)
    return missed[:leaving], new[:coming]


def decided_serials(waiting: Sequence[str], units: int, named: Sequence[str]) -> list[str]:
    """The serial numbers of units that somebody decides about: those he names, or all that wait
    where these are no more. Raises InvalidInput, SerialsMissing."""
    if strange := sorted(set(named) - set(waiting)):
        raise InvalidInput(f"nobody has to decide about {strange[0]} here")
    chosen = sorted(set(named)) if named else list(waiting)
    if len(chosen) != min(units, len(waiting)):
        raise SerialsMissing(f"{units} serial numbers are needed")
    return chosen


def kept_as(
    lines: Iterable[ReceiptLine], scanned: Iterable[tuple[str, Counted]]
) -> list[tuple[str, Counted, str]]:
    """Each scanned number with its unit and the condition the ledger keeps it under: of units that
    were counted alike, the lines of the receipt take them one after the other."""
    waiting: dict[tuple[str, str, bool], list[tuple[str, Counted]]] = {}
    as_found = list(Verdict).index
    for serial, unit in sorted(scanned, key=lambda one: (as_found(one[1].verdict), one[0])):
        key = (unit.sku, unit.lot, unit.verdict is Verdict.REJECTED)
        waiting.setdefault(key, []).append((serial, unit))
    found: list[tuple[str, Counted, str]] = []
    for line in lines:
        left = waiting.get((line.sku, line.lot, line.verdict is Verdict.REJECTED), [])
        found += [(serial, unit, line.condition) for serial, unit in left[: line.units]]
        del left[: line.units]
    return found
