"""Whoever looks at too many whole receivers is asked why."""

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person, person


@pytest.mark.usefixtures("order")
async def test_more_reveals_than_an_hour_may_have_become_one_attention_item(
    app: FastAPI, service: Person, sessions: Sessions, web_sessions: Sessions
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"reveals_per_hour": 2})
    query = "SELECT attempts FROM attention WHERE step_id = 'reveals' AND resolved_at IS NULL"
    for _ in range(2):
        await service.send_form("/orders/O-1/receiver", reason="calls back")
    assert await rows(sessions, query) == []

    for _ in range(2):
        answer = await service.send_form("/orders/O-1/receiver", reason="calls back")
        assert "王小明" in answer.text

    assert await rows(sessions, query) == [(4,)]
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        page = await admin.get("/attention")
        assert "Ask why so many receivers were looked at" in page.text
        [(item,)] = await rows(sessions, "SELECT id FROM attention")
        assert (await admin.get(f"/attention/{item}")).status_code == 200
        await admin.send_form(f"/attention/{item}", action="done_by_hand", reason="a recall")
    assert await rows(sessions, query) == []


@pytest.mark.usefixtures("order")
async def test_each_role_sees_of_the_receiver_what_the_table_says(
    app: FastAPI, web_sessions: Sessions
) -> None:
    for role, phone, name in (
        (Role.CUSTOMER_SERVICE, True, True), (Role.WAREHOUSE, True, True),
        (Role.FINANCE, False, True), (Role.BUYER, False, False),
    ):  # fmt: skip
        async with await person(app, web_sessions, role) as one:
            for path in ("/orders/O-1", "/api/v1/orders/O-1"):
                text = (await one.get(path)).text
                assert ("138****0001" in text) is phone, (role, path)
                assert ("王***" in text) is name, (role, path)
                assert "文一西路" not in text
                assert "13800000001" not in text
