import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from db.channels.tables import InboxRow
from db.engine import Sessions
from db.orders.tables import SalesOrderRow
from db.shared.intake import Accepted, accept, accept_at_once, reprocess
from domain.shared.errors import IdempotencyMismatch
from tests.shops import VAULT, seed_shops

_at_once: list[bool] = []


@pytest.fixture(autouse=True, params=[True, False], ids=["at once", "in a transaction"])
def both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Webhooks try the short way first; everything is true of both."""
    if request.param:
        _at_once.append(True)
    yield
    _at_once.clear()


async def _accept(sessions: Sessions, message_id: str = "m-1", **changes: Any) -> Accepted:
    message = {
        "source": "own", "shop_id": "own-1", "channel": "own", "topic": "order",
        "external_no": "A/1", "raw": b"{}", "message_id": message_id,
    } | changes  # fmt: skip
    if _at_once:
        async with sessions() as session:
            if kept := await accept_at_once(session, VAULT, **message):
                return kept
    async with sessions.begin() as session:
        return await accept(session, VAULT, **message)


async def _all(sessions: Sessions) -> tuple[list[InboxRow], list[SalesOrderRow]]:
    async with sessions.begin() as session:
        inbox = (await session.exec(select(InboxRow).order_by(InboxRow.id))).all()
        return list(inbox), list((await session.exec(select(SalesOrderRow))).all())


async def test_a_message_is_kept_sealed_and_its_order_exists(sessions: Sessions) -> None:
    await seed_shops(sessions)

    accepted = await _accept(sessions, raw="张三".encode())

    (message,), (order,) = await _all(sessions)
    assert accepted == Accepted(message.id, order.id, duplicate=False)
    assert message.raw is not None
    assert "张三".encode() not in message.raw
    assert VAULT.open(message.raw, message.id) == "张三".encode()
    assert (message.order_id, message.parked_reason, message.handed_at) == (order.id, "", None)
    assert (order.workflow_id, order.status) == ("order/own/own-1/A%2F1", "received")


async def test_the_same_message_again_changes_nothing(sessions: Sessions) -> None:
    await seed_shops(sessions)
    first = await _accept(sessions)

    again = await _accept(sessions)

    assert again == Accepted(first.inbox_id, first.order_id, duplicate=True)
    inbox, orders = await _all(sessions)
    assert (len(inbox), len(orders)) == (1, 1)


async def test_the_same_id_with_another_body_is_refused_and_leaves_nothing(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    await _accept(sessions)

    with pytest.raises(IdempotencyMismatch):
        await _accept(sessions, raw=b'{"other": 1}', external_no="A/2")

    inbox, orders = await _all(sessions)
    assert (len(inbox), len(orders)) == (1, 1)


async def test_many_messages_at_once_about_one_order_make_one_order(sessions: Sessions) -> None:
    await seed_shops(sessions)

    accepted = await asyncio.gather(*(_accept(sessions, f"m-{number % 8}") for number in range(32)))

    inbox, orders = await _all(sessions)
    assert (len(inbox), len(orders)) == (8, 1)
    assert sum(not one.duplicate for one in accepted) == 8
    assert {one.order_id for one in accepted} == {orders[0].id}


async def test_a_usual_message_takes_one_statement(sessions: Sessions) -> None:
    await seed_shops(sessions)

    async with sessions() as session:
        kept = await accept_at_once(
            session, VAULT, source="own", shop_id="own-1", channel="own", message_id="m-1",
            topic="order", external_no="A/1", raw=b"{}",
        )  # fmt: skip

    (message,), (order,) = await _all(sessions)
    assert kept == Accepted(message.id, order.id, duplicate=False)


async def test_one_number_in_two_shops_is_two_orders(sessions: Sessions) -> None:
    await seed_shops(sessions)

    first = await _accept(sessions)
    second = await _accept(sessions, shop_id="shopify-1", channel="shopify", source="shopify")

    assert first.order_id != second.order_id


@pytest.mark.parametrize(
    ("external_no", "reason"),
    [
        ("", "no_order_number"),
        ("9" * 65, "unusable_order_number"),
        ("a\x00b", "unusable_order_number"),
        ("\ud800", "unusable_order_number"),
    ],
)
async def test_a_message_without_a_usable_order_number_is_parked_without_an_order(
    sessions: Sessions, external_no: str, reason: str
) -> None:
    await seed_shops(sessions)

    accepted = await _accept(sessions, external_no=external_no)

    (message,), orders = await _all(sessions)
    assert (message.parked_reason, accepted.order_id, orders) == (reason, None, [])


async def test_ids_that_no_database_could_index_are_accepted_once(sessions: Sessions) -> None:
    await seed_shops(sessions)

    first = await _accept(sessions, "x" * 60_000)
    again = await _accept(sessions, "x" * 60_000)
    other = await _accept(sessions, "x" * 60_001)

    assert (again.duplicate, again.inbox_id) == (True, first.inbox_id)
    assert not other.duplicate


async def test_a_parked_message_goes_to_its_order_when_it_is_processed_again(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    parked = await _accept(sessions, external_no="", raw=b"[]")
    known = await _accept(sessions, "m-2")

    async with sessions.begin() as session:
        order_id = await reprocess(session, parked.inbox_id, channel="own", external_no="A/1")

    assert order_id == known.order_id
    async with sessions.begin() as session:
        assert await reprocess(session, parked.inbox_id, channel="own", external_no="A/1") is None
    inbox, _ = await _all(sessions)
    assert [(row.parked_reason, row.order_id) for row in inbox] == [("", order_id)] * 2
