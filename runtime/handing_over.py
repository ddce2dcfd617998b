"""Inbox → orders: start the order's workflow or signal it, until it has answered."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from db.engine import Sessions
from db.shared import hand_over
from db.shared.hand_over import HandOver
from domain.orders.messages import MessageArrived, OrderRef
from domain.shared.ids import InboxId, OrderId
from integrations.marketplaces.registry import PULLED
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

CALL_TIMEOUT: Final = timedelta(seconds=5)
_AT_ONCE: Final = 16
# Nobody can tell these apart from "the engine is down or busy"; anything else concerns one row.
_TRANSIENT: Final = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
    }
)


class LateFact(Protocol):
    """What a message about a closed order says."""

    @property
    def text(self) -> str: ...

    @property
    def needs_person(self) -> bool: ...


class LateFacts(Protocol):
    """Reads what comes after the end of an order."""

    async def judge(self, message: HandOver) -> LateFact: ...


def engine_is_down(error: Exception) -> bool:
    """Whether the engine, not this one call, is the trouble."""
    if isinstance(error, RPCError):
        return error.status in _TRANSIENT
    return isinstance(error, OSError | TimeoutError)


@dataclass(frozen=True, slots=True)
class HandingOver:
    """Brings every unapplied message to the one workflow of its order."""

    sessions: Sessions
    client: Client
    late_facts: LateFacts
    again_after: timedelta = hand_over.AGAIN_AFTER
    under_way: int = hand_over.UNDER_WAY

    async def once(self, limit: int) -> int:
        """One batch; returns how many rows were taken. Raises when the engine does not answer."""
        async with self.sessions.begin() as session:
            taken = await hand_over.claim(session, limit, self.again_after, self.under_way)
        if not taken:
            return 0
        await self._hand_over([message for message in taken if not message.is_late])
        for message in taken:
            if message.is_late:
                await self._settle_late(message)
        first_time = [
            message.shop_id
            for message in taken
            if message.hand_overs == 1 and message.source not in PULLED
        ]
        async with self.sessions.begin() as session:
            await hand_over.heard_from(session, first_time)
        return len(taken)

    async def _hand_over(self, messages: Sequence[HandOver]) -> None:
        """Several orders at once, the messages of one order in the order they came."""
        by_order: dict[str, list[HandOver]] = defaultdict(list)
        for message in messages:
            by_order[message.workflow_id].append(message)
        slots = asyncio.Semaphore(_AT_ONCE)
        undone: list[HandOver] = []
        troubles: list[Exception] = []

        async def one_order(queue: list[HandOver]) -> None:
            for position, message in enumerate(queue):
                try:
                    async with slots:
                        await self._tell(message)
                except Exception as error:
                    if not engine_is_down(error):
                        log.error(
                            "relay.message_refused", inbox_id=message.inbox_id,
                            order_id=message.order_id, error=str(error)[:300],
                        )  # fmt: skip
                        continue
                    undone.extend(queue[position:])
                    troubles.append(error)
                    return

        await asyncio.gather(*(one_order(queue) for queue in by_order.values()))
        if troubles:
            async with self.sessions.begin() as session:
                await hand_over.release(session, [message.inbox_id for message in undone])
            raise troubles[0]

    async def _tell(self, message: HandOver) -> None:
        try:
            await self.client.start_workflow(
                "Order",
                OrderRef(OrderId(message.order_id)),
                id=message.workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="message_arrived",
                start_signal_args=[MessageArrived(InboxId(message.inbox_id))],
                rpc_timeout=CALL_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            await self._ended(message)

    async def _ended(self, message: HandOver) -> None:
        async with self.sessions.begin() as session:
            if await hand_over.workflow_ended(session, message):
                log.error(
                    "relay.workflow_ended", order_id=message.order_id,
                    workflow_id=message.workflow_id,
                )  # fmt: skip
            else:  # the order closed meanwhile: the next round treats the message as late
                await hand_over.release(session, [message.inbox_id])

    async def _settle_late(self, message: HandOver) -> None:
        try:
            fact = await self.late_facts.judge(message)
            async with self.sessions.begin() as session:
                await hand_over.settle_late(session, message, fact.text, fact.needs_person)
        except Exception:
            # One message nobody can judge must not keep the others; it comes again in a minute.
            log.exception("relay.late_fact_not_judged", inbox_id=message.inbox_id)
            return
        log.info(
            "order.late_fact", order_id=message.order_id, inbox_id=message.inbox_id,
            fact=fact.text, needs_person=fact.needs_person,
        )  # fmt: skip
