"""Invoices on their pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.web.world import Person, person


@pytest_asyncio.fixture
async def kefu(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as client:
        yield client


async def test_an_invoice_is_asked_for_and_cancelled_on_the_order(kefu: Person, order: str) -> None:
    address = f"/orders/{order}"
    assert "Ask for an invoice" in (await kefu.get(address)).text
    assert 'name="tax_no"' in (await kefu.get(f"{address}/do/invoice")).text
    answer = await kefu.send_form(f"{address}/do/invoice", title="张三", tax_no="", email="")
    assert answer.status_code == 303
    shown = (await kefu.get(address)).text
    assert "waits for the goods to leave" in shown
    assert "张三" not in shown

    form = (await kefu.get(f"{address}/do/invoice")).text
    no = form.split('name="invoice_no" value="')[1].split('"')[0]
    await kefu.send_form(f"{address}/do/cancel_invoice", invoice_no=no, reason="no")
    assert "Ask for an invoice" in (await kefu.get(address)).text


@pytest.mark.parametrize(("language", "heading"), [("en", "Tax categories"), ("zh", "税收分类")])
async def test_an_administrator_adds_an_issuer_and_taxes(
    app: FastAPI, web_sessions: Sessions, order: str, language: str, heading: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        await admin.get(f"/language/{language}")
        names = ("app_key", "app_secret", "access_token", "tax_no")
        answer = await admin.send_form(
            "/finance/invoices/new", vendor="nuonuo", account_id="n1", name="诺诺",
            **{f"secret.{name}": "canary-secret" for name in names},
        )  # fmt: skip
        assert answer.headers["location"] == "/finance/invoices/accounts/n1"
        shown = (await admin.get("/finance/invoices/accounts/n1")).text
        assert "canary-secret" not in shown
        answer = await admin.send_form(
            "/finance/invoices/categories", code="tea", name="茶", rate="1300",
            goods_code="1030201020000000000",
        )  # fmt: skip
        assert answer.status_code == 303
        page = (await admin.get("/finance/invoices")).text
        assert heading in page
        assert "1030201020000000000" in page
        skus = (await admin.get("/finance/invoices/skus?missing=true")).text
        sku = skus.split('name="sku" value="')[1].split('"')[0]
        await admin.send_form("/finance/invoices/skus", sku=sku, category="tea")
        assert "selected" in (await admin.get(f"/finance/invoices/skus?q={sku}")).text
