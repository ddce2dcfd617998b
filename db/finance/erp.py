"""Vouchers on their way into ERPs, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.outbox import queue_signal
from db.sql import run
from domain.finance.exports import AT_ONCE, Codes, ExportStatus
from domain.finance.messages import ExportFacts, ExportMoved
from domain.shared.errors import InvalidInput
from domain.shared.ids import export_workflow_id

# Vouchers of a span are wanted at an ERP, each once; the key is drawn with the row.
_WANT: Final = """
INSERT INTO voucher_export (export_no, erp_id, voucher_no, key, state, wanted_by)
SELECT a.id || '/' || v.no, a.id, v.no,
       'OH' || v.no || '-' || substr(md5(gen_random_uuid()::text), 1, 6), 'wanted',
       CAST(:by AS text)
FROM voucher v JOIN erp_account a ON a.id = :erp_id
WHERE v.booked_on BETWEEN :first AND :last
ON CONFLICT (erp_id, voucher_no) DO NOTHING
RETURNING export_no
"""

# What was posted this moment, wherever vouchers go by themselves.
_WANT_POSTED: Final = """
INSERT INTO voucher_export (export_no, erp_id, voucher_no, key, state, wanted_by)
SELECT a.id || '/' || v.no, a.id, v.no,
       'OH' || v.no || '-' || substr(md5(gen_random_uuid()::text), 1, 6), 'wanted', 'system'
FROM erp_account a JOIN voucher v ON v.no = ANY(:numbers) AND v.booked_on >= a.exports_from
WHERE a.active
ON CONFLICT (erp_id, voucher_no) DO NOTHING
"""

_ANY_AUTOMATIC: Final = """
SELECT 1 FROM erp_account WHERE active AND exports_from IS NOT NULL LIMIT 1
"""

# The oldest first, as many as may be on their way at once; none where the gate is shut.
_DUE: Final = """
WITH free AS (
    SELECT a.id, CAST(:at_once AS bigint)
        - (SELECT count(*) FROM voucher_export e
           WHERE e.erp_id = a.id AND e.state = 'wanted' AND e.started_at IS NOT NULL) AS places
    FROM erp_account a LEFT JOIN gate g ON g.system = 'erp/' || a.id
    WHERE a.active AND coalesce(g.state, 'flowing') = 'flowing'
), next AS (
    SELECT d.export_no FROM free CROSS JOIN LATERAL (
        SELECT export_no FROM voucher_export
        WHERE erp_id = free.id AND state = 'wanted' AND started_at IS NULL
        ORDER BY voucher_no LIMIT greatest(free.places, 0) FOR UPDATE SKIP LOCKED) d
    LIMIT :limit)
UPDATE voucher_export e SET started_at = clock_timestamp() FROM next
WHERE e.export_no = next.export_no RETURNING e.export_no
"""

_ROW: Final = """
SELECT e.*, v.kind, v.currency, v.document, v.order_id, o.no AS order_no,
       coalesce(e.booked_on, v.booked_on) AS enters_on, v.booked_on AS voucher_day, a.vendor
FROM voucher_export e JOIN voucher v ON v.no = e.voucher_no
JOIN erp_account a ON a.id = e.erp_id
LEFT JOIN sales_order o ON o.id = v.order_id
WHERE e.export_no = :export_no
"""

_ENTRIES: Final = """
SELECT account, party, debit_minor, credit_minor FROM voucher_entry
WHERE voucher_no = :voucher_no ORDER BY line_no
"""

_SENT: Final = """
UPDATE voucher_export SET sent_at = clock_timestamp(), booked_on = :booked_on
WHERE export_no = :export_no
"""

# Whatever is heard later changes nothing any more.
_SETTLE: Final = """
UPDATE voucher_export SET state = :state, number = :number, vendor_id = :vendor_id,
                          settled_at = clock_timestamp()
WHERE export_no = :export_no AND state = 'wanted'
"""


async def want_posted(session: AsyncSession, numbers: Sequence[str]) -> None:
    """Vouchers that were written a moment ago go where all of that day go by themselves."""
    if numbers and await run(session, _ANY_AUTOMATIC):
        await run(session, _WANT_POSTED, numbers=list(numbers))


async def want_span(session: AsyncSession, erp_id: str, first: date, last: date, by: str) -> int:
    """Vouchers of these days go to this ERP; returns how many did not before."""
    rows = await run(session, _WANT, erp_id=erp_id, first=first, last=last, by=by)
    return len(rows)


async def start_due(session: AsyncSession, limit: int) -> int:
    """Begin with the next exports of every account; returns how many."""
    rows = await run(session, _DUE, at_once=AT_ONCE, limit=limit)
    for row in rows:
        moved = ExportMoved(row.export_no)
        await queue_signal(session, export_workflow_id(row.export_no), "export_moved", moved)
    return len(rows)


async def export_row(session: AsyncSession, export_no: str) -> Row[Any]:
    """The export with its voucher and account. Raises InvalidInput for a number nobody gave."""
    rows = await run(session, _ROW, export_no=export_no)
    if not rows:
        raise InvalidInput(f"there is no export {export_no[:64]!a}")
    return rows[0]


async def export_facts(session: AsyncSession, export_no: str) -> ExportFacts:
    """Where an export stands."""
    row = await export_row(session, export_no)
    status = ExportStatus(row.state)
    return ExportFacts(row.export_no, row.erp_id, status, status.is_settled)


async def entries_of(session: AsyncSession, voucher_no: str) -> Sequence[Row[Any]]:
    """The sides of a voucher, in order."""
    return await run(session, _ENTRIES, voucher_no=voucher_no)


async def codes_of(session: AsyncSession, erp_id: str) -> Codes:
    """What the ERP calls our accounts."""
    rows = await run(
        session, "SELECT account, party, code FROM erp_code WHERE erp_id = :erp_id", erp_id=erp_id
    )
    codes: Mapping[tuple[str, str], str] = {(row.account, row.party): row.code for row in rows}
    return codes


async def mark_sent(session: AsyncSession, export_no: str, booked_on: date | None) -> None:
    """It is on its way with this day; committed before the first call."""
    await run(session, _SENT, export_no=export_no, booked_on=booked_on)


async def settle_export(
    session: AsyncSession, export_no: str, status: ExportStatus, number: str = "", vendor: str = ""
) -> ExportFacts:
    """It is there, or a person saw to it; only the first of them counts."""
    await run(session, _SETTLE, export_no=export_no, state=status, number=number, vendor_id=vendor)
    return await export_facts(session, export_no)
