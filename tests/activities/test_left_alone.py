"""A system that refuses our credentials, or that somebody paused, is left alone until told."""

import asyncio
from dataclasses import dataclass

import pytest

from activities.platform.gates import GateActivities
from db.engine import Sessions
from db.platform import pausing
from db.platform.gates import Gates
from db.sql import run
from domain.orders.work import OutsideStep
from domain.platform.gates import GateTended, TendGate
from domain.shared.errors import CredentialsRefused, GateHolding, Unavailable
from domain.shared.ids import ShipmentNo

SYSTEM = "shop/top-1"
ORDERS = 50


@dataclass
class Shop:
    """Takes nothing while its token is expired."""

    token: str = "expired"
    taken: int = 0

    async def confirm(self) -> None:
        await asyncio.sleep(0)
        if self.token == "expired":
            raise CredentialsRefused("session expired", code="27", system="top")
        self.taken += 1


def step(number: int) -> OutsideStep:
    return OutsideStep(ShipmentNo(f"S{number}"), f"shipment/S{number}", "ship_confirm")


async def confirm(gates: Gates, shop: Shop, number: int) -> None:
    async with gates.through(SYSTEM, step(number)):
        await shop.confirm()


async def confirm_all(gates: Gates, shop: Shop) -> list[BaseException | None]:
    return await asyncio.gather(
        *(confirm(gates, shop, number) for number in range(ORDERS)), return_exceptions=True
    )


async def attention(sessions: Sessions) -> list[tuple[str, str, bool]]:
    async with sessions.begin() as session:
        rows = await run(
            session, "SELECT cause, system, resolved_at IS NULL AS open FROM attention"
        )
        return [(row.cause, row.system, row.open) for row in rows]


async def woken(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await run(
            session, "SELECT target FROM outbox WHERE name = 'gate_opened' ORDER BY id"
        )
        return [row.target for row in rows]


async def age(sessions: Sessions) -> None:
    """The gate was last touched long ago."""
    async with sessions.begin() as session:
        await run(session, "UPDATE gate SET changed_at = changed_at - interval '1 hour'")


async def test_fifty_orders_ask_one_person_and_all_go_on_after_the_renewal(
    sessions: Sessions,
) -> None:
    shop, gates = Shop(), Gates(sessions)

    refused = await confirm_all(gates, shop)

    assert [type(one) for one in refused] == [GateHolding] * ORDERS
    assert await attention(sessions) == [("CredentialsRefused", SYSTEM, True)]
    tend = GateActivities(sessions).tend
    assert await tend(TendGate(SYSTEM)) == GateTended("holding", ORDERS, stopped=True)
    await age(sessions)
    assert await tend(TendGate(SYSTEM)) == GateTended("holding", ORDERS, stopped=True)
    assert await woken(sessions) == []

    shop.token = "renewed"
    async with sessions.begin() as session:
        assert await pausing.credentials_renewed(session, SYSTEM, "Li Lei")
    gates = Gates(sessions)
    done = 0
    while len(await woken(sessions)) < ORDERS:
        await tend(TendGate(SYSTEM, at_once=10))
        for workflow_id in (await woken(sessions))[done:]:
            await confirm(gates, shop, int(workflow_id.removeprefix("shipment/S")))
            done += 1

    assert shop.taken == ORDERS
    assert await tend(TendGate(SYSTEM)) == GateTended("flowing", 0)
    assert await attention(sessions) == [("CredentialsRefused", SYSTEM, False)]


async def test_a_late_refusal_of_the_old_credentials_does_not_shut_the_gate_again(
    sessions: Sessions,
) -> None:
    shop = Shop()
    await confirm_all(Gates(sessions), shop)
    async with sessions.begin() as session:
        await pausing.credentials_renewed(session, SYSTEM, "Li Lei")

    with pytest.raises(Unavailable):
        await confirm(Gates(sessions), shop, 1)

    assert await attention(sessions) == [("CredentialsRefused", SYSTEM, False)]
    await age(sessions)
    with pytest.raises(GateHolding):
        await confirm(Gates(sessions), shop, 1)
    assert sorted(await attention(sessions)) == [
        ("CredentialsRefused", SYSTEM, False),
        ("CredentialsRefused", SYSTEM, True),
    ]


async def test_a_paused_shop_keeps_its_steps_until_it_is_resumed(sessions: Sessions) -> None:
    shop = Shop("good")
    async with sessions.begin() as session:
        assert await pausing.pause(session, SYSTEM, "Li Lei", "stock-taking")
        assert not await pausing.pause(session, SYSTEM, "Han Meimei", "again")
        assert await pausing.stopped(session, SYSTEM)

    refused = await confirm_all(Gates(sessions), shop)

    assert [type(one) for one in refused] == [GateHolding] * ORDERS
    assert shop.taken == 0
    assert await attention(sessions) == []
    async with sessions.begin() as session:
        # new credentials are no reason to go on with a shop that somebody paused
        assert not await pausing.credentials_renewed(session, SYSTEM, "Li Lei")
        assert await pausing.stopped(session, SYSTEM)
        assert await pausing.resume(session, SYSTEM, "Li Lei")
        assert not await pausing.stopped(session, SYSTEM)
    tend = GateActivities(sessions).tend
    assert (await tend(TendGate(SYSTEM))).waiting == ORDERS - 1
    await confirm(Gates(sessions), shop, 0)
    assert shop.taken == 1


async def test_a_shop_nobody_waits_for_flows_as_soon_as_it_is_resumed(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await pausing.pause(session, SYSTEM, "Li Lei", "stock-taking")
        await pausing.resume(session, SYSTEM, "Li Lei")

    assert await GateActivities(sessions).tend(TendGate(SYSTEM)) == GateTended("flowing", 0)
