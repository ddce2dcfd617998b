"""What all lists have in common: a row is judged, then written, and marked as what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from db.shared.importing.desk import Staged, Verdict
from domain.platform.sheet_reading import Fault
from domain.shared.money import Money

CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose rows these are: the import names the document of every change."""

    import_id: str
    by: str


class Target(Protocol):
    """Where the rows of one kind of list go."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        """What each row would do now: new, changed, same or bad."""

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """Do it, in this transaction; a row that is bad by now is `failed`, the others go on."""


def settled(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """What was compared and then written: bad ones failed, nothing was done to the same."""
    ends = {"new": "applied", "changed": "applied", "same": "same", "bad": "failed"}
    return [
        Verdict(one.row, ends[one.state], one.faults, one.before, one.after) for one in verdicts
    ]  # fmt: skip


def judged(
    row: Staged, before: Mapping[str, Any] | None, after: Mapping[str, Any], faults: Sequence[Fault]
) -> Verdict:
    """The verdict about a row whose record is `before` now and would be `after`."""
    if faults:
        return Verdict(row, "bad", tuple(faults))
    if before is None:
        return Verdict(row, "new", (), None, after)
    differing = [name for name in after if after[name] != before.get(name)]
    if not differing:
        return Verdict(row, "same")
    return Verdict(
        row, "changed", (),
        {name: before.get(name) for name in differing}, {name: after[name] for name in differing},
    )  # fmt: skip


def minor_of(amount: str, currency: str, column: str, faults: list[Fault]) -> int:
    """The sum in minor units; one with more decimal places than the currency has is a fault."""
    money = Money.of(Decimal(amount), currency)
    if money.major != Decimal(amount):
        faults.append(Fault(column, "too_many_decimals", currency))
    return money.minor
