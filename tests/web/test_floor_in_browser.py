"""A shift with a scanner that types: no mouse, a Wi-Fi that drops, and nothing counted twice."""

from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.web.chromium import chromium
from tests.web.day import DAY
from tests.web.test_in_browser import SLOW_MS, address, looking

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

SHIPMENT: Final = f"{DAY[0].no}-1"
TEA, POT = "TEA-LJ-100", "POT-ZS-220"


async def scan(page: Page, code: str) -> None:
    """As a scanner does: quick keys and Enter, wherever the focus is."""
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")


async def says(page: Page, text: str) -> None:
    await expect(page.locator("[data-say]")).to_contain_text(text, timeout=SLOW_MS)


async def answer_lost(route: Route) -> None:
    """The server hears the scans, and its answer never arrives."""
    await route.fetch()
    await route.abort()


async def test_scans_of_a_shift_without_wifi_are_sent_in_order_and_count_once(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "cangku", "en", "tablet") as (page, _),
    ):
        await page.goto(f"{address}/warehouse/{SHIPMENT}/scan")
        await page.route("**/api/v1/scans", answer_lost, times=1)
        await scan(page, TEA)
        await says(page, "1 of 2")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)

        await page.context.set_offline(True)
        await scan(page, POT)
        await says(page, "1 of 1")
        await scan(page, "NO-SUCH-GOODS")
        await says(page, "Wrong item")
        await expect(page.locator(".say-no")).to_be_visible()
        await page.locator("[name=code]").focus()
        await scan(page, POT)
        await says(page, "Too many")
        await expect(page.locator("[name=code]")).to_have_value("")
        await scan(page, "ONHAND-UNDO")
        await says(page, "Taken back")
        await scan(page, POT)
        await scan(page, "ONHAND-DONE")
        await says(page, "1 units are missing")
        await scan(page, TEA)
        await says(page, "Everything is scanned")
        await scan(page, "ONHAND-DONE")
        await expect(page.locator("[data-waiting]")).to_contain_text("5 waiting to be sent")
        assert await rows(web_sessions, "SELECT count(*)::int FROM warehouse_scan") == [(1,)]

        await page.context.set_offline(False)
        await says(page, "Confirmed")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    heard = await rows(
        web_sessions, "SELECT kind, sku, verdict FROM warehouse_scan ORDER BY at, key"
    )
    assert heard == [
        ("item", TEA, "counted"), ("item", POT, "counted"), ("undo", POT, "undone"),
        ("item", POT, "counted"), ("item", TEA, "counted"), ("done", "", "confirmed"),
    ]  # fmt: skip
    picked = "SELECT sku, picked_quantity FROM shipment_line WHERE shipment_no = :no ORDER BY sku"
    assert await rows(web_sessions, picked, no=SHIPMENT) == [(POT, 1), (TEA, 2)]
    told = "SELECT name FROM outbox WHERE target = :target"
    assert await rows(web_sessions, told, target=f"shipment/{SHIPMENT}") == [("picked",)]
