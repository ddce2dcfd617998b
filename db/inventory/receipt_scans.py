"""Scans at the ramp: each is kept once, under the key of the device that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_asking import asked_for_lot
from db.inventory.serials import SerialRegister
from db.inventory.transfer_serials import serials_of_transfer
from db.sql import run
from domain.inventory.receiving import Counted, Scan, SourceKind, Verdict, tally
from domain.inventory.serials import Serial, may_come_in
from domain.shared.errors import IdempotencyMismatch

MOST_SCANS: Final = 20_000

_SKUS: Final = """
SELECT asked.code, s.code AS sku
FROM unnest(CAST(:codes AS text[]), CAST(:gtins AS text[])) AS asked(code, gtins)
JOIN sku s ON s.code = asked.code
    OR s.gtin <> '' AND s.gtin = ANY(string_to_array(asked.gtins, ','))
"""

_HEARD: Final = "SELECT * FROM receipt_scan WHERE receipt_no = :no ORDER BY heard_at, key"

_KNOWN: Final = "SELECT key, receipt_no, answer, sku FROM receipt_scan WHERE key = ANY(:keys)"

_KEEP: Final = """
INSERT INTO receipt_scan (key, receipt_no, kind, code, sku, units, verdict, lot, produced_on,
    expires_on, serial, bin, undoes, answer, actor, at)
VALUES (:key, :receipt_no, :kind, :code, :sku, :units, :verdict, :lot, :produced_on, :expires_on,
    :serial, :bin, :undoes, :answer, :actor, :at)
"""


class Heard(StrEnum):
    """What a scan at the ramp did."""

    COUNTED = "counted"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing_to_undo"
    UNKNOWN = "unknown"  # no SKU of ours has this code
    TWICE = "twice"  # this serial number was scanned before
    LOT_NEEDED = "lot_needed"  # its SKU asks for the lot of what is to be sold
    SERIAL_NEEDED = "serial_needed"
    SERIAL_UNITS = "serial_units"  # one serial number is one unit
    SERIAL_NOT_SENT = "serial_not_sent"  # the sender of the transfer named other units
    SERIAL_KNOWN = "serial_known"  # the register has this unit in stock, or at a buyer's
    LATE = "late"  # the receipt is counted, posted or gone


@dataclass(frozen=True, slots=True)
class Sent:
    """One scan as a device sent it; `gtins` are all lengths its code may be known under."""

    key: str
    at: datetime
    code: str = ""
    gtins: tuple[str, ...] = ()
    units: int = 1
    verdict: Verdict = Verdict.ACCEPTED
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    serial: str = ""
    bin: str = ""
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it did; the same when it is sent again. `counted` are all units of the SKU so far."""

    key: str
    answer: Heard
    sku: str = ""
    counted: int = 0


@dataclass(slots=True)
class ReceiptScans:
    """Scans of one receipt, whose lock the caller holds."""

    session: AsyncSession
    row: Row[Any]
    actor: str
    _asked: set[str] = field(default_factory=set)
    _asked_for_lot: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], Serial] = field(default_factory=dict)
    _sent: set[str] = field(default_factory=set)  # SKUs whose units the transfer names
    _on_the_way: set[tuple[str, str]] = field(default_factory=set)

    async def hear(self, sent: Sequence[Sent]) -> list[Answer]:
        """Take scans down in their order. Raises IdempotencyMismatch for a key that was used at
        another receipt."""
        earlier = await self._earlier(sent)
        skus = await self._skus(sent)
        register = SerialRegister(self.session, self.actor)
        self._asked = await register.asked(skus.values())
        if self.row.source_kind != SourceKind.TRANSFER:  # that brings what was sent, as it was
            self._asked_for_lot = set(await asked_for_lot(self.session, skus.values()))
        self._known = await register.lock(
            (sku, one.serial) for one in sent
            if one.serial and (sku := skus.get(one.code, "")) in self._asked
        )  # fmt: skip
        if self.row.source_kind == SourceKind.TRANSFER:
            named = await serials_of_transfer(self.session, self.row.source_no)
            units = [one for line in named.values() for one in line]
            self._sent = {one.sku for one in units}
            self._on_the_way = {(one.sku, one.serial) for one in units if one.state == "on_the_way"}
        kept = await run(self.session, _HEARD, no=self.row.no)
        scans = {scan.key: scan for scan in _scans(kept)}
        live = tally(scans.values())
        serials = {(row.sku, row.serial) for row in kept if row.key in live and row.serial}
        answers: list[Answer] = []
        for one in sent:
            if (known := earlier.get(one.key)) is not None:
                answers.append(Answer(one.key, Heard(known.answer), known.sku))
                continue
            sku = skus.get(one.code, "")
            did = self._judge(one, sku, scans, serials)
            if did is Heard.COUNTED:
                scans[one.key] = Scan(one.key, one.at, _counted(one, sku))
                serials |= {(sku, one.serial)} if one.serial else set()
            elif did is Heard.UNDONE:
                taken = scans[one.undoes].counted
                sku = taken.sku if taken else ""
                scans[one.key] = Scan(one.key, one.at, undoes=one.undoes)
            answer = Answer(one.key, did, sku)
            await self._keep(one, answer)
            earlier[one.key] = answer
            answers.append(answer)
        counted: dict[str, int] = {}
        for counts in tally(scans.values()).values():
            counted[counts.sku] = counted.get(counts.sku, 0) + counts.units
        return [replace(one, counted=counted.get(one.sku, 0)) for one in answers]

    async def _earlier(self, sent: Sequence[Sent]) -> dict[str, Any]:
        rows = await run(self.session, _KNOWN, keys=[scan.key for scan in sent])
        for row in rows:
            if row.receipt_no != self.row.no:
                raise IdempotencyMismatch(f"{row.key} was used at another receipt")
        return {row.key: row for row in rows}

    async def _skus(self, sent: Sequence[Sent]) -> dict[str, str]:
        items = {one.code: ",".join(one.gtins) for one in sent if one.code and not one.undoes}
        rows = await run(self.session, _SKUS, codes=list(items), gtins=list(items.values()))
        return {row.code: row.sku for row in rows}

    def _judge(
        self, one: Sent, sku: str, scans: Mapping[str, Scan], serials: set[tuple[str, str]]
    ) -> Heard:  # fmt: skip
        if self.row.state != "open" or len(scans) >= MOST_SCANS:
            return Heard.LATE
        if one.undoes:
            live = one.undoes in tally(scans.values())
            return Heard.UNDONE if live else Heard.NOTHING_TO_UNDO
        if not sku:
            return Heard.UNKNOWN
        if (sku, one.serial) in serials:
            return Heard.TWICE
        if sku in self._asked_for_lot and not one.lot and one.verdict is Verdict.ACCEPTED:
            return Heard.LOT_NEEDED
        return self._of_its_serial(one, sku) if sku in self._asked else Heard.COUNTED

    def _of_its_serial(self, one: Sent, sku: str) -> Heard:
        """A unit of a SKU that asks for numbers: one scan, one number, one unit."""
        if not one.serial:
            return Heard.SERIAL_NEEDED
        if one.units != 1:
            return Heard.SERIAL_UNITS
        moved = self.row.source_kind == SourceKind.TRANSFER
        found = self._known.get((sku, one.serial))
        if moved and sku in self._sent and (sku, one.serial) not in self._on_the_way:
            return Heard.SERIAL_NOT_SENT
        return Heard.COUNTED if may_come_in(found, moved=moved) else Heard.SERIAL_KNOWN

    async def _keep(self, one: Sent, answer: Answer) -> None:
        await run(
            self.session, _KEEP, key=one.key, receipt_no=self.row.no,
            kind="undo" if one.undoes else "item", code=one.code, sku=answer.sku, units=one.units,
            verdict=one.verdict, lot=one.lot, produced_on=one.produced_on,
            expires_on=one.expires_on, serial=one.serial, bin=one.bin, undoes=one.undoes,
            answer=answer.answer, actor=self.actor, at=one.at,
        )  # fmt: skip


async def serials_of(session: AsyncSession, no: str) -> list[tuple[str, Counted]]:
    """The serial numbers of a receipt that count, with what was said of their units."""
    rows = await run(session, _HEARD, no=no)
    live = tally(_scans(rows))
    return [(row.serial, live[row.key]) for row in rows if row.serial and row.key in live]


async def scans_of(session: AsyncSession, no: str) -> list[Scan]:
    """The scans of a receipt that were taken, and those that take others back."""
    return _scans(await run(session, _HEARD, no=no))


def _scans(rows: Sequence[Row[Any]]) -> list[Scan]:
    found: list[Scan] = []
    for row in rows:
        if row.answer == Heard.COUNTED:
            counted = Counted(
                row.sku, row.units, Verdict(row.verdict), row.lot, row.produced_on,
                row.expires_on, row.bin,
            )  # fmt: skip
            found.append(Scan(row.key, row.at, counted))
        elif row.answer == Heard.UNDONE:
            found.append(Scan(row.key, row.at, undoes=row.undoes))
    return found


def _counted(one: Sent, sku: str) -> Counted:
    return Counted(
        sku, one.units, one.verdict, one.lot, one.produced_on, one.expires_on, one.bin
    )  # fmt: skip
