"""Starting lifecycles again that the engine lost: what is true about orders is in the tables.

A run that is there is left alone; one that failed, was terminated or is forgotten starts anew and
goes on where the tables are. Effects keep their keys, so nothing happens a second time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from db.engine import Sessions
from db.shared import lifecycles
from domain.finance.messages import ExportRef, InvoiceRef
from domain.inventory.case_life import CaseRef
from domain.inventory.count_life import CountRef
from domain.inventory.purchasing.messages import PurchaseRef
from domain.inventory.recalling import RecallRef
from domain.inventory.transfers import TransferRef
from domain.orders.bulk_messages import BulkRef
from domain.orders.messages import (
    ClaimRef,
    InterceptRef,
    OrderRef,
    RefundRef,
    ReturnLabelRef,
    SalesReturnRef,
    ShipmentRef,
)
from domain.platform.campaigns import CampaignRef
from domain.platform.importing import ImportRef
from domain.shared.ids import (
    OrderId,
    ShipmentNo,
    bulk_workflow_id,
    campaign_workflow_id,
    claim_workflow_id,
    count_workflow_id,
    export_workflow_id,
    import_workflow_id,
    intercept_workflow_id,
    invoice_workflow_id,
    purchase_workflow_id,
    recall_workflow_id,
    receipt_case_workflow_id,
    refund_workflow_id,
    return_label_workflow_id,
    return_workflow_id,
    transfer_workflow_id,
)
from runtime.handing_over import CALL_TIMEOUT
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

# A busy order has just been heard of; only silent ones may have lost their run.
QUIET: Final = timedelta(minutes=10)
SLICE: Final = 200


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many orders were looked at, and how many lifecycles started again."""

    orders: int = 0
    started: int = 0


@dataclass(frozen=True, slots=True)
class _Lost:
    """A lifecycle that should be running."""

    kind: str
    workflow_id: str
    ref: Any


@dataclass(frozen=True, slots=True)
class _Matters:
    """Refunds, returns, claims, exports, invoices or bulk jobs: what runs for each."""

    kind: str
    workflow_id: Callable[[str], str]
    ref: Callable[[str, OrderId], object]

    async def __call__(
        self, session: AsyncSession, after: str, limit: int, quiet: timedelta
    ) -> tuple[list[str], list[_Lost]]:
        found = await lifecycles.open_matters(session, self.kind, after, limit, quiet)
        return [one.no for one in found], [
            _Lost(self.kind, self.workflow_id(one.no), self.ref(one.no, OrderId(one.order_id)))
            for one in found
        ]


async def _orders(
    session: AsyncSession, after: str, limit: int, quiet: timedelta
) -> tuple[list[str], list[_Lost]]:
    orders = await lifecycles.open_orders(session, after, limit, quiet)
    ids = [order.order_id for order in orders]
    shipments = [
        _Lost(
            "Shipment",
            one.workflow_id,
            ShipmentRef(ShipmentNo(one.shipment_no), OrderId(one.order_id), one.order_workflow_id),
        )
        for one in await lifecycles.open_shipments(session, ids)
    ]
    return ids, shipments + [
        _Lost("Order", order.workflow_id, OrderRef(OrderId(order.order_id))) for order in orders
    ]


_WALK: Final = (
    _Matters("Refund", refund_workflow_id, RefundRef),
    _Matters("ReturnLabel", return_label_workflow_id, ReturnLabelRef),
    _Matters("Return", return_workflow_id, SalesReturnRef),
    _Matters("VoucherExport", export_workflow_id, lambda no, _: ExportRef(no)),
    _Matters("Claim", claim_workflow_id, ClaimRef),
    _Matters("Transfer", transfer_workflow_id, lambda no, _: TransferRef(no)),
    _Matters("Intercept", intercept_workflow_id, InterceptRef),
    _Matters("Recall", recall_workflow_id, lambda no, _: RecallRef(no)),
    _Matters("Count", count_workflow_id, lambda no, _: CountRef(no)),
    _Matters("ReceiptCase", receipt_case_workflow_id, lambda no, _: CaseRef(no)),
    _Matters("Invoice", invoice_workflow_id, InvoiceRef),
    _Matters("Replenishment", purchase_workflow_id, lambda no, _: PurchaseRef(no)),
    _Matters("Campaign", campaign_workflow_id, lambda no, _: CampaignRef(no)),
    _Matters("Import", import_workflow_id, lambda no, _: ImportRef(no)),
    _Matters("Bulk", bulk_workflow_id, lambda no, _: BulkRef(no)),
    _orders,
)


@dataclass(slots=True)
class Redrive:
    """Walks through the open refunds, return labels, returns, claims and orders, slice by slice,
    for ever."""

    sessions: Sessions
    client: Client
    quiet: timedelta = QUIET
    _kind: int = field(default=0, init=False)
    _after: str = field(default="", init=False)

    async def once(self, limit: int) -> int:
        """The next slice; returns how many lifecycles were started again."""
        return (await self._slice(min(limit, SLICE))).started

    async def all(self) -> Redriven:
        """Every open lifecycle, once."""
        self._kind, self._after, total = 0, "", Redriven()
        while True:
            done = await self._slice(SLICE)
            total = Redriven(total.orders + done.orders, total.started + done.started)
            if self._kind == 0 and not self._after:
                return total

    async def _slice(self, limit: int) -> Redriven:
        """As many of one kind as the slice holds; what is left of it goes to the next kinds."""
        orders = started = 0
        while limit > 0:
            read = _WALK[self._kind]
            async with self.sessions.begin() as session:
                numbers, lost = await read(session, self._after, limit, self.quiet)
            for one in lost:
                started += await self._start(one)
            orders += len(numbers) if read is _orders else 0
            limit -= len(numbers)
            if limit > 0:
                self._kind, self._after = (self._kind + 1) % len(_WALK), ""
            else:
                self._after = numbers[-1]
            if limit > 0 and self._kind == 0:
                break
        return Redriven(orders, started)

    async def _start(self, lost: _Lost) -> int:
        async with self.sessions.begin() as session:
            items = await lifecycles.open_items(session, lost.workflow_id)
        try:
            await self.client.start_workflow(
                lost.kind,
                lost.ref,
                id=lost.workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                rpc_timeout=CALL_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return 0
        log.warning("lifecycle.started_again", kind=lost.kind, workflow_id=lost.workflow_id)
        async with self.sessions.begin() as session:
            await lifecycles.resolve_lost(session, items)
        return 1
