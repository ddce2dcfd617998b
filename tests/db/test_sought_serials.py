"""A unit is not found: what may be it by the register is looked for until it is clear which is."""

import httpx
import pytest

from activities.orders.shipping import ShippingActivities
from db.audit import audit
from db.engine import Sessions
from db.inventory import serial_queries
from db.inventory.repository import StockRepository
from db.inventory.serial_adjustments import SerialAdjustments
from db.inventory.serial_corrections import SerialCorrections
from db.inventory.serial_queries import SerialFilter
from db.inventory.serials import SerialRegister
from domain.inventory.serials import SerialState
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.orders.work import ShipmentStep
from domain.shared.ids import LocationId, ShipmentNo, Sku
from tests.api.orders.world import rows, seed_shipment
from tests.db.test_serials import client, receive, scan, shop, verdicts

__all__ = ("client", "shop")

BOOKED = ShipmentStep(ShipmentNo("O-1-1"), 1)


async def picked_short(client: httpx.AsyncClient, sessions: Sessions, *more: str) -> None:
    """Two of A are asked for; N1, N2 and `more` lie there, and only N1 is found."""
    await seed_shipment(sessions)
    async with sessions.begin() as session:
        await SerialRegister(session, "anna").note("A", "HQ", "", ["N1", "N2"])
    if more:
        await receive(sessions, *more)
    done = scan(9, code="", kind="done", reason="not_found")
    assert await verdicts(client, scan(1, "N1"), scan(2, code="B"), done) == [
        "counted", "counted", "short",
    ]  # fmt: skip
    for _ in range(2):  # said again it changes nothing
        await ShippingActivities(sessions).pick_confirmed(BOOKED)


async def sought(sessions: Sessions) -> dict[str, str]:
    async with sessions.begin() as session:
        found = await serial_queries.listed(session, SerialFilter(state="sought"), 9)
    return {row.serial: row.sought_by for row in found}


async def states(sessions: Sessions) -> dict[str, str]:
    return dict(await rows(sessions, "SELECT serial, state FROM serial"))


async def story(sessions: Sessions, serial: str) -> list[str]:
    told = await rows(
        sessions, "SELECT what FROM serial_event WHERE serial = :serial ORDER BY at, id",
        serial=serial,
    )  # fmt: skip
    return [row[0] for row in told]


async def right(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert [one for one in await audit(session) if one.check == "serials_equal_units"] == []


async def looked(sessions: Sessions, serial: str, state: SerialState) -> None:
    async with sessions.begin() as session:
        register = SerialCorrections(session, "anna")
        place = "HQ" if state is SerialState.IN_STOCK else ""
        await register.correct("A", serial, state, place, "good", "looked")


async def test_the_only_unit_it_can_be_is_gone_at_once(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await picked_short(client, sessions)
    assert await states(sessions) == {"N1": "packed", "N2": "gone"}
    assert await story(sessions, "N2") == ["noted", "sought", "written_off"]
    assert await sought(sessions) == {}
    await right(sessions)


@pytest.mark.parametrize("how", ["seen", "gone", "scanned", "turned_up"])
async def test_where_it_may_be_one_of_several_all_are_looked_for_until_it_is_clear(
    client: httpx.AsyncClient, sessions: Sessions, how: str
) -> None:  # fmt: skip
    await picked_short(client, sessions, "S3")
    assert await sought(sessions) == {"N2": "O-1-1", "S3": "O-1-1"}
    assert (await states(sessions))["N2"] == "in_stock"
    await right(sessions)
    match how:
        case "seen":
            await looked(sessions, "S3", SerialState.IN_STOCK)
        case "gone":
            await looked(sessions, "N2", SerialState.GONE)
        case "scanned":
            undo = scan(10, code="", kind="undo", undoes="scan-key-1")
            await rows(sessions, "UPDATE shipment SET picked_at = NULL RETURNING 1")
            assert await verdicts(client, undo, scan(11, "S3")) == ["undone", "counted"]
        case "turned_up":
            line = StockLine(StockKey(Sku("A"), LocationId("HQ")), 1)
            document = Document("adjustment", "C1", "C1", "anna")
            async with sessions.begin() as session:
                register = SerialAdjustments(session)
                await register.follow(document, [line], AdjustmentReason.FOUND, [["N2"]])
                await StockRepository(session).adjust(document, [line], AdjustmentReason.FOUND)
                await register.settle(document, [line])
    assert await sought(sessions) == {}
    found = await states(sessions)
    assert found["N2"] == ("in_stock" if how == "turned_up" else "gone")
    assert found["S3"] == ("packed" if how == "scanned" else "in_stock")
    await right(sessions)


async def test_a_shipment_that_is_stopped_puts_its_units_back(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await picked_short(client, sessions, "S3")
    for _ in range(2):
        await ShippingActivities(sessions).stop(BOOKED)
    lies = "SELECT location_id, state, shipment_no FROM serial WHERE serial = 'N1'"
    assert await rows(sessions, lies) == [("HQ", "in_stock", None)]
    assert await story(sessions, "N1") == ["noted", "packed", "put_back"]
    await right(sessions)
