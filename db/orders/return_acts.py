"""What people and channels do with a return, each in one transaction under its lock."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_return_no
from db.orders.exchanges import want
from db.orders.refunds import tell_return
from db.orders.returns import (
    Asked,
    insert_return,
    lock_order,
    lock_return,
    return_state,
    returnable,
    tell,
)
from db.orders.words import add_words, of_return, said_about
from db.platform.attention import resolve_attention
from db.platform.notices import RETURN_LATE
from db.sql import run
from domain.orders.channels import OUR_CHANNELS
from domain.orders.returns.model import Decision, Outcome, Remedy, ReturnKind, ReturnOrigin
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderNotFound, ReturnClosed
from domain.shared.ids import return_workflow_id

_DRAWS: Final = 5
_LONGEST_REMARK: Final = 2000

_CHANNEL: Final = "SELECT channel FROM sales_order WHERE id = :order_id"

_WITHDRAW: Final = """
UPDATE sales_return SET decision = 'withdrawn', decided_by = :actor,
    clock_left_s = NULL, judged_at = coalesce(judged_at, clock_timestamp()),
    updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

# What is on its way is moved on once more, so that this parcel has the time a parcel has.
_SENT: Final = """
UPDATE sales_return SET carrier = :carrier, waybill_no = :waybill_no,
    status = CASE WHEN status = 'in_transit' THEN 'approved' ELSE status END,
    sent_at = clock_timestamp(), escalated_at = NULL, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_ASK: Final = """
UPDATE sales_return SET waits_for = 'buyer_answer',
    escalated_at = NULL, updated_at = clock_timestamp(),
    clock_left_s = greatest(extract(epoch FROM due_at - clock_timestamp()), 0)::bigint
WHERE return_no = :return_no
"""

_ANSWERED: Final = """
UPDATE sales_return SET waits_for = 'decision',
    due_at = clock_timestamp() + make_interval(secs => clock_left_s), clock_left_s = NULL,
    warn_at = warn_at - due_at + clock_timestamp() + make_interval(secs => clock_left_s),
    escalated_at = NULL, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""


async def open_return(session: AsyncSession, order_id: str, asked: Asked) -> str:
    """Open a return of units that were sent and are in no other return; its number.

    Raises OrderNotFound, InvalidInput for units the order does not have and for what its buyer
    has to ask for at a marketplace, ActionNotAllowed for units that cannot come back any more and
    for a case that is open already.
    """
    await lock_order(session, order_id)
    orders = await run(session, _CHANNEL, order_id=order_id)
    if not orders:
        raise OrderNotFound("there is no such order")
    if asked.origin is ReturnOrigin.CONSUMER and orders[0].channel not in OUR_CHANNELS:
        raise InvalidInput("this order is sent back where it was bought")
    known = {row.id: row for row in await returnable(session, order_id)}
    units = {part: count for part, count in asked.units.items() if count}
    if strange := sorted(set(units) - set(known)):
        raise InvalidInput(f"{strange[0]} is no line of this order")
    if any(count < 0 for count in units.values()):
        raise InvalidInput("quantities must be above zero")
    if not units and (asked.kind.needs_goods or not asked.goodwill_minor):
        raise InvalidInput("choose what comes back, or a sum")
    if asked.remedy == Remedy.RESEND and (asked.kind.needs_goods or not units):
        raise InvalidInput("what is sent anew without coming back must be named")
    if asked.remedy == Remedy.EXCHANGE and not asked.kind.needs_goods:
        raise InvalidInput("an exchange begins with goods that come back")
    if asked.wanted and asked.remedy != Remedy.EXCHANGE:
        raise InvalidInput("other goods are for an exchange")
    for part, count in units.items():
        if count > known[part].left_over:
            raise ActionNotAllowed(
                f"{known[part].left_over} units of {known[part].sku} can come back,"
                f" {count} are asked"
            )
    for _ in range(_DRAWS):
        number = new_return_no(datetime.now(UTC))
        if await insert_return(session, number, order_id, asked):
            await want(session, number, asked.wanted)
            return number
    raise ActionNotAllowed("this case has a return already")


async def withdraw(session: AsyncSession, return_no: str, reason: str, actor: str) -> None:
    """The buyer keeps the goods after all, or it was a mistake. Raises ReturnClosed, and
    ActionNotAllowed once goods have come in or money is planned."""
    row = await _open(session, return_no)
    state = await return_state(session, return_no)
    if state.received_units or state.settled:
        raise ActionNotAllowed("goods have come in, or money is on its way")
    await run(session, _WITHDRAW, return_no=return_no, actor=actor)
    await add_words(session, row.order_id, of_return(return_no), decision_reason=reason)
    await moved(session, row, actor)


async def parcel_sent(
    session: AsyncSession, return_no: str, carrier: str, waybill_no: str, actor: str
) -> None:
    """The buyer, or the channel, tells the parcel's number; a later number replaces it.

    Raises ReturnClosed, ActionNotAllowed before it is approved and where no goods are awaited.
    """
    row = await _open(session, return_no)
    if not ReturnKind(row.kind).needs_goods or row.decision != Decision.APPROVED:
        raise ActionNotAllowed("no parcel is awaited")
    if (row.carrier, row.waybill_no) == (carrier, waybill_no):
        return
    await run(session, _SENT, return_no=return_no, carrier=carrier, waybill_no=waybill_no)
    data = {"return_no": return_no, "waybills": waybill_no}
    await tell(session, row.order_id, return_no, "return_sent", data, actor)
    await moved(session, row, actor)


async def ask_buyer(session: AsyncSession, return_no: str, question: str, actor: str) -> None:
    """Ask the buyer something; our clock stands still until the answer.

    Raises ReturnClosed, ActionNotAllowed unless it waits for a decision.
    """
    row = await _open(session, return_no)
    if row.decision != Decision.NONE or row.due_at is None or row.clock_left_s is not None:
        raise ActionNotAllowed("the return does not wait for a decision of ours")
    await run(session, _ASK, return_no=return_no)
    await add_words(session, row.order_id, of_return(return_no), question=question)
    data, words = {"return_no": return_no}, {"question": question}
    await tell(session, row.order_id, return_no, "return_asked", data, actor, words)
    await moved(session, row, actor)


async def buyer_answered(session: AsyncSession, return_no: str, answer: str, actor: str) -> None:
    """The answer; our clock goes on where it stood. Raises ReturnClosed, ActionNotAllowed."""
    row = await _open(session, return_no)
    if row.clock_left_s is None:
        raise ActionNotAllowed("nothing was asked")
    await run(session, _ANSWERED, return_no=return_no)
    await _answered(session, row.order_id, of_return(return_no), answer)
    await tell(session, row.order_id, return_no, "return_answered", {"return_no": return_no}, actor)
    await moved(session, row, actor)


async def _answered(session: AsyncSession, order_id: str, subject: str, answer: str) -> None:
    said = (await said_about(session, {subject: order_id}))(subject).get("remark", "")
    remark = "\n".join(filter(None, (said, answer)))[:_LONGEST_REMARK]
    await add_words(session, order_id, subject, question="", remark=remark)


async def _open(session: AsyncSession, return_no: str) -> Any:
    row = await lock_return(session, return_no)
    if row.outcome != Outcome.OPEN:
        raise ReturnClosed(f"the return is {row.outcome}")
    return row


async def moved(session: AsyncSession, row: Any, actor: str) -> None:
    """What was late is late no more; the workflow looks again."""
    await resolve_attention(
        session, workflow_id=return_workflow_id(row.return_no), step_id=RETURN_LATE, by=actor,
        resolution="done",
    )  # fmt: skip
    await tell_return(session, row.return_no, row.order_id)
