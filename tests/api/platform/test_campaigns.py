"""Campaigns at the API, as tables alone: what would be decided, and by whom."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.platform.campaigns import router
from db.engine import Sessions
from db.platform.attention import open_attention
from tests.api.orders.app import client_of
from tests.api.orders.world import rows
from tests.web.world import change

PATH = "/api/v1/campaigns"
ALL = ("retry", "retry_with", "done_by_hand", "skip", "compensate")


async def park(sessions: Sessions, number: int, **other: Any) -> str:
    told = {
        "workflow_id": f"shipment/{number}",
        "step_id": "label",
        "cause": "Rejected",
        "code": "8057",
        "error": "no such product",
        "system": "carrier/sf",
        "actions": ALL,
        "input_fields": {"carrier": "text", "waybill_no": "text"},
    }
    async with sessions.begin() as session:
        return await open_attention(session, **(told | other))


@pytest_asyncio.fixture
async def http(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    for number in range(3):
        await park(sessions, number)
    await park(sessions, 9, system="shop/mini", step_id="ship_confirm", cause="Unavailable",
               actions=("retry", "skip"), input_fields={})  # fmt: skip
    async with client_of(web_sessions, router) as client:
        yield client


def wish(action: str = "retry", **other: Any) -> dict[str, Any]:
    steps = other.pop("steps", {})
    return {"steps": steps, "action": action, **other}


@pytest.mark.parametrize(
    ("body", "matching", "decidable"),
    [
        (wish(), 4, 4),
        (wish(steps={"system": "carrier/sf"}), 3, 3),
        (wish(steps={"cause": "Unavailable"}), 1, 1),
        (wish(steps={"step": "label"}), 3, 3),
        (wish(steps={"shop": "mini"}), 1, 1),
        (wish(steps={"hours": 1}), 0, 0),
        (wish(steps={"at_risk": True}), 0, 0),
        (wish("compensate", reason="sold out"), 4, 3),
        (wish("retry_with", values={"carrier": "zto"}), 4, 3),
        (wish("retry_with", values={"product": "2"}), 4, 0),
        (wish("done_by_hand", reason="by phone"), 4, 0),  # each has a waybill number of its own
    ],
)
async def test_it_is_said_before_how_many_would_be_decided(
    http: httpx.AsyncClient, body: dict[str, Any], matching: int, decidable: int
) -> None:
    answer = (await http.post(f"{PATH}/preview", json=body)).json()

    assert (answer["matching"], answer["decidable"]) == (matching, decidable)
    assert (await http.get(PATH)).json()["items"] == []


async def test_a_campaign_takes_its_steps_and_is_told_of(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    begun = await http.post(PATH, json=wish(steps={"system": "carrier/sf"}, canary=2))
    again = await http.post(PATH, json=wish(steps={"system": "carrier/sf"}))
    campaign = begun.json()
    listed = (await http.get(PATH)).json()["items"]
    steps = (await http.get(f"{PATH}/{campaign['id']}/steps", params={"limit": 2})).json()
    rest = await http.get(f"{PATH}/{campaign['id']}/steps", params={"cursor": steps["next_cursor"]})

    assert begun.status_code == 201
    assert (campaign["state"], campaign["total"], campaign["percent"]) == ("canary", 3, 0)
    assert campaign["counts"]["waiting"] == 3
    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")  # taken already
    assert [one["id"] for one in listed] == [campaign["id"]]
    assert len(steps["items"]) == 2
    assert len(rest.json()["items"]) == 1
    assert await rows(sessions, "SELECT name, target FROM outbox") == [
        ("campaign_moved", f"campaign/{campaign['id']}")
    ]
    assert await rows(sessions, "SELECT actor, action FROM audit_log") == [
        ("key:test", "campaign.begin")
    ]


async def test_it_is_paused_resumed_stopped_and_what_is_left_begun_anew(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    one = f"{PATH}/{(await http.post(PATH, json=wish())).json()['id']}"
    why = {"reason": "wait for the carrier"}

    assert (await http.post(f"{one}/resume")).status_code == 409
    assert (await http.post(f"{one}/pause", json=why)).json()["state"] == "paused"
    assert (await http.post(f"{one}/pause", json=why)).status_code == 409
    assert (await http.post(f"{one}/resume")).json()["state"] == "canary"
    stopped = (await http.post(f"{one}/stop", json=why)).json()
    assert (stopped["state"], stopped["stopped_because"]) == ("stopped", "by_hand")
    assert stopped["counts"]["left"] == 4
    anew = await http.post(f"{one}/failed")
    assert (anew.status_code, anew.json()["total"]) == (201, 4)
    assert f"{PATH}/{anew.json()['again_of']}" == one
    await change(sessions, "UPDATE attention SET resolved_at = now()")
    assert (await http.post(f"{one}/failed")).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (wish("skip"), 409),
        (wish("retry", values={"carrier": "sf"}), 422),
        (wish("retry_with"), 422),
        (wish("retry_with", values={"phone": "13800000001"}), 422),
        (wish("retry_with", values={"waybill_no": "SF1"}), 422),
        (wish("explode"), 422),
        (wish(rate_per_minute=0), 422),
        (wish(canary=101), 422),
        (wish(steps={"nonsense": 1}), 422),
        (wish(steps={"cause": "Nobody"}), 409),
    ],
)
async def test_what_cannot_be_decided_for_all_is_refused(
    http: httpx.AsyncClient, sessions: Sessions, body: dict[str, Any], status: int
) -> None:
    assert (await http.post(PATH, json=body)).status_code == status
    assert await rows(sessions, "SELECT 1 FROM campaign") == []


async def test_there_is_no_such_campaign(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.get(f"{PATH}/cam_x"),
        await http.post(f"{PATH}/cam_x/pause", json={"reason": "x"}),
        await http.post(f"{PATH}/cam_x/failed"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "CampaignNotFound")
