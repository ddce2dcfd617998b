"""Transfers as people act on them: drafted, approved, reported and decided, in the caller's
transaction. Stock itself is moved by the transfer's workflow, see `transfer_posting`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id, new_transfer_no
from db.inventory.ledger import Ledger
from db.inventory.transfer_serials import TransferSerials
from db.platform.outbox import queue_signal
from db.sql import run
from domain.inventory.transfers import (
    OFFERED,
    Arrived,
    Decision,
    Difference,
    TransferMoved,
    TransferState,
)
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InsufficientStock,
    InvalidInput,
    TransferNotFound,
)
from domain.shared.ids import LocationId, Sku, transfer_workflow_id

MOST_LINES: Final = 500
_DRAWS: Final = 5

_INSERT: Final = """
INSERT INTO stock_transfer (no, from_location, to_location, state, origin, receipt_no, remark, days,
    carrier, waybill_no, waits_for, reminders, created_by, approved_by, cancel_asked_by,
    cancel_reason)
VALUES (:no, :from_location, :to_location, 'draft', :origin, :receipt_no, :remark, :days, '', '',
    'approval', 0, :actor, '', '', '')
ON CONFLICT DO NOTHING RETURNING no
"""

_LINES: Final = """
INSERT INTO stock_transfer_line (transfer_no, line_no, sku, lot, condition, owner, asked, shipped,
    received, damaged, lost, returned, short)
SELECT :no, l.line_no, l.sku, l.lot, l.condition, l.owner, l.asked, 0, 0, 0, 0, 0, 0
FROM unnest(CAST(:line_no AS int[]), CAST(:sku AS text[]), CAST(:lot AS text[]),
            CAST(:condition AS text[]), CAST(:owner AS text[]), CAST(:asked AS bigint[]))
    AS l(line_no, sku, lot, condition, owner, asked)
"""

_LOCK: Final = "SELECT * FROM stock_transfer WHERE no = :no FOR NO KEY UPDATE"

_APPROVE: Final = """
UPDATE stock_transfer SET state = 'approved', waits_for = 'goods', approved_by = :actor,
    approved_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE no = :no
"""

_ASK_CANCEL: Final = """
UPDATE stock_transfer SET cancel_asked_by = :actor, cancel_reason = :reason,
    updated_at = clock_timestamp()
WHERE no = :no
"""

# A draft never promised anything, so nobody has to give anything back.
_DROP_DRAFT: Final = """
UPDATE stock_transfer SET state = 'cancelled', waits_for = '', cancel_asked_by = :actor,
    cancel_reason = :reason, closed_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE no = :no
"""

_REPORT: Final = """
INSERT INTO stock_transfer_report (id, transfer_no, kind, told, actor)
VALUES (:id, :no, :kind, CAST(:told AS jsonb), :actor)
ON CONFLICT DO NOTHING RETURNING id
"""

_KNOWN: Final = """
SELECT transfer_no, kind, told FROM stock_transfer_report WHERE id = :id
"""

_TRAVEL: Final = """
UPDATE stock_transfer SET carrier = :carrier, waybill_no = :waybill_no, eta = :eta,
    updated_at = clock_timestamp()
WHERE no = :no
"""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """Units of a SKU; without a lot, of those that leave first."""

    sku: str
    units: int
    lot: str = ""
    condition: str = "good"
    owner: str = "own"


@dataclass(frozen=True, slots=True)
class TransferDraft:
    """A transfer as somebody wants it. `receipt_no`: goods of that receipt go straight on."""

    from_location: str
    to_location: str
    lines: tuple[DraftLine, ...]
    actor: str = "system"
    origin: str = "manual"
    days: int = 3
    remark: str = ""
    receipt_no: str = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What left the sender: units by line, all that was promised where nothing is said. `serials`
    are the numbers of the units of a line whose SKU asks for them."""

    key: str
    actor: str
    units: Mapping[int, int] = field(default_factory=dict)
    carrier: str = ""
    waybill_no: str = ""
    eta: datetime | None = None
    serials: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """What came. `last`: nothing more will come, what is still on the way is missing."""

    key: str
    actor: str
    lines: tuple[Arrived, ...]
    last: bool = False
    receipt_no: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person found out about units of a difference."""

    key: str
    actor: str
    difference_id: str
    decision: Decision
    units: int
    reason: str
    reference: str = ""
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfers:
    """Whoever changes a transfer holds its lock; its workflow hears of it after the commit."""

    session: AsyncSession

    async def draft(self, draft: TransferDraft) -> str:
        """Write a transfer down; nothing is promised before it is approved. Returns its number.

        Raises UnknownSku, UnknownLocation; InvalidInput for what cannot be sent.
        """
        _refuse_impossible(draft)
        await Ledger(self.session).refuse_unknown(
            [Sku(line.sku) for line in draft.lines],
            [LocationId(draft.from_location), LocationId(draft.to_location)],
        )
        await self._refuse_transit(draft.from_location, draft.to_location)
        for _ in range(_DRAWS):
            no = new_transfer_no(datetime.now(UTC))
            told = asdict(draft)
            told.pop("lines")
            if await run(self.session, _INSERT, no=no, **told):
                break
        else:
            raise ActionNotAllowed("no number is free")
        await self._insert_lines(no, draft.lines)
        return no

    async def change_lines(self, no: str, lines: Sequence[DraftLine]) -> None:
        """Other lines instead, while nothing is promised. Raises ActionNotAllowed after that."""
        row = await self.lock(no)
        if row.state not in (TransferState.DRAFT, TransferState.APPROVED):
            raise ActionNotAllowed(f"the transfer is {row.state}")
        draft = TransferDraft(row.from_location, row.to_location, tuple(lines))
        _refuse_impossible(draft)
        await Ledger(self.session).refuse_unknown([Sku(line.sku) for line in lines])
        await run(self.session, "DELETE FROM stock_transfer_line WHERE transfer_no = :no", no=no)
        await self._insert_lines(no, lines)
        if row.state == TransferState.APPROVED:
            await self.wake(no)

    async def approve(self, no: str, actor: str) -> None:
        """Its goods are promised now, by its workflow. Approved again it stays as it is."""
        row = await self.lock(no)
        if row.state != TransferState.DRAFT:
            if row.state == TransferState.CANCELLED:
                raise ActionNotAllowed("the transfer is cancelled")
            return
        await run(self.session, _APPROVE, no=no, actor=actor)
        await self.wake(no)

    async def cancel(self, no: str, actor: str, reason: str) -> None:
        """Nothing is sent; what was promised is given back. Raises ActionNotAllowed once it has
        left: then it is received, or its shipping is taken back."""
        row = await self.lock(no)
        if row.state == TransferState.CANCELLED:
            return
        if row.state in (TransferState.SHIPPED, TransferState.CLOSED) or await self._unposted(no):
            raise ActionNotAllowed("the goods have left")
        if row.state == TransferState.DRAFT:
            await run(self.session, _DROP_DRAFT, no=no, actor=actor, reason=reason)
            return
        await run(self.session, _ASK_CANCEL, no=no, actor=actor, reason=reason)
        await self.wake(no)

    async def shipped(self, no: str, told: Shipped) -> None:
        """The goods left the sender. Raises ActionNotAllowed unless they are promised, or when a
        lot of them was frozen there since, and InvalidInput for more units than that."""
        row = await self.lock(no)
        body: dict[str, Any] = {
            "units": {str(line): units for line, units in sorted(told.units.items())}
        }
        if any(told.serials.values()):
            body["serials"] = {str(line): list(told.serials[line]) for line in sorted(told.serials)}
        if await self._was_told(told.key, no, "ship", body):
            return
        if row.state != TransferState.RESERVED or row.cancel_asked_by or await self._unposted(no):
            raise ActionNotAllowed(f"the transfer is {row.state}")
        lines = {line.line_no: line for line in await self.lines(no)}
        for line_no, units in told.units.items():
            if line_no not in lines or not 0 <= units <= lines[line_no].asked:
                raise InvalidInput(f"line {line_no} cannot send {units} units")
        if not any(told.units.get(line_no, line.asked) for line_no, line in lines.items()):
            raise InvalidInput("nothing was sent: cancel the transfer")
        for line_no, line in lines.items():
            if told.units.get(line_no, line.asked):
                await self._refuse_frozen(row.from_location, line)
        await self._serials(row, told.actor).refuse_sending(lines, told.units, told.serials)
        await run(
            self.session, _TRAVEL, no=no, carrier=told.carrier, waybill_no=told.waybill_no,
            eta=told.eta,
        )  # fmt: skip
        await self._report(told.key, no, "ship", body, told.actor)

    async def _refuse_frozen(self, location_id: str, line: Row[Any]) -> None:
        frozen = (
            "SELECT FROM stock_balance WHERE location_id = :location AND sku = :sku AND lot = :lot"
            " AND condition = :condition AND owner = :owner AND frozen"
        )
        if await run(
            self.session, frozen, location=location_id, sku=line.sku, lot=line.lot,
            condition=line.condition, owner=line.owner,
        ):  # fmt: skip
            raise ActionNotAllowed(f"lot {line.lot} of {line.sku} is frozen: send none of it")

    async def take_back(self, no: str, key: str, actor: str, reason: str) -> None:
        """It never left: what was shipped is promised at the sender again. Raises ActionNotAllowed
        once anything of it arrived."""
        row = await self.lock(no)
        if await self._was_told(key, no, "unship", {"reason": reason}):
            return
        if row.state != TransferState.SHIPPED or await self._unposted(no):
            raise ActionNotAllowed(f"the transfer is {row.state}")
        if any(line.on_the_way < line.shipped or line.short for line in await self.lines(no)):
            raise ActionNotAllowed("some of it arrived")
        await self._report(key, no, "unship", {"reason": reason}, actor)

    async def received(self, no: str, told: Received) -> None:
        """Some or all of it came, said by line. The same key again changes nothing.

        Raises ActionNotAllowed for a transfer that is not on its way, InvalidInput for lines that
        it does not have.
        """
        row = await self.lock(no)
        body: dict[str, Any] = {
            "lines": [_said(line) for line in told.lines], "last": told.last,
            "receipt_no": told.receipt_no,
        }  # fmt: skip
        if await self._was_told(told.key, no, "receive", body):
            return
        sending = row.state == TransferState.RESERVED and await self._unposted(no)
        if row.state != TransferState.SHIPPED and not sending:
            raise ActionNotAllowed(f"the transfer is {row.state}")
        known = {line.line_no: line for line in await self.lines(no)}
        for line in told.lines:
            if line.line_no not in known or min(line.good, line.damaged, line.missing) < 0:
                raise InvalidInput(f"line {line.line_no} cannot be received so")
        if len({line.line_no for line in told.lines}) < len(told.lines):
            raise InvalidInput("each line is said once")
        if not told.last and not any(x.good + x.damaged + x.missing for x in told.lines):
            raise InvalidInput("nothing was received")
        if not told.receipt_no:
            await self._serials(row, told.actor).refuse_arrival(known, told.lines)
        await self._report(told.key, no, "receive", body, told.actor)

    async def decide(self, no: str, told: Decided) -> None:
        """A person found out what became of units that differ. Raises ActionNotAllowed for what
        is decided already or not offered."""
        transfer = await self.lock(no)
        body: dict[str, Any] = {
            "difference_id": told.difference_id, "decision": str(told.decision),
            "units": told.units, "reason": told.reason, "reference": told.reference,
        }  # fmt: skip
        if told.serials:
            body["serials"] = list(told.serials)
        if await self._was_told(told.key, no, "decide", body):
            return
        open_ones = {row.id: row for row in await self.differences(no) if not row.decision}
        row = open_ones.get(told.difference_id)
        if row is None or await self._unposted(no):
            raise ActionNotAllowed("nobody has to decide about this now")
        if told.decision not in OFFERED[Difference(row.kind)] or not 0 < told.units <= row.units:
            raise ActionNotAllowed("this is not offered here")
        if told.decision is Decision.FROM_SENDER:
            await self._refuse_without(no, row, told.units)
        [line] = [one for one in await self.lines(no) if one.line_no == row.line_no]
        serials = self._serials(transfer, told.actor)
        kind = Difference(row.kind)
        named = await serials.about(row.line_no, kind, told.units, told.serials)
        await serials.refuse_decision(line, told.decision, named)
        await self._report(told.key, no, "decide", body, told.actor)

    def _serials(self, row: Row[Any], by: str) -> TransferSerials:
        return TransferSerials(self.session, row, by)

    async def waiting_for(self, location: str, skus: Sequence[str]) -> Sequence[Row[Any]]:
        """Transfers that goods coming to a place could go on with, without being put away: by SKU
        the units that they still want, the oldest first."""
        return await run(
            self.session,
            "SELECT t.no, t.to_location, t.receipt_no, l.sku, sum(l.asked)::bigint AS units"
            " FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no"
            " WHERE t.state = 'approved' AND t.from_location = :location AND l.sku = ANY(:skus)"
            " GROUP BY t.no, l.sku ORDER BY t.approved_at, t.no",
            location=location, skus=list(skus),
        )  # fmt: skip

    async def lock(self, no: str) -> Row[Any]:
        """The transfer, locked until the transaction ends. Raises TransferNotFound."""
        rows = await run(self.session, _LOCK, no=no)
        if not rows:
            raise TransferNotFound(f"there is no transfer {no[:50]!a}")
        return rows[0]

    async def find(self, no: str) -> Row[Any]:
        """The same without a lock, for looking."""
        rows = await run(self.session, "SELECT * FROM stock_transfer WHERE no = :no", no=no)
        if not rows:
            raise TransferNotFound(f"there is no transfer {no[:50]!a}")
        return rows[0]

    async def lines(self, no: str) -> Sequence[Row[Any]]:
        """Its lines, with what is on the way of each."""
        return await run(
            self.session,
            "SELECT *, shipped - received - damaged - lost - returned AS on_the_way"
            " FROM stock_transfer_line WHERE transfer_no = :no ORDER BY line_no",
            no=no,
        )  # fmt: skip

    async def differences(self, no: str) -> Sequence[Row[Any]]:
        """What did not arrive as it was sent, decided or not."""
        return await run(
            self.session,
            "SELECT d.*, l.sku, l.lot FROM stock_transfer_difference d"
            " JOIN stock_transfer_line l USING (transfer_no, line_no)"
            " WHERE d.transfer_no = :no ORDER BY d.decided_at DESC NULLS FIRST, d.noted_at, d.id",
            no=no,
        )  # fmt: skip

    async def wake(self, no: str) -> None:
        """After the commit, the transfer's workflow looks again; it is started where none runs."""
        moved = TransferMoved(no)
        await queue_signal(self.session, transfer_workflow_id(no), "transfer_moved", moved)

    async def _insert_lines(self, no: str, lines: Sequence[DraftLine]) -> None:
        await run(
            self.session, _LINES, no=no, line_no=list(range(1, len(lines) + 1)),
            sku=[line.sku for line in lines], lot=[line.lot for line in lines],
            condition=[line.condition for line in lines], owner=[line.owner for line in lines],
            asked=[line.units for line in lines],
        )  # fmt: skip

    async def _refuse_transit(self, *locations: str) -> None:
        """Goods on the way have no place they could be sent from or to."""
        rows = await run(
            self.session,
            "SELECT id FROM location WHERE id = ANY(:ids) AND (kind = 'transit' OR NOT active)",
            ids=list(locations),
        )  # fmt: skip
        if rows:
            raise InvalidInput(f"nothing is sent from or to {rows[0].id}")

    async def _refuse_without(self, no: str, difference: Row[Any], units: int) -> None:
        """Raises InsufficientStock when the sender's books do not have what it is to have sent."""
        rows = await run(
            self.session,
            "SELECT b.on_hand - b.reserved AS free FROM stock_transfer t"
            " JOIN stock_transfer_line l ON l.transfer_no = t.no AND l.line_no = :line_no"
            " JOIN stock_balance b ON (b.sku, b.location_id, b.lot, b.condition, b.owner)"
            " = (l.sku, t.from_location, l.lot, l.condition, l.owner) WHERE t.no = :no",
            no=no, line_no=difference.line_no,
        )  # fmt: skip
        if not rows or rows[0].free < units:
            raise InsufficientStock(f"the sender has not {units} free units of this lot")

    async def _unposted(self, no: str) -> bool:
        rows = await run(
            self.session,
            "SELECT 1 FROM stock_transfer_report WHERE transfer_no = :no AND posted_at IS NULL"
            " LIMIT 1",
            no=no,
        )  # fmt: skip
        return bool(rows)

    async def _was_told(self, key: str, no: str, kind: str, body: Mapping[str, Any]) -> bool:
        rows = await run(self.session, _KNOWN, id=key)
        if rows and (rows[0].transfer_no, rows[0].kind, rows[0].told) != (no, kind, dict(body)):
            raise IdempotencyMismatch(f"{key} was used for something else")
        return bool(rows)

    async def _report(
        self, key: str, no: str, kind: str, body: Mapping[str, Any], actor: str
    ) -> None:
        await run(
            self.session, _REPORT, id=key or new_id("trr"), no=no, kind=kind,
            told=json.dumps(dict(body)), actor=actor,
        )  # fmt: skip
        await self.wake(no)


def _refuse_impossible(draft: TransferDraft) -> None:
    if draft.from_location == draft.to_location:
        raise InvalidInput("the goods are there already")
    if not 0 < len(draft.lines) <= MOST_LINES:
        raise InvalidInput(f"a transfer has from 1 to {MOST_LINES} lines")
    if any(line.units <= 0 for line in draft.lines):
        raise InvalidInput("lines with quantities above zero are needed")


def _said(line: Arrived) -> dict[str, Any]:
    """A line as a report keeps it; without numbers as reports always were."""
    told = asdict(line)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in told.items() if v != ()}
