"""A try that did not succeed is kept: what was sent, what came back, without the people in it."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from activities.shared.pace import SharedPace
from activities.shared.trying import TriedGates, sends
from db.engine import Sessions
from db.platform.gates import Waiting
from db.platform.tables import AttentionRow
from db.shared.tries import Try, prune_step_tries, tries_of
from db.sql import run
from domain.platform.quoting import nobody_quoted
from domain.shared.address import Address, Contact
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    GateHolding,
    IntegrationError,
    Rejected,
)
from integrations.http import exchange
from runtime.housekeeping import KEEP_TRIES
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.people import VAULT

STEP = Waiting("shipment/O-1-1", "label")
SOMEBODY = Contact("王小明", "13800000001", Address(detail="文一西路 969 号"))


def vendor(status: int, body: object, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.MockTransport(
            lambda _: httpx.Response(status, content=json.dumps(body), headers=headers)
        )
    )


async def order(gates: TriedGates, client: httpx.AsyncClient) -> None:
    """A label for somebody; the vendor repeats in its refusal whom it is for."""
    with nobody_quoted():
        await ask(gates, client)


async def ask(gates: TriedGates, client: httpx.AsyncClient) -> None:
    async with gates.through("carrier/sf", STEP):
        sends(SOMEBODY, carrier="sf")
        request = client.build_request("POST", "http://sf/order?sign=secret", content="x")
        answer = await exchange(client, request, system="sf", changes=True)
        raise Rejected(
            f"{answer.status}: 王小明 (13800000001) is unknown", code="8057", system="sf"
        )


async def kept(sessions: Sessions) -> tuple[Try, ...]:
    async with sessions.begin() as session:
        return await tries_of(session, VAULT, STEP.workflow_id, STEP.step_id)


@pytest.fixture
async def gates(sessions: Sessions) -> TriedGates:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    return TriedGates(sessions, vault=VAULT)


async def test_every_failure_keeps_status_code_words_number_and_what_was_sent(
    gates: TriedGates, sessions: Sessions
) -> None:
    with pytest.raises(Rejected, match=r"^200: \*\*\* \(\*\*\*\) is unknown$"):
        await order(gates, vendor(200, {"requestId": "R-7"}))
    with pytest.raises(AnswerLost):
        await order(gates, vendor(503, "no", **{"X-Request-Id": "R-8"}))

    first, second = await kept(sessions)
    assert (first.cause, first.code, first.attempt) == ("Rejected", "8057", 1)
    assert first.said == "200: *** (***) is unknown"
    assert first.sent["carrier"] == "sf"
    assert first.sent["name"] == "王小明"
    [call] = first.calls
    assert (call.call, call.status, call.request_id) == ("POST /order", 200, "R-7")
    assert (second.cause, second.calls[0].status, second.calls[0].request_id) == (
        "AnswerLost", 503, "R-8",
    )  # fmt: skip


async def test_a_key_that_a_vendor_wants_in_its_address_is_not_told(
    gates: TriedGates, sessions: Sessions
) -> None:
    client = vendor(503, "down")
    pace = SharedPace(sessions, "yto", "app", secrets=("k3y-of-ours", "5"))
    request = client.build_request("POST", "http://yto/open/v1/k3y-of-ours/5/order")

    async def call() -> None:
        async with gates.through("carrier/sf", STEP), pace.call("order"):
            await exchange(client, request, system="yto", changes=True)

    with pytest.raises(AnswerLost):
        await call()

    [one] = await kept(sessions)
    assert one.calls[0].call == "POST /open/v1/***/5/order"


async def test_nothing_of_a_person_stands_in_the_table_and_nothing_once_he_is_erased(
    gates: TriedGates, sessions: Sessions
) -> None:
    with pytest.raises(IntegrationError):
        await order(gates, vendor(200, {}))
    async with sessions.begin() as session:
        [row] = await run(session, "SELECT CAST(t AS text) AS told, sealed FROM step_try t")
        for told in ("王小明", "13800000001", "文一西路", "secret"):
            assert told not in row.told
            assert told.encode() not in bytes(row.sealed)
        await run(
            session, "UPDATE order_key SET wrapped = '', destroyed_at = clock_timestamp()"
        )  # fmt: skip

    [one] = await kept(sessions)
    assert (one.code, one.said, one.sent) == ("8057", "", {})
    with pytest.raises(IntegrationError):
        await order(gates, vendor(200, {}))
    assert [try_.sent for try_ in await kept(sessions)] == [{}, {}]


async def test_what_succeeds_or_is_not_tried_at_all_keeps_nothing(
    gates: TriedGates, sessions: Sessions
) -> None:
    async with gates.through("carrier/sf", STEP):
        sends(SOMEBODY)
    async with sessions.begin() as session:
        await run(session, "UPDATE gate SET state = 'holding'")
    with pytest.raises(GateHolding):
        async with TriedGates(sessions, vault=VAULT).through("carrier/sf", STEP):
            raise AssertionError("called through a shut gate")

    assert await kept(sessions) == ()


async def test_old_tries_go_unless_somebody_still_has_to_decide(
    gates: TriedGates, sessions: Sessions
) -> None:
    with pytest.raises(IntegrationError):
        await order(gates, vendor(200, {}))
    async with sessions.begin() as session:
        await run(session, "UPDATE step_try SET at = at - interval '31 days'")
        now = datetime.now(UTC)
        session.add(
            AttentionRow(
                id="att", workflow_id=STEP.workflow_id, step_id=STEP.step_id, cause="Rejected",
                fingerprint="f", first_seen=now, last_seen=now,
            )
        )  # fmt: skip
        await session.flush()
        assert await prune_step_tries(session, KEEP_TRIES) == 0
        await run(session, "UPDATE attention SET resolved_at = now()")
        assert await prune_step_tries(session, KEEP_TRIES) == 1


async def test_what_a_system_refuses_as_a_whole_shows_who_met_it(
    gates: TriedGates, sessions: Sessions
) -> None:
    with pytest.raises(GateHolding):
        async with gates.through("carrier/sf", STEP):
            raise CredentialsRefused("the key is spent", code="A1", system="sf")

    async with sessions.begin() as session:
        [one] = await tries_of(session, VAULT, "gate/carrier%2Fsf", "credentials", "carrier/sf")
        assert await tries_of(session, VAULT, "gate/shop%2Fx", "credentials", "shop/x") == ()
    assert (one.cause, one.code, one.said) == ("CredentialsRefused", "A1", "the key is spent")
