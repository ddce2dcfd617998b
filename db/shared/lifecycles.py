"""Which lifecycles should be running: read from the tables, whatever became of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

# A closed order runs on until the money that is due back is paid.
_ORDERS: Final = """
SELECT id, workflow_id FROM sales_order
WHERE id > :after AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
  AND (status NOT IN ('completed', 'cancelled') OR refund_due_minor > 0)
ORDER BY id LIMIT :limit
"""

# Allocated ones are started by their order; a delivered one may still have to tell its channel.
_SHIPMENTS: Final = """
SELECT s.no, s.order_id, s.workflow_id, o.workflow_id AS order_workflow_id
FROM shipment s JOIN sales_order o ON o.id = s.order_id
WHERE s.order_id = ANY(:orders) AND (
    s.status IN ('picking', 'packed', 'labelled', 'handed_over', 'in_transit', 'exception')
    OR s.status = 'delivered' AND EXISTS (
        SELECT FROM parcel p JOIN effect e
            ON e.key IN ('confirm:' || p.id, 'confirm:' || s.no || ':' || p.id)
        WHERE p.shipment_no IN (s.no, s.ships_with) AND e.state <> 'confirmed'))
ORDER BY s.no
"""

_REFUNDS: Final = """
SELECT refund_no AS no, coalesce(order_id, '') AS order_id FROM refund
WHERE refund_no > :after AND settled_at IS NULL
  AND created_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY refund_no LIMIT :limit
"""

_RETURN_LABELS: Final = """
SELECT no, order_id FROM return_label
WHERE no > :after AND state IN ('wanted', 'ordered', 'cancelling')
  AND greatest(created_at, told_at) <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

# A return that is over may still have to tell its channel.
_RETURNS: Final = """
SELECT return_no AS no, order_id FROM sales_return
WHERE return_no > :after AND (outcome = '' OR to_tell <> '')
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY return_no LIMIT :limit
"""

_EXPORTS: Final = """
SELECT export_no AS no, '' AS order_id FROM voucher_export
WHERE export_no > :after AND state = 'wanted'
  AND started_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY export_no LIMIT :limit
"""

_CLAIMS: Final = """
SELECT claim_no AS no, order_id FROM carrier_claim
WHERE claim_no > :after AND outcome = ''
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY claim_no LIMIT :limit
"""

_TRANSFERS: Final = """
SELECT no, '' AS order_id FROM stock_transfer
WHERE no > :after AND state IN ('approved', 'reserved', 'shipped')
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

_INTERCEPTS: Final = """
SELECT parcel_id AS no, order_id FROM intercept
WHERE parcel_id > :after AND settled_at IS NULL
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY parcel_id LIMIT :limit
"""

_RECALLS: Final = """
SELECT no, '' AS order_id FROM recall
WHERE no > :after AND state = 'open'
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

_COUNTS: Final = """
SELECT no, '' AS order_id FROM stock_count
WHERE no > :after AND state IN ('open', 'counted', 'short')
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

_RECEIPT_CASES: Final = """
SELECT no, '' AS order_id FROM receipt_case
WHERE no > :after AND state = 'open'
  AND opened_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

_PURCHASES: Final = """
SELECT no, '' AS order_id FROM purchase_order
WHERE no > :after AND (state NOT IN ('closed', 'cancelled') OR notice = 'wanted')
  AND updated_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

_INVOICES: Final = """
SELECT no, order_id FROM invoice
WHERE no > :after AND state IN ('wanted', 'processing', 'failed')
  AND started_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY no LIMIT :limit
"""

# What was taken when it was stopped is still to be settled.
_CAMPAIGNS: Final = """
SELECT id AS no, '' AS order_id FROM campaign
WHERE id > :after AND finished_at IS NULL
  AND changed_at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY id LIMIT :limit
"""

_IMPORTS: Final = """
SELECT id AS no, '' AS order_id FROM import_file
WHERE id > :after AND state IN ('checking', 'applying')
  AND greatest(at, coalesce(decided_at, at)) <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY id LIMIT :limit
"""

_BULK: Final = """
SELECT id AS no, '' AS order_id FROM bulk_job
WHERE id > :after AND state = 'running' AND at <= clock_timestamp() - CAST(:quiet AS interval)
ORDER BY id LIMIT :limit
"""

_MATTERS: Final = {
    "Refund": _REFUNDS,
    "ReturnLabel": _RETURN_LABELS,
    "Return": _RETURNS,
    "VoucherExport": _EXPORTS,
    "Claim": _CLAIMS,
    "Transfer": _TRANSFERS,
    "Intercept": _INTERCEPTS,
    "Recall": _RECALLS,
    "Count": _COUNTS,
    "ReceiptCase": _RECEIPT_CASES,
    "Invoice": _INVOICES,
    "Replenishment": _PURCHASES,
    "Campaign": _CAMPAIGNS,
    "Import": _IMPORTS,
    "Bulk": _BULK,
}

_OPEN_ITEMS: Final = """
SELECT id, last_seen FROM attention
WHERE workflow_id = :workflow_id AND resolved_at IS NULL
  AND step_id NOT IN ('late_fact', 'return_late', 'claim_late', 'ticket_conflict',
                      'transfer_late', 'transfer_differs', 'purchase_late', 'purchase_short',
                      'count_short', 'goods_delayed')
  AND step_id NOT LIKE 'recall/%'
"""

# What the new run parked again has been seen since.
_RESOLVE: Final = """
UPDATE attention a SET resolved_at = clock_timestamp(), resolved_by = 'system',
                       resolution = 'redriven'
FROM unnest(CAST(:ids AS text[]), CAST(:seen AS timestamptz[])) AS k(id, seen)
WHERE a.id = k.id AND a.last_seen = k.seen AND a.resolved_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    order_id: str
    workflow_id: str


@dataclass(frozen=True, slots=True)
class OpenShipment:
    shipment_no: str
    order_id: str
    workflow_id: str
    order_workflow_id: str


async def open_orders(
    session: AsyncSession, after: str, limit: int, quiet: timedelta
) -> list[OpenOrder]:
    """Orders that are not over, by id after `after`; only those silent for `quiet`."""
    rows = await run(session, _ORDERS, after=after, limit=limit, quiet=quiet)
    return [OpenOrder(row.id, row.workflow_id) for row in rows]


async def open_shipments(session: AsyncSession, order_ids: Sequence[str]) -> list[OpenShipment]:
    """Shipments of these orders that somebody began and that are not over."""
    rows = await run(session, _SHIPMENTS, orders=list(order_ids))
    return [OpenShipment(r.no, r.order_id, r.workflow_id, r.order_workflow_id) for r in rows]


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Something of an order that has a workflow and a number of its own."""

    no: str
    order_id: str


async def open_matters(
    session: AsyncSession, kind: str, after: str, limit: int, quiet: timedelta
) -> list[OpenMatter]:
    """Those of a kind that are not settled, by number after `after`; only those whose last news, or
    beginning, is at least `quiet` old. `kind` is the workflow's type."""
    rows = await run(session, _MATTERS[kind], after=after, limit=limit, quiet=quiet)
    return [OpenMatter(row.no, row.order_id) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenItems:
    """What waits for a person in a run, as it was seen before another run began."""

    ids: tuple[str, ...]
    seen: tuple[object, ...]


async def open_items(session: AsyncSession, workflow_id: str) -> OpenItems:
    """The open attention items of a workflow."""
    rows = await run(session, _OPEN_ITEMS, workflow_id=workflow_id)
    return OpenItems(tuple(row.id for row in rows), tuple(row.last_seen for row in rows))


async def resolve_lost(session: AsyncSession, items: OpenItems) -> None:
    """Nobody waits for these decisions any more: their run is gone."""
    if items.ids:
        await run(session, _RESOLVE, ids=list(items.ids), seen=list(items.seen))
