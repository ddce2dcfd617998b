"""What people do most, as they do it: in a browser, on their own device, in their own language."""

from typing import Final

import pytest
from playwright.async_api import expect

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.web.chromium import chromium
from tests.web.day import DAY
from tests.web.test_in_browser import SLOW_MS, address, looking

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

HELD: Final = DAY[3].no
SENT: Final = DAY[6]


async def test_a_phone_is_shown_for_a_reason_that_is_written_down(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", "zh", "tablet") as (page, watched),
    ):
        await page.goto(f"{address}/orders/{HELD}")
        masked = await page.locator("#receiver").inner_text()
        await page.locator('#receiver a[href*="do/receiver"]').click()
        dialog = page.locator("dialog[open]")
        await dialog.locator("#reason").fill("买家来电核对地址")
        await dialog.locator("button[type=submit]").click()
        await expect(page.locator("dialog[open]")).to_have_count(0, timeout=SLOW_MS)
        shown = await page.locator("#receiver").inner_text()

    assert "****" in masked
    assert "****" not in shown
    told = await rows(
        web_sessions, "SELECT actor, reason FROM audit_log WHERE action = 'receiver.disclosed'"
    )
    assert told == [("kefu", "买家来电核对地址")]
    assert watched.complaints == []


async def test_a_person_reads_on_in_another_language_and_finds_it_so_the_next_time(
    address: str, web_sessions: Sessions
) -> None:
    async with chromium() as browser:
        async with looking(browser, address, web_sessions, "kefu", "zh") as (page, _):
            await page.goto(f"{address}/orders?status=on_hold")
            await expect(page.locator("h1")).to_have_text("订单")
            await page.locator(".person").get_by_text("English").click()
            await expect(page.locator("h1")).to_have_text("Orders", timeout=SLOW_MS)
            assert page.url.endswith("/orders?status=on_hold")
            await expect(page.locator("html")).to_have_attribute("lang", "en")
        kept = await rows(web_sessions, "SELECT language FROM account WHERE login = 'kefu'")
        async with looking(browser, address, web_sessions, "", "zh", "phone") as (page, _):
            await page.goto(f"{address}/language/en?back=/track")
            await expect(page.locator("h1")).to_have_text("Where is my parcel?", timeout=SLOW_MS)

    assert kept == [("en",)]


async def test_a_consumer_follows_a_parcel_on_a_phone_and_sees_nobody_elses(
    address: str, web_sessions: Sessions
) -> None:
    ((last_four,),) = await rows(
        web_sessions,
        "SELECT r.phone_last4 FROM receiver r JOIN sales_order o ON o.id = r.order_id"
        " WHERE o.no = :no",
        no=SENT.no,
    )
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "", "zh", "phone") as (page, watched),
    ):
        await page.goto(f"{address}/track")
        await page.locator("[name=no]").fill(SENT.no)
        await page.locator("[name=last4]").fill("0000")
        await page.locator("button[type=submit]").tap()
        await expect(page.locator("[role=alert]")).to_be_visible(timeout=SLOW_MS)
        refused = await page.locator("body").inner_text()
        await page.locator("[name=last4]").fill(last_four)
        await page.locator("button[type=submit]").tap()
        await expect(page.get_by_text(SENT.waybill)).to_be_visible(timeout=SLOW_MS)

    assert SENT.waybill not in refused
    assert [text for text in watched.complaints if "404" not in text] == []  # the wrong digits


async def test_a_dealer_sees_his_own_goods_and_nothing_of_other_places(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "wuhan", "zh", "phone") as (page, _),
    ):
        await page.goto(f"{address}/orders?status=all")
        await expect(page.locator("h1")).to_have_text("订单")
        orders = await page.locator("a.no").count()
        answer = await page.goto(f"{address}/orders/{SENT.no}")
        absent = await page.goto(f"{address}/orders/NO-SUCH-ORDER")
        await page.goto(f"{address}/stock/TEA-LJ-100")
        stock = await page.locator("main").inner_text()
        menu = await page.locator(".menu .entry a").evaluate_all("all => all.map(a => a.pathname)")

    assert orders == 0
    assert answer is not None
    assert absent is not None
    assert (answer.status, absent.status) == (404, 404)
    assert "武汉经销商" in stock
    assert "杭州总仓" not in stock
    assert "/people" not in menu
    assert "/finance" not in menu


async def test_many_stuck_steps_are_decided_at_once(address: str, web_sessions: Sessions) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", "en") as (page, watched),
    ):
        await page.goto(f"{address}/attention")
        await page.locator("[name=step]").select_option("label")
        await page.get_by_role("link", name="Decide for all of these").click()
        await page.locator("[name=canary]").fill("1")
        await page.get_by_role("button", name="Begin").click()
        await page.wait_for_url("**/campaigns/*", timeout=SLOW_MS)
        await expect(page.locator("h1")).to_be_visible()

    begun = await rows(web_sessions, "SELECT action, canary, created_by FROM campaign")
    assert begun == [("retry", 1, "kefu")]
    assert watched.complaints == []
