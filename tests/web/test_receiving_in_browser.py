"""A tablet at the ramp: a scanner that types, a Wi-Fi that drops, nothing counted twice."""

import re

import pytest
from playwright.async_api import expect

from db.engine import Sessions
from db.inventory.receiving import Opening, Receiving
from tests.api.orders.world import rows
from tests.samples import first_of
from tests.web.chromium import chromium
from tests.web.test_floor_in_browser import answer_lost, says, scan
from tests.web.test_in_browser import RESULTS, SLOW_MS, address, looking, violations

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


@pytest.mark.parametrize(("language", "size"), first_of([("zh", "tablet"), ("en", "phone")]))
async def test_goods_are_counted_by_scan_while_the_wifi_drops(
    address: str, web_sessions: Sessions, sessions: Sessions, language: str, size: str
) -> None:
    [(place,)] = await rows(sessions, "SELECT location_id FROM stock_balance LIMIT 1")
    async with sessions.begin() as session:
        no = await Receiving(session, "cangku").open(Opening(place))
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "cangku", language, size) as (page, _),
    ):
        RESULTS.mkdir(parents=True, exist_ok=True)
        for name, path in (("receiving", "/receiving"), ("receipt", f"/receiving/{no}")):
            await page.goto(address + path)
            assert await violations(page) == [], path
            await page.screenshot(path=RESULTS / f"{name}-{language}-{size}.png", full_page=True)
        await scan(page, "TEA-LJ-100")  # asks for its lot; the field is ready for it
        await expect(page.locator("[name=lot]")).to_be_focused(timeout=SLOW_MS)
        assert await violations(page) == []
        await page.locator("[name=lot]").fill("B2711")
        await page.locator("form.receive-next button[type=submit]").click()
        await says(page, "1")
        await expect(page.locator("[data-sku=TEA-LJ-100] .number")).to_have_text(
            re.compile("1"), timeout=SLOW_MS
        )
        await page.route("**/scans", answer_lost, times=1)  # heard, and nobody is told so
        await page.locator("[data-set='24']").click()
        await page.locator(".verdict-quarantine").click()
        await scan(page, "TEA-LJ-100")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
        await says(page, "25")
        await scan(page, "NOT-OURS-1")
        await expect(page.locator("[data-say]")).to_have_class(
            re.compile("say-no"), timeout=SLOW_MS
        )
        await scan(page, "POT-ZS-220*3")
        await says(page, "3")
        await scan(page, "ONHAND-UNDO")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
        await expect(page.locator("[data-sku=POT-ZS-220]")).to_have_count(0, timeout=SLOW_MS)
        tea = page.locator("[data-sku=TEA-LJ-100] .number")
        await expect(tea).to_have_text("25", timeout=SLOW_MS)
        await page.screenshot(
            path=RESULTS / f"receipt-counted-{language}-{size}.png", full_page=True
        )
        assert await violations(page) == []
        await scan(page, "ONHAND-DONE")
        await expect(page.locator("[name=plan_hash]")).to_be_attached(timeout=SLOW_MS)
        assert await violations(page) == []
        await page.screenshot(
            path=RESULTS / f"receipt-looked-at-{language}-{size}.png", full_page=True
        )
    assert await rows(
        sessions, "SELECT sku, sum(units)::int FROM receipt_scan WHERE answer = 'counted'"
        f" AND receipt_no = '{no}' AND key NOT IN (SELECT undoes FROM receipt_scan) GROUP BY sku",
    ) == [("TEA-LJ-100", 25)]  # fmt: skip
