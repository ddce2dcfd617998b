"""Accounts at ERPs and what is on its way to them, as people read and set it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.erp import want_span
from db.sql import run

_ACCOUNTS: Final = """
SELECT a.id, a.vendor, a.name, a.active, a.base_url, a.exports_from, a.tried_at, a.tried_error,
       g.last_call_at, coalesce(g.state, 'flowing') AS gate, coalesce(g.reason, '') AS gate_reason,
       coalesce(g.changed_by, 'system') AS gate_by, g.changed_at AS gate_since, c.expires_at,
       coalesce(w.waiting, 0) AS waiting, coalesce(e.wanted, 0) AS wanted,
       coalesce(e.confirmed, 0) AS confirmed, coalesce(e.parked, 0) AS parked, e.confirmed_at
FROM erp_account a
LEFT JOIN gate g ON g.system = 'erp/' || a.id
LEFT JOIN credentials c ON c.system = 'erp/' || a.id
LEFT JOIN (SELECT system, count(*) AS waiting FROM gate_wait GROUP BY system) w
       ON w.system = 'erp/' || a.id
LEFT JOIN (
    SELECT x.erp_id, count(*) FILTER (WHERE x.state = 'wanted') AS wanted,
           count(*) FILTER (WHERE x.state IN ('confirmed', 'by_hand')) AS confirmed,
           max(x.settled_at) FILTER (WHERE x.state = 'confirmed') AS confirmed_at,
           count(t.id) AS parked
    FROM voucher_export x
    LEFT JOIN attention t ON x.state = 'wanted' AND t.step_id = 'voucher_export'
        AND t.resolved_at IS NULL
        AND t.workflow_id = 'voucher-export/' || replace(x.export_no, '/', '%2F')
    GROUP BY x.erp_id) e ON e.erp_id = a.id
WHERE CAST(:id AS text) = '' OR a.id = :id
ORDER BY a.id
"""

_EXPORTS: Final = """
SELECT e.voucher_no, e.state, e.number, e.key, e.wanted_by, e.created_at, e.sent_at, e.settled_at,
       coalesce(e.booked_on, v.booked_on) AS enters_on, v.kind, v.currency, v.document,
       (SELECT sum(debit_minor) FROM voucher_entry WHERE voucher_no = v.no)::bigint AS minor,
       t.id AS attention_id, coalesce(t.error, '') AS error
FROM voucher_export e JOIN voucher v ON v.no = e.voucher_no
LEFT JOIN attention t ON e.state = 'wanted' AND t.step_id = 'voucher_export'
    AND t.resolved_at IS NULL
    AND t.workflow_id = 'voucher-export/' || replace(e.export_no, '/', '%2F')
WHERE e.erp_id = :erp_id AND (CAST(:state AS text) = '' OR e.state = :state)
  AND (CAST(:before AS text) = '' OR e.voucher_no < :before)
ORDER BY e.voucher_no DESC LIMIT :limit
"""

_OF_VOUCHER: Final = """
SELECT e.erp_id, a.name, a.vendor, e.state, e.number FROM voucher_export e
JOIN erp_account a ON a.id = e.erp_id WHERE e.voucher_no = :voucher_no ORDER BY e.erp_id
"""

# Whose accounts there are, so that one need not know them by heart.
_PARTIES: Final = """
SELECT DISTINCT e.account, e.party FROM voucher_entry e
WHERE e.party <> '' ORDER BY e.account, e.party LIMIT 500
"""

_SET_CODE: Final = """
INSERT INTO erp_code (erp_id, account, party, code) VALUES (:erp_id, :account, :party, :code)
ON CONFLICT (erp_id, account, party) DO UPDATE SET code = excluded.code
"""

_DROP_CODE: Final = """
DELETE FROM erp_code WHERE erp_id = :erp_id AND account = :account AND party = :party
"""

_POSTING_WAITS: Final = "SELECT pg_advisory_xact_lock(5417001)"
_LAST_DAY: Final = date(9999, 12, 31)


async def erp_accounts(session: AsyncSession, id: str = "") -> Sequence[Row[Any]]:
    """Every account at an ERP, or one: whether it is called, what waits and what arrived."""
    return await run(session, _ACCOUNTS, id=id)


async def exports(
    session: AsyncSession, erp_id: str, *, state: str = "", before: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Vouchers on their way to an ERP, the latest first."""
    return await run(session, _EXPORTS, erp_id=erp_id, state=state, before=before, limit=limit)


async def exports_of_voucher(session: AsyncSession, voucher_no: str) -> Sequence[Row[Any]]:
    """Where a voucher went."""
    return await run(session, _OF_VOUCHER, voucher_no=voucher_no)


async def codes(session: AsyncSession, erp_id: str) -> Sequence[Row[Any]]:
    """What an ERP calls our accounts."""
    return await run(
        session,
        "SELECT account, party, code FROM erp_code WHERE erp_id = :erp_id ORDER BY account, party",
        erp_id=erp_id,
    )


async def parties(session: AsyncSession) -> Sequence[Row[Any]]:
    """Whose accounts the books have."""
    return await run(session, _PARTIES)


async def set_code(session: AsyncSession, erp_id: str, account: str, party: str, code: str) -> None:
    """Say what the ERP calls an account; an empty code takes it back."""
    given = {"erp_id": erp_id, "account": account, "party": party}
    if code:
        await run(session, _SET_CODE, **given, code=code)
    else:
        await run(session, _DROP_CODE, **given)


async def set_beginning(
    session: AsyncSession, erp_id: str, exports_from: date | None, by: str
) -> int:
    """From which day vouchers go there by themselves, those that are written already too; returns
    how many of these did not before."""
    await run(session, _POSTING_WAITS)  # no voucher is written between the two
    await run(
        session, "UPDATE erp_account SET exports_from = :day WHERE id = :id",
        day=exports_from, id=erp_id,
    )  # fmt: skip
    if exports_from is None:
        return 0
    return await want_span(session, erp_id, exports_from, _LAST_DAY, by)
