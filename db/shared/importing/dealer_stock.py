"""Reports of dealers out of files: all rows of a place and a day are one report."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.dealer_reports import DealerReports, ReportDraft
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import Paper, settled
from db.sql import run
from domain.inventory.dealer_reports import DealerLine
from domain.inventory.dealer_reports import Verdict as Doubted
from domain.platform.sheet_reading import Fault
from domain.shared.errors import InvalidInput, UnknownLocation

_SAME: Final = """
SELECT l.sku, l.lot, l.stock, l.sold FROM dealer_report r
JOIN dealer_report_line l ON l.report_no = r.no
WHERE r.location_id = :location_id AND r.day = :day AND r.state = 'accepted'
"""


class DealerStock:
    """A report that is doubted comes in too, and waits at the desk: the rows say why."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for group in _groups(rows).values():
            verdicts += await self._compare(session, group)
        return verdicts

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        verdicts = await self.compare(session, rows)
        new = [one.row for one in verdicts if one.state == "new"]
        for key, group in _groups(new).items():
            draft = _draft(group, f"import/{paper.import_id}/{key}", paper.by)
            await DealerReports(session).file(draft)
        return settled(verdicts)

    async def _compare(self, session: AsyncSession, group: Sequence[Staged]) -> list[Verdict]:
        draft = _draft(group, "", "")
        try:
            doubts = await DealerReports(session).look(draft)
        except UnknownLocation:
            return [Verdict(row, "bad", (Fault("location", "unknown_location"),)) for row in group]
        except InvalidInput as error:
            return [Verdict(row, "bad", (Fault("", "no_report", str(error)),)) for row in group]
        if await self._is_there(session, draft):
            return [Verdict(row, "same") for row in group]
        return [Verdict(row, "new", _faults(row, group, doubts), None, _told(row)) for row in group]

    async def _is_there(self, session: AsyncSession, draft: ReportDraft) -> bool:
        found = await run(session, _SAME, location_id=draft.location_id, day=draft.day)
        told = {(row.sku, row.lot, row.stock, row.sold) for row in found}
        return told == {(one.sku, one.lot, one.stock, one.sold) for one in draft.lines}


def _groups(rows: Sequence[Staged]) -> dict[str, list[Staged]]:
    found: dict[str, list[Staged]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found


def _draft(group: Sequence[Staged], key: str, actor: str) -> ReportDraft:
    lines = tuple(
        DealerLine(
            str(row.values["sku"]), int(row.values["stock"]), int(row.values["sold"]),
            str(row.values.get("lot", "")),
        )
        for row in group
    )  # fmt: skip
    first = group[0].values
    day = date.fromisoformat(str(first["day"]))
    return ReportDraft(key, str(first["location"]), day, lines, "file", actor)


def _told(row: Staged) -> Mapping[str, Any]:
    return {"stock": row.values["stock"], "sold": row.values["sold"]}


def _faults(row: Staged, group: Sequence[Staged], doubts: Sequence[Doubted]) -> tuple[Fault, ...]:
    """Doubts about a SKU at its row; those about the whole at the first."""
    mine = [one for one in doubts if one.sku == row.values["sku"]]
    if row is group[0]:
        named = {str(each.values["sku"]) for each in group}
        mine += [one for one in doubts if one.sku not in named]
    return tuple(Fault("", f"doubt_{one.doubt}", _about(one)) for one in mine)


def _about(doubt: Doubted) -> str:
    numbers = doubt.numbers
    if "should" in numbers:
        return f"{numbers['should']} → {numbers['stock']}"
    return str(numbers.get("lot", "")) or doubt.sku
