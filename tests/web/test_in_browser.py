"""Every page in a real browser, in both languages, on a desk and on a phone.

Each is saved under `test-results/`; none asks another host for anything, complains in the console,
is wider than the phone, or breaks a rule of axe (WCAG 2.2 AA).
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, expect

from api.auth import COOKIE
from api.language import COOKIE as LANGUAGE
from db.engine import Sessions
from db.platform.accounts import Accounts
from tests.samples import CAMPAIGN, first_of
from tests.web.chromium import chromium
from tests.web.day import CLAIM, DAY, RETURNS
from tests.web.desk_day import JOB
from tests.web.serving import listening
from tests.web.world import Engine, change

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "test-results" / "pages"
AXE: Final = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES: Final = {"desk": (1440, 900), "phone": (390, 844), "tablet": (820, 1180)}
SLOW_MS: Final = 60_000
ENGLISH: Final = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")  # a sentence, not a name or code
NO: Final = [sold.no for sold in DAY]


@dataclass(frozen=True, slots=True)
class Look:
    """A page, who looks at it, and what they open on it."""

    name: str
    path: str
    who: str = "kefu"
    opens: str = ""


LOOKS: Final = (
    Look("log-in", "/login", who=""),
    Look("orders", "/orders"),
    Look("orders-nothing-found", "/orders?q=none"),
    Look("order-to-pick", f"/orders/{NO[0]}"),
    Look("order-in-parts", f"/orders/{NO[0]}", opens="do/split"),
    Look("order-other-lines", f"/orders/{NO[0]}/do/lines"),
    Look("order-stuck", f"/orders/{NO[1]}"),
    Look("order-held", f"/orders/{NO[3]}"),
    Look("order-on-its-way", f"/orders/{NO[6]}"),
    Look("order-cancelled", f"/orders/{NO[8]}"),
    Look("order-claimed", f"/orders/{NO[7]}"),
    Look("claim-open", f"/orders/{NO[6]}", opens="do/claim"),
    Look("cancel", f"/orders/{NO[0]}", opens="do/cancel"),
    Look("hold", f"/orders/{NO[0]}", opens="do/hold"),
    Look("note", f"/orders/{NO[0]}", opens="do/note"),
    Look("tag", f"/orders/{NO[0]}", opens="do/tag"),
    Look("save-list", "/orders?late=1", opens="/saved-filters/new?query=late%3D1"),
    Look("promises", "/sla?hours=72"),
    Look("days-to-the-door", "/sla/days?carrier=sf"),
    Look("holds", "/holds"),
    Look("holds-of-a-kind", "/holds?kind=risk"),
    Look("bulk-preview", f"/bulk/new?action=hold&no={NO[0]}&no={NO[6]}"),
    Look("bulk-job", f"/bulk/{JOB}"),
    Look("bulk-jobs", "/bulk"),
    Look("address", f"/orders/{NO[3]}", opens="do/address"),
    Look("release", f"/orders/{NO[3]}", opens="do/release"),
    Look("receiver", f"/orders/{NO[3]}", opens="do/receiver"),
    Look("attention", "/attention?group=label|sf|masked"),
    Look("step-closer", "/attention/att_1"),
    Look("campaigns", "/campaigns"),
    Look("campaign-new", "/campaigns/new?fingerprint=label|sf|masked"),
    Look("gates", "/gates"),
    Look("gate-shut", "/gates", opens="/gates/carrier/sf/do/close"),
    Look("returns", "/returns"),
    Look("return-to-decide", f"/returns/{RETURNS[0]}"),
    Look("return-approve", f"/returns/{RETURNS[0]}", opens="do/approve"),
    Look("return-ask", f"/returns/{RETURNS[0]}", opens="do/ask"),
    Look("return-open", f"/orders/{NO[7]}", opens="do/return"),
    Look("stock", "/stock"),
    Look("stock-of-one", "/stock/POT-ZS-220"),
    Look("shops", "/shops"),
    Look("shop", "/shops/tmall"),
    Look("shop-credentials", "/shops/tmall", opens="do/credentials"),
    Look("shop-pause", "/shops/tmall", opens="do/pause"),
    Look("shop-range", "/shops/tmall", opens="do/range"),
    Look("shop-settings", "/shops/tmall", opens="do/settings"),
    Look("carrier-settings", "/shops", opens="/carriers/kuaidi100/settings"),
    Look("payment-accounts", "/payment-accounts", who="admin"),
    Look("account-new", "/payment-accounts", who="admin", opens="/payment-accounts/new"),
    Look("account-new-alipay", "/payment-accounts/new?provider=alipay", who="admin"),
    Look("shop-new", "/shops", who="admin", opens="/shops/new"),
    Look("shop-new-shopify", "/shops/new?channel=shopify", who="admin"),
    Look("shop-new-own", "/shops/new?channel=own", who="admin"),
    Look("carrier-new", "/shops", who="admin", opens="/carriers/new"),
    Look("carrier-new-kuaidi100", "/carriers/new?carrier=kuaidi100", who="admin"),
    Look("account-pause", "/payment-accounts", who="admin", opens="wechat-mini/pause"),
    Look("account-credentials", "/payment-accounts", who="admin", opens="wechat-mini/credentials"),
    Look("warehouse", "/warehouse", who="cangku"),
    Look("pick", f"/warehouse/{NO[0]}-1", who="cangku"),
    Look("pick-by-scan", f"/warehouse/{NO[0]}-1/scan", who="cangku"),
    Look("function-codes", "/warehouse/codes", who="cangku"),
    Look("hand-overs", "/warehouse/hand-overs?location=R-GZ", who="cangku"),
    Look("left-overs", "/warehouse/left-overs?location=", who="cangku"),
    Look("no-network", "/warehouse/offline", who="cangku"),
    Look("pack-station", "/warehouse/pack", who="cangku"),
    Look("floor-setup", "/warehouse/setup?location=HQ-HZ", who="cangku"),
    Look("waves", "/warehouse/waves?location=HQ-HZ", who="cangku"),
    Look("stuck-box", f"/warehouse/{NO[1]}-1", who="cangku"),
    Look("hand-over", f"/warehouse/{NO[2]}-1", who="cangku"),
    Look("returns-bench", "/warehouse/returns", who="cangku"),
    Look("return-at-the-bench", f"/warehouse/returns/{RETURNS[1]}", who="cangku"),
    Look("claims", "/claims", who="caiwu"),
    Look("claim", f"/claims/{CLAIM}", who="caiwu"),
    Look("claim-accepted", f"/claims/{CLAIM}", who="caiwu", opens="do/accept"),
    Look("claim-write-off", f"/claims/{CLAIM}", who="caiwu", opens="do/write_off"),
    Look("claim-sheet", f"/claims/{CLAIM}/sheet", who="caiwu"),
    Look("books", "/finance", who="caiwu"),
    Look("books-account", "/finance/accounts/buyer_deposits", who="caiwu"),
    Look("books-vouchers", "/finance/vouchers", who="caiwu"),
    Look("books-costs", "/finance/costs", who="caiwu"),
    Look("not-found", "/orders/NO-SUCH-ORDER"),
    Look("track", "/track", who=""),
    Look("send-back", "/return", who=""),
)


@dataclass
class Watched:
    """What a browser asked for and complained about."""

    address: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._asked(request.url))
        context.on(
            "console",
            lambda message: (
                self.complaints.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def taken(self, look: Look) -> list[str]:
        """The complaints since the last time; a browser itself notes a page that is not there."""
        expected = "404" if look.name == "not-found" else "\0"
        found = [text for text in self.complaints if expected not in text]
        self.complaints.clear()
        return found

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(self.address + "/"):
            self.outside.append(url)


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    """Where the pages of the demo company's day are served; its engine takes every command."""

    def arrange(app: FastAPI) -> None:
        app.state.temporal = Engine()

    with listening(database_url, arrange, demo=True) as served:
        yield served


@asynccontextmanager
async def looking(
    browser: Browser,
    address: str,
    sessions: Sessions,
    who: str,
    language: str = "en",
    size: str = "desk",
) -> AsyncIterator[tuple[Page, Watched]]:
    """A browser window of somebody who is logged in, watched."""
    width, height = SIZES[size]
    on_phone = size == "phone"
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=on_phone,
        is_mobile=on_phone,
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    context.set_default_timeout(SLOW_MS)
    cookies = {LANGUAGE: language}
    if who:
        async with sessions.begin() as session:
            accounts = Accounts(session)
            account = await accounts.find(who)
            assert account is not None
            cookies[COOKIE] = await accounts.open_session(account.id, datetime.now(UTC))
    await context.add_cookies(
        [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
    )
    watched = Watched(address)
    watched.follow(context)
    try:
        yield await context.new_page(), watched
    finally:
        await context.close()


async def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(
        "async tags => (await axe.run(document, {runOnly: tags})).violations.flatMap("
        "rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`))",
        TAGS,
    )
    return found


async def _open(page: Page, look: Look, address: str) -> None:
    await page.goto(address + look.path, wait_until="load")
    if look.opens:
        link = f'[href="{look.opens}"]' if look.opens[0] == "/" else f'[href*="{look.opens}"]'
        await page.locator(link).locator("visible=true").first.click()
        await expect(page.locator("dialog[open] h1")).to_be_visible(timeout=SLOW_MS)
    await page.evaluate("document.fonts.ready.then(() => true)")


@pytest.mark.parametrize(
    ("language", "first", "then", "looks"),
    [
        pytest.param("zh", "phone", "desk", LOOKS[0::5], id="zh-phone-desk-some"),
        pytest.param("zh", "phone", "desk", LOOKS, id="zh-phone-desk", marks=CAMPAIGN),
        pytest.param("en", "desk", "phone", LOOKS, id="en-desk-phone", marks=CAMPAIGN),
    ],
)
async def test_every_page_is_whole_and_keeps_to_itself(
    address: str,
    web_sessions: Sessions,
    language: str,
    first: str,
    then: str,
    looks: Sequence[Look],
) -> None:
    """Opened at one size, where axe looks at it too, then made as wide as the other."""
    faults: list[str] = []
    async with chromium() as browser:
        for who in ("", "kefu", "cangku", "admin", "caiwu"):
            async with looking(browser, address, web_sessions, who, language, first) as (
                page,
                watched,
            ):
                for look in [look for look in looks if look.who == who]:
                    found = await looked_at(page, look, address, language, (first, then))
                    faults += [f"{look.name}: {fault}" for fault in found + watched.taken(look)]
                faults += [f"asked for {url}" for url in watched.outside]

    assert faults == []


async def looked_at(
    page: Page, look: Look, address: str, language: str, sizes: tuple[str, str]
) -> list[str]:
    """What is wrong with a page at one size, with axe, and then at another."""
    first, then = sizes
    await _open(page, look, address)
    found = await _shown(page, look, language, first)
    found += await violations(page)
    await _resize(page, then)
    found += await _shown(page, look, language, then)
    await _resize(page, first)
    return found


async def _resize(page: Page, size: str) -> None:
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})


async def _shown(page: Page, look: Look, language: str, size: str) -> list[str]:
    """Save how it looks; what is wider than the window, or not in the reader's language."""
    picture = RESULTS / f"{language}-{size}" / f"{look.name}.png"
    await page.screenshot(path=picture, full_page=not look.opens)
    wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    faults = [f"{wider} px too wide on the {size}"] if wider > 0 else []
    if language == "zh":
        faults += ENGLISH.findall(await page.locator("body").inner_text())
    return faults


@pytest.mark.parametrize("size", first_of(["desk", "tablet"]))
async def test_an_order_is_found_held_and_released_with_the_keyboard(
    address: str, web_sessions: Sessions, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "kefu", "en", size) as (page, watched),
    ):
        keys = page.keyboard
        await page.goto(f"{address}/stock")
        await keys.press("/")
        await keys.type("SF1000000000007")
        await keys.press("Enter")
        await page.wait_for_url(f"**/orders/{NO[6]}")

        await page.goto(f"{address}/orders")
        rows = page.locator("a.no")
        await expect(rows.first).to_have_text(NO[0])
        for pressed, focused in (("j", 0), ("j", 1), ("k", 0)):
            await keys.press(pressed)
            await expect(rows.nth(focused)).to_be_focused()
        await keys.press("x")
        await expect(page.locator("[data-chosen]")).to_have_text("1")
        await keys.press("?")
        await expect(page.locator("#help")).to_be_visible()
        await keys.press("Escape")
        await expect(page.locator("#help")).to_be_hidden()
        await rows.first.focus()
        await keys.press("Enter")
        await page.wait_for_url(f"**/orders/{NO[0]}")

        dialog = page.locator("dialog[open]")
        await expect(page.locator("[data-live-state]")).to_be_visible(timeout=SLOW_MS)
        await keys.press("h")
        await expect(dialog.locator("textarea")).to_be_focused(timeout=SLOW_MS)
        await keys.press("Escape")
        await expect(dialog).to_have_count(0)
        await keys.press("h")
        await expect(dialog.locator("textarea")).to_be_focused(timeout=SLOW_MS)
        await keys.type("the buyer asked: hold")
        for _ in range(2):  # over Back
            await keys.press("Tab")
        await keys.press("Enter")
        await expect(dialog).to_have_count(0, timeout=SLOW_MS)
        await _held(web_sessions)
        released = page.get_by_role("link", name="Release").first
        await expect(released).to_be_visible(timeout=SLOW_MS)
        await keys.press("r")
        await expect(dialog.get_by_text("goes on: To be picked")).to_be_visible(timeout=SLOW_MS)
    assert watched.complaints == []


async def _held(sessions: Sessions) -> None:
    """What its workflow would write: no engine runs here."""
    await change(
        sessions,
        "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
        " placed_by, released_by) VALUES ('h1', 'o1', 'manual', 'the buyer asked: hold', '{}',"
        " 'customer_service', '', 'kefu', '')",
    )
    await change(
        sessions,
        "UPDATE sales_order SET seq = seq + 1, status = 'on_hold', waits_for = 'hold:manual'"
        " WHERE id = 'o1'",
    )


@pytest.mark.parametrize("size", first_of(SIZES))
async def test_a_decision_that_lacks_its_reason_says_so_inside_the_dialog(
    address: str, web_sessions: Sessions, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "admin", "zh", size) as (page, _),
    ):
        await page.goto(f"{address}/orders/{NO[1]}")
        await page.locator(".alert-box a.btn").click()
        dialog = page.locator("dialog[open]")
        await expect(dialog.get_by_text("改正后重试", exact=True)).to_be_visible(timeout=SLOW_MS)
        values = dialog.locator("[name='value.waybill_no']")
        await expect(values).to_be_hidden()
        await dialog.get_by_text("已人工完成", exact=True).click()
        await expect(values).to_be_visible()
        await values.fill("SF1")
        await dialog.locator("button[type=submit]").click()
        await expect(dialog.get_by_text("请填写原因")).to_be_visible(timeout=SLOW_MS)
        await dialog.locator("#reason").fill("电话下单")
        await dialog.locator("button[type=submit]").click()
        await expect(page.locator("dialog[open]")).to_have_count(0, timeout=SLOW_MS)


@pytest.mark.parametrize("size", first_of(SIZES))
async def test_the_warehouse_picks_short_packs_and_comes_in_with_one_tap(
    address: str, web_sessions: Sessions, size: str
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "", "en", size) as (page, watched),
    ):
        await page.goto(address)
        await page.get_by_role("button", name="李建国").click()
        await page.wait_for_url("**/warehouse")
        await page.locator(f"a[href='/warehouse/{NO[0]}-1']").click()
        await page.locator("[name='picked.TEA-LJ-100']").fill("1")
        await page.get_by_role("button", name="Confirm the pick").click()
        await expect(page.get_by_text("1 / 2")).to_be_visible(timeout=SLOW_MS)
        await page.locator("[name=weight]").first.fill("0,9")
        await page.get_by_role("button", name="Boxes are closed").click()
        await expect(page.get_by_text("0.9 kg")).to_be_visible(timeout=SLOW_MS)
        await change(
            web_sessions,
            "UPDATE parcel SET waybill_no = 'SF9' WHERE shipment_no = :no",
            no=f"{NO[0]}-1",
        )
        await change(
            web_sessions, "UPDATE shipment SET status = 'labelled' WHERE no = :no", no=f"{NO[0]}-1"
        )
        await expect(page.get_by_text("SF9")).to_be_visible(timeout=SLOW_MS)
        await page.get_by_role("button", name="The carrier has taken them").click()
        await page.wait_for_url("**/warehouse")
    assert watched.complaints == []
