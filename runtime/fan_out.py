"""Outbox → workflows and subscribers."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from db.engine import Sessions
from db.logistics.return_labels import RETURN_MOVED
from db.orders.bulk import BULK_ASKED
from db.platform import outbox
from db.platform.attention import open_attention
from db.platform.outbox import Telling
from db.platform.tables import WebhookEndpointRow
from db.platform.webhooks import Subscribers, Tried
from db.vault import CannotOpen, Vault, endpoint_context
from domain.channels.messages import SHOP_ADDED, ShopAdded
from domain.finance.messages import ExportMoved, ExportRef, InvoiceMoved, InvoiceRef
from domain.inventory.case_life import CaseMoved, CaseRef
from domain.inventory.count_life import CountMoved, CountRef
from domain.inventory.purchasing.messages import PurchaseMoved, PurchaseRef
from domain.inventory.recalling import RecallMoved, RecallRef
from domain.inventory.transfers import TransferMoved, TransferRef
from domain.orders.bulk_messages import BulkAsked, BulkRef
from domain.orders.messages import (
    ClaimMoved,
    ClaimRef,
    GateOpened,
    InterceptMoved,
    InterceptRef,
    OrderRef,
    RefundMoved,
    RefundRef,
    ReturnLabelMoved,
    ReturnLabelRef,
    SalesReturnMoved,
    SalesReturnRef,
    StateChanged,
)
from domain.platform.auditing import AuditAsked, AuditNight
from domain.platform.campaigns import CampaignMoved, CampaignRef
from domain.platform.gates import TendGate
from domain.platform.importing import IMPORT_MOVED, ImportMoved, ImportRef
from domain.shared.errors import IntegrationError
from domain.shared.ids import OrderId
from integrations.webhooks import WebhookSender
from runtime.handing_over import CALL_TIMEOUT, engine_is_down
from runtime.singletons import begin_with_shop
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

GATE_SHUT: Final = "gate_shut"
_AT_ONCE: Final = 16
_WEBHOOKS_AT_ONCE: Final = 8
_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(hours=4)
# 5 s, doubled up to 4 h: the 29th attempt comes about three days after the first.
MOST_ATTEMPTS: Final = 29
# What waits for a paused subscriber is looked at again after this, unless it is resumed before.
PAUSED: Final = timedelta(hours=1)


_Start = tuple[str, str, object, object]


def _refund(payload: Mapping[str, Any]) -> _Start:
    refund = RefundMoved(**payload)
    return "Refund", "refund_moved", refund, RefundRef(refund.refund_no, OrderId(refund.order_id))


def _return_label(payload: Mapping[str, Any]) -> _Start:
    moved = ReturnLabelMoved(**payload)
    return (
        "ReturnLabel",
        RETURN_MOVED,
        moved,
        ReturnLabelRef(moved.label_no, OrderId(moved.order_id)),
    )


def _return(payload: Mapping[str, Any]) -> _Start:
    moved = SalesReturnMoved(**payload)
    ref = SalesReturnRef(moved.return_no, OrderId(moved.order_id))
    return "Return", "sales_return_moved", moved, ref


def _claim(payload: Mapping[str, Any]) -> _Start:
    moved = ClaimMoved(**payload)
    return "Claim", "claim_moved", moved, ClaimRef(moved.claim_no, OrderId(moved.order_id))


def _transfer(payload: Mapping[str, Any]) -> _Start:
    moved = TransferMoved(**payload)
    return "Transfer", "transfer_moved", moved, TransferRef(moved.no)


def _intercept(payload: Mapping[str, Any]) -> _Start:
    moved = InterceptMoved(**payload)
    ref = InterceptRef(moved.parcel_id, OrderId(moved.order_id))
    return "Intercept", "intercept_moved", moved, ref


def _recall(payload: Mapping[str, Any]) -> _Start:
    moved = RecallMoved(**payload)
    return "Recall", "recall_moved", moved, RecallRef(moved.recall_no)


def _count(payload: Mapping[str, Any]) -> _Start:
    moved = CountMoved(**payload)
    return "Count", "count_moved", moved, CountRef(moved.no)


def _receipt_case(payload: Mapping[str, Any]) -> _Start:
    moved = CaseMoved(**payload)
    return "ReceiptCase", "case_moved", moved, CaseRef(moved.no)


def _audit(payload: Mapping[str, Any]) -> _Start:
    asked = AuditAsked(**payload)
    return "AuditNight", "audit_asked", asked, AuditNight(asked.run, asked.by)


def _order(payload: Mapping[str, Any]) -> _Start:
    made = StateChanged(**payload)
    return "Order", "state_changed", made, OrderRef(OrderId(made.ref))


def _gate(payload: Mapping[str, Any]) -> _Start:
    shut = GateOpened(**payload)
    return "Gate", GATE_SHUT, shut, TendGate(shut.system)


def _export(payload: Mapping[str, Any]) -> _Start:
    moved = ExportMoved(**payload)
    return "VoucherExport", "export_moved", moved, ExportRef(moved.export_no)


def _purchase(payload: Mapping[str, Any]) -> _Start:
    moved = PurchaseMoved(**payload)
    return "Replenishment", "purchase_moved", moved, PurchaseRef(moved.no)


def _invoice(payload: Mapping[str, Any]) -> _Start:
    moved = InvoiceMoved(**payload)
    return "Invoice", "invoice_moved", moved, InvoiceRef(moved.invoice_no, moved.order_id)


def _campaign(payload: Mapping[str, Any]) -> _Start:
    moved = CampaignMoved(**payload)
    return "Campaign", "campaign_moved", moved, CampaignRef(moved.campaign_id)


def _import(payload: Mapping[str, Any]) -> _Start:
    moved = ImportMoved(**payload)
    return "Import", IMPORT_MOVED, moved, ImportRef(moved.import_id)


def _bulk(payload: Mapping[str, Any]) -> _Start:
    asked = BulkAsked(**payload)
    return "Bulk", BULK_ASKED, asked, BulkRef(asked.job_id)


# News that starts the workflow it is for: what to start, its signal, the news, and with what.
_STARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], _Start]]] = {
    "refund_moved": _refund,
    RETURN_MOVED: _return_label,
    "sales_return_moved": _return,
    "claim_moved": _claim,
    "transfer_moved": _transfer,
    "intercept_moved": _intercept,
    "recall_moved": _recall,
    "audit_asked": _audit,
    "count_moved": _count,
    "case_moved": _receipt_case,
    "order_made": _order,
    GATE_SHUT: _gate,
    "export_moved": _export,
    "invoice_moved": _invoice,
    "purchase_moved": _purchase,
    "campaign_moved": _campaign,
    IMPORT_MOVED: _import,
    BULK_ASKED: _bulk,
}


def wait_before(attempt: int, jitter: float = 1.0) -> timedelta:
    """How long to rest after the attempt with this number, the first being 1."""
    return min(_FIRST_WAIT * (1 << min(attempt - 1, 20)), _LONGEST_WAIT) * jitter


@dataclass(frozen=True, slots=True)
class SignalFanOut:
    """Signals that follow a commit. To one workflow they go in the order they were queued."""

    sessions: Sessions
    client: Client

    async def once(self, limit: int) -> int:
        """One batch; returns how many rows were taken. Raises when the engine does not answer."""
        async with self.sessions.begin() as session:
            taken = await outbox.claim(session, "signal", limit)
        by_target: dict[str, list[Telling]] = defaultdict(list)
        for telling in taken:
            by_target[telling.target].append(telling)
        slots = asyncio.Semaphore(_AT_ONCE)
        heard: list[int] = []
        undone: list[int] = []
        lost: list[tuple[Telling, str]] = []
        troubles: list[Exception] = []

        async def one_target(queue: list[Telling]) -> None:
            for position, telling in enumerate(queue):
                try:
                    async with slots:
                        await self._signal(telling)
                    heard.append(telling.id)
                except Exception as error:
                    if engine_is_down(error):
                        undone.extend(one.id for one in queue[position:])
                        troubles.append(error)
                        return
                    lost.append((telling, str(error)))

        await asyncio.gather(*(one_target(queue) for queue in by_target.values()))
        async with self.sessions.begin() as session:
            await outbox.mark_sent(session, heard)
            for telling, text in lost:
                await outbox.give_up(session, telling.id, text)
            why = str(troubles[0]) if troubles else ""
            await outbox.try_later(session, undone, timedelta(0), why, untried=True)
        for telling, text in lost:
            log.warning(
                "relay.signal_lost", workflow_id=telling.target, signal=telling.name, error=text
            )
        if troubles:
            raise troubles[0]
        return len(taken)

    async def _signal(self, telling: Telling) -> None:
        """A workflow that is over hears nothing: whatever it was told about no longer matters."""
        if telling.name in _STARTS:
            await self._wake(telling)
            return
        if telling.name == SHOP_ADDED:
            await begin_with_shop(self.client, ShopAdded(**telling.payload), CALL_TIMEOUT)
            return
        handle = self.client.get_workflow_handle(telling.target)
        try:
            await handle.signal(telling.name, telling.payload, rpc_timeout=CALL_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NobodyListens("this workflow is over or was never started") from error
            raise

    async def _wake(self, telling: Telling) -> None:
        """Refunds, returns, their labels, claims and the gate of a system added a moment ago start
        with the first news; one that is over ends at once, unless the news is that it goes on."""
        kind, signal, moved, ref = _STARTS[telling.name](telling.payload)
        await self.client.start_workflow(
            kind,
            ref,
            id=telling.target,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=signal,
            start_signal_args=[moved],
            rpc_timeout=CALL_TIMEOUT,
        )


class NobodyListens(Exception):
    """There is no running workflow with this id."""


@dataclass(frozen=True, slots=True)
class WebhookFanOut:
    """Events to subscribers, tried for about three days; then a person hears of it."""

    sessions: Sessions
    vault: Vault
    sender: WebhookSender
    jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)

    async def once(self, limit: int) -> int:
        """One batch; returns how many rows were taken."""
        async with self.sessions.begin() as session:
            taken = await outbox.claim(session, "webhook", min(limit, _WEBHOOKS_AT_ONCE))
        await asyncio.gather(*(self._deliver(telling) for telling in taken))
        return len(taken)

    async def _deliver(self, telling: Telling) -> None:
        async with self.sessions.begin() as session:
            endpoint = await session.get(WebhookEndpointRow, telling.target)
            if endpoint is None or not endpoint.active:
                await outbox.give_up(session, telling.id, "the subscriber was removed")
                return
            if endpoint.paused_at is not None:
                await outbox.try_later(session, [telling.id], PAUSED, "paused", untried=True)
                return
        began = time.monotonic()
        status, error = await self._send(endpoint, telling)
        took_ms = round((time.monotonic() - began) * 1000)
        log.info(
            "webhook.attempt", endpoint=endpoint.id, event_id=telling.event_id,
            event_type=telling.name, attempt=telling.attempts, error=error,
        )  # fmt: skip
        wait = None
        if error and telling.attempts < MOST_ATTEMPTS:
            wait = wait_before(telling.attempts, self.jitter())
        async with self.sessions.begin() as session:
            await Subscribers(session).tried(
                Tried(
                    endpoint.id, telling.event_id, telling.name, telling.attempts, took_ms, status,
                    error, wait,
                )
            )  # fmt: skip
            await self._settle(session, endpoint, telling, error, wait)

    async def _settle(
        self,
        session: AsyncSession,
        endpoint: WebhookEndpointRow,
        telling: Telling,
        error: str,
        wait: timedelta | None,
    ) -> None:
        if not error:
            await outbox.mark_sent(session, [telling.id])
        elif wait is not None:
            await outbox.try_later(session, [telling.id], wait, error)
        else:
            await outbox.give_up(session, telling.id, error)
            await open_attention(
                session,
                workflow_id=f"webhook/{endpoint.id}",
                step_id="delivery",
                system=f"webhook/{endpoint.id}",
                cause="Unavailable",
                code="not_delivered",
                error=f"{telling.name} {telling.event_id} was not delivered: {error}",
            )

    async def _send(self, endpoint: WebhookEndpointRow, telling: Telling) -> tuple[int | None, str]:
        """What it answered, and why it was not heard; the latter is empty when it was."""
        try:
            context = endpoint_context(endpoint.id)
            secrets = [self.vault.open(endpoint.secret, context).decode()]
            if endpoint.old_until is not None and endpoint.old_until > datetime.now(UTC):
                secrets.append(self.vault.open(endpoint.old_secret, context).decode())
            body = str(telling.payload["body"]).encode()
            status = await self.sender.send(endpoint.url, secrets, telling.event_id, body)
        except IntegrationError as error:
            answered = int(error.code) if error.code.isdigit() else None
            return answered, f"{type(error).__name__}: {error}"[:300]
        except (CannotOpen, ValueError, KeyError) as error:
            return None, f"{type(error).__name__}: {error}"[:300]
        return status, ""
