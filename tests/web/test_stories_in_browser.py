"""What people do most, as they do it: in a browser, on their own device, in their own language."""

from typing import Final

import pytest
from playwright.async_api import expect

from db.engine import Sessions
from tests.api.orders.world import rows
from tests.samples import first_of
from tests.web.chromium import chromium
from tests.web.day import DAY
from tests.web.test_in_browser import SLOW_MS, address, looking

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

EVERYWHERE: Final = pytest.mark.parametrize(
    ("language", "size"), first_of([("en", "tablet"), ("zh", "phone"), ("zh", "desk")])
)
ORDERS: Final = {"zh": "订单", "en": "Orders"}
OTHER: Final = {"zh": "en", "en": "zh"}
HELD: Final = DAY[3].no
SENT: Final = DAY[6]


@EVERYWHERE
async def test_a_phone_is_shown_for_a_reason_that_is_written_down(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", language, size) as (page, watched),
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


@EVERYWHERE
async def test_a_person_reads_on_in_another_language_and_finds_it_so_the_next_time(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    async with chromium() as browser:
        async with looking(browser, address, web_sessions, "kefu", language, size) as (page, _):
            await page.goto(f"{address}/orders?status=on_hold")
            await expect(page.locator("h1")).to_have_text(ORDERS[language])
            await page.locator(f'.person a[href^="/language/{OTHER[language]}"]').click()
            await expect(page.locator("h1")).to_have_text(ORDERS[OTHER[language]], timeout=SLOW_MS)
            assert page.url.endswith("/orders?status=on_hold")
        kept = await rows(web_sessions, "SELECT language FROM account WHERE login = 'kefu'")
        async with looking(browser, address, web_sessions, "", "zh", size) as (page, _):
            await page.goto(f"{address}/language/en?back=/track")
            await expect(page.locator("h1")).to_have_text("Where is my parcel?", timeout=SLOW_MS)

    assert kept == [(OTHER[language],)]


@EVERYWHERE
async def test_a_consumer_follows_a_parcel_and_sees_nobody_elses(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    ((last_four,),) = await rows(
        web_sessions,
        "SELECT r.phone_last4 FROM receiver r JOIN sales_order o ON o.id = r.order_id"
        " WHERE o.no = :no",
        no=SENT.no,
    )
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "", language, size) as (page, watched),
    ):
        await page.goto(f"{address}/track")
        await page.locator("[name=no]").fill(SENT.no)
        await page.locator("[name=last4]").fill("0000")
        await page.locator("button[type=submit]").click()
        await expect(page.locator("[role=alert]")).to_be_visible(timeout=SLOW_MS)
        refused = await page.locator("body").inner_text()
        await page.locator("[name=last4]").fill(last_four)
        await page.locator("button[type=submit]").click()
        await expect(page.get_by_text(SENT.waybill)).to_be_visible(timeout=SLOW_MS)

    assert SENT.waybill not in refused
    assert [text for text in watched.complaints if "404" not in text] == []  # the wrong digits


@EVERYWHERE
async def test_a_dealer_sees_his_own_goods_and_nothing_of_other_places(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "wuhan", language, size) as (page, _),
    ):
        await page.goto(f"{address}/orders?status=all")
        await expect(page.locator("h1")).to_have_text(ORDERS[language])
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


@EVERYWHERE
async def test_many_stuck_steps_are_decided_at_once(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", language, size) as (page, watched),
    ):
        await page.goto(f"{address}/attention")
        await page.locator("[name=step]").select_option("label")
        await page.locator('a[href^="/campaigns/new"]').first.click()
        await page.locator("[name=canary]").fill("1")
        await page.locator("main form button.btn-primary").last.click()
        await page.wait_for_url("**/campaigns/*", timeout=SLOW_MS)
        await expect(page.locator("h1")).to_be_visible()

    begun = await rows(web_sessions, "SELECT action, canary, created_by FROM campaign")
    assert begun == [("retry", 1, "kefu")]
    assert watched.complaints == []


@pytest.mark.parametrize(("language", "size"), first_of([("zh", "phone"), ("en", "tablet")]))
async def test_an_order_is_found_and_held_with_a_finger(
    address: str, web_sessions: Sessions, language: str, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", language, size) as (page, watched),
    ):
        await page.goto(f"{address}/stock")
        await page.locator("[data-search]").first.fill(SENT.waybill)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/orders/{SENT.no}", timeout=SLOW_MS)
        await page.goto(f"{address}/orders/{DAY[0].no}")
        await page.locator('.order-head a[href*="do/hold"]').click()
        dialog = page.locator("dialog[open]")
        await dialog.locator("#reason").fill("等买家回电")
        await dialog.locator("button[type=submit]").click()
        await expect(dialog).to_have_count(0, timeout=SLOW_MS)
        await expect(page.locator("#refused")).to_be_empty()
    assert watched.complaints == []
