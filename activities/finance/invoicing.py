"""Invoices of orders: ordered once whatever happens, followed until they are issued."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.finance.invoice_sums import back_of, line_of
from db.finance.invoices import (
    buyer_of,
    invoice_facts,
    invoice_row,
    key_of,
    mark_sent,
    move_invoice,
    prepare,
    replace_invoice,
)
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.sql import run
from db.vault import Vault
from domain.finance.invoices import InvoiceKind, InvoiceStatus, takes_all
from domain.finance.messages import InvoiceFacts, InvoiceStep
from domain.orders.work import OutsideStep
from domain.shared.ids import ShipmentNo
from integrations.access import utc_now
from integrations.invoices.port import BlueInvoice, InvoiceIssuer, InvoiceNews, RedInvoice, Told

NUMBER: Final = "invoice_no"
_CORRECTION: Final = "SELECT data FROM correction WHERE id = :id"
_STATUS: Final = {
    Told.PROCESSING: InvoiceStatus.PROCESSING,
    Told.ISSUED: InvoiceStatus.ISSUED,
    Told.FAILED: InvoiceStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class InvoiceActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    gates: Gates

    @activity.defn(name="invoice.look")
    async def look(self, step: InvoiceStep) -> InvoiceFacts:
        """Where the invoice stands."""
        async with self.sessions.begin() as session:
            return await invoice_facts(session, step.invoice_no)

    @activity.defn(name="invoice.send")
    async def send(self, step: InvoiceStep) -> InvoiceFacts:
        """Order the invoice; asks for it by our key first, except the first time.

        Raises the issuer's IntegrationError, InvalidInput where nobody said how something is taxed.
        """
        async with self.sessions.begin() as session:
            row = await prepare(session, step.invoice_no)
            if row.state != InvoiceStatus.WANTED:
                return await invoice_facts(session, step.invoice_no)
            key = key_of(row)
            effect = await EffectRepository(session).intend(
                key, "invoice", _system(row), f"invoice/{row.no}"
            )
            await mark_sent(session, row.no)
        async with self.gates.through(_system(row), _outside(step)):
            issuer = await self.adapters.issuer(row.account_id)
            news = None
            if not effect.is_first:
                news = await issuer.ask(InvoiceKind(row.kind), key, "")
            if news is None:
                async with attempt(self.sessions, key):
                    ref = await self._order(issuer, row, key)
                news = InvoiceNews(Told.PROCESSING, ref)
        async with self.sessions.begin() as session:
            await EffectRepository(session).settle(key, "confirmed", {"ref": news.ref})
            return await _told(session, row.no, news)

    @activity.defn(name="invoice.ask")
    async def ask(self, step: InvoiceStep) -> InvoiceFacts:
        """What became of an ordered invoice."""
        async with self.sessions.begin() as session:
            row = await invoice_row(session, step.invoice_no)
        if row.state not in (InvoiceStatus.PROCESSING, InvoiceStatus.FAILED):
            async with self.sessions.begin() as session:
                return await invoice_facts(session, step.invoice_no)
        async with self.gates.through(_system(row), _outside(step)):
            issuer = await self.adapters.issuer(row.account_id)
            sends(key=key_of(row), reference=row.vendor_ref)
            news = await issuer.ask(InvoiceKind(row.kind), key_of(row), row.vendor_ref)
        async with self.sessions.begin() as session:
            if news is None:  # it may take a moment until they know it
                return await invoice_facts(session, step.invoice_no)
            return await _told(session, step.invoice_no, news)

    @activity.defn(name="invoice.settle")
    async def settle(self, step: InvoiceStep) -> InvoiceFacts:
        """A person issued it in another way, under the number that was given, or it is left out."""
        async with self.sessions.begin() as session:
            given: dict[str, Any] = {}
            if step.correction_id:
                rows = await run(session, _CORRECTION, id=step.correction_id)
                given = dict(rows[0].data) if rows else {}
            return await move_invoice(
                session, step.invoice_no, InvoiceStatus(step.status),
                number=str(given.get(NUMBER, "")),
            )  # fmt: skip

    @activity.defn(name="invoice.replace")
    async def replace(self, step: InvoiceStep) -> InvoiceFacts:
        """One that failed is tried again under another key: the issuer is done with this one."""
        async with self.sessions.begin() as session:
            return await replace_invoice(session, step.invoice_no)

    async def _order(self, issuer: InvoiceIssuer, row: Any, key: str) -> str:
        async with self.sessions.begin() as session:
            buyer = await buyer_of(session, self.vault, row)
        now = utc_now()
        if row.kind == InvoiceKind.BLUE:
            lines = tuple(line_of(told) for told in row.lines)
            blue = BlueInvoice(key, now, row.currency, buyer, lines, row.order_no)
            sends(blue)
            return await issuer.issue(blue)
        lines = tuple(line_of(told) for told in row.blue_lines)
        backs = tuple(back_of(told) for told in row.lines)
        red = RedInvoice(
            key, now, row.currency, buyer, row.blue_number, lines, backs, takes_all(lines, backs),
            row.reason,
        )  # fmt: skip
        sends(red)
        return await issuer.reverse(red)


async def _told(session: AsyncSession, no: str, news: InvoiceNews) -> InvoiceFacts:
    return await move_invoice(
        session, no, _STATUS[news.told], ref=news.ref, number=news.number, url=news.url,
        cause=news.cause,
    )  # fmt: skip


def _system(row: Any) -> str:
    return f"invoice/{row.account_id}"


def _outside(step: InvoiceStep) -> OutsideStep:
    return OutsideStep(ShipmentNo(""), step.workflow_id, step.step_id)
