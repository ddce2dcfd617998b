"""Programs come with keys; administrators make and end them."""

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.served import browser, key_for


async def test_a_key_works_until_it_is_withdrawn(app: FastAPI, web_sessions: Sessions) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as admin:
        made = await admin.post("/api/v1/api-keys", json={"name": "robot", "roles": ["warehouse"]})
        key = {"Authorization": f"Bearer {made.json()['key']}"}
        async with browser(app, **key) as robot:
            known = await robot.get("/api/v1/me")
            await admin.delete(f"/api/v1/api-keys/{made.json()['id']}")
            gone = await robot.get("/api/v1/me")

    assert known.json() == {"kind": "key", "name": "robot", "roles": ["warehouse"]}
    assert gone.status_code == 401


async def test_keys_are_kept_as_hashes_only(app: FastAPI, web_sessions: Sessions) -> None:
    headers = await key_for(web_sessions, Role.ADMIN)
    secret = headers["Authorization"].removeprefix("Bearer ohk_")
    async with web_sessions.begin() as session:
        rows = await (await session.connection()).execute(text("SELECT k::text FROM api_key k"))
        assert secret not in rows.scalar_one()


async def test_what_administrators_do_is_written_down(app: FastAPI, web_sessions: Sessions) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN, name="boss")) as admin:
        body = {"login": "xiaoli", "name": "小李", "password": "long-enough", "roles": ["admin"]}
        account = (await admin.post("/api/v1/accounts", json=body)).json()
        change = {"roles": ["warehouse"], "password": "another-one"}
        await admin.patch(f"/api/v1/accounts/{account['id']}", json=change)

    async with web_sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT actor, action, after FROM audit_log ORDER BY id")
        )
        told = [tuple(row) for row in rows]
    assert told == [
        ("key:boss", "account.added", {"login": "xiaoli", "roles": ["admin"]}),
        ("key:boss", "account.changed", {"roles": ["warehouse"], "password": "changed"}),
    ]


async def test_an_unknown_account_or_key_is_404(app: FastAPI, web_sessions: Sessions) -> None:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as admin:
        account = await admin.patch("/api/v1/accounts/acc_nobody", json={"name": "x"})
        key = await admin.delete("/api/v1/api-keys/key_nothing")

    assert (account.status_code, key.status_code) == (404, 404)


async def test_made_up_keys_are_nobody(anonymous: httpx.AsyncClient) -> None:
    for key in ("ohk_" + "A" * 43, "Bearer", "ohk_", "x" * 10_000, "ohk_é"):
        value = f"Bearer {key}".encode()
        answer = await anonymous.get("/api/v1/me", headers={b"Authorization": value})

        assert answer.status_code == 401
