"""Adding shops and carriers on the pages: first with whom, then exactly what it wants to know."""

from typing import Any

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person, person

CANARY = "canary-c0de-secret"
SHOP = {
    "channel": "shopify", "shop_id": "intl", "external_id": "onhand.myshopify.com",
    "name": "国际站", "secret.access_token": CANARY, "secret.webhook_secret": CANARY,
}  # fmt: skip
CARRIER = {
    "carrier": "sf", "name": "顺丰", "secret.partner_id": "P", "secret.checkword": CANARY,
    "secret.monthly_card": "M",
}  # fmt: skip


async def test_an_administrator_chooses_a_channel_fills_in_its_form_and_has_a_shop(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        overview = (await admin.get("/shops")).text
        choose = (await admin.get("/shops/new")).text
        form = (await admin.get("/shops/new?channel=shopify")).text
        strange = await admin.get("/shops/new?channel=amazon")
        added = await admin.send_form("/shops/new", **SHOP, **{"setting.api_version": "2026-07"})
        again = await admin.send_form("/shops/new", **SHOP)
        page = (await admin.get(added.headers["location"])).text

    assert "/shops/new" in overview
    assert "/carriers/new" in overview
    assert "channel=wechat" in choose
    for field in ("secret.access_token", "secret.webhook_secret_old", "setting.location_id"):
        assert f'name="{field}"' in form
    assert 'name="secret.app_key"' not in form
    assert (strange.status_code, added.status_code, again.status_code) == (422, 303, 409)
    assert added.headers["location"] == "/shops/intl"
    assert "国际站" in page
    assert "/webhooks/shopify/intl" in page
    assert CANARY not in page
    assert await rows(sessions, "SELECT base_url, settings FROM shop") == [
        ("https://onhand.myshopify.com", {"api_version": "2026-07"})
    ]


async def test_a_form_in_a_dialog_leads_on_to_the_new_shop(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        admin.headers["hx-request"] = "true"
        added = await admin.send_form("/shops/new", **SHOP)

    assert (added.status_code, added.headers["hx-redirect"]) == (204, "/shops/intl")


async def test_a_carrier_is_added_once_and_its_address_is_shown_to_administrators_alone(
    app: FastAPI, web_sessions: Sessions, service: Person, sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        form = (await admin.get("/carriers/new?carrier=sf")).text
        strange = await admin.get("/carriers/new?carrier=ups")
        added = await admin.send_form("/carriers/new", **CARRIER, priority="2")
        again = await admin.send_form("/carriers/new", **CARRIER)
        choose = (await admin.get("/carriers/new")).text
        page = (await admin.get("/shops")).text
    seen = (await service.get("/shops")).text

    assert 'name="secret.monthly_card"' in form
    assert (strange.status_code, added.status_code, again.status_code) == (422, 303, 409)
    assert "carrier=zto" in choose
    assert "carrier=sf" not in choose
    ((secret, priority),) = await rows(
        sessions, "SELECT push_secret, priority FROM carrier_account"
    )
    assert priority == 2
    assert f"/webhooks/carriers/sf/{secret}" in page
    assert "顺丰" in seen
    assert secret not in seen
    assert CANARY not in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shop_id": "Intl!"}, "格式不符"),
        ({"secret.access_token": ""}, "access_token"),
        ({"secret.access_token": "", "secret.webhook_secret": ""}, "至少"),
        ({"channel": "amazon"}, "没有渠道 amazon"),
        ({"shop_id": "new"}, "不能用这个简称"),
        ({"base_url": "http://127.0.0.1"}, "https"),
        ({"setting.api_version": "a\x00"}, "不能包含控制字符"),
    ],
)
async def test_what_does_not_fit_is_said_in_chinese(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, changes: dict[str, Any], told: str
) -> None:
    async with await person(app, web_sessions, Role.ADMIN, language="zh") as admin:
        answer = await admin.send_form("/shops/new", **SHOP | changes)

    assert answer.status_code == 422
    assert told in answer.text
    assert CANARY not in answer.text
    assert await rows(sessions, "SELECT id FROM shop") == []


async def test_customer_service_is_neither_offered_nor_allowed_to_add(service: Person) -> None:
    overview = (await service.get("/shops")).text
    answers = [
        await service.get("/shops/new"),
        await service.get("/carriers/new"),
        await service.send_form("/shops/new", **SHOP),
        await service.send_form("/carriers/new", **CARRIER),
    ]

    assert "/shops/new" not in overview
    assert "/carriers/new" not in overview
    assert {answer.status_code for answer in answers} == {403}
