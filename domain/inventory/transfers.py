"""A transfer between two places of ours: what it has to do next, and where every unit of it is.

Units that were shipped are at one place each: on the way, arrived good or damaged, back at the
sender, or written off. What a person has to decide about stays on the way until then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class TransferState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"  # its goods are to be promised at the sender
    RESERVED = "reserved"  # to be picked and shipped
    SHIPPED = "shipped"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Difference(StrEnum):
    """What did not arrive as it was sent."""

    SHORT = "short"
    OVER = "over"
    DAMAGED = "damaged"


class Decision(StrEnum):
    """What a person found out about a difference."""

    FOUND_AT_SENDER = "found_at_sender"  # it never left
    LOST = "lost"
    CARRIER_CLAIM = "carrier_claim"  # written off here, owed by the carrier
    FROM_SENDER = "from_sender"  # the sender sent more than its paper says
    FOUND = "found"  # nobody misses it: it is ours from now on
    KEPT = "kept"  # stays where it is, as damaged


OFFERED: Final[Mapping[Difference, tuple[Decision, ...]]] = {
    Difference.SHORT: (Decision.FOUND_AT_SENDER, Decision.LOST, Decision.CARRIER_CLAIM),
    Difference.OVER: (Decision.FROM_SENDER, Decision.FOUND),
    Difference.DAMAGED: (Decision.KEPT, Decision.LOST, Decision.CARRIER_CLAIM),
}
# Decisions that change what we own: above the limit a second person has to say yes.
WRITES_OFF: Final = frozenset({Decision.LOST, Decision.CARRIER_CLAIM, Decision.FOUND})

# How long a transfer waits for somebody before it is reminded of, and then again.
TO_SHIP: Final = timedelta(days=2)
AGAIN: Final = timedelta(days=1)
USUAL_DAYS: Final = 3  # on the way, when nobody said how long


class TransferStep(StrEnum):
    RESERVE = "reserve"
    POST = "post"  # what somebody reported: shipped, received, decided
    REMIND = "remind"
    CANCEL = "cancel"
    CLOSE = "close"
    END = "end"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """What the tables say of a transfer: all that `next_step` needs."""

    no: str
    state: TransferState = TransferState.DRAFT
    cancel_asked: bool = False
    unposted: str = ""  # the oldest report that is not in the books yet, and its kind
    unposted_kind: str = ""
    on_the_way: int = 0
    undecided: int = 0
    from_location: str = ""
    due_at: datetime | None = None


def next_step(facts: TransferFacts, now: datetime) -> TransferStep:
    """The one thing to do now; WAIT when only news or a time can change something."""
    if facts.state in (TransferState.CLOSED, TransferState.CANCELLED):
        return TransferStep.END
    if facts.cancel_asked and facts.state is not TransferState.SHIPPED:
        return TransferStep.CANCEL
    if facts.unposted:
        return TransferStep.POST
    if facts.state is TransferState.APPROVED:
        return TransferStep.RESERVE
    if facts.state is TransferState.SHIPPED and not (facts.on_the_way or facts.undecided):
        return TransferStep.CLOSE
    if facts.due_at is not None and now >= facts.due_at:
        return TransferStep.REMIND
    return TransferStep.WAIT


def waits_for(facts: TransferFacts) -> str:
    """Whom it waits for; empty when it goes on by itself."""
    match facts.state:
        case TransferState.DRAFT:
            return "approval"
        case TransferState.APPROVED:
            return "goods"
        case TransferState.RESERVED:
            return "shipping"
        case TransferState.SHIPPED:
            return "decision" if facts.undecided else "arrival"
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class TransferLine:
    """Units of one lot. `short` were said to be missing; they count as on the way until decided."""

    line_no: int
    sku: str
    asked: int
    lot: str = ""
    shipped: int = 0
    received: int = 0
    damaged: int = 0
    lost: int = 0
    returned: int = 0
    short: int = 0

    @property
    def on_the_way(self) -> int:
        """Left the sender and was neither received, found nor written off."""
        return self.shipped - self.received - self.damaged - self.lost - self.returned


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a receiver says of a line; `missing` was looked for and not found. Units of a SKU that
    asks for serial numbers are named by them."""

    line_no: int
    good: int = 0
    damaged: int = 0
    missing: int = 0
    serials: Sequence[str] = ()
    damaged_serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an arrival does: to the line, and what people have to decide about."""

    line: TransferLine
    good: int
    damaged: int
    over: int
    more_short: int  # below zero: units that were missing came after all


def arrival(line: TransferLine, told: Arrived, *, last: bool = False) -> Arrival:
    """Book in what came, as far as it was sent; more than that is over and in no book yet.

    `last`: nothing more will come, so what is still on the way is missing.
    """
    good = min(told.good, line.on_the_way)
    damaged = min(told.damaged, line.on_the_way - good)
    left = line.on_the_way - good - damaged
    short = left if last else min(left, line.short + told.missing)
    after = replace(
        line, received=line.received + good, damaged=line.damaged + damaged, short=short
    )
    over = told.good + told.damaged - good - damaged
    return Arrival(after, good, damaged, over, short - line.short)


def decided(line: TransferLine, kind: Difference, decision: Decision, units: int) -> TransferLine:
    """The line after a person decided about units of it. Raises ValueError for what is not
    offered, or more units than wait."""
    if decision not in OFFERED[kind] or units <= 0:
        raise ValueError(f"{decision} is no answer to {kind}")
    if kind is Difference.SHORT:
        if units > line.short:
            raise ValueError("so many are not missing")
        gone = replace(line, short=line.short - units)
        if decision is Decision.FOUND_AT_SENDER:
            return replace(gone, returned=line.returned + units)
        return replace(gone, lost=line.lost + units)
    if kind is Difference.OVER:
        return (
            replace(line, shipped=line.shipped + units, received=line.received + units)
            if decision is Decision.FROM_SENDER
            else line
        )
    if decision is Decision.KEPT:
        return line
    if units > line.damaged:
        raise ValueError("so many did not arrive damaged")
    return replace(line, damaged=line.damaged - units, lost=line.lost + units)


def by_lots(
    asked: Iterable[TransferLine], free: Sequence[tuple[str, str, int]], first_no: int
) -> tuple[list[TransferLine], dict[int, int]]:
    """Lines with the lots they will be of, from what is free as (SKU, lot, units) in the order in
    which lots leave, and by line the units that are lacking. Parts of a line get new numbers."""
    left = {(sku, lot): units for sku, lot, units in free}
    lines: list[TransferLine] = []
    lacking: dict[int, int] = {}
    number = first_no
    for line in asked:
        wanted, line_no = line.asked, line.line_no
        for (sku, lot), units in left.items():
            part = min(wanted, units)
            if sku != line.sku or line.lot not in ("", lot) or part <= 0:
                continue
            left[sku, lot] = units - part
            wanted -= part
            lines.append(replace(line, line_no=line_no, lot=lot, asked=part))
            line_no, number = number, number + 1
        if wanted:
            lacking[line.line_no] = wanted
    return lines, lacking


@dataclass(frozen=True, slots=True)
class TransferRef:
    """What a transfer's workflow is started with."""

    no: str


@dataclass(frozen=True, slots=True)
class TransferMoved:
    """`Transfer.transfer_moved`: approved, reported, decided, or goods came to its sender."""

    no: str


@dataclass(frozen=True, slots=True)
class TransferWork:
    """One step of a transfer; `at` is the workflow's time, by which clocks start."""

    no: str
    workflow_id: str
    at: datetime
    report_id: str = ""
    partly: bool = False  # promise what is there, drop the rest
    actor: str = "system"
