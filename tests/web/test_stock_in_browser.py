"""Pages of stock, lots, receiving, transfers, counts, buying and planning in a real browser.

Each in Chinese and in English, on a desk, a tablet and a phone: whole, no wider than the window,
nothing asked of an outside host, and without a fault that axe finds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pytest

from db.engine import Sessions
from db.sql import run
from tests.planning import plan_all
from tests.samples import CAMPAIGN
from tests.web.chromium import chromium
from tests.web.test_in_browser import Look, address, looked_at, looking

__all__ = ["address"]  # the fixture

# A word for each paper or thing of the demo company, put into the addresses below.
_KNOWN: Final = {
    "transfer": "SELECT no FROM stock_transfer ORDER BY no DESC LIMIT 1",
    "purchase": "SELECT no FROM purchase_order WHERE state <> 'draft' ORDER BY no LIMIT 1",
    "draft": "SELECT no FROM purchase_order WHERE state = 'draft' ORDER BY no LIMIT 1",
    "supplier": "SELECT code FROM supplier ORDER BY code LIMIT 1",
    "item": "SELECT sku FROM supplier_item ORDER BY supplier, sku LIMIT 1",
    "receipt": "SELECT no FROM goods_receipt ORDER BY no LIMIT 1",
    "notice": "SELECT no FROM ship_notice ORDER BY no LIMIT 1",
    "case": "SELECT no FROM receipt_case ORDER BY no LIMIT 1",
    "count": "SELECT no FROM stock_count ORDER BY no LIMIT 1",
    "kit": "SELECT code FROM kit ORDER BY code LIMIT 1",
    "recall": "SELECT no FROM recall LIMIT 1",
    "lot": "SELECT sku || '/' || lot FROM lot ORDER BY sku, lot LIMIT 1",
    "serial": "SELECT 'sku=' || sku || '&serial=' || serial FROM serial ORDER BY 1 LIMIT 1",
    "report": "SELECT no FROM dealer_report ORDER BY no LIMIT 1",
    "suggestion": "SELECT id FROM suggestion ORDER BY id LIMIT 1",
    "policy": "SELECT 'location=' || location_id || '&sku=' || sku FROM stock_policy LIMIT 1",
    "apart": "SELECT 'sku=' || sku || '&location=' || location_id || '&lot=' || lot ||"
    " '&condition=' || condition || '&owner=' || owner FROM stock_balance"
    " WHERE condition <> 'good' AND on_hand > 0 LIMIT 1",
}
LOOKS: Final = (
    Look("stock-ageing", "/levels/ageing", who="jingli"),
    Look("stock-moves", "/levels/moves?sku=POT-ZS-220&location=HQ-HZ", who="jingli"),
    Look("stock-correction", "/levels/correction?sku=POT-ZS-220&location=HQ-HZ", who="cangku"),
    Look("lots", "/lots", who="jingli"),
    Look("lot", "/lots/{lot}", who="jingli"),
    Look("lot-rules", "/lots/rules", who="jingli"),
    Look("stock-alerts", "/lots/alerts", who="jingli"),
    Look("set-apart", "/quarantine", who="jingli"),
    Look("set-apart-one", "/quarantine/one?{apart}", who="jingli"),
    Look("set-apart-decided", "/quarantine/acts", who="jingli"),
    Look("serials", "/serials", who="jingli"),
    Look("serial", "/serials/one?{serial}", who="jingli"),
    Look("recalls", "/recalls", who="jingli"),
    Look("recall-new", "/recalls/new", who="jingli"),
    Look("recall", "/recalls/{recall}", who="jingli"),
    Look("transfers", "/transfers", who="jingli"),
    Look("transfer-new", "/transfers/new", who="jingli"),
    Look("transfer", "/transfers/{transfer}", who="jingli"),
    Look("counts", "/counts", who="jingli"),
    Look("count-new", "/counts/new", who="jingli"),
    Look("count", "/counts/{count}", who="jingli"),
    Look("kits", "/kits", who="jingli"),
    Look("kit-work", "/kits/{kit}/work", who="cangku"),
    Look("receiving", "/receiving", who="cangku"),
    Look("receipt", "/receiving/{receipt}", who="cangku"),
    Look("receipt-cases", "/receiving/cases", who="caigou"),
    Look("receipt-case", "/receiving/cases/{case}", who="caigou"),
    Look("ship-notices", "/ship-notices", who="caigou"),
    Look("ship-notice-new", "/ship-notices/new", who="cangku"),
    Look("ship-notice", "/ship-notices/{notice}", who="caigou"),
    Look("suppliers", "/suppliers", who="caigou"),
    Look("supplier", "/suppliers/{supplier}", who="caigou"),
    Look("supplier-terms", "/suppliers/{supplier}/terms", who="caigou"),
    Look("purchase-orders", "/purchase-orders", who="caigou"),
    Look("purchase-new", "/purchase-orders/new", who="caigou"),
    Look("purchase", "/purchase-orders/{purchase}", who="caigou"),
    Look("purchase-lines", "/purchase-orders/{draft}/lines", who="caigou"),
    Look("replenishment", "/replenishment", who="caigou"),
    Look("suggestion", "/replenishment/{suggestion}", who="caigou"),
    Look("suggestion-approve", "/replenishment/approve?id={suggestion}", who="caigou"),
    Look("planning-settings", "/replenishment/settings", who="jingli"),
    Look("policy", "/replenishment/policy?{policy}", who="caigou"),
    Look("dealer-reports", "/dealer-reports", who="jingli"),
    Look("dealer-report", "/dealer-reports/{report}", who="jingli"),
    Look("dealer-reports-own", "/dealer-reports", who="wuhan"),
    Look("dealer-report-new", "/dealer-reports/new", who="wuhan"),
)  # fmt: skip
_BELOW_FIRST: Final = """
SELECT id FROM location WHERE kind <> 'transit'
ORDER BY array_position(ARRAY['store','dealer','region','hq'], kind), id
"""


@pytest.mark.parametrize(
    ("language", "first", "then", "looks"),
    [
        pytest.param("en", "tablet", "phone", LOOKS[0::4], id="en-tablet-phone-some"),
        pytest.param("zh", "phone", "tablet", LOOKS, id="zh-phone-tablet", marks=CAMPAIGN),
        pytest.param("en", "desk", "phone", LOOKS, id="en-desk-phone", marks=CAMPAIGN),
    ],
)
async def test_every_page_of_stock_is_whole_and_keeps_to_itself(
    address: str,
    sessions: Sessions,
    web_sessions: Sessions,
    language: str,
    first: str,
    then: str,
    looks: Sequence[Look],
) -> None:
    """Opened at one size, where axe looks at it too, then made as wide as the other."""
    known = await _planned(sessions)
    faults: list[str] = []
    async with chromium() as browser:
        for who in sorted({look.who for look in looks}):
            async with looking(browser, address, web_sessions, who, language, first) as (
                page,
                watched,
            ):
                for look in [look for look in looks if look.who == who]:
                    there = replace(look, path=look.path.format(**known))
                    found = await looked_at(page, there, address, language, (first, then))
                    faults += [f"{look.name}: {fault}" for fault in found + watched.taken(look)]
                faults += [f"asked for {url}" for url in watched.outside]

    assert faults == []


async def _planned(sessions: Sessions) -> Mapping[str, str]:
    """What the demo company knows once its planner has been through the night."""
    async with sessions.begin() as session:
        places = [row.id for row in await run(session, _BELOW_FIRST)]
    await plan_all(sessions, places=places)
    known = {}
    async with sessions.begin() as session:
        for word, asked in _KNOWN.items():
            rows = await run(session, asked)
            assert rows, f"the demo company has no {word}"
            known[word] = str(rows[0][0])
    return known
