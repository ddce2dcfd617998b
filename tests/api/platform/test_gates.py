"""Gates of outside systems at the API: how they stand, and opening and shutting them by hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from activities.platform.gates import GateActivities
from api.platform.gates import router
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.platform.gates import Gates, Waiting
from domain.platform.gates import TendGate
from domain.platform.permissions import Role, may, tending
from domain.shared.errors import GateHolding, Unavailable
from tests.api.orders.app import client_of
from tests.api.orders.world import rows
from tests.web.world import change

SF = "/api/v1/gates/carrier/sf"
WHY = {"reason": "their night work"}


@pytest_asyncio.fixture
async def http(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    async with sessions.begin() as session:
        session.add(CarrierAccountRow(code="sf", name="SF", base_url="http://sf"))
    async with client_of(web_sessions, router) as client:
        yield client


async def call(sessions: Sessions, *, fails: bool = False, step: str = "label") -> None:
    """One call of a step; a gate remembers for a second how it stood, so each is a new process."""
    async with Gates(sessions).through("carrier/sf", Waiting("shipment/1", step)):
        if fails:
            raise Unavailable("down")


async def test_a_system_nobody_called_flows(http: httpx.AsyncClient) -> None:
    [gate] = (await http.get("/api/v1/gates")).json()["items"]

    assert (gate["system"], gate["state"], gate["calls"]) == ("carrier/sf", "flowing", 0)
    assert gate["failure_percent"] is None


async def test_failures_are_counted_over_the_last_windows(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    await call(sessions)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await call(sessions, fails=True)
    past = datetime.now(UTC) - timedelta(minutes=5)
    await change(sessions, "UPDATE gate SET window_started_at = :past", past=past)
    await call(sessions)

    gate = (await http.get(SF)).json()

    assert [(one["calls"], one["failures"]) for one in gate["windows"]] == [(4, 3), (1, 0)]
    assert (gate["calls"], gate["failures"], gate["failure_percent"]) == (5, 3, 60)


async def test_a_gate_shut_by_hand_queues_steps_until_it_is_opened(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    closed = await http.post(f"{SF}/close", json=WHY)
    with pytest.raises(GateHolding):
        await call(sessions)
    gate = (await http.get(SF)).json()
    twice = await http.post(f"{SF}/close", json=WHY)
    drained = await http.post(f"{SF}/drain", json={"reason": "it answers again"})
    opened = await http.post(f"{SF}/open", json={"reason": "all well"})
    await call(sessions)

    assert closed.status_code == 200
    assert (gate["state"], gate["stopped"], gate["waiting"]) == ("holding", True, 1)
    assert (gate["reason"], gate["changed_by"]) == (WHY["reason"], "key:test")
    assert (twice.status_code, twice.json()["code"]) == (409, "ActionNotAllowed")
    assert (drained.json()["state"], opened.json()["state"]) == ("draining", "flowing")
    assert await rows(sessions, "SELECT action, subject, reason FROM audit_log ORDER BY id") == [
        ("gate.close", "carrier/sf", WHY["reason"]),
        ("gate.drain", "carrier/sf", "it answers again"),
        ("gate.open", "carrier/sf", "all well"),
    ]


async def test_as_many_are_woken_at_a_time_as_somebody_says(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    await http.post(f"{SF}/close", json=WHY)
    for number in range(20):
        with pytest.raises(GateHolding):
            await call(sessions, step=f"label{number}")
    await http.post(f"{SF}/open", json=WHY)
    tending = GateActivities(sessions)

    rate = await http.put(f"{SF}/rate", json={"at_once": 12, "reason": "they can take it"})
    after = await tending.tend(TendGate("carrier/sf"))

    assert rate.json()["at_once"] == 12
    assert after.waiting == 8


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/gates/carrier/nobody/close", WHY, 404),
        (f"{SF}/close", {"reason": ""}, 422),
        (f"{SF}/close", {}, 422),
        (f"{SF}/open", WHY, 409),
    ],
)
async def test_what_cannot_be_done_is_refused(
    http: httpx.AsyncClient, path: str, body: dict[str, str], status: int
) -> None:
    assert (await http.post(path, json=body)).status_code == status
    assert (await http.put(f"{SF}/rate", json={"at_once": 0, "reason": "x"})).status_code == 422


@pytest.mark.parametrize(
    ("system", "who"),
    [
        ("shop/mini", {Role.CUSTOMER_SERVICE, Role.ADMIN}),
        ("carrier/sf", {Role.CUSTOMER_SERVICE, Role.ADMIN}),
        ("payment/main", {Role.ADMIN}),
        ("erp/main", {Role.FINANCE, Role.ADMIN}),
        ("invoice/main", {Role.FINANCE, Role.ADMIN}),
    ],
)
def test_each_gate_has_its_own_people(system: str, who: set[Role]) -> None:
    assert {role for role in Role if may(frozenset({role}), tending(system))} == who
