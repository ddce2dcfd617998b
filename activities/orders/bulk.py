"""Carrying one decision out for many orders, each by its own order's own command."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.engine import Row
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from db.engine import Sessions
from db.orders.bulk import deed_of, end_job, job_of, next_of, tell_result
from db.orders.tags import put_tag_on, take_tag_off
from db.platform.audit import audit
from domain.orders.bulk_messages import BulkRef, BulkWent
from domain.orders.desk import BulkAction, Deed, Obstacle
from domain.orders.messages import Accepted, PlaceHold, ReleaseHold
from domain.orders.order import OrderStatus
from domain.shared.errors import ActionNotAllowed

log = structlog.get_logger()

BATCH: Final = 25
_AT_ONCE: Final = 5
_PATIENCE: Final = timedelta(seconds=10)
_ASKED_ENOUGH: Final = 3  # times, before an order that does not answer is left for a person


@dataclass(frozen=True, slots=True)
class _Result:
    state: str
    code: str = ""
    told: str = ""


_DONE: Final = _Result("done")


@dataclass(frozen=True, slots=True)
class BulkActivities:
    """Safe to repeat: an order that is done is passed over, and its command has one id."""

    sessions: Sessions
    client: Client

    @activity.defn(name="bulk.carry_on")
    async def carry_on(self, ref: BulkRef) -> BulkWent:
        """The next few orders; or the end, when none waits or somebody asked to stop."""
        async with self.sessions.begin() as session:
            job = await job_of(session, ref.job_id)
            items = await next_of(session, ref.job_id, BATCH)
            if job.stop_asked_by or not items:
                await end_job(session, ref.job_id, stopped=bool(job.stop_asked_by and items))
                return BulkWent(ended=True)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(item: Row[Any]) -> None:
            async with slots:
                await self._one(job, item)
                activity.heartbeat()

        await asyncio.gather(*(one(item) for item in items))
        return BulkWent(ended=False)

    async def _one(self, job: Row[Any], item: Row[Any]) -> None:
        deed = deed_of(job)
        if deed.action in (BulkAction.TAG, BulkAction.UNTAG):
            await self._mark(job, item, deed)
            return
        result = await self._command(job, item, deed)
        async with self.sessions.begin() as session:
            await tell_result(session, job.id, item.place, result.state, result.code, result.told)
            if result.state == "done":
                await audit(
                    session, job.actor, f"order.{deed.action}", f"order/{item.order_id}",
                    reason=deed.reason, request_id=f"{job.id}:{item.place}",
                )  # fmt: skip

    async def _mark(self, job: Row[Any], item: Row[Any], deed: Deed) -> None:
        """The tag and its result in one transaction."""
        try:
            async with self.sessions.begin() as session:
                if deed.action is BulkAction.TAG:
                    changed = await put_tag_on(session, item.order_id, deed.tag, job.actor)
                    why = Obstacle.TAGGED_ALREADY
                else:
                    changed = await take_tag_off(session, item.order_id, deed.tag, job.actor)
                    why = Obstacle.NOT_TAGGED
                result = _DONE if changed else _Result("refused", why)
                await tell_result(session, job.id, item.place, result.state, result.code)
        except ActionNotAllowed as error:
            async with self.sessions.begin() as session:
                await tell_result(
                    session, job.id, item.place, "refused", Obstacle.TOO_MANY_TAGS, str(error)
                )

    async def _command(self, job: Row[Any], item: Row[Any], deed: Deed) -> _Result:
        """What its order's workflow says; an order that nobody answers for is told as such."""
        command = (
            PlaceHold(deed.reason, job.actor)
            if deed.action is BulkAction.HOLD
            else ReleaseHold(str(deed.hold), deed.reason, job.actor)
        )
        handle = self.client.get_workflow_handle(item.workflow_id)
        try:
            await handle.execute_update(
                str(deed.action), command, id=f"{job.id}:{item.place}", result_type=Accepted,
                rpc_timeout=_PATIENCE,
            )  # fmt: skip
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError):
                return _Result("refused", error.cause.type or "Refused", error.cause.message)
            raise
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            if activity.info().attempt < _ASKED_ENOUGH:
                raise
            log.warning("bulk.no_answer", job_id=job.id, order_id=item.order_id)
            return _Result("refused", "NoAnswer", "the order's workflow does not answer")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            closed = OrderStatus(item.status).is_closed
            return _Result("refused", "OrderClosed" if closed else "NoAnswer")
        return _DONE
