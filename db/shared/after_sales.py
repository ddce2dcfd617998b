"""What channels say about refunds and returns; the newest version of each case is kept."""

import json
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.words import keep_words, of_case
from db.shared.intake import accept
from db.shared.return_cases import follow_case
from db.sql import run
from db.vault import Vault
from domain.orders.after_sale import AFTER_SALE_TOPIC, KEEPS_BACK, AfterSale, write_facts

# Of two versions with one time the one we asked for counts: it is the present, and says more.
# A version that says nothing new (the channel tells no time of its own) is kept, but is no news.
_KEEP: Final = """
WITH old AS (
    SELECT kind, stage, vendor_status, amount_minor, return_waybill_no FROM after_sale
    WHERE channel = :channel AND shop_id = :shop_id AND after_sale_no = :after_sale_no)
INSERT INTO after_sale (channel, shop_id, after_sale_no, external_no, kind, stage, vendor_status,
                        amount_minor, external_line_nos, return_carrier,
                        return_waybill_no, modified)
VALUES (:channel, :shop_id, :after_sale_no, :external_no, :kind, :stage, :vendor_status,
        :amount_minor, CAST(:external_line_nos AS jsonb), :return_carrier,
        :return_waybill_no, :modified)
ON CONFLICT (channel, shop_id, after_sale_no) DO UPDATE SET
    kind = excluded.kind, stage = excluded.stage, vendor_status = excluded.vendor_status,
    amount_minor = excluded.amount_minor,
    external_line_nos = excluded.external_line_nos, return_carrier = excluded.return_carrier,
    return_waybill_no = excluded.return_waybill_no, modified = excluded.modified,
    heard_at = clock_timestamp()
WHERE after_sale.modified < excluded.modified
   OR (CAST(:asked AS boolean) AND after_sale.modified = excluded.modified)
RETURNING NOT EXISTS (
    SELECT FROM old WHERE (old.kind, old.stage, old.vendor_status, old.amount_minor,
                           old.return_waybill_no)
        = (after_sale.kind, after_sale.stage, after_sale.vendor_status, after_sale.amount_minor,
           after_sale.return_waybill_no)) AS is_news
"""

_ITS_ORDER: Final = """
SELECT id FROM sales_order
WHERE channel = :channel AND shop_id = :shop_id AND external_no = :external_no
"""

_KEEPS_BACK: Final = """
SELECT 1 FROM after_sale a JOIN sales_order o
  ON o.channel = a.channel AND o.shop_id = a.shop_id AND o.external_no = a.external_no
WHERE o.id = :order_id AND a.stage = ANY(:stages) LIMIT 1
"""


async def keep_after_sale(
    session: AsyncSession, channel: str, shop_id: str, case: AfterSale, *, asked: bool = False
) -> bool:
    """Keep the case as it is told; whether that is news. `asked`: it answers a question."""
    rows = await run(
        session,
        _KEEP,
        channel=channel,
        shop_id=shop_id,
        after_sale_no=case.after_sale_no,
        external_no=case.external_no,
        kind=str(case.kind),
        stage=str(case.stage),
        vendor_status=case.vendor_status,
        amount_minor=case.amount_minor,
        external_line_nos=json.dumps(case.external_line_nos),
        return_carrier=case.return_carrier,
        return_waybill_no=case.return_waybill_no,
        modified=case.modified,
        asked=asked,
    )
    if not rows:
        return False
    await _keep_reason(session, channel, shop_id, case)
    return bool(rows[0].is_news)


async def take_after_sale(
    session: AsyncSession,
    vault: Vault,
    channel: str,
    shop_id: str,
    case: AfterSale,
    *,
    asked: bool = False,
) -> bool:
    """Keep the case, open or move its return, and tell its order, which asks the channel how it
    stands; False if known."""
    if not await keep_after_sale(session, channel, shop_id, case, asked=asked):
        return False
    await follow_case(session, channel, shop_id, case)
    version = f"{case.modified.timestamp():.6f}:{case.stage}:{case.kind}"
    kept = await accept(
        session,
        vault,
        source=channel,
        shop_id=shop_id,
        channel=channel,
        message_id=f"{AFTER_SALE_TOPIC}:{case.after_sale_no}:{version}",
        topic=AFTER_SALE_TOPIC,
        external_no=case.external_no,
        raw=write_facts(case),
    )
    await _keep_reason(session, channel, shop_id, case)  # its order may be known only now
    return not kept.duplicate


async def keeps_back(session: AsyncSession, order_id: str) -> bool:
    """Whether an open case says that the buyer may not want what has not left."""
    stages = [str(stage) for stage in KEEPS_BACK]
    return bool(await run(session, _KEEPS_BACK, order_id=order_id, stages=stages))


async def _keep_reason(session: AsyncSession, channel: str, shop_id: str, case: AfterSale) -> None:
    """What the buyer or the channel gives for a reason, sealed for its order."""
    rows = await run(
        session, _ITS_ORDER, channel=channel, shop_id=shop_id, external_no=case.external_no
    )
    for row in rows:
        subject = of_case(channel, shop_id, case.after_sale_no)
        await keep_words(session, row.id, {subject: {"reason": case.reason}})
