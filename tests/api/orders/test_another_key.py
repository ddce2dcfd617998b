"""A process with another key than the one people were sealed with says so, in both languages."""

import pytest

from db.engine import Sessions
from db.vault import Vault
from domain.platform.permissions import Role
from tests.api.orders.world import seed_order, seed_shop
from tests.api.served import browser, key_for, served


@pytest.mark.parametrize(
    ("language", "words"), [("en", "encrypted with a key"), ("zh", "加密所用的密钥")]
)
async def test_a_receiver_sealed_with_another_key_is_a_typed_refusal(
    sessions: Sessions, web_sessions: Sessions, database_url: str, language: str, words: str
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with served(database_url) as app:
        app.state.vault = Vault(bytes(reversed(range(32))))
        headers = await key_for(web_sessions, Role.ADMIN)
        async with browser(app, **headers) as client:
            answer = await client.post(
                "/api/v1/orders/O-1/receiver-disclosures",
                json={"reason": "call"},
                headers={"Accept-Language": language},
            )
            order = await client.get("/api/v1/orders/O-1")

    assert (order.status_code, order.json()["code"]) == (503, "SealedWithAnotherKey")
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "SealedWithAnotherKey"
    assert words in answer.json()["title"]
