"""Nobody gives others more than he has himself, over the API and on the pages."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from db.engine import Sessions
from domain.platform.permissions import Permission, Role
from domain.platform.scopes import WHOLE, Limit, Reach, Scope
from tests.api.orders.world import rows
from tests.api.served import browser, key_for
from tests.companies import seed_company
from tests.web.world import Person, person

R1 = {"location_id": "R1", "with_below": True}
D1 = {"location_id": "D1", "with_below": False}
PASSWORD = "seven-blue-kettles-91"


@pytest_asyncio.fixture
async def regional(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[Person]:
    """An administrator of the region R1, with the dealer D1 below it, and of D2 alone."""
    await seed_company(sessions)
    limits = [Limit("R1"), Limit("D2", with_below=False)]
    async with await person(app, web_sessions, Role.ADMIN, limits=limits) as client:
        yield client


def _account(login: str, limits: Sequence[dict[str, Any]], *roles: str) -> dict[str, Any]:
    return {
        "login": login, "name": "Li", "password": PASSWORD, "roles": roles or ["warehouse"],
        "limits": limits,
    }  # fmt: skip


async def _send(client: Person, method: str, path: str, body: Any = None) -> httpx.Response:
    headers = {"X-CSRF-Token": client.csrf_token}
    return await client.request(method, f"/api/v1{path}", json=body, headers=headers)


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ([R1], 201),
        ([D1], 201),
        ([{"location_id": "D2", "with_below": False}], 201),
        ([], 403),  # the whole company
        ([{"location_id": "HQ", "with_below": True}], 403),
        ([D1, {"location_id": "R2", "with_below": False}], 403),
        ([{"location_id": "D2", "with_below": True}], 403),  # what is built there later is not his
    ],
)
async def test_places_are_given_as_far_as_one_has_them(
    regional: Person, sessions: Sessions, limits: list[dict[str, Any]], status: int
) -> None:
    before = await rows(sessions, "SELECT count(*) FROM account")
    answer = await _send(regional, "POST", "/accounts", _account("xiaoli", limits))
    key = {"name": "scales", "roles": ["warehouse"], "limits": limits}
    made = await _send(regional, "POST", "/api-keys", key)

    assert (answer.status_code, made.status_code) == (status, status)
    if status == 403:
        assert answer.json()["code"] == made.json()["code"] == "MoreThanOwn"
        assert await rows(sessions, "SELECT count(*) FROM account") == before
        assert await rows(sessions, "SELECT count(*) FROM api_key") == [(0,)]


async def test_limits_are_not_lifted_and_people_of_others_are_not_there(
    app: FastAPI, regional: Person, web_sessions: Sessions, sessions: Sessions
) -> None:
    made = (await _send(regional, "POST", "/accounts", _account("xiaoli", [D1]))).json()["id"]
    lifted = await _send(regional, "PATCH", f"/accounts/{made}", {"limits": []})
    assert (lifted.status_code, lifted.json()["code"]) == (403, "MoreThanOwn")
    kept = await rows(
        sessions, "SELECT location_id FROM account_scope WHERE account_id = :id", id=made
    )
    assert kept == [("D1",)]

    async with (
        await person(app, web_sessions, Role.ADMIN, name="Chief") as chief,
        await person(app, web_sessions, Role.ADMIN, name="North", limits=[Limit("R2")]),
    ):
        people = (await _send(chief, "GET", "/accounts")).json()["items"]
    theirs = [one["id"] for one in people if one["name"] in ("Chief", "North")]
    key = (await key_for(web_sessions, Role.ADMIN))["Authorization"]
    [(key_id,)] = await rows(sessions, "SELECT id FROM api_key")
    assert key
    assert len(theirs) == 2
    for other in theirs:  # a password would be a log-in as somebody who sees more
        for method, path, body in (
            ("PATCH", f"/accounts/{other}", {"password": PASSWORD}),
            ("GET", f"/accounts/{other}/sessions", None),
            ("DELETE", f"/accounts/{other}/sessions", None),
            ("DELETE", f"/accounts/{other}/second-factor", None),
        ):
            assert (await _send(regional, method, path, body)).status_code == 404, path
        for page in (f"/people/accounts/{other}", f"/people/accounts/{other}/password"):
            assert (await regional.get(page)).status_code == 404
    assert (await _send(regional, "DELETE", f"/api-keys/{key_id}")).status_code == 404
    assert (await regional.get(f"/people/keys/{key_id}/withdraw")).status_code == 404
    assert (await _send(regional, "GET", "/api-keys")).json()["items"] == []
    listed = (await _send(regional, "GET", "/accounts")).json()["items"]
    assert {one["name"] for one in listed} == {"Li", "Li Lei"}  # the one he made and himself


async def test_the_page_offers_ones_own_places_and_refuses_more(
    regional: Person, sessions: Sessions
) -> None:
    form = (await regional.get("/people/new")).text
    assert 'value="R1"' in form
    assert 'value="D1"' in form
    assert 'value="HQ"' not in form
    assert "nobody gives others more than they have themselves" in form

    values = {"login": "xiaoli", "name": "Li", "password": PASSWORD, "roles": "warehouse"}
    refused = await regional.send_form("/people/new", **values)
    assert refused.status_code == 403
    assert "This is more than you have yourself" in refused.text
    assert (await regional.send_form("/people/new", **values, places="R1")).status_code == 303
    shown = (await regional.get("/people")).text
    assert "xiaoli" in shown


async def test_what_is_the_companys_is_not_for_administrators_of_a_part(regional: Person) -> None:
    for page in ("/payment-accounts", "/subscribers/new", "/shops/new", "/finance/erp/new"):
        assert (await regional.get(page)).status_code == 403, page
    export = {"public_key": "x" * 200, "reason": "because"}
    assert (await _send(regional, "POST", "/key-exports", export)).status_code == 403


async def test_a_shop_stays_within_ones_own_places(regional: Person) -> None:
    path = "/shops/own-d1/owner"
    for away in (None, "R2"):
        answer = await _send(regional, "PUT", path, {"location_id": away})
        assert (answer.status_code, answer.json()["code"]) == (403, "MoreThanOwn")
    assert (await _send(regional, "PUT", path, {"location_id": "R1"})).status_code == 204
    other = await _send(regional, "PUT", "/shops/mini/owner", {"location_id": "R1"})
    assert other.status_code == 404


async def test_a_narrowed_key_gives_no_permission_that_it_has_not(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_company(sessions)
    only = [Permission.MANAGE_ACCOUNTS, Permission.READ_STOCK]
    headers = await key_for(web_sessions, Role.ADMIN, only=only)
    async with browser(app, **headers) as program:
        wide = {"name": "more", "roles": ["admin"]}
        assert (await program.post("/api/v1/api-keys", json=wide)).status_code == 403
        assert (await program.post("/api/v1/accounts", json=_account("a1", []))).status_code == 403
        narrow = {**wide, "permissions": ["read_stock"]}
        assert (await program.post("/api/v1/api-keys", json=narrow)).status_code == 201


PLACES = st.sampled_from(["A", "B", "C"])
LIMITS = st.lists(st.builds(Limit, PLACES, st.booleans()), max_size=4)


@given(limits=LIMITS, seen=st.frozensets(PLACES), deep=st.frozensets(PLACES))
def test_what_is_given_lies_within_what_one_has(
    limits: list[Limit], seen: frozenset[str], deep: frozenset[str]
) -> None:
    reach = Reach(Scope(locations=tuple(seen)), deep & seen)

    covered = reach.covers(limits)

    assert Reach(WHOLE).covers(limits)
    if covered:
        assert limits
        assert {one.location_id for one in limits} <= seen
        assert {one.location_id for one in limits if one.with_below} <= deep
    else:
        beyond = [one for one in limits if not reach.covers([one])]
        assert beyond or not limits
