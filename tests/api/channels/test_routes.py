import json
from typing import Any

import pytest
from sqlmodel import col, select

from db.channels.tables import ChannelSkuRow, InboxRow
from db.engine import Sessions
from db.platform.tables import OutboxRow
from db.shared.intake import accept
from db.sql import run
from domain.shared.errors import ActionNotAllowed, InvalidInput, UnknownSku
from tests.api.channels.app import client_of
from tests.seeds import seed_network
from tests.shops import VAULT, own_order, seed_shops


async def _accept(sessions: Sessions, number: str, **changes: Any) -> str:
    message = {
        "source": "own", "shop_id": "own-1", "channel": "own", "topic": "order",
        "external_no": number, "raw": own_order(number), "message_id": f"m-{number}",
    } | changes  # fmt: skip
    async with sessions.begin() as session:
        return (await accept(session, VAULT, **message)).inbox_id


async def _hold(sessions: Sessions, number: str, *skus: str, released: bool = False) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
            " placed_by, released_by, released_at)"
            " SELECT 'h-' || :number, id, 'unmapped_sku', '', CAST(:detail AS jsonb), '', '', '',"
            " '', CASE WHEN :released THEN clock_timestamp() END"
            " FROM sales_order WHERE external_no = :number",
            number=number,
            detail=json.dumps({"items": skus}),
            released=released,
        )


async def _told(sessions: Sessions) -> list[tuple[str, str, dict[str, str]]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))).all()
    return [(row.target, row.name, row.payload) for row in rows]


def _mapping(**changes: Any) -> dict[str, Any]:
    return {
        "shop_id": "own-1", "external_sku": "SKU-1", "parts": [{"sku": "A", "factor": 6}]
    } | changes  # fmt: skip


async def test_a_mapping_is_kept_and_tells_the_orders_that_wait_for_it(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await seed_shops(web_sessions)
    await seed_network(owner_sessions)
    for number in ("1", "2", "3", "4"):
        await _accept(web_sessions, number)
    await _hold(web_sessions, "1", "SKU-1")
    await _hold(web_sessions, "2", "SKU-2")
    await _hold(web_sessions, "3", "SKU-2", "SKU-1")
    await _hold(web_sessions, "4", "SKU-1", released=True)

    async with client_of(web_sessions) as client:
        answer = await client.post("/api/v1/channel-skus", json=_mapping())
        listed = await client.get("/api/v1/channel-skus")

    assert (answer.status_code, answer.json()) == (200, {"orders_told": 2})
    expected = {"what": "mapping", "ref": "SKU-1"}
    assert await _told(web_sessions) == [
        ("order/own/own-1/1", "state_changed", expected),
        ("order/own/own-1/3", "state_changed", expected),
    ]
    assert listed.json() == {"items": [_mapping()], "next_cursor": ""}


async def test_a_new_mapping_of_the_same_sku_replaces_the_old_one(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await seed_shops(web_sessions)
    await seed_network(owner_sessions, skus=("A", "B", "C"))
    kit = [{"sku": "B", "factor": 1}, {"sku": "C", "factor": 2}]

    async with client_of(web_sessions) as client:
        await client.post("/api/v1/channel-skus", json=_mapping())
        await client.post("/api/v1/channel-skus", json=_mapping(parts=kit))

    async with web_sessions.begin() as session:
        rows = (await session.exec(select(ChannelSkuRow).order_by(ChannelSkuRow.sku))).all()
    assert [(row.sku, row.factor) for row in rows] == [("B", 1), ("C", 2)]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"parts": [{"sku": "NONE", "factor": 1}]}, UnknownSku),
        ({"shop_id": "nobody"}, InvalidInput),
        ({"parts": [{"sku": "A"}, {"sku": "A"}]}, InvalidInput),
    ],
)
async def test_a_mapping_to_nothing_we_know_changes_nothing(
    web_sessions: Sessions,
    owner_sessions: Sessions,
    changes: dict[str, Any],
    error: type[Exception],
) -> None:
    await seed_shops(web_sessions)
    await seed_network(owner_sessions)

    async with client_of(web_sessions) as client:
        with pytest.raises(error):
            await client.post("/api/v1/channel-skus", json=_mapping(**changes))

    async with web_sessions.begin() as session:
        assert (await session.exec(select(ChannelSkuRow))).all() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": []},
        {"parts": [{"sku": "A", "factor": 0}]},
        {"parts": [{"sku": "A", "factor": "6"}]},
        {"parts": [{"sku": "A", "factor": 2**31}]},
        {"external_sku": "a\x00b"},
        {"external_sku": ""},
        {"price": 1},
    ],
)
async def test_a_malformed_mapping_gets_422(
    web_sessions: Sessions, changes: dict[str, Any]
) -> None:
    async with client_of(web_sessions) as client:
        answer = await client.post("/api/v1/channel-skus", json=_mapping(**changes))

    assert answer.status_code == 422


async def test_mappings_come_in_pages(web_sessions: Sessions, owner_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    await seed_network(owner_sessions)
    found: list[str] = []

    async with client_of(web_sessions) as client:
        for name in ("中", "a", "b"):
            await client.post("/api/v1/channel-skus", json=_mapping(external_sku=name))
        cursor = ""
        while True:
            page = (
                await client.get("/api/v1/channel-skus", params={"limit": 2, "cursor": cursor})
            ).json()
            found += [item["external_sku"] for item in page["items"]]
            if not (cursor := page["next_cursor"]):
                break
        with pytest.raises(InvalidInput):
            await client.get("/api/v1/channel-skus", params={"cursor": "{}"})

    assert sorted(found) == ["a", "b", "中"]


async def test_unmapped_skus_are_listed_with_how_many_orders_they_hold(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    for number in ("1", "2"):
        await _accept(web_sessions, number)
    await _hold(web_sessions, "1", "X")
    await _hold(web_sessions, "2", "X", "Y")

    async with client_of(web_sessions) as client:
        items = (await client.get("/api/v1/channel-skus/unmapped")).json()["items"]

    assert [(one["external_sku"], one["orders"]) for one in items] == [("X", 2), ("Y", 1)]


async def test_a_parked_message_is_listed_and_goes_to_its_order_when_processed_again(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    parked = await _accept(web_sessions, "", raw=own_order("A-7"))
    await _accept(web_sessions, "A-8")

    async with client_of(web_sessions) as client:
        before = (await client.get("/api/v1/messages?parked=true")).json()["items"]
        answer = await client.post(f"/api/v1/messages/{parked}/reprocess")
        after = (await client.get("/api/v1/messages?parked=true")).json()["items"]

    assert [(one["id"], one["parked_reason"]) for one in before] == [(parked, "no_order_number")]
    assert answer.status_code == 200
    assert after == []
    async with web_sessions.begin() as session:
        row = await session.get(InboxRow, parked)
    assert row is not None
    assert (row.external_no, row.order_id) == ("A-7", answer.json()["order_id"])


async def test_a_message_that_still_cannot_be_read_stays_parked_with_the_new_reason(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    parked = await _accept(web_sessions, "", raw=b"{}")

    async with client_of(web_sessions) as client:
        with pytest.raises(InvalidInput, match="still cannot be read"):
            await client.post(f"/api/v1/messages/{parked}/reprocess")

    async with web_sessions.begin() as session:
        row = await session.get(InboxRow, parked)
    assert row is not None
    assert row.parked_reason.startswith("cannot read")
    assert row.order_id is None


async def test_only_parked_messages_are_processed_again(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    inbox_id = await _accept(web_sessions, "A-1")

    async with client_of(web_sessions) as client:
        with pytest.raises(ActionNotAllowed):
            await client.post(f"/api/v1/messages/{inbox_id}/reprocess")
        assert (await client.post("/api/v1/messages/in_0/reprocess")).status_code == 404


async def test_shops_are_listed_with_what_is_not_applied_yet(web_sessions: Sessions) -> None:
    await seed_shops(web_sessions)
    await _accept(web_sessions, "A-1")
    await _accept(web_sessions, "")

    async with client_of(web_sessions) as client:
        shops = {one["id"]: one for one in (await client.get("/api/v1/shops")).json()["items"]}

    assert {name: (one["backlog"], one["parked"]) for name, one in shops.items()} == {
        "own-1": (1, 1), "shopify-1": (0, 0), "top-1": (0, 0),
    }  # fmt: skip


async def test_an_event_can_be_sent_again(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        await run(
            session,
            "INSERT INTO outbox (kind, target, name, payload, event_id, attempts, error, sent_at)"
            " VALUES ('webhook', 'e-1', 'shipment.shipped', '{}', 'evt_1', 29, 'gone',"
            " clock_timestamp())",
        )

    async with client_of(web_sessions) as client:
        answer = await client.post("/api/v1/webhook-events/evt_1/redelivery")
        unknown = await client.post("/api/v1/webhook-events/evt_2/redelivery")

    assert (answer.status_code, answer.json()) == (202, {"subscribers": 1})
    assert unknown.status_code == 404
    async with web_sessions.begin() as session:
        row = (await session.exec(select(OutboxRow))).one()
    assert (row.sent_at, row.attempts, row.error) == (None, 0, "")
