"""Attention items that no workflow waits for: somebody reads them, acts elsewhere, and says so."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import resolve_attention
from db.platform.audit import audit
from db.platform.findings import AUDIT
from db.platform.reveals import REVEALS
from db.platform.tables import AttentionRow
from db.sql import run
from domain.orders.promises import STEP as PROMISE

LATE_FACT: Final = "late_fact"
CONFLICT_STEP: Final = "ticket_conflict"
RETURN_LATE: Final = "return_late"
CLAIM_LATE: Final = "claim_late"
RECALL: Final = "recall"
COUNT_SHORT: Final = "count_short"
TRANSFER_LATE: Final = "transfer_late"
TRANSFER_DIFFERS: Final = "transfer_differs"
REPORT_LATE: Final = "report_late"
PURCHASE_LATE: Final = "purchase_late"
PURCHASE_SHORT: Final = "purchase_short"
GOODS_DELAYED: Final = "goods_delayed"
_NOTICES: Final = frozenset(
    {
        LATE_FACT,
        CONFLICT_STEP,
        RETURN_LATE,
        CLAIM_LATE,
        COUNT_SHORT,
        TRANSFER_LATE,
        TRANSFER_DIFFERS,
        REVEALS,
        PROMISE,
        RECALL,
        REPORT_LATE,
        PURCHASE_LATE,
        PURCHASE_SHORT,
        AUDIT,
        GOODS_DELAYED,
    }
)

# The other content of a ticket was looked at: it is kept, and nobody waits for it any more.
_CONFLICT_SEEN: Final = """
UPDATE inbox i SET applied_at = clock_timestamp(), outcome = 'conflict', parked_reason = ''
FROM sales_order o
WHERE o.id = :order_id AND i.source = o.channel AND i.shop_id = o.shop_id
  AND i.external_no = o.external_no AND i.parked_reason LIKE 'ticket_conflict:%'
"""


def is_notice(step_id: str) -> bool:
    """Whether reading it is all there is to do."""
    return step_id.partition("/")[0] in _NOTICES


async def settle_notice(
    session: AsyncSession,
    item: AttentionRow,
    actor: str,
    action: str,
    reason: str,
    request_id: str,
) -> None:
    """Close the item with the name of who read it, and why nothing is left to do."""
    await resolve_attention(
        session, workflow_id=item.workflow_id, step_id=item.step_id, by=actor,
        resolution=action, note=reason,
    )  # fmt: skip
    if item.step_id == CONFLICT_STEP:
        await run(session, _CONFLICT_SEEN, order_id=item.order_id)
    subject = f"order/{item.order_id}" if item.order_id else item.workflow_id
    await audit(
        session, actor, f"step.{action}", subject, reason=reason,
        before={"step": item.step_id, "cause": item.cause}, request_id=request_id,
    )  # fmt: skip
