"""Repairs of claims for goods: what their cases, differences and ledgers prove is written again."""

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.platform.auditing import Mended
from domain.shared.errors import CannotBeRepaired

_LINE: Final = """
SELECT m.id, m.amount_minor, f.amount_minor AS told
FROM goods_claim_money m LEFT JOIN book_fact f ON f.kind = 'goods_claim' AND f.subject = m.id
WHERE m.id = :id
"""
_OF_NO_LINE: Final = """
SELECT FROM book_fact f WHERE f.kind = 'goods_claim'
AND NOT EXISTS (SELECT FROM goods_claim_money m WHERE m.id = f.subject) LIMIT 1
"""
# As the trigger of the ledger tells it: booked on the day the word or the money is of.
_TELL: Final = """
INSERT INTO book_fact (kind, subject, amount_minor, at)
SELECT 'goods_claim', m.id, m.amount_minor,
       CASE WHEN m.value_on = (m.at AT TIME ZONE 'Asia/Shanghai')::date THEN m.at
            ELSE (m.value_on + time '12:00') AT TIME ZONE 'Asia/Shanghai' END
FROM goods_claim_money m WHERE m.id = :id ON CONFLICT DO NOTHING
"""
_CASE: Final = """
SELECT c.no, c.state = 'credited' AS claims, 'receipt' AS origin, c.receipt_no AS document,
       c.location_id, 'supplier/' || coalesce(nullif(r.sender, ''), r.source_no) AS debtor,
       c.trouble = 'short' AS never_came, c.currency, c.value_minor AS minor, c.decided_by AS actor
FROM receipt_case c JOIN goods_receipt r ON r.no = c.receipt_no WHERE c.no = :no
FOR NO KEY UPDATE OF c
"""
_DIFFERENCE: Final = """
SELECT d.id AS no, d.decision = 'carrier_claim' AND l.owner = 'own' AS claims,
       'transfer' AS origin, d.transfer_no AS document, t.to_location AS location_id,
       'carrier/' || coalesce(nullif(t.carrier, ''), '?') AS debtor, false AS never_came,
       s.currency, s.cost_minor * d.units AS minor, d.decided_by AS actor
FROM stock_transfer_difference d
JOIN stock_transfer_line l ON l.transfer_no = d.transfer_no AND l.line_no = d.line_no
JOIN stock_transfer t ON t.no = d.transfer_no
JOIN sku s ON s.code = l.sku WHERE d.id = :no
FOR NO KEY UPDATE OF d
"""
_OPEN: Final = """
INSERT INTO goods_claim (claim_no, origin, document_no, location_id, debtor, never_came, currency,
    claimed_minor, created_by)
VALUES (:no, :origin, :document, :location_id, :debtor, :never_came, :currency, :minor, :actor)
"""


async def told(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """A line that the books never heard of is told to them. Raises CannotBeRepaired where they
    heard of another sum, or of a line that no claim has: vouchers are never touched."""
    lines = await run(session, _LINE, id=facts.get("id") or "")
    if not lines:
        raise CannotBeRepaired(
            "the books were told of a line that no claim has: look at the claims and their"
            " vouchers, and take back in the ERP what is booked for nothing"
        )
    [line] = lines
    if line.told is not None and line.told != line.amount_minor:
        raise CannotBeRepaired(
            "the books were told of another sum than the claim has: take the line back on the"
            " claim, and book the difference in the ERP by hand"
        )
    after = {"amount_minor": line.amount_minor}
    if line.told is not None:
        return Mended(after, after)
    if await run(session, _OF_NO_LINE):
        raise CannotBeRepaired(
            "this line may be booked under another name: the books were also told of a line that"
            " no claim has; look at that finding first"
        )
    await run(session, _TELL, id=line.id)
    return Mended({"amount_minor": 0}, after)


async def opened(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """A credited case or a claimed difference without its claim gets it, at the sum the goods are
    worth; what was accepted finance says again. Raises CannotBeRepaired for a claim too many."""
    no = str(facts.get("no") or "")
    sources = await run(session, _CASE if facts.get("origin") == "receipt" else _DIFFERENCE, no=no)
    there = await run(session, "SELECT claimed_minor FROM goods_claim WHERE claim_no = :no", no=no)
    if there and not (sources and sources[0].claims):
        raise CannotBeRepaired(
            "nobody decided that this claim is made: ask who owes it; where nobody does, take back"
            " on the claim what was accepted"
        )
    if there or not (sources and sources[0].claims):
        return Mended({}, {})
    source = dict(sources[0]._mapping)
    del source["claims"]
    await run(session, _OPEN, **source)
    return Mended({"claimed_minor": 0}, {"claimed_minor": source["minor"]})
