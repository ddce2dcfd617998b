"""Invoices over the API: asked for once, sealed, and their taxes set by finance."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.finance.invoices import buyer_of, invoice_row
from db.sql import run
from domain.finance.invoices import Buyer
from domain.platform.permissions import Role
from tests.api.orders.world import seed_order, seed_shop
from tests.api.served import browser, key_for, served
from tests.people import VAULT

TITLE = "上海某某科技有限公司"
WISH = {"title": TITLE, "tax_no": "91310000MA1K00000X", "email": "fp@example.cn"}
CODE = "1030201020000000000"


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def address(sessions: Sessions) -> str:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with sessions.begin() as session:
        rows = await run(session, "SELECT no FROM sales_order")
    return f"/api/v1/orders/{rows[0].no}/invoices"


@pytest_asyncio.fixture
async def kefu(
    app: FastAPI, address: str, web_sessions: Sessions
) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.CUSTOMER_SERVICE)) as caller:
        yield caller


@pytest_asyncio.fixture
async def finance(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.FINANCE)) as caller:
        yield caller


async def test_an_invoice_is_asked_for_once_and_shows_nobody(
    kefu: httpx.AsyncClient, address: str, sessions: Sessions
) -> None:
    answer = await kefu.post(address, json=WISH)
    assert answer.status_code == 201
    no = answer.json()["invoice_no"]
    assert (await kefu.post(address, json=WISH)).status_code == 409

    listed = await kefu.get(address)
    (one,) = listed.json()["items"]
    assert (one["invoice_no"], one["state"], one["kind"]) == (no, "waiting", "blue")
    assert TITLE not in listed.text
    async with sessions.begin() as session:
        row = await invoice_row(session, no)
        assert TITLE.encode() not in bytes(row.sealed)
        assert await buyer_of(session, VAULT, row) == Buyer(*WISH.values())
        told = await run(
            session, "SELECT count(*) AS n FROM audit_log WHERE action LIKE 'invoice%'"
        )
    assert told[0].n == 1


async def test_one_that_waits_is_cancelled_with_a_reason(
    kefu: httpx.AsyncClient, address: str
) -> None:
    no = (await kefu.post(address, json=WISH)).json()["invoice_no"]
    assert (await kefu.post(f"{address}/{no}/cancellation", json={})).status_code == 422
    told = {"reason": "changed his mind"}
    assert (await kefu.post(f"{address}/{no}/cancellation", json=told)).status_code == 200
    assert (await kefu.post(f"{address}/{no}/reversal", json=told)).status_code == 409


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"tax_no": "12"}, {"email": "nowhere"}, {"phone": "1"}]
)
async def test_what_cannot_stand_on_an_invoice_is_refused(
    kefu: httpx.AsyncClient, address: str, wrong: dict[str, str]
) -> None:
    assert (await kefu.post(address, json={**WISH, **wrong})).status_code == 422


async def test_finance_asks_for_none_and_says_how_goods_are_taxed(
    finance: httpx.AsyncClient, address: str
) -> None:
    assert (await finance.post(address, json=WISH)).status_code == 403
    tea = {"name": "茶", "goods_code": CODE, "rate_bp": 1300}
    put = await finance.put("/api/v1/finance/tax-categories/tea", json=tea)
    assert put.status_code == 204
    odd = await finance.put("/api/v1/finance/tax-categories/tea", json={**tea, "rate_bp": 7})
    assert odd.status_code == 422

    missing = (await finance.get("/api/v1/finance/sku-taxes?missing=true")).json()["items"]
    sku = missing[0]["code"]
    for category, status in (("tea", 204), ("none", 422), ("", 204), ("tea", 204)):
        answer = await finance.put(f"/api/v1/finance/sku-taxes/{sku}", json={"category": category})
        assert answer.status_code == status
    listed = (await finance.get("/api/v1/finance/tax-categories")).json()["items"]
    assert [(one["code"], one["skus"]) for one in listed] == [("tea", 1)]
