"""Returns as their workflow moves them: judged by the rules, settled, paid and closed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import OrderRules
from db.engine import Sessions
from db.logistics.claim_opening import claim_from_return
from db.logistics.return_labels import label_for_return, void_label_of
from db.orders.return_money import (
    order_money,
    pay_rest,
    price_instead,
    settle_return,
    settlement_of,
    units_of,
)
from db.orders.returns import (
    delivered_at,
    earlier_returns,
    let_go,
    lock_return,
    return_state,
    tell,
    write_progress,
)
from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import RETURN_LATE
from db.sql import run
from db.vault import Vault
from domain.orders.returns.approval import Request, doubts
from domain.orders.returns.lifecycle import ending_of, status_of, waits_for
from domain.orders.returns.model import (
    Outcome,
    ReturnKind,
    ReturnReason,
    ReturnState,
    ReturnStatus,
)
from domain.orders.work import ReturnWork
from domain.shared.ids import return_workflow_id
from integrations.carriers.registry import RETURNS

_JUDGED: Final = """
UPDATE sales_return SET judged_at = clock_timestamp(), doubts = CAST(:doubts AS jsonb),
    decision = CASE WHEN CAST(:approved AS boolean) THEN 'approved' ELSE decision END,
    decided_by = CASE WHEN CAST(:approved AS boolean) THEN 'system' ELSE decided_by END,
    to_tell = CASE WHEN CAST(:approved AS boolean) AND origin = 'channel' THEN 'agree'
                   ELSE to_tell END,
    due_at = created_at + CAST(:within AS interval),
    warn_at = created_at + CAST(:warn AS interval),
    updated_at = clock_timestamp()
WHERE return_no = :return_no AND judged_at IS NULL
"""

_SKUS: Final = "SELECT DISTINCT sku FROM sales_return_line WHERE return_no = :return_no"

_ESCALATED: Final = """
UPDATE sales_return SET escalated_at = clock_timestamp(), warn_at = NULL
WHERE return_no = :return_no
"""

_WARNED: Final = "UPDATE sales_return SET warn_at = NULL WHERE return_no = :return_no"

# What the buyer or a carrier owes is nothing that we could still do in time.
_OWED_BY_US: Final = (ReturnStatus.RECEIVED, ReturnStatus.INSPECTED)

_CLOSE: Final = """
UPDATE sales_return SET outcome = :outcome, status = 'closed', waits_for = '', due_at = NULL,
    clock_left_s = NULL, closed_at = clock_timestamp(), updated_at = clock_timestamp(),
    to_tell = CASE WHEN CAST(:channel_done AS boolean) THEN '' ELSE to_tell END
WHERE return_no = :return_no AND outcome = ''
"""


@dataclass(frozen=True, slots=True)
class SalesReturnActivities:
    """One method is one transaction; said again, it changes nothing."""

    sessions: Sessions
    vault: Vault
    rules: OrderRules

    @activity.defn(name="sales_return.look")
    async def look(self, work: ReturnWork) -> ReturnState:
        """Where the return stands."""
        async with self.sessions.begin() as session:
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.judge")
    async def judge(self, work: ReturnWork) -> ReturnState:
        """Approve it by the rules, or write down why a person has to."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            if row.judged_at is None:
                found = doubts(await _request(session, row), self.rules.returns)
                await run(
                    session, _JUDGED, return_no=row.return_no, approved=not found,
                    doubts=json.dumps(list(found)), within=self.rules.returns.approve_within,
                    warn=self.rules.returns.warn_after(self.rules.returns.approve_within),
                )  # fmt: skip
                if not found:
                    data = {"return_no": row.return_no}
                    await tell(session, row.order_id, row.return_no, "return_by_rules", data)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.move_on")
    async def move_on(self, work: ReturnWork) -> ReturnState:
        """Write its new status down and start the clock of the next act; what the carrier lost or
        broke is claimed from it, what is approved is collected where the shop wants that."""
        async with self.sessions.begin() as session:
            await lock_return(session, work.return_no)
            state = await return_state(session, work.return_no)
            status = status_of(state)
            if status is not state.status:
                due_at, warn_at = self._clock(status, datetime.now(UTC))
                await write_progress(session, state, due_at, warn_at)
                await claim_from_return(session, work.return_no)
                if status is ReturnStatus.APPROVED:
                    await label_for_return(session, work.return_no, RETURNS)
                await _late_no_more(session, work.return_no)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.warn")
    async def warn(self, work: ReturnWork) -> ReturnState:
        """Somebody is told that our next act is soon late; once per clock."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            state = await return_state(session, work.return_no)
            if state.warn_at and not state.clock_stopped and state.outcome is Outcome.OPEN:
                await run(session, _WARNED, return_no=work.return_no)
                error = f"return {work.return_no} is soon late"
                await _notice(session, row, state, "ReturnSoonLate", error)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.escalate")
    async def escalate(self, work: ReturnWork) -> ReturnState:
        """Somebody is told that the next act is late."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            state = await return_state(session, work.return_no)
            late = not state.escalated and not state.clock_stopped
            if late and state.outcome is Outcome.OPEN:
                await run(session, _ESCALATED, return_no=work.return_no)
                error = f"return {work.return_no} waits longer than promised"
                await _notice(session, row, state, "ReturnLate", error)
                data = {"return_no": work.return_no, "return_waits": waits_for(state)}
                await tell(session, row.order_id, row.return_no, "return_late", data)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.settle")
    async def settle(self, work: ReturnWork) -> ReturnState:
        """Plan what this round pays back, once; the refunds start with it."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            return await settle_return(session, self.vault, row)

    @activity.defn(name="sales_return.pay_rest")
    async def pay_rest(self, work: ReturnWork) -> ReturnState:
        """A person paid what no known payment covers, or leaves it out."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            await pay_rest(session, row, work.actor, paid=work.paid)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.expire")
    async def expire(self, work: ReturnWork) -> ReturnState:
        """The buyer sent nothing in time: closed, until a parcel comes after all."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            state = await return_state(session, work.return_no)
            if status_of(state) is ReturnStatus.APPROVED and state.outcome is Outcome.OPEN:
                await self._close(session, row, Outcome.EXPIRED, state.channel_done)
            return await return_state(session, work.return_no)

    @activity.defn(name="sales_return.close")
    async def close(self, work: ReturnWork) -> ReturnState:
        """It is over; units that did not come back are free to be asked back again."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            state = await return_state(session, work.return_no)
            ending = ending_of(state)
            if state.outcome is Outcome.OPEN and ending is not Outcome.OPEN:
                if state.pays_channel and state.channel_done:
                    await pay_rest(session, row, "channel")
                await self._close(session, row, ending, state.channel_done)
            return await return_state(session, work.return_no)

    async def _close(self, session: Any, row: Any, outcome: Outcome, channel_done: bool) -> None:
        await run(
            session, _CLOSE, return_no=row.return_no, outcome=outcome, channel_done=channel_done
        )
        await let_go(session, row.return_no)
        await void_label_of(session, row.return_no)
        await _late_no_more(session, row.return_no)
        data = {"return_no": row.return_no, "return_outcome": str(outcome)}
        await tell(session, row.order_id, row.return_no, "return_closed", data)

    def _clock(
        self, status: ReturnStatus, now: datetime
    ) -> tuple[datetime | None, datetime | None]:
        """Until when the next act is owed, by us or by the buyer; and when to warn, if by us."""
        rules = self.rules.returns
        within: dict[ReturnStatus, timedelta] = {
            ReturnStatus.APPROVED: rules.send_within,
            ReturnStatus.IN_TRANSIT: rules.missing_after,
            ReturnStatus.RECEIVED: rules.inspect_within,
            ReturnStatus.INSPECTED: rules.approve_within,
        }
        if status not in within:
            return None, None
        warn = rules.warn_after(within[status]) if status in _OWED_BY_US else None
        return now + within[status], now + warn if warn is not None else None


async def _request(session: Any, row: Any) -> Request:
    money = await order_money(session, row.order_id)
    units = await units_of(session, row.return_no, asked=True)
    price = await price_instead(session, row.return_no, row.remedy)
    paid = settlement_of(money, row, units, price)
    return Request(
        ReturnKind(row.kind),
        ReturnReason(row.reason),
        paid.refund_minor + paid.exchanged_minor - paid.goodwill_minor,
        row.goodwill_minor,
        tuple(one.sku for one in await run(session, _SKUS, return_no=row.return_no)),
        await delivered_at(session, row.order_id),
        row.created_at,
        await earlier_returns(session, row.return_no, row.order_id),
    )


async def _notice(session: Any, row: Any, state: ReturnState, cause: str, error: str) -> None:
    await open_attention(
        session,
        workflow_id=return_workflow_id(row.return_no),
        step_id=RETURN_LATE,
        order_id=row.order_id,
        cause=cause,
        code=waits_for(state),
        error=error,
        actions=("done_by_hand",),
    )


async def _late_no_more(session: Any, return_no: str) -> None:
    await resolve_attention(
        session, workflow_id=return_workflow_id(return_no), step_id=RETURN_LATE, by="system",
        resolution="done",
    )  # fmt: skip
