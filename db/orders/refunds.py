"""Refunds, in the caller's transaction. Locks: order, then payment, then refund."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_refund_no
from db.platform.attention import open_attention
from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import RefundMoved, SalesReturnMoved, StateChanged
from domain.orders.payment import (
    Refundable,
    RefundStatus,
    share_out,
)
from domain.orders.work import RefundFacts
from domain.shared.errors import RefundNotFound
from domain.shared.ids import refund_workflow_id, return_workflow_id
from domain.shared.money import Money

_DUE: Final = """
SELECT o.currency, o.refund_due_minor - coalesce((
    SELECT sum(amount_minor) FROM refund
    WHERE order_id = o.id AND kind = 'order' AND settled_at IS NULL), 0) AS due
FROM sales_order o WHERE o.id = :order_id
"""

_FREE: Final = """
SELECT p.id, p.amount_minor - p.refunded_minor - p.refunding_minor AS free
FROM payment p JOIN payment_account a ON a.id = p.account_id AND a.active
JOIN sales_order o ON o.shop_id = p.shop_id AND o.external_no = p.external_no
WHERE o.id = :order_id AND p.purpose = 'order' AND p.currency = o.currency
  AND p.amount_minor > p.refunded_minor + p.refunding_minor
ORDER BY p.captured_at, p.id
"""
_REFUNDABLE: Final = f"{_FREE} FOR UPDATE OF p"

_RESERVE: Final = """
UPDATE payment SET refunding_minor = refunding_minor + :amount WHERE id = :payment_id
RETURNING currency
"""

_NEW_REFUND: Final = """
INSERT INTO refund (refund_no, payment_id, order_id, kind, amount_minor, currency, reason, state,
                    vendor_refund_id, vendor_status, follows, note, return_no, return_round)
VALUES (:refund_no, :payment_id, :order_id, :kind, :amount, :currency, :reason, 'intended', '', '',
        :follows, '', :return_no, :return_round)
"""

_FACTS: Final = """
SELECT r.*, p.account_id, p.provider, p.transaction_id, p.merchant_ref,
       p.amount_minor AS total_minor, o.workflow_id
FROM refund r JOIN payment p ON p.id = r.payment_id LEFT JOIN sales_order o ON o.id = r.order_id
WHERE r.refund_no = :refund_no
"""

_LOCK_ORDER: Final = "SELECT FROM sales_order WHERE id = :order_id FOR NO KEY UPDATE"
_LOCK_PAYMENT: Final = "SELECT FROM payment WHERE id = :payment_id FOR NO KEY UPDATE"
_LOCK_REFUND: Final = """
SELECT state, settled_at FROM refund WHERE refund_no = :refund_no FOR NO KEY UPDATE
"""

_MOVE: Final = """
UPDATE refund SET state = :state, looked_at = clock_timestamp(), note = :note,
    vendor_refund_id = coalesce(nullif(:vendor_refund_id, ''), vendor_refund_id),
    vendor_status = coalesce(nullif(:vendor_status, ''), vendor_status),
    settled_at = CASE WHEN CAST(:settled AS boolean) THEN clock_timestamp() END
WHERE refund_no = :refund_no
"""

_SETTLE_PAYMENT: Final = """
UPDATE payment SET refunding_minor = refunding_minor - CAST(:amount AS bigint),
                   refunded_minor = refunded_minor + CASE WHEN CAST(:paid AS boolean)
                                                          THEN CAST(:amount AS bigint) ELSE 0 END
WHERE id = :payment_id
"""

_SETTLE_ORDER: Final = """
UPDATE sales_order SET
    refunded_minor = refunded_minor + CASE WHEN CAST(:paid AS boolean) THEN CAST(:amount AS bigint)
                                           ELSE 0 END,
    refund_due_minor = greatest(refund_due_minor - CAST(:amount AS bigint), 0)
WHERE id = :order_id
"""

_SETTLE_RETURN: Final = """
UPDATE sales_order SET
    refunded_minor = refunded_minor + CASE WHEN CAST(:paid AS boolean) THEN CAST(:amount AS bigint)
                                           ELSE 0 END,
    returning_minor = returning_minor - CAST(:amount AS bigint)
WHERE id = :order_id
"""

MONEY_STORY: Final = """
INSERT INTO order_event (order_id, source, seq, kind, data, actor)
VALUES (:order_id, :source, :seq, :kind, jsonb_build_object('amount', CAST(:amount AS text)),
        'system')
ON CONFLICT DO NOTHING
"""

_RANK: Final = {
    RefundStatus.INTENDED: 0,
    RefundStatus.PROCESSING: 1,
    RefundStatus.ABNORMAL: 2,
    RefundStatus.CLOSED: 3,
    RefundStatus.SUCCEEDED: 4,
    RefundStatus.BY_HAND: 4,
    RefundStatus.SKIPPED: 4,
}
_REASON: Final = {"surplus": "重复付款退款", "order": "订单退款", "return": "退货退款"}


@dataclass(frozen=True, slots=True)
class Round:
    """The round of a return that a refund pays; no return for what the order itself owes."""

    return_no: str | None = None
    number: int = 0


NO_RETURN: Final = Round()


async def plan_refunds(session: AsyncSession, order_id: str) -> tuple[str, ...]:
    """Write down refunds for what is due and not on its way, as far as payments are known.

    The caller has locked the order.
    """
    order = (await run(session, _DUE, order_id=order_id))[0]
    if order.due <= 0:
        return ()
    rows = await run(session, _REFUNDABLE, order_id=order_id)
    shares = share_out(order.due, [Refundable(row.id, row.free) for row in rows])
    return tuple(
        [await write_refund(session, payment_id, order_id, share) for payment_id, share in shares]
    )


async def plan_return_refunds(
    session: AsyncSession, order_id: str, due_minor: int, of: Round
) -> int:
    """Write down the refunds of a round of a return, as far as payments are known.

    Returns what is left over. The caller has locked the order.
    """
    rows = await run(session, _REFUNDABLE, order_id=order_id)
    shares = share_out(due_minor, [Refundable(row.id, row.free) for row in rows])
    for payment_id, share in shares:
        await write_refund(session, payment_id, order_id, share, "return", of=of)
    return due_minor - sum(share for _, share in shares)


async def free_minor(session: AsyncSession, order_id: str) -> int:
    """What the known payments of an order can still give back."""
    return sum(int(row.free) for row in await run(session, _FREE, order_id=order_id))


async def tell_return(session: AsyncSession, return_no: str, order_id: str) -> None:
    """After the commit, the return's workflow looks again; it is started where none runs."""
    moved = SalesReturnMoved(return_no, order_id)
    await queue_signal(session, return_workflow_id(return_no), "sales_return_moved", moved)


async def refund_facts(session: AsyncSession, refund_no: str) -> RefundFacts:
    """Where a refund stands. Raises RefundNotFound."""
    return _facts(await refund_row(session, refund_no))


async def refund_row(session: AsyncSession, refund_no: str) -> Row[Any]:
    """The refund with its payment's numbers. Raises RefundNotFound."""
    rows = await run(session, _FACTS, refund_no=refund_no)
    if not rows:
        raise RefundNotFound(f"there is no refund {refund_no[:64]!a}")
    return rows[0]


async def move_refund(
    session: AsyncSession,
    refund_no: str,
    status: RefundStatus,
    *,
    vendor_refund_id: str = "",
    vendor_status: str = "",
    note: str = "",
) -> RefundFacts:
    """What the provider or a person says of a refund; it never goes back.

    Raises RefundNotFound. What the provider closed stays reserved until a person decides.
    """
    before = await refund_row(session, refund_no)
    await run(session, _LOCK_ORDER, order_id=before.order_id)
    await run(session, _LOCK_PAYMENT, payment_id=before.payment_id)
    locked = (await run(session, _LOCK_REFUND, refund_no=refund_no))[0]
    was = RefundStatus(locked.state)
    if locked.settled_at is not None or _RANK[status] < _RANK[was]:
        return await refund_facts(session, refund_no)
    settled = status.is_settled and status is not RefundStatus.CLOSED
    await run(
        session, _MOVE, refund_no=refund_no, state=status, settled=settled, note=note[:500],
        vendor_refund_id=vendor_refund_id[:128], vendor_status=vendor_status[:100],
    )  # fmt: skip
    if settled:
        await _settle(session, before, status)
    if status is not was and before.order_id:
        seq, kind = _RANK[status] + 1, f"refund_{status}"
        amount = str(Money(before.amount_minor, before.currency))
        await run(
            session, MONEY_STORY, order_id=before.order_id, source=refund_no, seq=seq, kind=kind,
            amount=amount,
        )  # fmt: skip
    return await refund_facts(session, refund_no)


async def record_refund_news(
    session: AsyncSession,
    refund_no: str,
    account_id: str,
    status: RefundStatus | None,
    *,
    vendor_refund_id: str = "",
    vendor_status: str = "",
) -> bool:
    """What the provider tells by itself of a refund; False when it is none of this account's.

    Money that went out although a person had settled it another way waits for a person again.
    """
    rows = await run(session, _FACTS, refund_no=refund_no) if len(refund_no) <= 64 else []
    if not rows or rows[0].account_id != account_id:
        return False
    row = rows[0]
    if status is not None:
        await move_refund(
            session, refund_no, status, vendor_refund_id=vendor_refund_id,
            vendor_status=vendor_status,
        )  # fmt: skip
    if status is RefundStatus.SUCCEEDED and row.state in (
        RefundStatus.BY_HAND, RefundStatus.SKIPPED
    ):  # fmt: skip
        await open_attention(
            session,
            workflow_id=refund_workflow_id(refund_no),
            step_id="refund_twice",
            order_id=row.order_id,
            system=f"payment/{account_id}",
            cause="RefundedTwice",
            code=row.state,
            error=f"{refund_no} arrived although it was settled by a person before",
        )
    await tell_refund(session, refund_no, row.order_id)
    return True


async def send_again(session: AsyncSession, refund_no: str) -> None:
    """The provider does not know a refund it accepted: it is sent again under the same number."""
    await run(
        session,
        "UPDATE refund SET state = 'intended', looked_at = clock_timestamp()"
        " WHERE refund_no = :refund_no AND state = 'processing'",
        refund_no=refund_no,
    )


async def replace_refund(session: AsyncSession, refund_no: str) -> RefundFacts:
    """A refund the provider gave up is paid under a new number, once. Raises RefundNotFound."""
    before = await refund_row(session, refund_no)
    await run(session, _LOCK_ORDER, order_id=before.order_id)
    await run(session, _LOCK_PAYMENT, payment_id=before.payment_id)
    locked = (await run(session, _LOCK_REFUND, refund_no=refund_no))[0]
    if locked.settled_at is None and locked.state == RefundStatus.CLOSED:
        await run(
            session, "UPDATE refund SET settled_at = clock_timestamp() WHERE refund_no = :no",
            no=refund_no,
        )  # fmt: skip
        await run(
            session, _SETTLE_PAYMENT, payment_id=before.payment_id, amount=before.amount_minor,
            paid=False,
        )  # fmt: skip
        await write_refund(
            session, before.payment_id, before.order_id, before.amount_minor, before.kind,
            refund_no, Round(before.return_no, before.return_round),
        )  # fmt: skip
    return await refund_facts(session, refund_no)


async def tell_refund(session: AsyncSession, refund_no: str, order_id: str | None) -> None:
    """After the commit, the refund's workflow looks again; it is started where none runs."""
    moved = RefundMoved(refund_no, order_id or "")
    await queue_signal(session, refund_workflow_id(refund_no), "refund_moved", moved)


async def write_refund(
    session: AsyncSession,
    payment_id: str,
    order_id: str | None,
    amount_minor: int,
    kind: str = "order",
    follows: str | None = None,
    of: Round = NO_RETURN,
) -> str:
    """Reserve the sum on its payment and write the refund down under a number of its own."""
    refund_no = new_refund_no(datetime.now(UTC))
    reserved = await run(session, _RESERVE, payment_id=payment_id, amount=amount_minor)
    await run(
        session, _NEW_REFUND, refund_no=refund_no, payment_id=payment_id, order_id=order_id,
        kind=kind, amount=amount_minor, currency=reserved[0].currency, follows=follows,
        reason=_REASON[kind], return_no=of.return_no, return_round=of.number,
    )  # fmt: skip
    await tell_refund(session, refund_no, order_id)
    return refund_no


async def _settle(session: AsyncSession, refund: Row[Any], status: RefundStatus) -> None:
    await run(
        session, _SETTLE_PAYMENT, payment_id=refund.payment_id, amount=refund.amount_minor,
        paid=status.is_paid,
    )  # fmt: skip
    if refund.kind == "surplus":
        return
    statement = _SETTLE_RETURN if refund.kind == "return" else _SETTLE_ORDER
    await run(
        session, statement, order_id=refund.order_id, amount=refund.amount_minor,
        paid=status.is_paid,
    )  # fmt: skip
    if refund.kind == "return":
        await tell_return(session, refund.return_no, refund.order_id)
        return
    changed = StateChanged("refund", refund.refund_no)
    await queue_signal(session, refund.workflow_id, "state_changed", changed)


def _facts(row: Row[Any]) -> RefundFacts:
    return RefundFacts(
        row.refund_no,
        row.order_id or "",
        row.account_id,
        row.state,
        row.settled_at is not None,
        row.vendor_status,
    )
