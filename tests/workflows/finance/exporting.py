"""A company whose vouchers go into an ERP."""

import json
from typing import Any

from sqlalchemy import text

from db.finance.erp_tables import ErpAccountRow, ErpCodeRow
from db.sql import run
from domain.finance.accounts import NUMBER
from domain.orders.messages import Accepted, ResolveStep, StepAction
from runtime.exporting import Exporting
from runtime.posting import Posting
from tests.workflows.world import Company, own_order

EXPORT = "SELECT state, number FROM voucher_export"


async def opened(shop: Company, *, mapped: bool = True, automatic: bool = True) -> None:
    """An account at Kingdee to which vouchers go by themselves; nothing is posted yet."""
    async with shop.sessions.begin() as session:
        seeded = await run(session, "SELECT 1 FROM shop")
    if not seeded:
        await shop.seed(stock=0)
    async with shop.sessions.begin() as session:
        session.add(ErpAccountRow(id="k1", vendor="kingdee", name="K", base_url="http://k"))
        await session.flush()
        if automatic:
            await run(session, "UPDATE erp_account SET exports_from = '2000-01-01'")
        for account, number in NUMBER.items() if mapped else ():
            session.add(ErpCodeRow(erp_id="k1", account=account, code=number))


async def posted(shop: Company, order: str = "1") -> None:
    """A paid order comes in and its payment is posted: one voucher, which sets out."""
    await shop.hear(own_order(order))
    await shop.until(f"SELECT captured_minor FROM sales_order WHERE external_no = '{order}'", 2000)
    await Posting(shop.sessions).all()
    await Exporting(shop.sessions).once(100)
    await shop.deliver_signals()


async def decide(shop: Company, action: StepAction, **values: str) -> None:
    """A person decides about the export that waits; `values` are corrected."""
    row = await shop.row(
        "SELECT workflow_id FROM attention WHERE resolved_at IS NULL AND step_id = 'voucher_export'"
    )
    correction = ""
    if values:
        correction = "cor_1"
        async with shop.sessions.begin() as session:
            await (await session.connection()).execute(
                text(
                    "INSERT INTO correction (id, workflow_id, step_id, data, actor)"
                    " VALUES ('cor_1', 'w', 'voucher_export', CAST(:data AS jsonb), 'caiwu')"
                ),
                {"data": json.dumps(values)},
            )
    decision = ResolveStep("voucher_export", action, "caiwu", "as agreed", correction)
    handle: Any = shop.client.get_workflow_handle(row.workflow_id)
    await handle.execute_update("resolve_step", decision, result_type=Accepted)
