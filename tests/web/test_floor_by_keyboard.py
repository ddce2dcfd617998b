"""A scanner that types and a keyboard are enough, from the log-in to the driver's signature."""

from typing import Final

import pytest
from playwright.async_api import Page, expect

from commands.demo_floor import gtin_of
from db.engine import Sessions
from db.platform.accounts import DEMO_PASSWORD
from tests.api.orders.world import rows
from tests.web.chromium import chromium
from tests.web.test_floor_in_browser import POT, SHIPMENT, TEA, says, scan
from tests.web.test_in_browser import SLOW_MS, address, looking
from tests.web.world import change

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

_MOST_TABS: Final = 80
_HUMAN_MS: Final = 150


async def tab_to(page: Page, what: str) -> None:
    """Press Tab until it has the focus; nothing is clicked."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.evaluate("what => document.activeElement.matches(what)", what):
            return
    pytest.fail(f"Tab does not come to {what}")


async def _log_in(page: Page, address: str) -> None:
    await page.goto(f"{address}/login")
    await page.keyboard.type("cangku")
    await page.keyboard.press("Tab")
    await page.keyboard.type(DEMO_PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/warehouse")


async def _pick_and_pack(page: Page) -> None:
    await scan(page, SHIPMENT)
    await page.wait_for_url(f"**/warehouse/{SHIPMENT}/scan")
    for code in (gtin_of(TEA), TEA, gtin_of(POT)):
        await scan(page, code)
    await says(page, "Everything is scanned")
    await scan(page, "ONHAND-DONE")
    await says(page, "Confirmed")
    await scan(page, "ONHAND-DONE")
    await page.wait_for_url(f"**/warehouse/{SHIPMENT}")
    for code in (TEA, gtin_of(TEA), POT):
        await scan(page, code)
    await says(page, "Everything is scanned")
    await expect(page.locator("[name=weight]").first).to_be_focused()
    await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    await page.keyboard.type("1.15", delay=_HUMAN_MS)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1.15 kg")).to_be_visible(timeout=SLOW_MS)


async def _hand_over(page: Page) -> None:
    await scan(page, "ONHAND-GO-HAND-OVERS")
    await page.wait_for_url("**/warehouse/hand-overs")
    await tab_to(page, "#location")
    await page.keyboard.press("ArrowDown")
    await page.wait_for_url("**/hand-overs?location=HQ-HZ")
    await tab_to(page, "form[action='/warehouse/hand-overs'] button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/warehouse/hand-overs/H*")
    await scan(page, "SF99")
    await says(page, "Goes with this driver")
    await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    await scan(page, "ONHAND-DONE")
    await expect(page.locator("#driver")).to_be_focused()
    await page.keyboard.type("Zhang", delay=_HUMAN_MS)
    await tab_to(page, "[data-typed]")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1 ~ p.sub")).to_contain_text("Signed", timeout=SLOW_MS)


async def test_a_shipment_is_picked_packed_and_handed_over_without_a_mouse(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "", "en", "tablet") as (page, _),
    ):
        await _log_in(page, address)
        await _pick_and_pack(page)
        labelled = "UPDATE parcel SET waybill_no = 'SF99', carrier = 'sf' WHERE shipment_no = :no"
        await change(web_sessions, labelled, no=SHIPMENT)
        waits = "UPDATE shipment SET status = 'labelled' WHERE no = :no"
        await change(web_sessions, waits, no=SHIPMENT)
        await _hand_over(page)

    told = "SELECT name FROM outbox WHERE target = :target ORDER BY id"
    assert await rows(web_sessions, told, target=f"shipment/{SHIPMENT}") == [
        ("picked",), ("packed",), ("handed_over",),
    ]  # fmt: skip
    assert await rows(web_sessions, "SELECT sealed IS NOT NULL FROM hand_over") == [(True,)]
