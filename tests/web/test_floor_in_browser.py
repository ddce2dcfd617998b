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


async def _packs(page: Page, address: str) -> None:
    """Found by its number at the pack station; scanned in, weighed wrongly, then with a reason."""
    await page.goto(f"{address}/warehouse/pack")
    await scan(page, SHIPMENT)
    await page.wait_for_url(f"**/warehouse/{SHIPMENT}")
    await scan(page, TEA)
    await says(page, "1 of 2")
    await page.locator("[name=weight]").first.focus()
    await page.keyboard.type("9", delay=150)
    await scan(page, POT)
    await says(page, "1 of 1")
    await expect(page.locator("[name=weight]").first).to_have_value("9")
    await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    await scan(page, "ONHAND-DONE")
    await expect(page.get_by_text("2 of 3 units were scanned in")).to_be_visible(timeout=SLOW_MS)
    await scan(page, TEA)
    await says(page, "Everything is scanned")
    await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    await scan(page, "ONHAND-DONE")
    await expect(page.get_by_text("9 kg")).to_be_visible(timeout=SLOW_MS)


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
        await _packs(page, address)
    scans = "SELECT kind, sku, verdict FROM warehouse_scan WHERE station = :at ORDER BY at, key"
    heard = await rows(web_sessions, scans, at="pick")
    assert heard == [
        ("item", TEA, "counted"), ("item", POT, "counted"), ("undo", POT, "undone"),
        ("item", POT, "counted"), ("item", TEA, "counted"), ("done", "", "confirmed"),
    ]  # fmt: skip
    assert await rows(web_sessions, scans, at="pack") == [
        ("item", TEA, "counted"), ("item", POT, "counted"), ("item", TEA, "counted"),
    ]  # fmt: skip
    picked = "SELECT sku, picked_quantity FROM shipment_line WHERE shipment_no = :no ORDER BY sku"
    assert await rows(web_sessions, picked, no=SHIPMENT) == [(POT, 1), (TEA, 2)]
    told = "SELECT name FROM outbox WHERE target = :target ORDER BY id"
    assert await rows(web_sessions, told, target=f"shipment/{SHIPMENT}") == [
        ("picked",),
        ("packed",),
    ]
