"""A person's own account in a browser: a second factor from set-up to log-in, two people."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from db.engine import Sessions
from db.platform.accounts import DEMO_PASSWORD
from db.platform.factors import code_of
from tests.web.chromium import chromium
from tests.web.test_in_browser import address, looking, violations
from tests.web.world import change

__all__ = ("address",)  # a fixture


@pytest.mark.timeout(300)
async def test_a_second_factor_is_set_up_in_a_dialog_and_asked_for_at_the_next_log_in(
    address: str, web_sessions: Sessions
) -> None:
    async with (
        chromium() as browser,
        looking(browser, address, web_sessions, "caiwu", "en", "phone") as (page, watched),
    ):
        await page.goto(f"{address}/account")
        assert await violations(page) == []
        await page.get_by_role("link", name="Set up").click()
        secret = await page.locator("dialog code.key").inner_text()
        assert await page.locator("dialog .authenticator img").evaluate("i => i.naturalWidth") > 100
        assert await violations(page) == []
        await page.fill("dialog #code", code_of(secret, datetime.now(UTC) - timedelta(seconds=30)))
        await page.click("dialog button[type=submit]")
        await expect(page.locator("dialog .recovery-codes li")).to_have_count(10)
        assert await violations(page) == []

        await page.goto(f"{address}/account")
        await page.get_by_role("button", name="Log out", exact=True).click()
        await page.fill("#login", "caiwu")
        await page.fill("#password", DEMO_PASSWORD)
        await page.locator("form", has=page.locator("#password")).get_by_role("button").click()
        await page.wait_for_url(re.compile("/login/code"))
        assert await violations(page) == []
        await page.fill("#code", code_of(secret, datetime.now(UTC)))
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url(re.compile("/finance"))
        assert watched.complaints == watched.outside == []


@pytest.mark.timeout(300)
async def test_pages_of_log_ins_and_approvals_are_whole_in_both_languages_and_sizes(
    address: str, web_sessions: Sessions
) -> None:
    await change(web_sessions, _WISH)
    async with chromium() as browser:
        for language, size in (("zh", "desk"), ("en", "phone"), ("zh", "phone")):
            async with looking(browser, address, web_sessions, "admin", language, size) as (
                page,
                watched,
            ):
                for path in ("/account", "/approvals", "/approvals/apr_1"):
                    await page.goto(f"{address}{path}")
                    assert await violations(page) == [], (path, language)
                    wide = "document.documentElement.scrollWidth - innerWidth"
                    assert await page.evaluate(wide) <= 0, (path, size)
                assert watched.complaints == watched.outside == []


_WISH = """
INSERT INTO approval (id, kind, subject, payload, payload_sha256, amount_minor, currency, units,
    reason, asked_by_id, asked_by, asked_roles, asked_at, expires_at, state)
VALUES ('apr_1', 'adjustment', 'location/HQ', '{"body": {"location": "HQ", "document_no": "C1",
    "reason": "count", "lines": [{"sku": "A-VERY-LONG-CODE-OF-A-PRODUCT-IN-THREE-COLOURS",
    "quantity": -1200}, {"sku": "B", "quantity": 40}]}}', 'x', 0, '', 1240, 'count',
    'account/acc_other', 'cangku', '["warehouse"]', now(), now() + interval '2 days', 'open')
"""
