"""Who may, reads what the workflow engine keeps sealed."""

import base64
from typing import Any

from fastapi import FastAPI
from temporalio.api.common.v1 import Payload

from db.engine import Sessions
from domain.platform.permissions import Role
from runtime.codec import SealedPayloads
from tests.web.world import person

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"ord_1"')
PATH = "/api/v1/temporal/decode"


def told(payload: Payload) -> dict[str, Any]:
    return {
        "metadata": {k: base64.b64encode(v).decode() for k, v in payload.metadata.items()},
        "data": base64.b64encode(payload.data).decode(),
    }


async def test_an_administrator_opens_payloads_and_nobody_else(
    app: FastAPI, web_sessions: Sessions
) -> None:
    [sealed] = await SealedPayloads(app.state.vault).encode([PLAIN])
    damaged = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + b"x")
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        admin.headers["X-CSRF-Token"] = admin.csrf_token
        answer = await admin.post(PATH, json={"payloads": [told(sealed), told(PLAIN)]})
        assert answer.json() == {"payloads": [told(PLAIN), told(PLAIN)]}
        for wrong in (told(damaged), {"metadata": {}, "data": "***"}):
            assert (await admin.post(PATH, json={"payloads": [wrong]})).status_code == 422
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        manager.headers["X-CSRF-Token"] = manager.csrf_token
        assert (await manager.post(PATH, json={"payloads": []})).status_code == 403
