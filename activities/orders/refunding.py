"""Refunds at payment providers: asked for once whatever happens, found again by our number."""

from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.orders.refunds import move_refund, refund_facts, refund_row, replace_refund, send_again
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.sql import run
from domain.orders.payment import RefundStatus
from domain.orders.work import RefundFacts, RefundStep
from domain.shared.errors import RateLimited
from integrations.payments.port import RefundRequest, RefundState
from integrations.payments.registry import PROVIDERS

_SENT: Final = """
UPDATE refund SET sent_at = clock_timestamp(), looked_at = clock_timestamp()
WHERE refund_no = :refund_no
"""

_TOO_SOON: Final = """
SELECT extract(epoch FROM max(sent_at) + make_interval(secs => :pause) - clock_timestamp())::float
       AS wait_s
FROM refund WHERE payment_id = :payment_id AND refund_no <> :refund_no
"""


@dataclass(frozen=True, slots=True)
class RefundActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="refund.look")
    async def look(self, step: RefundStep) -> RefundFacts:
        """Where the refund stands."""
        async with self.sessions.begin() as session:
            return await refund_facts(session, step.refund_no)

    @activity.defn(name="refund.send")
    async def send(self, step: RefundStep) -> RefundFacts:
        """Ask the provider for the refund; asks for it by our number first, except the first time.

        Raises the provider's IntegrationError; RateLimited when another refund of the same payment
        went out too short ago.
        """
        async with self.sessions.begin() as session:
            row = await refund_row(session, step.refund_no)
            if row.state != RefundStatus.INTENDED or row.settled_at is not None:
                return await refund_facts(session, step.refund_no)
            await self._not_too_soon(session, row)
            effect = await EffectRepository(session).intend(
                step.refund_no, "refund", _system(row), row.order_id or row.payment_id
            )
            await run(session, _SENT, refund_no=step.refund_no)
        async with self.gates.through(_system(row), step):
            provider = await self.adapters.payments(row.account_id)
            sends(_request(row))
            state = None if effect.is_first else await provider.query(_request(row))
            if state is None:
                async with attempt(self.sessions, row.refund_no):
                    state = await provider.refund(_request(row))
        return await self._keep(step.refund_no, state)

    @activity.defn(name="refund.ask")
    async def ask(self, step: RefundStep) -> RefundFacts:
        """How far the refund is at the provider; one it does not know is sent again later."""
        async with self.sessions.begin() as session:
            row = await refund_row(session, step.refund_no)
            await run(
                session, "UPDATE refund SET looked_at = clock_timestamp() WHERE refund_no = :no",
                no=step.refund_no,
            )  # fmt: skip
        async with self.gates.through(_system(row), step):
            provider = await self.adapters.payments(row.account_id)
            sends(_request(row))
            state = await provider.query(_request(row))
        if state is not None:
            return await self._keep(step.refund_no, state)
        async with self.sessions.begin() as session:
            await send_again(session, step.refund_no)
            return await refund_facts(session, step.refund_no)

    @activity.defn(name="refund.settle")
    async def settle(self, step: RefundStep) -> RefundFacts:
        """A person paid it another way, or decided that it is not paid."""
        async with self.sessions.begin() as session:
            return await move_refund(session, step.refund_no, RefundStatus(step.status))

    @activity.defn(name="refund.replace")
    async def replace(self, step: RefundStep) -> RefundFacts:
        """The provider gave it up: it is paid under a new number, by a workflow of its own."""
        async with self.sessions.begin() as session:
            return await replace_refund(session, step.refund_no)

    async def _keep(self, refund_no: str, state: RefundState) -> RefundFacts:
        async with self.sessions.begin() as session:
            result = {"vendor_refund_id": state.vendor_refund_id}
            await EffectRepository(session).settle(refund_no, "confirmed", result)
            return await move_refund(
                session,
                refund_no,
                state.status,
                vendor_refund_id=state.vendor_refund_id,
                vendor_status=state.vendor_status,
            )

    async def _not_too_soon(self, session: Any, row: Any) -> None:
        known = PROVIDERS.get(row.provider)
        if known is None or not known.pause_s:
            return
        rows = await run(
            session, _TOO_SOON, payment_id=row.payment_id, refund_no=row.refund_no,
            pause=known.pause_s,
        )  # fmt: skip
        wait_s = rows[0].wait_s
        if wait_s is not None and wait_s > 0:
            text = "another refund of this payment was sent a moment ago"
            raise RateLimited(text, retry_after_s=wait_s, code="one_at_a_time", system="onhand")


def _system(row: Any) -> str:
    return f"payment/{row.account_id}"


def _request(row: Any) -> RefundRequest:
    return RefundRequest(
        row.refund_no,
        row.transaction_id,
        row.merchant_ref,
        row.amount_minor,
        row.total_minor,
        row.currency,
        row.reason,
    )
