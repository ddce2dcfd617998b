"""What channels say about refunds and returns; the newest version of each case is kept."""

import json
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.orders.after_sale import AfterSale

_KEEP: Final = """
INSERT INTO after_sale (channel, shop_id, after_sale_no, external_no, kind, stage, vendor_status,
                        amount_minor, reason, external_line_nos, return_carrier,
                        return_waybill_no, modified)
VALUES (:channel, :shop_id, :after_sale_no, :external_no, :kind, :stage, :vendor_status,
        :amount_minor, :reason, CAST(:external_line_nos AS jsonb), :return_carrier,
        :return_waybill_no, :modified)
ON CONFLICT (channel, shop_id, after_sale_no) DO UPDATE SET
    kind = excluded.kind, stage = excluded.stage, vendor_status = excluded.vendor_status,
    amount_minor = excluded.amount_minor, reason = excluded.reason,
    external_line_nos = excluded.external_line_nos, return_carrier = excluded.return_carrier,
    return_waybill_no = excluded.return_waybill_no, modified = excluded.modified,
    heard_at = clock_timestamp()
WHERE after_sale.modified < excluded.modified
RETURNING 1
"""


async def keep_after_sale(
    session: AsyncSession, channel: str, shop_id: str, case: AfterSale
) -> bool:
    """Keep the case as it is told; False when this version or a newer one is known already."""
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
        reason=case.reason,
        external_line_nos=json.dumps(case.external_line_nos),
        return_carrier=case.return_carrier,
        return_waybill_no=case.return_waybill_no,
        modified=case.modified,
    )
    return bool(rows)
