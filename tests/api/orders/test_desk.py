"""The desk over the API: notes, tags, filters, holds, actions and bulk jobs."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served
from tests.web.world import change, seed_hold

V1 = "/api/v1"
PRICE = {"amount": "25.50", "currency": "CNY"}


@pytest_asyncio.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def kefu(app: FastAPI, sessions: Sessions, web_sessions: Sessions) -> httpx.AsyncClient:
    await seed_shop(sessions)
    for number in ("1", "2"):
        await seed_order(sessions, number)
    await seed_shipment(sessions)
    return browser(app, **await key_for(web_sessions, Role.CUSTOMER_SERVICE))


async def test_a_note_is_written_once_for_one_key_read_and_taken_back(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    once = {"Idempotency-Key": "k1"}
    for _ in range(2):
        kept = await kefu.post(
            f"{V1}/orders/o-1/notes", json={"text": " 王小明要周六送 "}, headers=once
        )
        assert kept.status_code == 200, kept.text
        assert "王小明" not in kept.text

    [note] = (await kefu.get(f"{V1}/orders/O-1/notes")).json()["items"]
    assert note["text"] == "王小明要周六送"
    assert note["id"] == kept.json()["id"]
    assert (await kefu.get(f"{V1}/orders/O-2/notes")).json()["items"] == []
    stored = str(await rows(sessions, "SELECT sealed FROM idempotency_key"))
    assert "王小明" not in stored

    gone = await kefu.post(f"{V1}/orders/O-1/notes/{note['id']}/removal", json={})
    assert gone.status_code == 200, gone.text
    [note] = (await kefu.get(f"{V1}/orders/O-1/notes")).json()["items"]
    assert (note["text"], note["removed_by"]) == ("", note["author"])


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/orders/O-404/notes", {"text": "x"}, 404, "OrderNotFound"),
        ("/orders/O-1/notes", {"text": ""}, 422, "ValidationFailed"),
        ("/orders/O-1/notes", {"text": "x" * 2001}, 422, "ValidationFailed"),
        ("/orders/O-1/notes", {"text": "a\x00b"}, 422, "ValidationFailed"),
        ("/orders/O-1/notes", {"text": "x", "author": "me"}, 422, "ValidationFailed"),
        ("/orders/O-1/notes/none/removal", {}, 404, "NoteNotFound"),
        ("/saved-filters", {"name": "x", "query": "drop=1"}, 422, "InvalidInput"),
        ("/saved-filters", {"name": "x", "query": "late"}, 422, "InvalidInput"),
        ("/saved-filters", {"name": "  ", "query": ""}, 422, "InvalidInput"),
        ("/bulk-jobs", {"action": "hold", "order_nos": ["O-1"]}, 422, "InvalidInput"),
        ("/bulk-jobs", {"action": "tag", "order_nos": ["O-1"]}, 422, "InvalidInput"),
        ("/bulk-jobs", {"action": "hold", "reason": "x"}, 422, "ValidationFailed"),
        (
            "/bulk-jobs",
            {"action": "hold", "reason": "x", "order_nos": ["O-1"], "fitting": {}},
            422,
            "ValidationFailed",
        ),
        (
            "/bulk-jobs", {"action": "hold", "reason": "x", "order_nos": ["O-404"]}, 422,
            "InvalidInput",
        ),
        (
            "/bulk-jobs", {"action": "release", "reason": "x", "order_nos": ["O-1"]}, 409,
            "ActionNotAllowed",
        ),
        ("/bulk-jobs/none/stop", {}, 404, "BulkJobNotFound"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_name(
    kefu: httpx.AsyncClient, path: str, body: object, status: int, code: str
) -> None:
    answer = await kefu.post(f"{V1}{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_tags_go_on_and_off_and_narrow_the_list(kefu: httpx.AsyncClient) -> None:
    red = await kefu.put(f"{V1}/orders/O-1/tags/催单 VIP", json={"colour": "red"})
    assert [(t["name"], t["colour"]) for t in red.json()["items"]] == [("催单 VIP", "red")]
    listed = (await kefu.get(f"{V1}/orders", params={"tag": "催单 VIP"})).json()
    assert [(o["no"], o["tags"]) for o in listed["items"]] == [
        ("O-1", [{"name": "催单 VIP", "colour": "red"}])
    ]
    painted = await kefu.put(f"{V1}/tags/催单 VIP", json={"colour": "blue"})
    assert painted.json()["items"] == [{"name": "催单 VIP", "colour": "blue", "orders": 1}]
    busy = await kefu.delete(f"{V1}/tags/催单 VIP")
    assert (busy.status_code, busy.json()["code"]) == (409, "ActionNotAllowed")
    assert (await kefu.delete(f"{V1}/orders/O-1/tags/催单 VIP")).json()["items"] == []
    assert (await kefu.delete(f"{V1}/tags/催单 VIP")).json()["items"] == []
    assert (await kefu.put(f"{V1}/tags/none", json={})).json()["code"] == "TagNotFound"


async def test_saved_filters_are_shared_and_ones_own_to_forget(
    kefu: httpx.AsyncClient, app: FastAPI, web_sessions: Sessions
) -> None:
    body = {"name": "晚点", "query": "late=1&shop=mini", "shared": True}
    [mine] = (await kefu.post(f"{V1}/saved-filters", json=body)).json()["items"]
    assert mine["mine"]
    other = browser(app, **await key_for(web_sessions, Role.MANAGER, name="other"))
    [theirs] = (await other.get(f"{V1}/saved-filters")).json()["items"]
    assert (theirs["mine"], theirs["query"]) == (False, "late=1&shop=mini")
    refused = await other.delete(f"{V1}/saved-filters/{mine['id']}")
    assert (refused.status_code, refused.json()["code"]) == (404, "FilterNotFound")
    assert (await kefu.delete(f"{V1}/saved-filters/{mine['id']}")).json()["items"] == []


async def test_open_holds_are_counted_and_listed_the_oldest_first(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_hold(sessions, "1", "risk")
    await seed_hold(sessions, "2", "risk")
    await seed_hold(sessions, "2", "unmapped_sku")
    await change(
        sessions, "UPDATE order_hold SET placed_at = now() - interval '3 d' WHERE id = 'h2risk'"
    )

    found = (await kefu.get(f"{V1}/holds")).json()
    assert [(g["kind"], g["orders"], g["by_hand"]) for g in found["groups"]] == [
        ("risk", 2, True), ("unmapped_sku", 1, False),
    ]  # fmt: skip
    assert found["items"][0]["no"] == "O-2"
    old = (await kefu.get(f"{V1}/holds", params={"hours": 24, "kind": "risk"})).json()
    assert [hold["no"] for hold in old["items"]] == ["O-2"]
    assert (await kefu.get(f"{V1}/holds", params={"shop": "other"})).json()["items"] == []
    first = (await kefu.get(f"{V1}/holds", params={"limit": 2})).json()
    rest = (await kefu.get(f"{V1}/holds", params={"cursor": first["next_cursor"]})).json()
    assert len(first["items"] + rest["items"]) == 3
    assert rest["next_cursor"] == ""


async def test_actions_say_why_not_and_what_takes_them_back(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_hold(sessions, "1", "address")
    found = {a["action"]: a for a in (await kefu.get(f"{V1}/orders/O-1/actions")).json()["items"]}

    assert found["hold"]["possible"]
    assert found["hold"]["undo"] == "release"
    assert (found["release"]["obstacle"], found["release"]["hold"]) == ("goes_by_itself", "address")
    assert (found["cancel"]["possible"], found["cancel"]["undo"]) == (True, "")
    assert found["return"]["obstacle"] == "nothing_left"
    assert found["return"]["effects"] is None
    assert found["hold"]["effects"]["undo"] == {"how": "release", "until": ""}
    assert found["note"]["effects"]["messages"][0]["kind"] == "colleagues_read"
    assert found["note"]["effects"]["stock"] == []


async def test_a_bulk_job_is_previewed_started_once_and_stopped(
    kefu: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_hold(sessions, "2", "manual")
    wanted = {"action": "hold", "reason": "recall", "fitting": {"shop": "mini"}}

    seen = (await kefu.post(f"{V1}/bulk-jobs/preview", json=wanted)).json()
    assert (seen["orders"], seen["possible"], seen["obstacles"]) == (2, 1, {"held_already": 1})
    assert seen["first_impossible"] == [{"order_no": "O-2", "obstacle": "held_already"}]
    worth = {"orders": 1, "payable": PRICE, "received": PRICE}
    assert seen["sums"] == {
        "money": [worth], "reserved_units": 3,
        "shipments_here": 1, "shipments_labelled": 0, "shipments_left": 0,
    }  # fmt: skip
    assert await rows(sessions, "SELECT count(*)::int FROM bulk_job") == [(0,)]

    once = {"Idempotency-Key": "k1"}
    jobs = [await kefu.post(f"{V1}/bulk-jobs", json=wanted, headers=once) for _ in range(2)]
    assert jobs[0].status_code == 200, jobs[0].text
    assert jobs[0].json() == jobs[1].json()
    job = jobs[0].json()
    assert (job["total"], job["waiting"], job["state"]) == (1, 1, "running")
    listed = (await kefu.get(f"{V1}/bulk-jobs")).json()["items"]
    assert [one["id"] for one in listed] == [job["id"]]
    results = (await kefu.get(f"{V1}/bulk-jobs/{job['id']}/orders")).json()
    assert [(r["no"], r["state"]) for r in results["items"]] == [("O-1", "waiting")]
    stopped = (await kefu.post(f"{V1}/bulk-jobs/{job['id']}/stop", json={})).json()
    assert stopped["stop_asked_by"] == job["actor"]
    assert await rows(sessions, "SELECT target FROM outbox") == [(f"bulk/{job['id']}",)]
