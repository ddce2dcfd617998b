"""Invoices of orders, in the caller's transaction."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.invoice_sums import back_of, blue_of, red_of
from db.keys import order_key
from db.platform.outbox import queue_signal
from db.sql import run
from db.vault import Vault, invoice_context
from domain.finance.invoices import Back, Buyer, InvoiceKind, InvoiceStatus
from domain.finance.messages import InvoiceFacts, InvoiceMoved
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderNotFound
from domain.shared.ids import invoice_workflow_id

_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

_ORDER: Final = """
SELECT id, status, currency FROM sales_order WHERE no = :no FOR UPDATE
"""

_ASK: Final = """
INSERT INTO invoice (no, order_id, kind, state, attempt, sealed, currency, total_minor, tax_minor,
                     red_minor, lines, look_again, asked_by)
VALUES (:no, :order_id, 'blue', 'waiting', 1, :sealed, :currency, 0, 0, 0, '[]', false, :by)
ON CONFLICT DO NOTHING RETURNING no
"""

_CANCEL: Final = """
UPDATE invoice SET state = 'cancelled', settled_at = clock_timestamp()
WHERE no = :no AND state = 'waiting' AND order_id = (SELECT id FROM sales_order WHERE no = :of)
RETURNING no
"""

# Goods have left and money is there; an order that is over without any is never invoiced.
_WAITING: Final = """
SELECT i.no, i.order_id, o.status = 'cancelled' OR o.money <= 0 AS is_void
FROM invoice i JOIN LATERAL (
    SELECT status, cash_on_delivery,
           captured_minor - refunded_minor - refund_due_minor - returning_minor AS money
    FROM sales_order WHERE id = i.order_id) o ON true
WHERE i.state = 'waiting'
  AND (o.status = 'cancelled'
       OR o.status IN ('shipped', 'delivered', 'completed') AND o.money > 0
       OR o.status = 'completed' AND NOT o.cash_on_delivery)
ORDER BY i.no LIMIT :limit FOR UPDATE OF i SKIP LOCKED
"""

_BEGIN: Final = """
UPDATE invoice SET state = CASE WHEN :void THEN 'cancelled' ELSE 'wanted' END,
    started_at = CASE WHEN :void THEN NULL ELSE clock_timestamp() END,
    settled_at = CASE WHEN :void THEN clock_timestamp() END,
    cause = CASE WHEN :void THEN 'nothing to invoice' ELSE '' END
WHERE no = :no
"""

_LOOKED_AT: Final = """
SELECT * FROM invoice WHERE look_again AND state = 'issued'
ORDER BY no LIMIT :limit FOR UPDATE SKIP LOCKED
"""

_SEEN: Final = "UPDATE invoice SET look_again = false WHERE no = :no"

_LOOK_AGAIN: Final = """
UPDATE invoice SET look_again = true
WHERE order_id = ANY(:orders) AND kind = 'blue'
  AND state IN ('wanted', 'processing', 'failed', 'issued')
"""

_RED: Final = """
WITH blue AS (
    UPDATE invoice SET red_minor = red_minor + :total WHERE no = :blue_no
    RETURNING order_id, account_id, currency)
INSERT INTO invoice (no, order_id, account_id, kind, blue_no, state, attempt, sealed, currency,
                     total_minor, tax_minor, red_minor, lines, reason, look_again, asked_by,
                     started_at)
SELECT :no, order_id, account_id, 'red', :blue_no, 'wanted', 1, '', currency, :total, :tax, 0,
       CAST(:lines AS jsonb), :reason, false, :by, clock_timestamp()
FROM blue
"""

_REDS: Final = "SELECT lines FROM invoice WHERE blue_no = :no"

_ROW: Final = """
SELECT i.*, o.no AS order_no, o.shop_id, b.sealed AS blue_sealed, b.number AS blue_number,
       b.lines AS blue_lines, b.red_minor AS blue_red_minor, b.total_minor AS blue_total_minor
FROM invoice i JOIN sales_order o ON o.id = i.order_id LEFT JOIN invoice b ON b.no = i.blue_no
WHERE i.no = :no
"""

_ACCOUNT: Final = """
SELECT id FROM invoice_account WHERE active AND (shop_id = :shop_id OR shop_id IS NULL)
ORDER BY shop_id NULLS LAST, id LIMIT 1
"""

_PREPARE: Final = """
UPDATE invoice SET account_id = :account_id, lines = CAST(:lines AS jsonb), total_minor = :total,
                   tax_minor = :tax
WHERE no = :no AND state = 'wanted'
"""

_SENT: Final = "UPDATE invoice SET sent_at = clock_timestamp() WHERE no = :no"

# Whatever is heard of one that is over changes nothing any more.
_MOVE: Final = """
UPDATE invoice SET state = CAST(:state AS text), cause = :cause,
    vendor_ref = CASE WHEN CAST(:ref AS text) = '' THEN vendor_ref ELSE :ref END,
    number = :number, url = :url,
    settled_at = CASE WHEN CAST(:settled AS boolean) THEN clock_timestamp() END,
    look_again = look_again OR (kind = 'blue' AND CAST(:state AS text) = 'issued')
WHERE no = :no AND state IN ('wanted', 'processing', 'failed')
"""

_REPLACE: Final = """
UPDATE invoice SET state = 'wanted', attempt = attempt + 1, vendor_ref = '', cause = ''
WHERE no = :no AND state = 'failed'
"""


def new_invoice_no(kind: InvoiceKind, at: datetime) -> str:
    """IV261126-7K3M9QX2: 17 characters, so that a number of attempts fits behind them."""
    day = at.astimezone(COMPANY_ZONE).strftime("%y%m%d")
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{'IV' if kind is InvoiceKind.BLUE else 'IR'}{day}-{tail}"


async def ask_invoice(
    session: AsyncSession, vault: Vault, order_no: str, buyer: Buyer, by: str
) -> str:
    """Somebody wants an invoice: it is issued as soon as the goods have left. Raises OrderNotFound,
    ActionNotAllowed where there is one already."""
    rows = await run(session, _ORDER, no=order_no)
    if not rows:
        raise OrderNotFound(f"there is no order {order_no[:64]!a}")
    order = rows[0]
    if order.status == "cancelled":
        raise ActionNotAllowed("the order is cancelled")
    no = new_invoice_no(InvoiceKind.BLUE, datetime.now(UTC))
    told = {"title": buyer.title, "tax_no": buyer.tax_no, "email": buyer.email}
    key = await order_key(session, vault, order.id)
    sealed = key.seal(json.dumps(told, ensure_ascii=False).encode(), invoice_context(no))
    made = await run(
        session, _ASK, no=no, order_id=order.id, sealed=sealed, currency=order.currency, by=by
    )
    if not made:
        raise ActionNotAllowed("the order has an invoice already")
    return no


async def cancel_invoice(session: AsyncSession, order_no: str, no: str) -> None:
    """Nobody wants it any more. Raises ActionNotAllowed once it is on its way."""
    if not await run(session, _CANCEL, no=no, of=order_no):
        raise ActionNotAllowed("only an invoice that waits for its goods can be cancelled")


async def reverse_invoice(session: AsyncSession, order_no: str, no: str, by: str) -> str:
    """Take all that is left of an issued invoice back: it was wrong. Raises ActionNotAllowed."""
    await run(session, _ORDER, no=order_no)
    row = await invoice_row(session, no, lock=True)
    left = row.total_minor - row.red_minor
    if (
        row.order_no != order_no
        or row.kind != InvoiceKind.BLUE
        or row.state != InvoiceStatus.ISSUED
        or left <= 0
    ):
        raise ActionNotAllowed("only an issued invoice can be taken back")
    return await _take_back(session, row, await red_of(session, row, await _reds(session, no), 0),
                            "mistake", by)  # fmt: skip


async def start_due(session: AsyncSession, limit: int) -> int:
    """Issue what waited for its goods, take back what is not kept any more; returns how many."""
    waiting = await run(session, _WAITING, limit=limit)
    for row in waiting:
        await run(session, _BEGIN, no=row.no, void=row.is_void)
        if not row.is_void:
            await _set_out(session, row.no, row.order_id)
    looked_at = await run(session, _LOOKED_AT, limit=limit)
    for row in looked_at:
        await run(session, _SEEN, no=row.no)
        backs = await red_of(session, row, await _reds(session, row.no))
        if backs:
            returned = any(back.units for back in backs)
            await _take_back(session, row, backs, "returned" if returned else "rebate", "system")
    return len(waiting) + len(looked_at)


async def money_went_back(session: AsyncSession, order_ids: Sequence[str]) -> None:
    """Invoices of these orders may say more than is kept."""
    if order_ids:
        await run(session, _LOOK_AGAIN, orders=list(order_ids))


async def invoice_row(session: AsyncSession, no: str, *, lock: bool = False) -> Row[Any]:
    """The invoice with its order and the one it takes back. Raises InvalidInput."""
    rows = await run(session, _ROW + (" FOR UPDATE OF i" if lock else ""), no=no)
    if not rows:
        raise InvalidInput(f"there is no invoice {no[:64]!a}")
    return rows[0]


async def invoice_facts(session: AsyncSession, no: str) -> InvoiceFacts:
    """Where an invoice stands."""
    row = await invoice_row(session, no)
    status = InvoiceStatus(row.state)
    return InvoiceFacts(
        row.no, row.order_id, row.account_id or "", status, status.is_settled, row.cause
    )


async def prepare(session: AsyncSession, no: str) -> Row[Any]:
    """The invoice, its sums fixed for ever before anybody hears of it. Raises InvalidInput where
    nobody said how something is taxed, or who issues."""
    row = await invoice_row(session, no, lock=True)
    if row.state != InvoiceStatus.WANTED or row.lines:
        return row
    found = await run(session, _ACCOUNT, shop_id=row.shop_id)
    if not found:
        raise InvalidInput("no account issues invoices for this shop")
    lines = await blue_of(session, row.order_id)
    await run(
        session, _PREPARE, no=no, account_id=found[0].id,
        total=sum(line.total_minor for line in lines), tax=sum(line.tax_minor for line in lines),
        lines=json.dumps(
            [
                [x.index, x.key, x.name, x.units, x.goods_code, x.rate_bp, x.total_minor,
                 x.tax_minor]
                for x in lines
            ]
        ),
    )  # fmt: skip
    return await invoice_row(session, no)


async def mark_sent(session: AsyncSession, no: str) -> None:
    """It is on its way; committed before the first call."""
    await run(session, _SENT, no=no)


async def move_invoice(
    session: AsyncSession,
    no: str,
    status: InvoiceStatus,
    *,
    ref: str = "",
    number: str = "",
    url: str = "",
    cause: str = "",
) -> InvoiceFacts:
    """How far it is; nothing changes one that is over."""
    await run(
        session, _MOVE, no=no, state=status, ref=ref, number=number, url=url, cause=cause[:500],
        settled=status.is_settled,
    )  # fmt: skip
    return await invoice_facts(session, no)


async def replace_invoice(session: AsyncSession, no: str) -> InvoiceFacts:
    """One that failed for good is tried again under another key."""
    await run(session, _REPLACE, no=no)
    return await invoice_facts(session, no)


def key_of(row: Any) -> str:
    """What the issuer knows this attempt by."""
    return row.no if row.attempt == 1 else f"{row.no}-{row.attempt}"


async def buyer_of(session: AsyncSession, vault: Vault, row: Any) -> Buyer:
    """Whom it is for; of a red one, whom the blue one was for. Raises PersonErased, CannotOpen."""
    blue_no, sealed = (row.blue_no, row.blue_sealed) if row.blue_no else (row.no, row.sealed)
    key = await order_key(session, vault, row.order_id)
    told = json.loads(key.open(bytes(sealed), invoice_context(blue_no)))
    return Buyer(told["title"], told["tax_no"], told["email"])


async def _reds(session: AsyncSession, no: str) -> list[Back]:
    rows = await run(session, _REDS, no=no)
    return [back_of(told) for row in rows for told in row.lines]


async def _take_back(
    session: AsyncSession, blue: Any, backs: Sequence[Back], reason: str, by: str
) -> str:
    no = new_invoice_no(InvoiceKind.RED, datetime.now(UTC))
    await run(
        session, _RED, no=no, blue_no=blue.no, reason=reason, by=by,
        total=sum(back.total_minor for back in backs), tax=sum(back.tax_minor for back in backs),
        lines=json.dumps([[x.index, x.units, x.total_minor, x.tax_minor] for x in backs]),
    )  # fmt: skip
    await _set_out(session, no, blue.order_id)
    return no


async def _set_out(session: AsyncSession, no: str, order_id: str) -> None:
    moved = InvoiceMoved(no, order_id)
    await queue_signal(session, invoice_workflow_id(no), "invoice_moved", moved)
