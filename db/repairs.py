"""Repairs of what the audit found, where the tables prove one right answer.

A repair is one transaction: it locks, proves again, writes, and is written into the audit trail.
Ledgers are never touched: what they say is the proof.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance import goods_claim_repairs as goods_claims
from db.inventory import repairs as stock
from db.platform import findings
from db.sql import run
from domain.platform.auditing import Mended
from domain.shared.errors import CannotBeRepaired, FindingNotFound

Mend = Callable[[AsyncSession, Mapping[str, Any]], Awaitable[Mended]]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Columns of one row that are the sums of other rows."""

    lock: str
    proof: str
    write: str

    async def __call__(self, session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
        """Write the sums that the other rows prove. Whoever adds a row waits for the lock."""
        stands = await run(session, self.lock, **_named(facts))
        if not stands:
            return Mended({}, {})
        key = stands[0].key
        [proven] = await run(session, self.proof, key=key)
        after = {name: int(value) for name, value in proven._mapping.items()}
        mended = Mended({name: getattr(stands[0], name) for name in after}, after)
        if mended.changed:
            await run(session, self.write, key=key, **after)
        return mended


_REFUNDS: Final = _Sums(
    """SELECT id AS key, refunded_minor, refunding_minor FROM payment
       WHERE provider = :provider AND transaction_id = :transaction_id FOR NO KEY UPDATE""",
    """SELECT coalesce(sum(amount_minor) FILTER (WHERE state IN ('succeeded', 'by_hand')), 0)
                  AS refunded_minor,
              coalesce(sum(amount_minor) FILTER (WHERE settled_at IS NULL), 0) AS refunding_minor
       FROM refund WHERE payment_id = :key""",
    """UPDATE payment SET refunded_minor = :refunded_minor, refunding_minor = :refunding_minor
       WHERE id = :key""",
)
_PROMISED: Final = _Sums(
    "SELECT id AS key, returning_minor FROM sales_order WHERE no = :no FOR NO KEY UPDATE",
    """SELECT (SELECT coalesce(sum(rest_minor), 0) FROM sales_return WHERE order_id = :key)
            + (SELECT coalesce(sum(amount_minor), 0) FROM refund
               WHERE order_id = :key AND kind = 'return' AND settled_at IS NULL)
              AS returning_minor""",
    "UPDATE sales_order SET returning_minor = :returning_minor WHERE id = :key",
)
_RETURNED: Final = _Sums(
    """SELECT id AS key, returned_quantity, refunded_quantity FROM fulfilment_line
       WHERE id = :id FOR NO KEY UPDATE""",
    """SELECT coalesce(sum(claimed_quantity), 0) AS returned_quantity,
              coalesce(sum(refunded_quantity), 0) AS refunded_quantity
       FROM sales_return_line WHERE fulfilment_line_id = :key""",
    """UPDATE fulfilment_line SET returned_quantity = :returned_quantity,
              refunded_quantity = :refunded_quantity WHERE id = :key""",
)
_CLAIMED: Final = _Sums(
    """SELECT claim_no AS key, accepted_minor, received_minor, booked_off_minor
       FROM carrier_claim WHERE claim_no = :claim_no FOR NO KEY UPDATE""",
    """SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'accepted'), 0) AS accepted_minor,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'received'), 0) AS received_minor,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'written_off'), 0)
                  AS booked_off_minor
       FROM claim_money WHERE claim_no = :key""",
    """UPDATE carrier_claim SET accepted_minor = :accepted_minor, received_minor = :received_minor,
              booked_off_minor = :booked_off_minor WHERE claim_no = :key""",
)
_GOODS_CLAIMED: Final = _Sums(
    """SELECT claim_no AS key, accepted_minor, received_minor, set_off_minor, written_off_minor
       FROM goods_claim WHERE claim_no = :claim_no FOR NO KEY UPDATE""",
    """SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'accepted'), 0) AS accepted_minor,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'received'), 0) AS received_minor,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'set_off'), 0) AS set_off_minor,
              coalesce(sum(amount_minor) FILTER (WHERE kind = 'written_off'), 0)
                  AS written_off_minor
       FROM goods_claim_money WHERE claim_no = :key""",
    """UPDATE goods_claim SET accepted_minor = :accepted_minor, received_minor = :received_minor,
              set_off_minor = :set_off_minor, written_off_minor = :written_off_minor
       WHERE claim_no = :key""",
)
_TAKEN_BACK: Final = _Sums(
    "SELECT no AS key, red_minor FROM invoice WHERE no = :no FOR NO KEY UPDATE",
    "SELECT coalesce(sum(total_minor), 0) AS red_minor FROM invoice WHERE blue_no = :key",
    "UPDATE invoice SET red_minor = :red_minor WHERE no = :key",
)
REPAIRS: Final[dict[str, Mend]] = {
    "ledger_equals_balance": stock.balance,
    "reserved_equals_reservations": stock.balance,
    "nothing_is_negative": stock.balance,
    "no_stock_held_for_closed_orders": stock.lease_of_nobody,
    "held_stock_has_an_order": stock.lease_of_nobody,
    "ended_leases_gave_back": stock.ended_lease,
    "nobody_waits_for_free_goods": stock.served,
    "refunds_within_their_payment": _REFUNDS,
    "promised_for_returns": _PROMISED,
    "returned_units_are_in_a_return": _RETURNED,
    "claims_are_what_their_ledger_says": _CLAIMED,
    "goods_claims_are_what_their_ledger_says": _GOODS_CLAIMED,
    "goods_claims_are_told_to_the_books_once": goods_claims.told,
    "what_is_credited_is_claimed": goods_claims.opened,
    "red_invoices_add_up": _TAKEN_BACK,
    "sums_equal_balances": stock.sums,
}


async def repair(session: AsyncSession, finding_id: str, by: str, request_id: str) -> Mended:
    """Put a finding right, once: what is right already is only ended.

    Raises FindingNotFound, CannotBeRepaired.
    """
    finding = await _open(session, finding_id)
    mended = await _mend(session, finding.check_name, finding.facts)
    await findings.ended(session, finding_id, mended, by, request_id)
    return mended


async def preview(session: AsyncSession, finding_id: str) -> Mended:
    """What a repair would change now; nothing stays of it.

    Raises FindingNotFound, CannotBeRepaired.
    """
    finding = await _open(session, finding_id)
    return await plan(session, finding.check_name, finding.facts)


async def plan(session: AsyncSession, check: str, facts: Mapping[str, Any]) -> Mended:
    """What would be written about these facts; it is tried and taken back.

    Raises CannotBeRepaired.
    """
    tried = await session.begin_nested()
    try:
        return await _mend(session, check, facts)
    finally:
        await tried.rollback()


async def _open(session: AsyncSession, finding_id: str) -> Any:
    finding = await findings.locked(session, finding_id)
    if finding is None:
        raise FindingNotFound(finding_id)
    if finding.gone_at is not None:
        raise CannotBeRepaired("it is gone already")
    return finding


async def _mend(session: AsyncSession, check: str, facts: Mapping[str, Any]) -> Mended:
    mend = REPAIRS.get(check)
    if mend is None:
        raise CannotBeRepaired("the tables do not prove what is right here; a person decides")
    try:
        async with session.begin_nested():
            return await mend(session, facts)
    except IntegrityError as error:
        raise CannotBeRepaired(
            "what the other rows say cannot stand here either; a person decides"
        ) from error


def _named(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The words by which a row is found."""
    return {name: value for name, value in facts.items() if isinstance(value, str)}
