"""Reports of dealers in the caller's transaction: judged, kept, decided. Lines never change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_dealer_report_no
from db.inventory.dealer_books import DOCUMENT, House, settle_balances, write_demand
from db.inventory.dealer_past import accepted_until, before_of
from db.sql import run
from domain.inventory.dealer_reports import (
    DealerLine,
    ReportRule,
    Verdict,
    judge,
    refuse_unreadable,
    totals,
)
from domain.inventory.stock import Document
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import (
    DealerReportDecided,
    DealerReportNotFound,
    IdempotencyMismatch,
    InvalidInput,
    UnknownLocation,
    UnknownSku,
)

_HOUSE: Final = """
SELECT l.id, l.name, coalesce(min(d.code), l.id) AS code,
       coalesce(bool_or(d.on_consignment), false) AS on_consignment
FROM location l LEFT JOIN dealer d ON d.location_id = l.id AND d.active
WHERE l.id = :location_id AND l.kind = 'dealer' GROUP BY l.id, l.name
"""
_BEGIN: Final = """
INSERT INTO dealer_rule (location_id, every_days, late_days, tolerance_percent, tolerance_units,
                         since, reminders)
VALUES (:location_id, :every_days, :late_days, :tolerance_percent, :tolerance_units, :today, 0)
ON CONFLICT DO NOTHING
"""
_LOCK_RULE: Final = "SELECT * FROM dealer_rule WHERE location_id = :location_id FOR UPDATE"
_INSERT: Final = """
INSERT INTO dealer_report (no, key, location_id, day, after_day, source, given_by, remark, corrects,
                           state, doubted, decided_by, reason)
VALUES (:no, :key, :location_id, :day, :after_day, :source, :given_by, :remark,
        CAST(:corrects AS text), 'waiting', false, '', '')
"""
_LINES: Final = """
INSERT INTO dealer_report_line (report_no, sku, lot, stock, sold)
SELECT CAST(:no AS text), t.*
FROM unnest(CAST(:sku AS text[]), CAST(:lot AS text[]), CAST(:stock AS bigint[]),
            CAST(:sold AS bigint[])) AS t
"""
# The last word about a place and day, as long as nobody sent it back.
_LAST: Final = """
SELECT * FROM (SELECT * FROM dealer_report WHERE location_id = :location_id AND day = :day
               ORDER BY given_at DESC, no DESC LIMIT 1) AS last
WHERE last.state IN ('waiting', 'accepted') AND last.given_by = :actor AND last.remark = :remark
  AND last.corrects IS NOT DISTINCT FROM CAST(:corrects AS text)
"""
_VERDICTS: Final = """
INSERT INTO dealer_verdict (report_no, round, place, doubt, sku, numbers)
SELECT CAST(:no AS text),
       (SELECT coalesce(max(round), 0) + 1 FROM dealer_verdict WHERE report_no = :no),
       t.place, t.doubt, t.sku, t.numbers
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (place int, doubt text, sku text, numbers jsonb)
"""
_STATE: Final = """
UPDATE dealer_report SET state = :state, decided_by = :actor, reason = :reason, doubted = false,
    decided_at = clock_timestamp() WHERE no = :no
"""
_NEWER: Final = """
UPDATE dealer_report SET state = 'replaced', doubted = false
WHERE location_id = :location_id AND day = :day AND no <> :no AND state = ANY(:states)
RETURNING no
"""


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What somebody reports. The same key again is the same report."""

    key: str
    location_id: str
    day: date
    lines: tuple[DealerLine, ...]
    source: str
    actor: str
    remark: str = ""
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a report: accepted, or waiting for a person because of the doubts."""

    no: str
    state: str
    doubts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class DealerReports:
    """The reports of the dealers that the session sees."""

    session: AsyncSession

    async def house(self, location_id: str) -> House:
        """A dealer's place. Raises UnknownLocation for any other."""
        rows = await run(self.session, _HOUSE, location_id=location_id)
        if not rows:
            raise UnknownLocation(f"{location_id} is no dealer's place")
        [row] = rows
        return House(row.id, row.name, f"dealer:{row.code}", row.on_consignment)

    async def look(self, draft: ReportDraft) -> tuple[Verdict, ...]:
        """What would be doubted; nothing is kept. Raises UnknownLocation, InvalidInput."""
        await self.house(draft.location_id)
        refuse_unreadable(draft.lines, draft.day, _today())
        rules = await run(
            self.session, "SELECT * FROM dealer_rule WHERE location_id = :location_id",
            location_id=draft.location_id,
        )  # fmt: skip
        before = await before_of(self.session, draft.location_id, draft.day, draft.lines)
        return judge(draft.lines, draft.day, before, rule_of(rules[0]) if rules else ReportRule())

    async def file(self, draft: ReportDraft) -> Filed:
        """Keep a report; what is believed counts at once.

        Raises UnknownLocation, InvalidInput, DealerReportNotFound, IdempotencyMismatch.
        """
        house = await self.house(draft.location_id)
        refuse_unreadable(draft.lines, draft.day, _today())
        await self._lock(house.location_id)
        if earlier := await self._same(draft):
            return earlier
        if draft.corrects is not None:
            corrected = await self.report(draft.corrects)
            if corrected.location_id != draft.location_id or corrected.day != draft.day:
                raise InvalidInput("a correction is about the same place and day")
        no = await self._keep(draft)
        doubts = await self.judged(no)
        if not doubts:
            await self._accept(no, "system", "")
        row = await self.report(no)
        return Filed(no, row.state, doubts)

    async def accept(self, no: str, actor: str, reason: str) -> None:
        """Believe it as it is. Raises DealerReportNotFound, DealerReportDecided, UnknownSku."""
        row = await self._undecided(no)
        if row.state == "accepted":
            await run(
                self.session, _STATE, no=no, state="accepted", actor=actor, reason=reason
            )  # fmt: skip
            return
        await self._accept(no, actor, reason)

    async def send_back(self, no: str, actor: str, reason: str) -> None:
        """The dealer is to look again. Raises DealerReportNotFound, DealerReportDecided."""
        row = await self._undecided(no)
        if row.state == "accepted":
            raise DealerReportDecided("it counts already: correct it")
        await run(self.session, _STATE, no=no, state="sent_back", actor=actor, reason=reason)

    async def correct(
        self, no: str, key: str, lines: Sequence[DealerLine], actor: str, reason: str
    ) -> str:
        """A person knows better: a report of its own takes the place of this one. Returns its
        number. Raises as `accept` and `file` do."""
        row = await self.report(no)
        house = await self.house(row.location_id)
        refuse_unreadable(lines, row.day, _today())
        await self._lock(house.location_id)
        draft = ReportDraft(
            key, row.location_id, row.day, tuple(lines), "desk", actor, reason, no
        )  # fmt: skip
        if earlier := await self._same(draft):
            return earlier.no
        if row.state == "replaced":
            raise DealerReportDecided("a newer report took its place")
        new = await self._keep(draft)
        await self.judged(new)
        await self._accept(new, actor, reason)
        return new

    async def report(self, no: str) -> Row[Any]:
        """One report. Raises DealerReportNotFound."""
        rows = await run(
            self.session,
            "SELECT r.*, l.name AS place FROM dealer_report r JOIN location l"
            " ON l.id = r.location_id WHERE r.no = :no",
            no=no,
        )
        if not rows:
            raise DealerReportNotFound("there is no such report")
        return rows[0]

    async def lines(self, no: str) -> list[DealerLine]:
        """What it says."""
        rows = await run(
            self.session,
            "SELECT sku, stock, sold, lot FROM dealer_report_line WHERE report_no = :no"
            " ORDER BY sku, lot",
            no=no,
        )
        return [DealerLine(row.sku, row.stock, row.sold, row.lot) for row in rows]

    async def judged(self, no: str) -> tuple[Verdict, ...]:
        """Look at a kept report anew, and write down what is doubted now."""
        row, lines = await self.report(no), await self.lines(no)
        rule = rule_of(await self._lock(row.location_id))
        chain = await accepted_until(self.session, row.location_id, row.day)
        within = {
            sku: sum(one.sold.get(sku, 0) for one in chain if _inside(one.day, row))
            for sku in totals(lines)
        }
        before = await before_of(self.session, row.location_id, row.day, lines)
        doubts = judge(_without(lines, within), row.day, before, rule)
        rows = [
            {"place": n, "doubt": str(one.doubt), "sku": one.sku, "numbers": dict(one.numbers)}
            for n, one in enumerate(doubts)
        ] or [{"place": 0, "doubt": "", "sku": "", "numbers": {}}]
        await run(self.session, _VERDICTS, no=no, rows=json.dumps(rows))
        return doubts

    async def _keep(self, draft: ReportDraft) -> str:
        no = new_dealer_report_no(datetime.now(UTC))
        chain = await accepted_until(self.session, draft.location_id, draft.day)
        after = chain[-1].day if chain else None
        if draft.corrects is not None:  # it speaks of the same time
            after = (await self.report(draft.corrects)).after_day
        await run(
            self.session, _INSERT, no=no, key=draft.key, location_id=draft.location_id,
            day=draft.day, after_day=after, source=draft.source, given_by=draft.actor,
            remark=draft.remark, corrects=draft.corrects,
        )  # fmt: skip
        await run(
            self.session, _LINES, no=no, sku=[one.sku for one in draft.lines],
            lot=[one.lot for one in draft.lines], stock=[one.stock for one in draft.lines],
            sold=[one.sold for one in draft.lines],
        )  # fmt: skip
        await run(
            self.session, _NEWER, no=no, location_id=draft.location_id, day=draft.day,
            states=["waiting", "sent_back"],
        )  # fmt: skip
        await run(
            self.session,
            "UPDATE dealer_rule SET reminders = 0, reminded_on = NULL"
            " WHERE location_id = :location_id",
            location_id=draft.location_id,
        )
        return no

    async def _accept(self, no: str, actor: str, reason: str) -> None:
        row, lines = await self.report(no), await self.lines(no)
        await self._refuse_unknown(lines)
        if any(line.stock < 0 or line.sold < 0 for line in lines):
            raise InvalidInput("units below zero cannot count: correct the report")
        await run(
            self.session, _NEWER, no=no, location_id=row.location_id, day=row.day,
            states=["accepted"],
        )  # fmt: skip
        await run(self.session, _STATE, no=no, state="accepted", actor=actor, reason=reason)
        later = await run(
            self.session,
            "SELECT no FROM dealer_report WHERE location_id = :location_id AND state = 'accepted'"
            " AND day > :day ORDER BY day LIMIT 1",
            location_id=row.location_id, day=row.day,
        )  # fmt: skip
        if not later:
            house = await self.house(row.location_id)
            paper = Document(DOCUMENT, no, f"dealer-report:{no}", actor)
            await settle_balances(self.session, house, row.day, lines, paper)
        await self._demand(row.location_id, row.day)
        if later:
            doubts = await self.judged(later[0].no)
            await run(
                self.session, "UPDATE dealer_report SET doubted = :doubted WHERE no = :no",
                no=later[0].no, doubted=bool(doubts),
            )  # fmt: skip

    async def _demand(self, location_id: str, day: date) -> None:
        """What was sold in the time of this report, and of the one behind it."""
        chain = await accepted_until(self.session, location_id, None)
        rule = rule_of(await self._lock(location_id))
        for number, one in enumerate(chain):
            if one.day < day or (number and chain[number - 1].day > day):
                continue
            usual = one.day - timedelta(days=rule.every_days)
            since = chain[number - 1].day if number else usual
            empty = frozenset(sku for sku, units in one.stock.items() if units == 0)
            await write_demand(
                self.session, location_id, since + timedelta(days=1), one.day, one.sold, empty
            )

    async def _undecided(self, no: str) -> Row[Any]:
        row = await self.report(no)
        await self._lock(row.location_id)
        row = await self.report(no)
        if row.state in ("sent_back", "replaced") or (row.state == "accepted" and not row.doubted):
            raise DealerReportDecided("somebody decided about this report already")
        return row

    async def _same(self, draft: ReportDraft) -> Filed | None:
        rows = await run(
            self.session, "SELECT * FROM dealer_report WHERE key = :key", key=draft.key
        )
        if not rows:
            return await self._said_again(draft)
        about = (rows[0].location_id, rows[0].day)
        if about != (draft.location_id, draft.day) or not await self._says(rows[0].no, draft):
            raise IdempotencyMismatch("the same key came with another report")
        return Filed(rows[0].no, rows[0].state, await doubts_of(self.session, rows[0].no))

    async def _said_again(self, draft: ReportDraft) -> Filed | None:
        """Who sends a form twice has reported once."""
        last = await run(
            self.session, _LAST, location_id=draft.location_id, day=draft.day, actor=draft.actor,
            remark=draft.remark, corrects=draft.corrects,
        )  # fmt: skip
        if not last or not await self._says(last[0].no, draft):
            return None
        return Filed(last[0].no, last[0].state, await doubts_of(self.session, last[0].no))

    async def _says(self, no: str, draft: ReportDraft) -> bool:
        return sorted(await self.lines(no), key=_by_key) == sorted(draft.lines, key=_by_key)

    async def _lock(self, location_id: str) -> Row[Any]:
        """One after the other for each place; from the first report on they are asked for."""
        usual = ReportRule()
        await run(
            self.session, _BEGIN, location_id=location_id, every_days=usual.every_days,
            late_days=usual.late_days, tolerance_percent=usual.tolerance_percent,
            tolerance_units=usual.tolerance_units, today=_today(),
        )  # fmt: skip
        [row] = await run(self.session, _LOCK_RULE, location_id=location_id)
        return row

    async def _refuse_unknown(self, lines: Sequence[DealerLine]) -> None:
        asked = sorted({line.sku for line in lines})
        rows = await run(self.session, "SELECT code FROM sku WHERE code = ANY(:skus)", skus=asked)
        if missing := set(asked) - {row.code for row in rows}:
            raise UnknownSku(min(missing))


async def doubts_of(session: AsyncSession, no: str) -> tuple[Verdict, ...]:
    """What is doubted about a report now."""
    rows = await run(
        session,
        "SELECT doubt, sku, numbers FROM dealer_verdict WHERE report_no = :no AND doubt <> ''"
        " AND round = (SELECT max(round) FROM dealer_verdict WHERE report_no = :no) ORDER BY place",
        no=no,
    )
    return tuple(Verdict(row.doubt, row.sku, row.numbers) for row in rows)


def rule_of(row: Row[Any]) -> ReportRule:
    """A place's rule as it is judged by."""
    return ReportRule(
        row.every_days, row.late_days, row.tolerance_percent, row.tolerance_units, row.capacity
    )


def _inside(day: date, row: Row[Any]) -> bool:
    """Whether an accepted report lies within the time a report speaks of."""
    return day < row.day and (row.after_day is None or day > row.after_day)


def _without(lines: Sequence[DealerLine], within: Mapping[str, int]) -> list[DealerLine]:
    """The same with less sold: a report for a day in between told of a part."""
    left, found = dict(within), []
    for line in lines:
        part = min(left.get(line.sku, 0), line.sold) if line.sold > 0 else 0
        left[line.sku] = left.get(line.sku, 0) - part
        found.append(DealerLine(line.sku, line.stock, line.sold - part, line.lot))
    return found


def _by_key(line: DealerLine) -> tuple[str, str]:
    return line.sku, line.lot


def _today() -> date:
    return datetime.now(UTC).astimezone(COMPANY_ZONE).date()
