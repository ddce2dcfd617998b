"""A till that was offline sends its whole day: every sale is kept once, come what may."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from structlog.testing import capture_logs

from db.engine import Sessions
from db.shared import tickets
from integrations.marketplaces.pos_ticket import read_batch
from tests.api.channels.app import client_of
from tests.shops import VAULT
from tests.tills import TICKETS, batch, seed_tills, signed, ticket


async def _send(client: httpx.AsyncClient, *told: dict[str, Any]) -> dict[str, Any]:
    body = batch(*told)
    answer = await client.post(TICKETS, content=body, headers=signed(body))
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


def _outcomes(answer: dict[str, Any]) -> list[str]:
    return [one["outcome"] for one in answer["tickets"]]


async def _value(sessions: Sessions, query: str) -> Any:
    async with sessions.begin() as session:
        return (await (await session.connection()).execute(text(query))).scalar_one()


async def _orders(sessions: Sessions) -> Any:
    return await _value(sessions, "SELECT count(*) FROM sales_order")


async def test_a_day_is_kept_and_each_ticket_is_answered(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    day = [ticket(f"{number:04}") for number in range(30)]

    async with client_of(web_sessions) as client:
        first = await _send(client, *day)
        again = await _send(client, *reversed(day), ticket("new"))

    assert first["accepted"] == 30
    assert first["tickets"][29] == {
        "index": 29, "ticket": "S1/T1/0029", "outcome": "accepted", "problems": [],
    }  # fmt: skip
    assert (again["accepted"], again["duplicate"]) == (1, 30)
    assert await _orders(web_sessions) == 31


async def test_a_bad_ticket_keeps_none_of_the_others_out(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    wrong: list[Any] = [
        ticket("1", lines=[{"sku": "A", "quantity": "2", "unit_price_minor": 1000}]),
        ticket("2", payments=[{"kind": "cash", "amount_minor": 1999}]),
        ticket("3", store="HQ"),
        ticket("4", store="nowhere"),
        ticket("5", cashier="somebody"),
        ticket("6/7"),
        ticket("8", sold_at="yesterday"),
        ticket("9", lines=[]),
        ticket("10", lines=[{"sku": "A", "quantity": 2, "unit_price_minor": 9.5}]),
        "no ticket",
    ]

    async with client_of(web_sessions) as client:
        answer = await _send(client, ticket("good"), *wrong, ticket("better"))

    assert _outcomes(answer) == ["accepted", *["rejected"] * len(wrong), "accepted"]
    assert [one["problems"][0]["field"] for one in answer["tickets"][1:-1]] == [
        "lines.0.quantity", "payments", "store", "store", "cashier", "number", "sold_at", "lines",
        "lines.0.unit_price_minor", "",
    ]  # fmt: skip
    assert answer["tickets"][2]["problems"] == [
        {"field": "payments", "problem": "add up to 1999, the ticket to 2000"}
    ]
    assert await _orders(web_sessions) == 2


async def test_the_same_sale_is_the_same_however_it_is_written(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    told = ticket()
    otherwise = dict(reversed(told.items())) | {
        "sold_at": "2026-11-20T10:30:00Z", "currency": "CNY", "discount_minor": 0,
    }  # fmt: skip

    async with client_of(web_sessions) as client:
        answer = await _send(client, told, otherwise)

    assert _outcomes(answer) == ["accepted", "duplicate"]


async def test_a_number_with_other_content_is_a_conflict_that_somebody_sees_once(
    web_sessions: Sessions,
) -> None:
    await seed_tills(web_sessions, VAULT)
    lines = [{"sku": "B", "quantity": 2, "unit_price_minor": 1000}]

    async with client_of(web_sessions) as client:
        for _ in range(2):
            answer = await _send(client, ticket(), ticket(lines=lines))

    assert _outcomes(answer) == ["duplicate", "conflict"]
    assert await _orders(web_sessions) == 1
    assert await _value(web_sessions, "SELECT sum(attempts) FROM attention") == 1
    kept = "SELECT count(*) FROM inbox WHERE parked_reason LIKE 'ticket_conflict:%' AND raw <> ''"
    assert await _value(web_sessions, kept) == 1


async def test_goods_that_came_back_are_kept_for_a_person(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    back = ticket(
        lines=[{"sku": "A", "quantity": -1, "unit_price_minor": 1000}],
        payments=[{"kind": "cash", "amount_minor": -1000}],
    )

    async with client_of(web_sessions) as client:
        answers = [_outcomes(await _send(client, back)) for _ in range(2)]

    assert answers == [["parked"], ["duplicate"]]
    assert await _orders(web_sessions) == 0
    reason = "SELECT parked_reason FROM inbox"
    assert await _value(web_sessions, reason) == tickets.RETURNED_GOODS


async def test_eight_times_the_same_batch_at_once_is_one_day(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    day = [ticket(f"{number:04}") for number in range(25)]

    async with client_of(web_sessions) as client:
        answers = await asyncio.gather(*(_send(client, *day) for _ in range(8)))

    counts = Counter(outcome for answer in answers for outcome in _outcomes(answer))
    assert counts == {"accepted": 25, "duplicate": 175}
    assert await _orders(web_sessions) == 25
    assert await _value(web_sessions, "SELECT count(*) FROM inbox") == 25


async def test_a_batch_cut_off_in_the_middle_is_sent_again(
    web_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed_tills(web_sessions, VAULT)
    day = [ticket(f"{number:04}") for number in range(10)]
    take, taken = tickets.TicketDesk.take, 0

    async def dying(desk: Any, *given: Any) -> tickets.Outcome:
        nonlocal taken
        taken += 1
        if taken == 7:
            raise OSError("the process was killed")
        return await take(desk, *given)

    async with client_of(web_sessions) as client:
        with monkeypatch.context() as patch:
            patch.setattr(tickets.TicketDesk, "take", dying)
            with pytest.raises(OSError, match="killed"):
                await _send(client, *day)
        answer = await _send(client, *day)

    assert (answer["duplicate"], answer["accepted"]) == (6, 4)
    assert await _orders(web_sessions) == 10


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "unreadable"),
        (b"[]", 422, "unreadable"),
        (b'{"tickets": []}', 422, "unreadable"),
        (b'{"tickets": {}}', 422, "unreadable"),
        (b'{"tickets": [{}], "more": 1}', 422, "unreadable"),
        (b'{"tickets": [' + b"1," * 1000 + b"1]}", 422, "unreadable"),
        (b"\xff", 422, "unreadable"),
        (b"[" * 100_000, 422, "unreadable"),
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(
    web_sessions: Sessions, body: bytes, status: int, code: str
) -> None:
    await seed_tills(web_sessions, VAULT)

    async with client_of(web_sessions) as client:
        answer = await client.post(TICKETS, content=body, headers=signed(body))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_who_does_not_sign_is_refused_with_one_security_line(web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, VAULT)
    body = batch(ticket())

    async with client_of(web_sessions) as client:
        with capture_logs() as logs:
            forged = await client.post(TICKETS, content=body + b" ", headers=signed(body))
        nobody = await client.post("/webhooks/pos/nobody", content=body, headers=signed(body))
        huge = await client.post(TICKETS, content=b" " * 1_100_000, headers=signed(b" "))

    assert (forged.status_code, forged.json()["code"]) == (401, "invalid_signature")
    assert [line["event"] for line in logs] == ["security.webhook_refused"]
    assert (nobody.status_code, huge.status_code) == (404, 413)
    assert await _orders(web_sessions) == 0


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(ticket())), _JSON, st.sampled_from(["", "lines", "payments"]))
def test_whatever_stands_in_a_ticket_is_answered_and_never_a_crash(
    field: str, value: Any, inside: str
) -> None:
    told = ticket(**({inside: [value]} if inside else {field: value}))

    [one] = read_batch(json.dumps({"tickets": [told]}).encode(), datetime.now(UTC))

    assert (one.ticket is None) == bool(one.problems)
    assert one.name.isprintable()


@given(st.sampled_from([b'"till": "T1", "till": "T2"', b'"\\ud800": 1', '"门店": 1'.encode()]))
def test_an_object_that_cannot_be_read_spoils_its_own_ticket_only(broken: bytes) -> None:
    body = batch(ticket()).replace(b"[", b"[{" + broken + b"}, ", 1)

    wrong, good = read_batch(body, datetime.now(UTC))

    assert (wrong.ticket, good.name) == (None, "S1/T1/0001")
