"""A buyer brings in a list with faults, mends it and brings it in again; pages at all sizes.

Pictures are saved under `test-results/`.
"""

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from db.engine import Sessions
from db.orders.customers import write_customer
from db.platform.webhooks import Subscribers, Tried
from db.sql import run
from tests.activities.platform.test_importing import query
from tests.importing import VAULT, csv_file, worked
from tests.samples import first_of
from tests.web.chromium import chromium
from tests.web.test_in_browser import RESULTS, SIZES, SLOW_MS, address, looking, violations

__all__ = ["address"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

EVERYWHERE: Final = pytest.mark.parametrize(
    ("language", "size"), first_of([("zh", "phone"), ("en", "desk"), ("zh", "tablet")])
)
ROWS = [f"NEW-{n:03},新茶 {n} 号,{n * 10},{n}.50" for n in range(1, 31)]
HEADER = "商品编码,商品名称,重量（克）,售价"
BAD = csv_file(HEADER, *ROWS[:10], "NEW-011,坏行,十克,11.50", *ROWS[11:], "NEW-001,重复,1,1")


@pytest.mark.parametrize("size", first_of(SIZES))
async def test_an_import_with_errors_is_mended_and_applied(
    address: str, web_sessions: Sessions, sessions: Sessions, tmp_path: Path, size: str
) -> None:
    listed, mended = tmp_path / "新品.csv", tmp_path / "mended.csv"
    listed.write_bytes(BAD)
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "admin", "zh", size) as (page, watched),
    ):
        await page.goto(f"{address}/imports")
        await _give(page, listed)
        await expect(page.get_by_text("比对中").first).to_be_visible(timeout=SLOW_MS)
        import_id = page.url.rpartition("/")[2]
        await worked(sessions, import_id)
        await expect(page.get_by_text("有 2 行有误，未作任何更改")).to_be_visible(timeout=SLOW_MS)
        await expect(page.get_by_text("重量（克）: 不是数字")).to_be_visible()
        await expect(page.get_by_text("与第 2 行重复")).to_be_visible()
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="下载标注错误的文件").click()
        await (await downloading.value).save_as(mended)
        lines = mended.read_text("utf-8-sig").splitlines()
        assert '"重量（克）: 不是数字"' in lines[11]
        fixed = [line.replace("十克", "110") for line in lines[:-1]]
        mended.write_text("\n".join(fixed), encoding="gb18030")

        await page.goto(f"{address}/imports")
        await _give(page, mended)
        await worked(sessions, page.url.rpartition("/")[2])
        await page.get_by_role("button", name="导入 30 行").click(timeout=SLOW_MS)
        await expect(
            page.get_by_text("导入中").or_(page.get_by_text("比对中")).first
        ).to_be_visible()
        await worked(sessions, page.url.rpartition("/")[2])
        await expect(page.locator(".alert-box.done")).to_be_visible(timeout=SLOW_MS)
        await page.goto(f"{address}/imports")
        await _give(page, mended)
        await expect(page.get_by_text("这个文件以前导入过")).to_be_visible(timeout=SLOW_MS)
    assert watched.complaints == []
    assert watched.outside == []
    new = "SELECT count(*), sum(weight_g) FROM sku WHERE code LIKE 'NEW-%'"
    assert await query(sessions, new) == [(30, 4650)]


@pytest.mark.parametrize(
    ("language", "size"), first_of([("zh", "phone"), ("en", "desk"), ("zh", "tablet")])
)
async def test_pages_of_files_and_webhooks_are_whole(
    address: str,
    web_sessions: Sessions,
    sessions: Sessions,
    tmp_path: Path,
    language: str,
    size: str,
) -> None:
    long, faults = tmp_path / f"{'很长的文件名' * 12}.csv", []
    long.write_bytes(BAD)
    paths = await _subscribers(web_sessions)
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "admin", language, size) as (page, watched),
    ):
        for path in ("/imports", *paths):
            await page.goto(f"{address}{path}")
            faults += await _seen(page, f"{language}-{size}", path.strip("/").replace("/", "-"))
        await page.goto(f"{address}/imports")
        await _give(page, long)
        await worked(sessions, page.url.rpartition("/")[2])
        for name, path in (("import", page.url), ("import-history", f"{address}/imports")):
            await page.goto(path)
            faults += await _seen(page, f"{language}-{size}", name)
    assert faults == []
    assert watched.complaints == []


async def _give(page: Page, file: Path) -> None:
    await page.locator("#file").set_input_files(file)
    await page.locator("main form button[type=submit]").click()
    await page.wait_for_url("**/imports/imp_*", timeout=SLOW_MS)


async def _seen(page: Page, folder: str, name: str) -> list[str]:
    await page.evaluate("document.fonts.ready.then(() => true)")
    await page.screenshot(path=RESULTS / folder / f"files-{name}.png", full_page=True)
    wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [f"{name}: {one}" for one in await violations(page)]
    return found + ([f"{name} is {wider} px too wide"] if wider > 0 else [])


async def _subscribers(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        subscribers = Subscribers(session)
        url = "https://93.184.216.34/" + "hooks/" * 20
        good = await subscribers.add(VAULT, "whsec_AAAA", "", url, "", [])
        bad = await subscribers.add(VAULT, "whsec_AAAA", "", url, "ERP 中台", ["shipment.shipped"])
        for number in range(1, 4):
            error = "" if number == 1 else "Unavailable: answered HTTP 503"
            status = 200 if number == 1 else 503
            await subscribers.tried(
                Tried(bad, f"evt_{number}", "shipment.shipped", number, 84, status, error, None)
            )
    return ["/subscribers", f"/subscribers/{good}", f"/subscribers/{bad}", "/subscribers/new"]


@pytest.mark.parametrize(
    ("language", "size"), first_of([("zh", "phone"), ("en", "desk"), ("zh", "tablet")])
)
async def test_the_customer_book_and_the_pages_of_new_people_are_whole(
    address: str, web_sessions: Sessions, sessions: Sessions, language: str, size: str
) -> None:
    async with web_sessions.begin() as session:
        for number in range(1, 4):
            told = {
                "name": "欧阳小明明" * number, "phone": f"1380000000{number}", "province": "浙江省",
                "city": "杭州市", "district": "余杭区", "address": "文一西路 969 号" * 3,
            }  # fmt: skip
            await write_customer(session, VAULT, f"C00{number}", told)
        await run(
            session,
            "INSERT INTO account (id, login, name, roles, language, active)"
            " VALUES ('acc_new', 'lina', '李娜', '[\"warehouse\"]', 'zh', true)",
        )
    faults = []
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "admin", language, size) as (page, watched),
    ):
        for name, path in (
            ("customers", "/customers"), ("customers-none", "/customers?q=9999"),
            ("people-new", "/people"), ("set-up", "/set-up#login=lina&code=abc"),
        ):  # fmt: skip
            await page.goto(f"{address}{path}")
            if name == "customers":
                await page.locator("summary").first.click()
            faults += await _seen(page, f"{language}-{size}", name)
        assert await page.locator("#login").input_value() == "lina"
        assert await page.locator("#code").input_value() == "abc"
        assert "#" not in page.url
        await page.goto(f"{address}/people")
        await page.locator("form[action$='/acc_new/setup'] button").click()
        await page.wait_for_url("**/setup")
        faults += await _seen(page, f"{language}-{size}", "set-up-made")
    assert faults == []
    assert watched.complaints == []
