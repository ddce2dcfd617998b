"""The page of outgoing webhooks: subscribe, see each try, tell again."""

import re

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from db.platform.webhooks import Subscribers, Tried
from domain.platform.permissions import Role
from tests.activities.platform.test_importing import query
from tests.web.world import person

GOOD = "https://93.184.216.34/hooks"


async def test_an_address_is_subscribed_tried_and_told_again(
    app: FastAPI, sessions: Sessions
) -> None:
    async with await person(app, app.state.sessions, Role.ADMIN) as admin:
        assert "Nobody listens yet" in (await admin.get("/subscribers")).text
        made = await admin.send_form(
            "/subscribers/new", url=GOOD, name="ERP", event="shipment.shipped"
        )
        assert re.search(r"whsec_[A-Za-z0-9+/]{43}=", made.text)
        address = re.search(r"/subscribers/we_\w+", made.text)[0]  # type: ignore[index]
        assert "whsec_" not in (await admin.get(address)).text
        await admin.send_form(f"{address}/test")
        await _tried(sessions, address, "Unavailable: answered HTTP 500", 500)
        seen = (await admin.get(address)).text
        assert "Unavailable: answered HTTP 500" in seen
        assert "fails" in (await admin.get("/subscribers")).text
        event = re.search(r'name="event_id" value="(evt_\w+)"', seen)[1]  # type: ignore[index]
        await query(sessions, "UPDATE outbox SET sent_at = now(), error = 'no'")
        assert "Tell everything again" in (await admin.get(address)).text
        await admin.send_form(f"{address}/redelivery", event_id=event)
        assert await query(sessions, "SELECT sent_at FROM outbox") == [(None,)]
        rotated = await admin.send_form(f"{address}/secret")
        assert "For 24 hours the secret before signs as well" in rotated.text
        assert "Two secrets sign now" in (await admin.get(address)).text
        await admin.send_form(f"{address}/settings", url=GOOD, name="ERP 2")
        assert "ERP 2" in (await admin.get("/subscribers")).text
        await admin.send_form(f"{address}/removal")
        assert (await admin.get(address)).status_code == 404


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://127.0.0.1/", "It leads into a private network"),
        ("http://93.184.216.34/", "Only https is called"),
        ("https://93.184.216.34:5432/", "Only the ports 443 and 8443 are called"),
        ("nothing", "carries a password"),
    ],
)
async def test_a_bad_address_is_refused_in_words(app: FastAPI, url: str, why: str) -> None:
    async with await person(app, app.state.sessions, Role.ADMIN) as admin:
        answer = await admin.send_form("/subscribers/new", url=url)

    assert answer.status_code == 422
    assert why in answer.text


async def _tried(sessions: Sessions, address: str, error: str, status: int) -> None:
    ((event_id,),) = await query(sessions, "SELECT event_id FROM outbox")
    async with sessions.begin() as session:
        await Subscribers(session).tried(
            Tried(address.rpartition("/")[2], event_id, "webhook.test", 1, 12, status, error, None)
        )
