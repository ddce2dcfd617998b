"""A tablet without a network: its pages open all the same, scans count once, a log-out forgets."""

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.web.chromium import chromium
from tests.web.test_floor_in_browser import POT, SHIPMENT, TEA, says, scan
from tests.web.test_in_browser import SLOW_MS, address, looking, violations
from web.static_files import ADDRESS, BUILD, FOLDER, build_of

__all__ = ["address"]

LIST: Final = f"/warehouse/{SHIPMENT}/scan"
KEPT: Final = "caches.open('onhand.pages').then(c => c.keys()).then(k => k.map(r => r.url))"


async def works_offline(page: Page) -> None:
    """The worker serves this page, and what it leads to is kept."""
    await expect(page.locator("html.works-offline")).to_be_attached(timeout=SLOW_MS)


@pytest.mark.browser
@pytest.mark.timeout(420)
async def test_a_list_is_opened_again_and_scanned_without_a_network_and_counts_once(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "cangku", "en", "tablet") as (page, _),
    ):
        await page.goto(address + LIST)
        await works_offline(page)
        await scan(page, TEA)
        await says(page, "1 of 2")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)

        await page.context.set_offline(True)
        await page.reload()
        await expect(page.locator(f"[data-sku={TEA}] [data-count]")).to_have_text(
            "1", timeout=SLOW_MS
        )
        for code, said in ((TEA, "2 of 2"), (POT, "Everything"), (POT, "Too many")):
            await scan(page, code)
            await says(page, said)
        await scan(page, "ONHAND-DONE")
        await expect(page.locator("[data-waiting]")).to_contain_text("3 waiting to be sent")
        await page.reload()
        await expect(page.locator("[data-waiting]")).to_contain_text("3 waiting to be sent")

        await page.context.set_offline(False)
        await says(page, "Confirmed")
        await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=SLOW_MS)
    heard = "SELECT kind, sku, verdict FROM warehouse_scan ORDER BY at"
    assert await rows(web_sessions, heard) == [
        ("item", TEA, "counted"), ("item", TEA, "counted"), ("item", POT, "counted"),
        ("done", "", "confirmed"),
    ]  # fmt: skip


@pytest.mark.browser
@pytest.mark.timeout(420)
async def test_what_was_not_opened_says_so_and_a_log_out_forgets_all_pages(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "cangku", "en", "tablet") as (page, _),
    ):
        await page.goto(f"{address}/warehouse/pack")
        await works_offline(page)
        await page.goto(address + LIST)
        await works_offline(page)

        await page.context.set_offline(True)
        await page.goto(f"{address}/warehouse/NO-SUCH-SHIPMENT")
        await expect(page.get_by_role("heading", name="No network")).to_be_visible(timeout=SLOW_MS)
        await expect(page.get_by_role("link", name=f"{SHIPMENT} · Pick by scan")).to_be_visible(
            timeout=SLOW_MS
        )
        assert await violations(page) == []
        await page.evaluate("window.dispatchEvent(new Event('online'))")  # a Wi-Fi, not a network
        await page.get_by_role("link", name=f"{SHIPMENT} · Pick by scan").click()
        await expect(page.get_by_role("heading", name="Pick by scan")).to_be_visible(
            timeout=SLOW_MS
        )
        assert len(await page.evaluate(KEPT)) > 2

        await page.context.set_offline(False)
        await page.reload()
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url("**/login")
        await expect(page.locator("#login")).to_be_visible(timeout=SLOW_MS)
        await page.wait_for_function(f"{KEPT}.then(kept => kept.length === 0)", timeout=SLOW_MS)


async def test_the_files_of_a_build_are_kept_and_those_of_another_are_not(address: str) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        own = await client.get(f"{ADDRESS}/floor/worker.js")
        other = await client.get("/static/b0123456789ab/floor/worker.js")
        login = await client.get("/login")

    assert own.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert own.headers["service-worker-allowed"] == "/warehouse"
    assert "worker-src 'self'" in own.headers["content-security-policy"]
    assert other.text == own.text
    assert other.headers["cache-control"] == "public, max-age=3600"
    assert f"{ADDRESS}/app.css" in login.text


def test_a_build_has_another_name_when_a_file_changes(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = build_of(tmp_path)
    (tmp_path / "a.js").write_text("2")

    assert re.fullmatch("b[0-9a-f]{12}", BUILD)
    assert build_of(tmp_path) not in (before, BUILD)


def test_the_worker_keeps_every_file_of_the_floor() -> None:
    worker = (FOLDER / "floor" / "worker.js").read_text("utf-8")
    named = set(re.findall(r'"([\w./-]+\.(?:js|css|svg|woff))"', worker)) - {"./kept.js"}

    assert {f"floor/{path.name}" for path in (FOLDER / "floor").glob("*.js")} - named == {
        "floor/worker.js"
    }
    assert all((FOLDER / name).exists() for name in named)
