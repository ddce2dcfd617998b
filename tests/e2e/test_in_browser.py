"""The whole of Onhand, seen by somebody of customer service in a real browser."""

import asyncio
import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.running import environment, onhand
from tests.web.chromium import chromium

pytestmark = [pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(400)]

SLOW_MS: Final = 150_000


async def test_an_order_is_held_released_and_delivered_before_ones_eyes(
    server_folder: Path,
) -> None:
    variables = environment(server_folder, ONHAND_SIMULATOR_SPEED="0")  # people do the work here
    with onhand(variables, server_folder / "up.log"):
        pages = f"http://127.0.0.1:{variables['ONHAND_PORT']}"
        sandbox = f"http://127.0.0.1:{variables['ONHAND_SANDBOX_PORT']}"
        async with httpx.AsyncClient(base_url=sandbox) as buyers, chromium() as browser:
            [trade] = (await buyers.post("/sandbox/top/trades", json={})).json()

            context = await browser.new_context()
            context.set_default_timeout(SLOW_MS)
            service = await context.new_page()
            await service.goto(f"{pages}/language/en")
            await service.get_by_role("button", name="陈晓雯").click()
            await service.wait_for_url("**/orders")
            found = service.locator("a.no")
            async with asyncio.timeout(SLOW_MS / 1000):
                while not await found.count():
                    await service.goto(f"{pages}/orders?q={trade['tid']}")
                    await asyncio.sleep(0.5)
            no = await found.inner_text()
            await found.click()
            await expect(service.locator("[data-live-state]")).to_be_visible()
            story = service.locator("#timeline")
            await expect(story).to_contain_text("On the pick list")

            await service.locator("a[href$='/do/hold']").first.click()
            await service.locator("dialog textarea").fill("buyer is not sure")
            await service.locator("dialog button[type=submit]").click()
            await expect(story).to_contain_text("buyer is not sure")
            await expect(service.locator("#now")).to_contain_text(re.compile("Held by hand"))
            await service.locator("a[href*='/do/release']").first.click()
            await service.locator("dialog textarea").fill("buyer is sure")
            await service.locator("dialog button[type=submit]").click()
            await expect(story).to_contain_text("Hold released: Held by hand")

            at_work = await browser.new_context()
            at_work.set_default_timeout(SLOW_MS)
            warehouse = await at_work.new_page()
            await warehouse.goto(f"{pages}/language/en")
            await warehouse.get_by_role("button", name="李建国").click()
            await warehouse.locator(f"a[href='/warehouse/{no}-1']").first.click()
            await warehouse.get_by_role("button", name="Confirm the pick").click()
            await warehouse.locator("[name=weight]").first.fill("1.2")
            why = warehouse.locator("[name=reason]")
            if await why.is_visible():  # it is known what the goods and the box weigh
                await why.fill("more paper")
            await warehouse.get_by_role("button", name="Boxes are closed").click()
            await warehouse.get_by_role("button", name="The carrier has taken them").click()
            await warehouse.wait_for_url("**/warehouse")

            await expect(story).to_contain_text("Handed over to the carrier", timeout=SLOW_MS)
            waybill = await service.locator(".parcel b").first.inner_text()
            await buyers.post(f"/sandbox/parcels/{waybill}/hand-over")
            await expect(story).to_contain_text("Parcel: Delivered", timeout=SLOW_MS)
            await expect(service.locator(".order-head h1")).to_contain_text(
                "Delivered", timeout=SLOW_MS
            )
