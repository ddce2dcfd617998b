"""What bad input gets: one form of refusal, never a failure of ours, nothing changed."""

import gzip
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import text

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.served import browser, key_for

_SCHEMA = re.compile('schemas/([^"]+)')
GOOD = {"login": "xiaoli", "name": "小李", "password": "long-enough", "roles": ["warehouse"]}


@pytest_asyncio.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as client:
        yield client


async def _accounts(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        connection = await session.connection()
        found: int = (await connection.execute(text("SELECT count(*) FROM account"))).scalar_one()
        return found


def _with(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


BAD = {
    "unknown field": _with(is_admin=True),
    "duplicate key": b'{"login": "a1", "login": "b1", ' + json.dumps(GOOD)[1:].encode(),
    "NaN": b'{"login": NaN}',
    "infinity": b'{"login": Infinity}',
    "NUL": _with(name="a\x00b"),
    "escape": _with(name="a\x1b[31mb"),
    "lone surrogate": b'{"login":"x1","name":"\\ud800","password":"long-enough","roles":["admin"]}',
    "number for text": _with(name=5),
    "unknown role": _with(roles=["root"]),
    "no role": _with(roles=[]),
    "too long": _with(name="a" * 10_000),
    "blank": _with(name="   "),
    "sql": _with(login="' OR 1=1--"),
    "not an object": b"[1, 2]",
    "nested": b"[" * 100_000,
    "huge number": b'{"login": ' + b"9" * 5_000 + b"}",
    "half": b'{"login": "a',
    "not utf-8": b'{"login": "\xff"}',
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_body_is_refused_and_nothing_is_changed(
    admin: httpx.AsyncClient, web_sessions: Sessions, case: str
) -> None:
    answer = await admin.post(
        "/api/v1/accounts", content=BAD[case], headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["code"] in ("ValidationFailed", "MalformedBody")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    assert await _accounts(web_sessions) == 0


async def test_a_good_body_is_taken(admin: httpx.AsyncClient, web_sessions: Sessions) -> None:
    answer = await admin.post("/api/v1/accounts", json=GOOD)

    assert answer.status_code == 201
    assert answer.json()["login"] == "xiaoli"
    assert "password" not in answer.text
    assert await _accounts(web_sessions) == 1


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "text/json"])
async def test_another_media_type_is_415(admin: httpx.AsyncClient, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await admin.post("/api/v1/accounts", content=_with(), headers=headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == "UnsupportedMediaType"


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    admin: httpx.AsyncClient,
) -> None:
    for path, methods in (
        ("/api/v1/accounts", "GET, POST"),
        ("/api/v1/shops/mini/settings", "GET, PUT"),
        ("/api/v1/orders/O-1", "GET"),
        ("/api/v1/bulk-jobs/preview", "POST"),
    ):
        answer = await admin.request("PROPFIND", path)

        assert (answer.status_code, answer.headers["allow"]) == (405, methods)


async def test_a_body_over_a_megabyte_is_413_before_it_is_read(admin: httpx.AsyncClient) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(150):
            sent += 100_000
            yield b" " * 100_000

    answer = await admin.post(
        "/api/v1/accounts", content=chunks(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "BodyTooLarge"
    assert sent <= 1_200_000


async def test_a_body_that_says_it_is_too_large_is_refused_in_the_callers_language(
    admin: httpx.AsyncClient,
) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": "zh"}
    answer = await admin.post("/api/v1/accounts", content=b" " * 2_000_000, headers=headers)
    page = await admin.post("/login", content=b" " * 2_000_000)

    assert (answer.status_code, answer.json()["code"]) == (413, "BodyTooLarge")
    assert answer.json()["title"] == "请求内容过大"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert (page.status_code, page.headers["connection"]) == (413, "close")
    assert "<h1" in page.text


async def test_a_compressed_body_is_not_unpacked(admin: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = await admin.post("/api/v1/accounts", content=bomb, headers=headers)

    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "query",
    [
        "limit=1000000000", "limit=0", "limit=x", "sort=id;drop", "cursor=%00", "cursor=AAAA",
        "cursor=WyJzaGlwX2J5IiwgImEiLCAiYiJd", "status=nowhere", "hold=%27", "q=%00",
        "q=" + "a" * 200, "channel=%1b",
    ],
)  # fmt: skip
async def test_a_bad_query_is_422(admin: httpx.AsyncClient, query: str) -> None:
    answer = await admin.get(f"/api/v1/orders?{query}")

    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("ValidationFailed", "InvalidInput")


async def test_lists_in_bodies_end_somewhere(admin: httpx.AsyncClient) -> None:
    described = (await admin.get("/api/v1/openapi.json")).json()
    schemas, endless = described["components"]["schemas"], []
    operations = [one for path in described["paths"].values() for one in path.values()]
    bodies = [one["requestBody"] for one in operations if "requestBody" in one]
    names = set(_SCHEMA.findall(json.dumps(bodies)))
    seen: set[str] = set()
    while names - seen:
        name = (names - seen).pop()
        seen.add(name)
        names |= set(_SCHEMA.findall(json.dumps(schemas[name])))
        for field, of in schemas[name].get("properties", {}).items():
            for form in [of, *of.get("anyOf", [])]:
                if form.get("type") == "array" and "maxItems" not in form:
                    endless.append(f"{name}.{field}")
    lines = [{"sku": "A", "quantity": 1}] * 10_000
    receipt = {"location": "HQ", "document_no": "GRN-1", "lines": lines}
    answer = await admin.post("/api/v1/receipts", json=receipt)

    assert len(seen) > 80
    assert not endless
    assert (answer.status_code, answer.json()["code"]) == (422, "ValidationFailed")


@pytest.mark.parametrize("q", ["' OR 1=1--", "%_\\", "%", "../../etc/passwd", "𠮷", "\u202e"])
async def test_a_search_is_taken_literally(admin: httpx.AsyncClient, q: str) -> None:
    answer = await admin.get("/api/v1/orders", params={"q": q})

    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next_cursor": "", "total": 0, "found_by": []}


async def test_refusals_speak_the_callers_language(admin: httpx.AsyncClient) -> None:
    chinese = await admin.get("/api/v1/orders/260101-NOTHERE", headers={"Accept-Language": "zh-CN"})
    english = await admin.get(
        "/api/v1/orders/260101-NOTHERE", headers={"Accept-Language": "fr, en;q=0.5"}
    )

    assert chinese.status_code == english.status_code == 404
    assert chinese.json()["code"] == english.json()["code"] == "OrderNotFound"
    assert chinese.json()["title"] == "没有这个订单"
    assert english.json()["title"] == "There is no such order"


async def test_a_failure_of_ours_tells_nothing_but_its_number(
    app: FastAPI, admin: httpx.AsyncClient
) -> None:
    def broken() -> None:
        raise RuntimeError("secret inside")

    app.state.office, working = broken, app.state.office
    answer = await admin.get("/api/v1/orders")
    app.state.office = working

    assert answer.status_code == 500
    assert answer.json()["code"] == "Unexpected"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text


async def test_commands_are_told_to_come_again_while_temporal_is_away(
    admin: httpx.AsyncClient,
) -> None:
    answer = await admin.post("/api/v1/shops/top-flagship/pull")

    assert answer.status_code == 503
    assert answer.json()["code"] == "TemporalUnavailable"
    assert answer.headers["retry-after"] == "5"


async def test_the_process_is_ready_without_temporal(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok"}
    ready = await anonymous.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "database": True, "temporal": False}


async def test_metrics_are_for_this_machine_and_those_who_may(
    app: FastAPI, admin: httpx.AsyncClient
) -> None:
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as stranger:
        refused = await stranger.get("/metrics")
        spoofed = await stranger.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        allowed = await stranger.get("/metrics", headers=dict(admin.headers))

    assert (refused.status_code, spoofed.status_code, allowed.status_code) == (403, 403, 200)
    assert 'onhand_http_requests_total{method="GET",route="/metrics",status="403"}' in allowed.text


async def test_the_description_names_every_route_and_its_errors(admin: httpx.AsyncClient) -> None:
    described = (await admin.get("/api/v1/openapi.json")).json()

    paths = described["paths"]
    assert {"401", "403", "404", "422", "500", "503"} <= set(
        paths["/api/v1/orders/{no}"]["get"]["responses"]
    )
    assert {"400", "409", "413", "415"} <= set(paths["/api/v1/accounts"]["post"]["responses"])
    assert "Idempotency-Key" in [
        parameter["name"] for parameter in paths["/api/v1/accounts"]["post"]["parameters"]
    ]
