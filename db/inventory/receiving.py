"""Goods receipts until they are posted: opened, counted, looked at; in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_receipt_no
from db.inventory.inbound import Inbound, Source
from db.inventory.receipt_lots import with_least_life, with_register
from db.inventory.receipt_scans import scans_of
from db.inventory.sources import inbound_of
from db.platform.audit import audit
from db.sql import run
from domain.inventory.receiving import (
    Assessment,
    Counted,
    Expected,
    ReceiptState,
    SourceKind,
    assess,
    tally,
)
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    ReceiptNotFound,
    ReceiptPosted,
    ShipNoticeNotFound,
    UnknownLocation,
)

_DRAWS: Final = 5

_OPEN_ONE: Final = """
SELECT no FROM goods_receipt
WHERE location_id = :location_id AND source_kind = :kind AND source_no = :source_no
  AND (source_kind <> 'none' OR :notice_no <> '') AND coalesce(notice_no, '') = :notice_no
  AND state = 'open'
ORDER BY opened_at LIMIT 1
"""

_INSERT: Final = """
INSERT INTO goods_receipt (no, location_id, source_kind, source_no, notice_no, sender, state,
    remark, why, opened_by, counted_by, posted_by, corrected_by)
VALUES (:no, :location_id, :kind, :source_no, nullif(:notice_no, ''), :sender, 'open', :remark, '',
    :actor, '', '', '')
ON CONFLICT DO NOTHING RETURNING no
"""

_READ: Final = """
SELECT r.*, l.zone, l.name AS location_name
FROM goods_receipt r JOIN location l ON l.id = r.location_id WHERE r.no = :no
"""
_LOCK: Final = f"{_READ} FOR UPDATE OF r"

_PLACE: Final = "SELECT id FROM location WHERE id = :id AND kind <> 'transit'"

_NOTICE: Final = "SELECT * FROM ship_notice WHERE no = :no"
_LOCK_NOTICE: Final = "SELECT FROM ship_notice WHERE no = :no FOR NO KEY UPDATE"

_NOTICE_LINES: Final = """
SELECT sku, lot, sum(units)::bigint AS units FROM ship_notice_line WHERE notice_no = :no
GROUP BY sku, lot ORDER BY sku, lot
"""

_MOVE: Final = """
UPDATE goods_receipt SET state = :state, why = :why,
    counted_by = CASE WHEN CAST(:counted AS boolean) THEN :actor ELSE counted_by END,
    counted_at = CASE WHEN CAST(:counted AS boolean) THEN clock_timestamp() ELSE counted_at END
WHERE no = :no
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """What somebody begins to receive; with a ship notice, what that is for."""

    location_id: str
    kind: SourceKind = SourceKind.NONE
    source_no: str = ""
    notice_no: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A receipt with what was expected, what was counted, and what a posting would make of it."""

    row: Row[Any]
    source: Source | None
    expected: tuple[Expected, ...]
    scans: Mapping[str, Counted]
    found: Assessment
    today: date


@dataclass(frozen=True, slots=True)
class Receiving:
    """Receipts as one transaction sees them. `actor` is who stands at the ramp."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    def inbound(self, kind: str) -> Inbound:
        """What knows the orders of a kind."""
        return inbound_of(self.session, SourceKind(kind))

    async def open(self, opening: Opening) -> str:
        """Begin a receipt; who comes second to the same order, or at the same moment, finds the
        one that is open.

        Raises UnknownLocation, SourceNotFound, ShipNoticeNotFound, ActionNotAllowed when nothing
        may come on the order, InvalidInput when it goes elsewhere.
        """
        opening = await self._with_notice(opening)
        sender = await self._sender(opening)
        told = {
            "location_id": opening.location_id, "kind": opening.kind,
            "source_no": opening.source_no, "notice_no": opening.notice_no,
        }  # fmt: skip
        for row in await run(self.session, _OPEN_ONE, **told):
            return str(row.no)
        for _ in range(_DRAWS):
            no = new_receipt_no(datetime.now(UTC))
            if await run(
                self.session, _INSERT, no=no, sender=sender, remark=opening.remark,
                actor=self.actor, **told,
            ):  # fmt: skip
                return no
        raise ActionNotAllowed("no number is free")

    async def finish(self, no: str) -> None:
        """Nothing more comes out of the lorry. Raises InvalidInput when nothing was counted."""
        row = await self.lock(no)
        if row.state == ReceiptState.COUNTED:
            return
        self._refuse_unless(row, ReceiptState.OPEN)
        if not tally(await scans_of(self.session, no)) and row.notice_no is None:
            raise InvalidInput("nothing was counted")
        await self._move(row, ReceiptState.COUNTED)

    async def reopen(self, no: str) -> None:
        """Count on, before it is posted."""
        row = await self.lock(no)
        if row.state == ReceiptState.OPEN:
            return
        self._refuse_unless(row, ReceiptState.COUNTED)
        await self._move(row, ReceiptState.OPEN)

    async def cancel(self, no: str, why: str) -> None:
        """It was begun by mistake; nothing of it was posted."""
        row = await self.lock(no)
        if row.state == ReceiptState.CANCELLED:
            return
        self._refuse_unless(row, ReceiptState.OPEN, ReceiptState.COUNTED)
        if not why:
            raise InvalidInput("a reason is needed")
        await self._move(row, ReceiptState.CANCELLED, why)

    async def picture(self, no: str, *, locked: bool = False) -> Picture:
        """What it is about, and what a posting would do now. `locked`: nobody changes it or its
        order until the transaction ends."""
        row = await (self.lock if locked else self.read)(no)
        source = None
        if row.source_kind != SourceKind.NONE:
            source = await self.inbound(row.source_kind).source(row.source_no, locked=locked)
        scans = tally(await scans_of(self.session, no))
        supplier = row.sender if row.source_kind == SourceKind.PURCHASE else ""
        expected = await with_least_life(self.session, await self.expected(row, source), supplier)
        counted = await with_register(self.session, scans.values())
        today = datetime.now(ZoneInfo(row.zone)).date()
        found = assess(expected, counted, today, announced=bool(row.source_no or row.notice_no))
        return Picture(row, source, tuple(expected), scans, found, today)

    async def expected(self, row: Row[Any], source: Source | None) -> list[Expected]:
        """The order's open lines; with a ship notice, also what it says of units and lots."""
        lines = list(source.lines) if source else []
        if row.notice_no is None:
            return lines
        units: dict[str, int] = {}
        lots: dict[str, set[str]] = {}
        for one in await run(self.session, _NOTICE_LINES, no=row.notice_no):
            units[one.sku] = units.get(one.sku, 0) + one.units
            lots.setdefault(one.sku, set()).add(one.lot)
        if source is None:
            lines = [Expected(n, sku, units[sku]) for n, sku in enumerate(sorted(units), 1)]
        told: list[Expected] = []
        for line in lines:
            here = min(units.get(line.sku, 0), line.units)
            units[line.sku] = units.get(line.sku, 0) - here
            named = frozenset(lots.get(line.sku, set()) - {""})
            told.append(replace(line, announced_units=here, lots=named))
        return told

    async def lock(self, no: str) -> Row[Any]:
        """Raises ReceiptNotFound."""
        return await self._one(_LOCK, no)

    async def read(self, no: str) -> Row[Any]:
        """The same without a lock."""
        return await self._one(_READ, no)

    async def _one(self, statement: str, no: str) -> Row[Any]:
        rows = await run(self.session, statement, no=no)
        if not rows:
            raise ReceiptNotFound(f"there is no goods receipt {no[:50]!a}")
        return rows[0]

    async def _with_notice(self, opening: Opening) -> Opening:
        if not opening.notice_no:
            return opening
        rows = await run(self.session, _NOTICE, no=opening.notice_no)
        if not rows:
            raise ShipNoticeNotFound(f"there is no ship notice {opening.notice_no[:50]!a}")
        notice = rows[0]
        if notice.state == "cancelled":
            raise ActionNotAllowed("the ship notice is cancelled")
        if notice.location_id != opening.location_id:
            raise InvalidInput(f"these goods go to {notice.location_id}")
        return replace(opening, kind=SourceKind(notice.source_kind), source_no=notice.source_no)

    async def _sender(self, opening: Opening) -> str:
        if opening.kind is SourceKind.NONE:
            if opening.source_no:
                raise InvalidInput("say what kind of order it is")
            if opening.notice_no:
                await run(self.session, _LOCK_NOTICE, no=opening.notice_no)
            if not await run(self.session, _PLACE, id=opening.location_id):
                raise UnknownLocation(opening.location_id)
            return ""
        source = await self.inbound(opening.kind).source(opening.source_no, locked=True)
        if source.location_id != opening.location_id:
            raise InvalidInput(f"these goods go to {source.location_id}")
        if not source.is_open:
            raise ActionNotAllowed(f"nothing is to come on {source.no}: receive it unannounced")
        return source.sender

    def _refuse_unless(self, row: Row[Any], *states: ReceiptState) -> None:
        refuse_posted(row)
        if row.state not in states:
            raise ActionNotAllowed(f"the goods receipt is {row.state}")

    async def _move(self, row: Row[Any], state: ReceiptState, why: str = "") -> None:
        await run(
            self.session, _MOVE, no=row.no, state=state, why=why, actor=self.actor,
            counted=state is ReceiptState.COUNTED,
        )  # fmt: skip
        await audit(
            self.session, self.actor, f"receipt.{state}", f"receipt/{row.no}", reason=why,
            before={"state": row.state}, after={"state": state}, request_id=self.request_id,
        )  # fmt: skip


def refuse_posted(row: Row[Any]) -> None:
    """Raises ReceiptPosted, which says by whom and when."""
    if row.posted_at is not None:
        at = row.posted_at.astimezone(ZoneInfo(row.zone))
        raise ReceiptPosted(f"{row.no} was posted by {row.posted_by} at {at:%Y-%m-%d %H:%M}")
