"""Orders by e-mail: a short letter in Chinese and English, with the order as PDF and as CSV."""

import asyncio
import csv
import io
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from domain.inventory.purchasing.placing import Letter, PlacedOrder
from domain.shared.errors import NotOffered
from integrations.purchase_sheets import render_purchase
from integrations.suppliers.mail import Mailer

_BYTE_ORDER_MARK: Final = "\ufeff"  # tables are opened with the right letters
_HEADINGS: Final = ("line", "sku", "supplier_sku", "name", "units", "price", "amount", "currency")
_PLACED: Final = (
    "您好：\n\n请按附件采购单 {no} 备货，并回复确认数量与交期（期望到货：{day}）。\n\n"
    "Please find our purchase order {no} attached and confirm quantities and date"
    " (wanted on {day}).\n\n{buyer}\n"
)
_CHANGED: Final = (
    "您好：\n\n采购单 {no} 已变更（第 {revision} 版），以本附件为准，此前版本作废。"
    "请重新确认数量与交期（期望到货：{day}）。\n\n"
    "Our purchase order {no} has changed. Revision {revision} is attached and replaces what you"
    " have. Please confirm quantities and date anew (wanted on {day}).\n\n{buyer}\n"
)
_CANCELLED: Final = (
    "您好：\n\n采购单 {no} 未到货部分现取消，请勿再发货。原因：{reason}\n\n"
    "What has not been delivered of our purchase order {no} is cancelled."
    " Please do not ship it. Reason: {reason}\n"
)
_REMINDER: Final = (
    "您好：\n\n采购单 {no} 期望到货日为 {day}，请告知最新进度。\n\n"
    "Our purchase order {no} is expected on {day}. Please tell us how it stands.\n"
)


@dataclass(frozen=True, slots=True)
class MailedSupplier:
    """One supplier that takes orders by e-mail. Nobody can ask a mailbox what it got."""

    address: str
    sender: str
    mailer: Mailer = field(repr=False)
    can_be_asked: bool = False

    async def send(self, order: PlacedOrder) -> str:
        """See SupplierPort."""
        day = order.wanted_on.isoformat() if order.wanted_on else "-"
        message = self._message(
            order.key, _subject(order),
            (_PLACED if order.revision == 1 else _CHANGED).format(
                no=order.no, day=day, buyer=order.buyer, revision=order.revision
            ),
        )  # fmt: skip
        pdf = await asyncio.to_thread(render_purchase, order)
        message.add_attachment(
            pdf, maintype="application", subtype="pdf", filename=f"{order.no}.pdf"
        )
        message.add_attachment(
            _BYTE_ORDER_MARK + csv_of(order), subtype="csv", charset="utf-8",
            filename=f"{order.no}.csv",
        )  # fmt: skip
        await self.mailer.deliver(message)
        return ""

    async def find(self, no: str, revision: int = 1) -> str | None:
        """See SupplierPort."""
        raise NotOffered("nobody can ask a mailbox what it got", code="mailbox", system="mail")

    async def cancel(self, letter: Letter) -> None:
        """See SupplierPort."""
        words = _CANCELLED.format(no=letter.no, reason=letter.reason)
        subject = f"取消采购单 Cancelled: purchase order {letter.no}"
        await self.mailer.deliver(self._message(letter.key, subject, words))

    async def remind(self, letter: Letter) -> None:
        """See SupplierPort."""
        day = letter.expected_on.isoformat() if letter.expected_on else "-"
        subject = f"催交采购单 Reminder: purchase order {letter.no}"
        words = _REMINDER.format(no=letter.no, day=day)
        await self.mailer.deliver(self._message(letter.key, subject, words))

    def _message(self, key: str, subject: str, words: str) -> EmailMessage:
        """The same key gives the same Message-ID, by which a mailbox knows a repetition."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, self.address, subject
        domain = self.sender.rpartition("@")[2].strip("> ") or "localhost"
        message["Message-ID"] = f"<{key.replace(':', '.').replace('/', '.')}@{domain}>"
        message.set_content(words)
        return message


def _subject(order: PlacedOrder) -> str:
    if order.revision == 1:
        return f"采购单 Purchase order {order.no}"
    return f"采购单变更 Purchase order {order.no}, revision {order.revision}"


def csv_of(order: PlacedOrder) -> str:
    """The lines of an order as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADINGS)
    for line in order.lines:
        amount = line.price.minor * line.units
        total = type(line.price)(amount, order.currency).major
        writer.writerow([line.line_no, line.sku, line.supplier_sku, line.name, line.units,
                         line.price.major, total, order.currency])  # fmt: skip
    return text.getvalue()
