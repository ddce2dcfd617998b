"""The pages of people, keys and rights."""

import re

import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Permission, Role
from tests.companies import seed_company
from tests.web.world import Person, person
from web import words


@pytest_asyncio.fixture
async def admin(app: FastAPI, sessions: Sessions, web_sessions: Sessions) -> Person:
    await seed_company(sessions)
    return await person(app, web_sessions, Role.ADMIN)


def test_every_permission_and_every_role_has_its_words() -> None:
    assert set(words.PERMISSION) >= set(Permission)
    assert set(words.ROLE) == set(Role)


async def test_a_dealer_without_a_place_is_refused_and_with_one_is_listed(admin: Person) -> None:
    new = {"login": "li", "name": "Li", "password": "seven-blue-kettles-91", "roles": ["dealer"]}
    refused = await admin.send_form("/people/new", **new)
    taken = await admin.send_form("/people/new", **new, places=["D1"])

    assert refused.status_code == 422
    assert taken.status_code == 303
    listed = (await admin.get("/people")).text
    assert "li · 中文" in listed
    assert re.search(r'tag-calm">D1', listed)


async def test_a_key_is_shown_once_and_is_narrowed(app: FastAPI, admin: Person) -> None:
    made = await admin.send_form(
        "/people/keys/new", name="till", roles=["admin"], permissions=["read_stock"]
    )
    found = re.search(r"ohk_[\w-]+", made.text)
    assert found is not None
    assert found[0] not in (await admin.get("/people/keys")).text

    admin.cookies.clear()
    headers = {"Authorization": f"Bearer {found[0]}"}
    stock = await admin.get("/api/v1/stock?sku=A", headers=headers)
    orders = await admin.get("/api/v1/orders", headers=headers)
    assert (stock.status_code, orders.status_code) == (200, 403)


async def test_a_shop_is_given_to_a_dealer(admin: Person) -> None:
    given = await admin.send_form("/people/shops", shop_id="mini", location_id="D2")

    assert given.status_code == 303
    assert '<option value="D2" selected' in (await admin.get("/people")).text
