"""A shift with a scanner that types: no mouse, a Wi-Fi that drops, and nothing counted twice."""

from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.web.chromium import chromium
from tests.web.day import DAY
from tests.web.test_in_browser import SLOW_MS, address, looking
from tests.web.world import change

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
    await page.keyboard.type("9")
    await page.wait_for_timeout(500)  # a hand reaches for the scanner
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
    await expect(page.get_by_text("the boxes weigh 9000 g")).to_be_visible(timeout=SLOW_MS)
    await page.locator("#reason").focus()
    await page.keyboard.type("in a crate", delay=150)
    await scan(page, "ONHAND-DONE")
    await expect(page.get_by_text("9 kg")).to_be_visible(timeout=SLOW_MS)


async def _hands_over(page: Page, address: str) -> None:
    """What is not ours is refused; the Wi-Fi drops and comes back; the driver signs."""
    await page.goto(f"{address}/warehouse/hand-overs?location=HQ-HZ")
    await page.get_by_role("button", name="Scan for this driver").click()
    await page.wait_for_url("**/warehouse/hand-overs/H*")
    await scan(page, "SF1000000000007")
    await says(page, "It has left already")
    await scan(page, "NO-PARCEL-OF-OURS")
    await says(page, "Not a parcel of ours")
    await page.context.set_offline(True)
    await scan(page, "SF99")
    await scan(page, "SF99")
    await expect(page.locator("[data-waiting]")).to_contain_text("2 waiting to be sent")
    await page.context.set_offline(False)
    await says(page, "It is on this list already")
    await expect(page.locator("[data-parcels]")).to_have_text("1")
    await scan(page, "ONHAND-DONE")
    await page.keyboard.type("Zhang", delay=150)
    canvas = page.locator("canvas")
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 60)
    await page.mouse.down()
    for step in range(1, 6):
        await page.mouse.move(box["x"] + 40 + step * 50, box["y"] + 60 + step % 2 * 50)
    await page.mouse.up()
    await page.get_by_role("button", name="Hand over").click()
    await expect(page.locator("h1 ~ p.sub")).to_contain_text("Signed", timeout=SLOW_MS)


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
        await change(
            web_sessions,
            "UPDATE parcel SET waybill_no = 'SF99', carrier = 'sf' WHERE shipment_no = :no",
            no=SHIPMENT,
        )
        await change(
            web_sessions, "UPDATE shipment SET status = 'labelled' WHERE no = :no", no=SHIPMENT
        )
        await _hands_over(page, address)
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
        ("handed_over",),
    ]


async def test_a_unit_with_a_number_of_its_own_is_asked_for_it_and_an_unknown_one_is_refused(
    address: str, sessions: Sessions, web_sessions: Sessions
) -> None:
    await change(sessions, "UPDATE sku SET tracks_serials = true WHERE code = :sku", sku=POT)
    lying = "SELECT min(serial) FROM serial WHERE sku = :sku AND location_id = 'HQ-HZ'"
    [(serial,)] = await rows(sessions, lying, sku=POT)
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "cangku", "en", "tablet") as (page, _),
    ):
        await page.goto(f"{address}/warehouse/{SHIPMENT}/scan")
        await scan(page, TEA)
        await scan(page, TEA)
        await scan(page, POT)
        await says(page, "Now scan its serial number")
        await scan(page, "NOBODY-KNOWS-IT")
        await says(page, "Nobody knows this serial number")
        await page.context.set_offline(True)
        await scan(page, POT)
        await says(page, "Now scan its serial number")
        await scan(page, serial)
        await says(page, "Everything is scanned")
        await page.context.set_offline(False)
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
        await scan(page, "ONHAND-DONE")
        await says(page, "Confirmed")

    scans = "SELECT verdict, serial FROM warehouse_scan WHERE sku = :sku ORDER BY at, key"
    assert await rows(sessions, scans, sku=POT) == [
        ("serial_unknown", "NOBODY-KNOWS-IT"),
        ("counted", serial),
    ]
