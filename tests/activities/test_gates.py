"""A broken outside system is left alone, tried again by one, and opened to the others in turn."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from activities.platform.gates import GateActivities
from db.engine import Sessions
from db.platform.gates import Gates
from domain.orders.work import OutsideStep
from domain.platform.gates import GateTended, TendGate
from domain.shared.errors import GateHolding, Unavailable
from domain.shared.ids import ShipmentNo

SYSTEM = "carrier/sf"


def step(number: int) -> OutsideStep:
    return OutsideStep(ShipmentNo(f"S{number}"), f"shipment/S{number}", "label")


async def fail(gates: Gates, number: int) -> None:
    with pytest.raises(Unavailable):
        async with gates.through(SYSTEM, step(number)):
            raise Unavailable("down")


async def woken(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT target FROM outbox WHERE name = 'gate_opened' ORDER BY id")
        )
        return [row.target for row in rows]


async def test_five_failures_shut_the_gate_and_steps_queue(sessions: Sessions) -> None:
    gates = Gates(sessions)
    for number in range(5):
        await fail(gates, number)

    for number in range(7):
        with pytest.raises(GateHolding):
            async with gates.through(SYSTEM, step(number)):
                raise AssertionError("called although the gate is shut")

    tended = await GateActivities(sessions).tend(TendGate(SYSTEM))
    assert tended == GateTended("holding", 7)
    assert await woken(sessions) == []


async def test_after_a_pause_one_goes_first_and_the_others_follow_when_it_went_well(
    sessions: Sessions,
) -> None:
    gates = Gates(sessions)
    for number in range(5):
        await fail(gates, number)
    for number in range(7):
        with pytest.raises(GateHolding):
            async with gates.through(SYSTEM, step(number)):
                pass
    tending = GateActivities(sessions, pause=timedelta(0))

    assert await tending.tend(TendGate(SYSTEM)) == GateTended("draining", 6)
    assert await woken(sessions) == ["shipment/S0"]
    fresh = Gates(sessions)
    async with fresh.through(SYSTEM, step(0)):
        pass
    assert await tending.tend(TendGate(SYSTEM)) == GateTended("draining", 1)
    assert await tending.tend(TendGate(SYSTEM)) == GateTended("flowing", 0)
    assert len(await woken(sessions)) == 7


async def test_a_failure_while_draining_shuts_it_at_once(sessions: Sessions) -> None:
    gates = Gates(sessions)
    for number in range(5):
        await fail(gates, number)
    await GateActivities(sessions, pause=timedelta(0)).tend(TendGate(SYSTEM))
    await fail(Gates(sessions), 1)
    assert await GateActivities(sessions).tend(TendGate(SYSTEM)) == GateTended("holding", 0)
