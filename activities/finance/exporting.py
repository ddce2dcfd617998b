"""Vouchers into ERPs: entered once whatever happens, found again by our key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.finance.erp import (
    codes_of,
    entries_of,
    export_facts,
    export_row,
    mark_sent,
    settle_export,
)
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.sql import run
from domain.finance.accounts import Account, Side
from domain.finance.exports import Codes, ExportStatus, code_of, summary_of, without_code
from domain.finance.messages import ExportFacts, ExportStep
from domain.finance.vouchers import Entry
from domain.orders.work import OutsideStep
from domain.shared.errors import InvalidInput, SettingsRefused
from domain.shared.ids import ShipmentNo
from domain.shared.money import Money
from integrations.erp.port import ErpEntry, ErpVoucher

BOOKED_ON, NUMBER = "booked_on", "erp_no"
_CORRECTION: Final = "SELECT data FROM correction WHERE id = :id"


@dataclass(frozen=True, slots=True)
class ExportActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="voucher_export.look")
    async def look(self, step: ExportStep) -> ExportFacts:
        """Where the export stands."""
        async with self.sessions.begin() as session:
            return await export_facts(session, step.export_no)

    @activity.defn(name="voucher_export.send")
    async def send(self, step: ExportStep) -> ExportFacts:
        """Enter the voucher; asks for it by our key first, except the first time.

        Raises the ERP's IntegrationError, InvalidInput for a day that cannot be read.
        """
        async with self.sessions.begin() as session:
            row = await export_row(session, step.export_no)
            if row.state != ExportStatus.WANTED:
                return await export_facts(session, step.export_no)
            given = await _given(session, step.correction_id)
            day = _day(given.get(BOOKED_ON, "")) or row.booked_on
            entries, codes = (
                await _sides(session, row.voucher_no),
                await codes_of(session, row.erp_id),
            )
            effect = await EffectRepository(session).intend(
                row.key, "voucher_export", _system(row), f"voucher/{row.voucher_no}"
            )
            await mark_sent(session, step.export_no, day)
        async with self.gates.through(_system(row), _outside(step)):
            erp = await self.adapters.erp(row.erp_id)
            tried = _voucher(row, entries, codes, row.enters_on)
            sends(tried)
            saved = None if effect.is_first else await erp.find(tried)
            if saved is None:
                _all_known(entries, codes, row.erp_id)
                voucher = _voucher(row, entries, codes, day or row.voucher_day)
                sends(voucher)
                async with attempt(self.sessions, row.key):
                    saved = await erp.save(voucher)
        async with self.sessions.begin() as session:
            result = {"number": saved.number, "vendor_id": saved.vendor_id}
            await EffectRepository(session).settle(row.key, "confirmed", result)
            return await settle_export(
                session, step.export_no, ExportStatus.CONFIRMED, saved.number, saved.vendor_id
            )

    @activity.defn(name="voucher_export.settle")
    async def settle(self, step: ExportStep) -> ExportFacts:
        """A person entered it there, under the number that was given, or it is left out."""
        async with self.sessions.begin() as session:
            given = await _given(session, step.correction_id)
            number = given.get(NUMBER, "")
            return await settle_export(session, step.export_no, ExportStatus(step.status), number)


async def _sides(session: AsyncSession, voucher_no: str) -> list[Entry]:
    return [
        Entry(Side(Account(row.account), row.party), row.debit_minor, row.credit_minor)
        for row in await entries_of(session, voucher_no)
    ]


def _voucher(row: Any, entries: Sequence[Entry], codes: Codes, day: date) -> ErpVoucher:
    """The voucher in the ERP's own words."""
    order_no = row.order_no or ""
    return ErpVoucher(
        row.key,
        day,
        row.currency,
        summary_of(row.kind, order_no, row.document),
        tuple(
            ErpEntry(
                code_of(entry.side, codes),
                summary_of(row.kind, order_no, row.document, entry.side.party),
                Money(entry.debit_minor, row.currency),
                Money(entry.credit_minor, row.currency),
            )
            for entry in entries
        ),
    )


def _all_known(entries: Sequence[Entry], codes: Codes, erp_id: str) -> None:
    """Raises SettingsRefused, naming the accounts: one question for all vouchers of the ERP."""
    if missing := without_code([entry.side for entry in entries], codes):
        text = f"no account code for: {', '.join(missing)}"
        raise SettingsRefused(text, code="account_code", system=f"erp/{erp_id}")


async def _given(session: AsyncSession, correction_id: str) -> dict[str, str]:
    if not correction_id:
        return {}
    rows = await run(session, _CORRECTION, id=correction_id)
    return dict(rows[0].data) if rows else {}


def _day(told: str) -> date | None:
    """The day a person gave. Raises InvalidInput."""
    if not told:
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise InvalidInput("a day must be a date, such as 2026-03-01") from None


def _system(row: Any) -> str:
    return f"erp/{row.erp_id}"


def _outside(step: ExportStep) -> OutsideStep:
    return OutsideStep(ShipmentNo(""), step.workflow_id, step.step_id)
