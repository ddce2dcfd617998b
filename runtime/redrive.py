"""Starting lifecycles again that the engine lost: what is true about orders is in the tables.

A run that is there is left alone; one that failed, was terminated or is forgotten starts anew and
goes on where the tables are. Effects keep their keys, so nothing happens a second time.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from db.engine import Sessions
from db.logistics.return_labels import open_labels
from db.shared import lifecycles
from domain.orders.messages import (
    OrderRef,
    RefundRef,
    ReturnLabelRef,
    SalesReturnRef,
    ShipmentRef,
)
from domain.shared.ids import (
    OrderId,
    ShipmentNo,
    refund_workflow_id,
    return_label_workflow_id,
    return_workflow_id,
)
from runtime.handing_over import CALL_TIMEOUT
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

# A busy order has just been heard of; only silent ones may have lost their run.
QUIET: Final = timedelta(minutes=10)
SLICE: Final = 200
MOST_REFUNDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many orders were looked at, and how many lifecycles started again."""

    orders: int = 0
    started: int = 0


@dataclass(slots=True)
class Redrive:
    """Walks through the open orders, slice by slice, for ever; each round begins with refunds and
    returns."""

    sessions: Sessions
    client: Client
    quiet: timedelta = QUIET
    _after: str = field(default="", init=False)

    async def once(self, limit: int) -> int:
        """The next slice; returns how many lifecycles were started again."""
        return (await self._slice(min(limit, SLICE))).started

    async def all(self) -> Redriven:
        """Every open order, once."""
        self._after, total = "", Redriven()
        while True:
            done = await self._slice(SLICE)
            total = Redriven(total.orders + done.orders, total.started + done.started)
            if not self._after:
                return total

    async def _slice(self, limit: int) -> Redriven:
        async with self.sessions.begin() as session:
            orders = await lifecycles.open_orders(session, self._after, limit, self.quiet)
            ids = [order.order_id for order in orders]
            shipments = await lifecycles.open_shipments(session, ids)
            first = not self._after
            refunds = await lifecycles.open_refunds(session, MOST_REFUNDS, self.quiet)
            labels = await open_labels(session, MOST_REFUNDS)
            returns = await lifecycles.open_returns(session, MOST_REFUNDS, self.quiet)
        started = 0
        for refund in refunds if first else ():
            started += await self._start(
                "Refund",
                refund_workflow_id(refund.refund_no),
                RefundRef(refund.refund_no, OrderId(refund.order_id)),
            )
        for label in labels if first else ():
            started += await self._start(
                "ReturnLabel",
                return_label_workflow_id(label.no),
                ReturnLabelRef(label.no, OrderId(label.order_id)),
            )
        for one in returns if first else ():
            started += await self._start(
                "Return",
                return_workflow_id(one.return_no),
                SalesReturnRef(one.return_no, OrderId(one.order_id)),
            )
        for shipment in shipments:
            started += await self._start(
                "Shipment",
                shipment.workflow_id,
                ShipmentRef(
                    ShipmentNo(shipment.shipment_no),
                    OrderId(shipment.order_id),
                    shipment.order_workflow_id,
                ),
            )
        for order in orders:
            ref = OrderRef(OrderId(order.order_id))
            started += await self._start("Order", order.workflow_id, ref)
        self._after = orders[-1].order_id if len(orders) == limit else ""
        return Redriven(len(orders), started)

    async def _start(self, kind: str, workflow_id: str, ref: Any) -> int:
        async with self.sessions.begin() as session:
            items = await lifecycles.open_items(session, workflow_id)
        try:
            await self.client.start_workflow(
                kind,
                ref,
                id=workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                rpc_timeout=CALL_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return 0
        log.warning("lifecycle.started_again", kind=kind, workflow_id=workflow_id)
        async with self.sessions.begin() as session:
            await lifecycles.resolve_lost(session, items)
        return 1
