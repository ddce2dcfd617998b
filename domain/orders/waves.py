"""Which shipments are picked on one walk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

URGENT_WITHIN: Final = timedelta(hours=2)


class WaveKind(StrEnum):
    """What the shipments of a wave have in common."""

    URGENT = "urgent"  # promised to leave within two hours, or late already
    SINGLE = "single"  # one line each: they need no sorting by order
    SEVERAL = "several"


class LeftWhy(StrEnum):
    """Why a shipment fell out of its wave."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    LATER = "later"
    OTHER = "other"
    GONE = "gone"  # taken back while it was on the list
    CLOSED = "closed"  # the wave ended without it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shipment that waits to be picked; `zones` are those of its bins, '' where none is known."""

    shipment_no: str
    carrier: str
    zones: frozenset[str]
    lines: int
    ship_by: datetime | None
    cutoff: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A wave that may be made. `zone` is empty where they lie in several."""

    kind: WaveKind
    carrier: str
    cutoff: datetime | None
    zone: str
    shipment_nos: tuple[str, ...]


def suggest(candidates: Iterable[Candidate], most: int, now: datetime) -> list[Suggestion]:
    """Every candidate in one wave of at most `most`, the wave that must leave first in front.

    Urgent ones go together whatever they are. The others go by carrier and its cut-off, single
    lines apart, and by zone where all that a shipment needs lies in one.
    """
    groups: dict[tuple[WaveKind, str, datetime | None, str], list[Candidate]] = {}
    for one in sorted(candidates, key=_urgency):
        groups.setdefault(_common(one, now), []).append(one)
    found = [
        (_urgency(chunk[0]), Suggestion(*common, tuple(one.shipment_no for one in chunk)))
        for common, group in groups.items()
        for chunk in _chunks(group, most)
    ]
    return [wave for _, wave in sorted(found, key=lambda pair: pair[0])]


def _common(one: Candidate, now: datetime) -> tuple[WaveKind, str, datetime | None, str]:
    if one.ship_by is not None and one.ship_by <= now + URGENT_WITHIN:
        return WaveKind.URGENT, "", None, ""
    zone = next(iter(one.zones)) if len(one.zones) == 1 else ""
    kind = WaveKind.SINGLE if one.lines == 1 else WaveKind.SEVERAL
    return kind, one.carrier, one.cutoff, zone


def _urgency(one: Candidate) -> tuple[float, str]:
    times = [at.timestamp() for at in (one.ship_by, one.cutoff) if at is not None]
    return min(times, default=float("inf")), one.shipment_no


def _chunks(group: list[Candidate], most: int) -> Iterator[list[Candidate]]:
    for start in range(0, len(group), most):
        yield group[start : start + most]
