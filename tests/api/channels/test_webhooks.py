import json
import time
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from db.channels.tables import InboxRow, ShopRow
from db.engine import Sessions
from db.orders.tables import SalesOrderRow
from db.vault import shop_context
from integrations.marketplaces.signing import own_headers
from tests.api.channels.app import client_of
from tests.api.served import NOBODY_LISTENS, browser, served
from tests.shops import OWN_SECRET, VAULT, own_message, own_order, seed_shops, shopify_message

OWN, SHOPIFY = "/webhooks/own/own-1", "/webhooks/shopify/shopify-1"


async def _kept(sessions: Sessions) -> list[tuple[str, str, str]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(InboxRow).order_by(InboxRow.id))).all()
    return [(row.message_id, row.external_no, row.parked_reason) for row in rows]


async def _orders(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return len((await session.exec(select(SalesOrderRow))).all())


async def test_a_signed_order_is_acknowledged_when_it_is_kept(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    body = own_order()

    async with client_of(web_sessions) as client:
        answer = await client.post(OWN, content=body, headers=own_message(body))

    assert (answer.status_code, answer.json()) == (202, {"id": "m-1", "duplicate": False})
    assert await _kept(web_sessions) == [("m-1", "A-1", "")]
    assert await _orders(web_sessions) == 1


async def test_without_a_database_a_sender_is_asked_to_come_again() -> None:
    body = own_order()

    async with served(f"postgresql://{NOBODY_LISTENS}/none") as app, browser(app) as client:
        answer = await client.post(OWN, content=body, headers=own_message(body))

    assert (answer.status_code, answer.json()["code"]) == (503, "DatabaseUnavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_repeated_message_is_acknowledged_and_kept_once(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    body = own_order()

    async with client_of(web_sessions) as client:
        for _ in range(2):
            answer = await client.post(OWN, content=body, headers=own_message(body))

    assert (answer.status_code, answer.json()) == (202, {"id": "m-1", "duplicate": True})
    assert await _kept(web_sessions) == [("m-1", "A-1", "")]


async def test_a_known_message_id_with_another_body_is_a_conflict(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)

    async with client_of(web_sessions) as client:
        for quantity in (1, 2):
            line = {"line_no": "1", "sku": "S", "quantity": quantity, "payable": "1.00"}
            body = own_order(lines=[line])
            with capture_logs() as logs:
                answer = await client.post(OWN, content=body, headers=own_message(body))

    assert answer.status_code == 409
    assert answer.json()["code"] == "IdempotencyMismatch"
    assert [log["event"] for log in logs] == ["security.webhook_refused"]
    assert len(await _kept(web_sessions)) == 1


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"webhook-signature": "v1,AAAA"}, 401, "invalid_signature"),
        ({"webhook-signature": ""}, 401, "invalid_signature"),
        ({"webhook-timestamp": str(int(time.time()) - 301)}, 401, "stale_timestamp"),
        ({"webhook-timestamp": "soon"}, 401, "missing_header"),
        ({"webhook-id": ""}, 401, "missing_header"),
        ({"content-type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
async def test_what_is_not_genuine_is_refused_and_leaves_nothing(
    web_sessions: Sessions, headers: dict[str, str], status: int, code: str
) -> None:
    await seed_shops(web_sessions)
    body = own_order()

    async with client_of(web_sessions) as client:
        answer = await client.post(OWN, content=body, headers=own_message(body) | headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await _kept(web_sessions) == []
    assert await _orders(web_sessions) == 0


async def test_a_body_changed_on_the_way_is_refused_with_one_security_line(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    body = own_order()

    async with client_of(web_sessions) as client:
        with capture_logs() as logs:
            answer = await client.post(OWN, content=body + b" ", headers=own_message(body))

    assert answer.status_code == 401
    assert [(log["event"], log["code"]) for log in logs] == [
        ("security.webhook_refused", "invalid_signature")
    ]
    assert await _kept(web_sessions) == []


async def test_a_message_for_another_shop_or_none_is_refused(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    body = own_order()

    async with client_of(web_sessions) as client:
        for shop in ("nobody", "shopify-1", "%00", "x" * 500):
            answer = await client.post(
                f"/webhooks/own/{shop}", content=body, headers=own_message(body)
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_shop")

    assert await _kept(web_sessions) == []


async def test_a_switched_off_shop_is_not_listened_to(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    async with web_sessions.begin() as session:
        row = await session.get(ShopRow, "own-1")
        assert row is not None
        row.active = False
        session.add(row)
    body = own_order()

    async with client_of(web_sessions) as client:
        answer = await client.post(OWN, content=body, headers=own_message(body))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (own_order(is_admin=True), "is_admin"),
        (own_order(revision="1"), "revision"),
        (own_order(revision=True), "revision"),
        (own_order(revision=2**63), "revision"),
        (own_order(freight="NaN"), "freight"),
        (own_order(order_no="a\x00b"), "order_no"),
        (own_order(lines=[]), "lines"),
        (own_order("LONE").replace(b"LONE", b"\\ud800"), None),
        (b'{"order_no": NaN}', None),
        (b"{" * 100_000, None),
        (b"\xff\xfe", None),
        (b"", None),
        (b"[]", None),
    ],
)
async def test_a_genuine_message_that_is_no_order_gets_422_with_the_fields_and_leaves_nothing(
    web_sessions: Sessions, body: bytes, field: str | None
) -> None:
    await seed_shops(web_sessions)

    async with client_of(web_sessions) as client:
        answer = await client.post(OWN, content=body, headers=own_message(body))

    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert all(set(problem) == {"field", "problem"} for problem in problems)
    if field is not None:
        assert field in [problem["field"] for problem in problems]
    assert await _kept(web_sessions) == []


async def test_a_body_over_one_megabyte_is_refused_before_it_is_read(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b"x" * 65_536

    async with client_of(web_sessions) as client:
        declared = await client.post(OWN, content=b"x" * 1_048_577, headers=own_message(b""))
        with capture_logs() as logs:
            chunked = await client.post(OWN, content=chunks(), headers=own_message(b""))

    assert (declared.status_code, chunked.status_code) == (413, 413)
    assert taken < 20
    assert [log["event"] for log in logs] == ["security.webhook_refused"]
    assert await _kept(web_sessions) == []


async def test_a_shopify_order_is_kept_under_its_webhook_id(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    body = json.dumps({"id": 820982911946154508}).encode()

    async with client_of(web_sessions) as client:
        answer = await client.post(SHOPIFY, content=body, headers=shopify_message(body))

    assert (answer.status_code, answer.content) == (200, b"")
    assert await _kept(web_sessions) == [("w-1", "820982911946154508", "")]


async def test_paid_before_created_makes_the_same_one_order(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    body = json.dumps({"id": 1}).encode()

    async with client_of(web_sessions) as client:
        await client.post(SHOPIFY, content=body, headers=shopify_message(body, "1", "orders/paid"))
        await client.post(SHOPIFY, content=body, headers=shopify_message(body, "2"))

    assert len(await _kept(web_sessions)) == 2
    assert await _orders(web_sessions) == 1


async def test_a_genuine_shopify_message_without_a_number_waits_for_a_person(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    body = b'{"name": "#1001"}'

    async with client_of(web_sessions) as client:
        answer = await client.post(SHOPIFY, content=body, headers=shopify_message(body))

    assert answer.status_code == 200
    assert await _kept(web_sessions) == [("w-1", "", "no_order_number")]
    assert await _orders(web_sessions) == 0


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"id": 1}', {"x-shopify-hmac-sha256": "AAAA"}, 401),
        (b'{"id": 1}', {"x-shopify-hmac-sha256": ""}, 401),
        (b'{"id": 1}', {"x-shopify-shop-domain": "other.myshopify.com"}, 401),
        (b'{"id": 1}', {"x-shopify-webhook-id": ""}, 400),
        (b'{"id": ', {}, 400),
        (b"[" * 100_000, {}, 400),
    ],
)
async def test_what_shopify_did_not_send_is_refused_in_its_form_and_leaves_nothing(
    web_sessions: Sessions, body: bytes, headers: dict[str, str], status: int
) -> None:
    await seed_shops(web_sessions)

    async with client_of(web_sessions) as client:
        answer = await client.post(SHOPIFY, content=body, headers=shopify_message(body) | headers)

    assert answer.status_code == status
    assert list(answer.json()) == ["errors"]
    assert await _kept(web_sessions) == []


async def test_a_topic_that_is_no_order_is_acknowledged_and_not_kept(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    body = b'{"id": 1}'

    async with client_of(web_sessions) as client:
        answer = await client.post(
            SHOPIFY, content=body, headers=shopify_message(body, topic="products/update")
        )

    assert answer.status_code == 200
    assert await _kept(web_sessions) == []


async def test_while_the_secret_is_replaced_messages_of_either_are_taken(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    body = own_order()
    old, new = OWN_SECRET, "whsec_bmV3IHNlY3JldA=="

    async with web_sessions.begin() as session:
        row = await session.get(ShopRow, "own-1")
        assert row is not None
        secrets = {"secret": new, "secret_old": old}
        row.secrets = VAULT.seal_secrets(secrets, shop_context("own-1"))
        session.add(row)

    async with client_of(web_sessions) as client:
        for number, secret in enumerate((old, new)):
            headers = own_headers(secret, f"m-{number}", int(time.time()), body)
            assert (await client.post(OWN, content=body, headers=headers)).status_code == 202
