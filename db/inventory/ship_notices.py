"""Advance ship notices: said once by their sender, in the caller's transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_ship_notice_no
from db.inventory.inbound import Source
from db.inventory.ledger import Ledger
from db.inventory.sources import inbound_of
from db.platform.audit import audit
from db.sql import run
from domain.inventory.receiving import SourceKind
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InvalidInput,
    ShipNoticeNotFound,
)
from domain.shared.ids import LocationId, Sku

_DRAWS: Final = 5

_KNOWN: Final = """
SELECT no, sha256 FROM ship_notice WHERE sender = :sender AND external_no = :external_no
"""

_INSERT: Final = """
INSERT INTO ship_notice (no, sender, external_no, sha256, location_id, source_kind, source_no,
    expected_on, carrier, waybill_no, state, created_by)
VALUES (:no, :sender, :external_no, :sha256, :location_id, :source_kind, :source_no, :expected_on,
    :carrier, :waybill_no, 'expected', :actor)
ON CONFLICT DO NOTHING RETURNING no
"""

_LINES: Final = """
INSERT INTO ship_notice_line (notice_no, line_no, carton, sku, units, lot, produced_on, expires_on,
    serials)
VALUES (:no, :line_no, :carton, :sku, :units, :lot, :produced_on, :expires_on, :serials)
"""

_CANCEL: Final = """
UPDATE ship_notice SET state = 'cancelled' WHERE no = :no AND state = 'expected' RETURNING no
"""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Units of one lot in one carton."""

    sku: str
    units: int
    carton: str = ""
    lot: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a supplier or a sending place says is on its way."""

    external_no: str
    location_id: str
    expected_on: date
    lines: Sequence[NoticeLine]
    source_kind: SourceKind = SourceKind.NONE
    source_no: str = ""
    sender: str = ""
    carrier: str = ""
    waybill_no: str = ""


@dataclass(frozen=True, slots=True)
class ShipNotices:
    """`actor` is who says it; `request_id` names the request."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def announce(self, notice: Notice) -> str:
        """Write it down; said again it is the same one. Returns our number.

        Raises SourceNotFound, UnknownSku, UnknownLocation, InvalidInput, ActionNotAllowed when
        nothing may come on the order, IdempotencyMismatch when its number came with other goods.
        """
        for _ in range(_DRAWS):
            if (known := await self.known(notice)) is not None:
                return known
            no = new_ship_notice_no(datetime.now(UTC))
            told = asdict(notice) | {
                "sender": await self._sender(notice), "sha256": _digest(notice), "no": no,
                "actor": self.actor,
            }  # fmt: skip
            told.pop("lines")
            if await run(self.session, _INSERT, **told):
                await self._write_lines(no, notice.lines)
                await self._audit(no, "announced")
                return no
        raise ActionNotAllowed("no number is free")

    async def known(self, notice: Notice) -> str | None:
        """Our number where it was said before; None where it may be written down.

        Raises what `announce` raises.
        """
        source = await self._source(notice)
        rows = await run(
            self.session, _KNOWN, sender=source.sender if source else notice.sender,
            external_no=notice.external_no,
        )  # fmt: skip
        if rows:
            if rows[0].sha256 != _digest(notice):
                raise IdempotencyMismatch(f"{notice.external_no} was said with other goods")
            return str(rows[0].no)
        if source and source.location_id != notice.location_id:
            raise InvalidInput(f"these goods go to {source.location_id}")
        if source and not source.is_open:
            raise ActionNotAllowed(f"nothing is to come on {source.no}")
        await Ledger(self.session).refuse_unknown(
            [Sku(line.sku) for line in notice.lines], [LocationId(notice.location_id)]
        )
        _refuse_impossible(notice)
        return None

    async def cancel(self, no: str) -> None:
        """It does not come. Raises ShipNoticeNotFound, ActionNotAllowed when it has arrived."""
        if await run(self.session, _CANCEL, no=no):
            await self._audit(no, "cancelled")
            return
        rows = await run(self.session, "SELECT state FROM ship_notice WHERE no = :no", no=no)
        if not rows:
            raise ShipNoticeNotFound(f"there is no ship notice {no[:50]!a}")
        if rows[0].state != "cancelled":
            raise ActionNotAllowed("the goods have arrived")

    async def _sender(self, notice: Notice) -> str:
        source = await self._source(notice)
        return source.sender if source else notice.sender

    async def _source(self, notice: Notice) -> Source | None:
        """The order that it is about; who names none says himself who sends it."""
        if notice.source_kind is not SourceKind.NONE:
            inbound = inbound_of(self.session, notice.source_kind)
            return await inbound.source(notice.source_no)
        if notice.source_no:
            raise InvalidInput("say what kind of order it is")
        return None

    async def _write_lines(self, no: str, lines: Sequence[NoticeLine]) -> None:
        for line_no, line in enumerate(lines, 1):
            values = asdict(line) | {"serials": list(line.serials)}
            await run(self.session, _LINES, no=no, line_no=line_no, **values)

    async def _audit(self, no: str, did: str) -> None:
        await audit(
            self.session, self.actor, f"ship_notice.{did}", f"ship-notice/{no}",
            request_id=self.request_id,
        )  # fmt: skip


def _digest(notice: Notice) -> str:
    text = json.dumps(asdict(notice), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_impossible(notice: Notice) -> None:
    serials = [serial for line in notice.lines for serial in line.serials]
    if not notice.lines:
        raise InvalidInput("a ship notice has lines")
    if len(set(serials)) < len(serials):
        raise InvalidInput("a serial number is given twice")
    for line in notice.lines:
        if line.produced_on and line.expires_on and line.produced_on > line.expires_on:
            raise InvalidInput(f"{line.sku} would expire before it was produced")
        if line.serials and len(line.serials) != line.units:
            raise InvalidInput(f"{line.sku} has {line.units} units and other serial numbers")
