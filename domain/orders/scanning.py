"""What scans of a pick or a pack list add up to, in whatever order and however often they come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What a scan did. The first is the only one that makes a count larger."""

    COUNTED = "counted"
    OVER = "over"  # more than the list asks for
    WRONG = "wrong"  # not on the list
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing_to_undo"
    LATE = "late"  # the list was confirmed before
    EXPIRED = "expired"
    LOT_HELD = "lot_held"  # the lot is kept back: in quarantine, or not good
    LOT_TAKEN = "lot_taken"  # its units are promised to others
    LOT_UNKNOWN = "lot_unknown"  # the books have no such lot here
    SERIAL_NEEDED = "serial_needed"  # its SKU asks for the number of every unit
    SERIAL_UNITS = "serial_units"  # one number is one unit
    SERIAL_UNKNOWN = "serial_unknown"
    SERIAL_TWICE = "serial_twice"
    SERIAL_TAKEN = "serial_taken"  # it left, goes into another parcel, or is set apart
    SERIAL_ELSEWHERE = "serial_elsewhere"
    SERIAL_OTHER_LOT = "serial_other_lot"
    INCOMPLETE = "incomplete"  # confirmed with units missing and no reason why
    CONFIRMED = "confirmed"
    SHORT = "short"  # confirmed with units missing, for a reason
    GONE = "gone"  # the shipment is taken back or is not there yet


class ShortReason(StrEnum):
    """Why units that are asked for were not picked."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Scan:
    """An item, or the taking back of one: then `undoes` names its key. `at` is the scanner's."""

    key: str
    at: datetime
    sku: str = ""
    units: int = 1
    undoes: str = ""
    lot: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Units per SKU of the list, and what each scan did."""

    units: Mapping[str, int]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def missing(self, asked: Mapping[str, int]) -> dict[str, int]:
        """What the list asks for beyond what was counted."""
        left = {sku: units - self.units.get(sku, 0) for sku, units in asked.items()}
        return {sku: units for sku, units in left.items() if units > 0}


def counted(asked: Mapping[str, int], scans: Iterable[Scan]) -> Tally:
    """Each key counts once, in the order of the scanner's clock, never above what is asked.

    A refused scan stays refused: the unit was put back, so taking another one off the list later
    does not bring it in.
    """
    units = dict.fromkeys(asked, 0)
    verdicts: dict[str, Verdict] = {}
    live: dict[str, Scan] = {}
    once = {scan.key: scan for scan in scans}
    for scan in sorted(once.values(), key=lambda scan: (scan.at, scan.key)):
        if scan.undoes:
            taken = live.pop(scan.undoes, None)
            if taken is not None:
                units[taken.sku] -= taken.units
                verdicts[taken.key] = Verdict.UNDONE
            verdicts[scan.key] = Verdict.UNDONE if taken else Verdict.NOTHING_TO_UNDO
        elif scan.sku not in asked:
            verdicts[scan.key] = Verdict.WRONG
        elif units[scan.sku] + scan.units > asked[scan.sku]:
            verdicts[scan.key] = Verdict.OVER
        else:
            units[scan.sku] += scan.units
            live[scan.key] = scan
            verdicts[scan.key] = Verdict.COUNTED
    return Tally(units, verdicts)


def lots_in(tally: Tally, scans: Iterable[Scan]) -> dict[str, dict[str, int]]:
    """Counted units by SKU and lot; those scanned without a lot are under an empty one."""
    units: dict[str, dict[str, int]] = {}
    for scan in scans:
        if tally.verdicts.get(scan.key) is Verdict.COUNTED:
            of_sku = units.setdefault(scan.sku, {})
            of_sku[scan.lot] = of_sku.get(scan.lot, 0) + scan.units
    return units


def serials_in(tally: Tally, scans: Iterable[Scan], sku: str) -> list[str]:
    """The serial numbers of counted units of a SKU; '' for one that was scanned without."""
    return [
        scan.serial
        for scan in scans
        if scan.sku == sku and tally.verdicts.get(scan.key) is Verdict.COUNTED
        for _ in range(scan.units)
    ]


def first_lacking(
    sku: str, units: int, asked: Sequence[tuple[str, Mapping[str, int], Tally]]
) -> str | None:
    """The first shipment of a wave that still lacks these units of a SKU, in the wave's order."""
    for shipment_no, wanted, tally in asked:
        if wanted.get(sku, 0) - tally.units.get(sku, 0) >= units:
            return shipment_no
    return None
