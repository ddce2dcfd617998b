"""A packed parcel goes with the carrier that is cheapest for what it really weighs."""

import pytest
import pytest_asyncio
from sqlalchemy import text

from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from activities.orders.telling import TellingActivities
from db.engine import Sessions
from db.platform.gates import Gates
from db.platform.tables import GateRow
from domain.orders.work import ShipmentStep
from domain.shared.errors import ActionNotAllowed
from domain.shared.ids import ShipmentNo
from tests.activities.orders.network import BEIJING, NOW, rows, seed_company, seed_order, stock
from tests.fakes.outside import FakeAdapters

CHOSEN = "SELECT carrier, product, freight_minor FROM shipment"


@pytest_asyncio.fixture(autouse=True)
async def packed(sessions: Sessions) -> None:
    """One shipment within the north, packed in a box of 2.5 kg."""
    await seed_company(sessions)
    await stock(sessions, {("NORTH", "A"): 5})
    order = await seed_order(sessions, "1", {"A": 1}, (BEIJING, 116.4, 39.9))
    await AllocationBatcher(sessions, OrderRules()).allocate(order)
    await execute(
        sessions,
        "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
        " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
        " VALUES ('P', 'SO-1-1', '', '', '', '', '', 'labelled', 2500, 0, 0, 0)",
    )


async def execute(sessions: Sessions, statement: str) -> None:
    async with sessions.begin() as session:
        await (await session.connection()).execute(text(statement))


async def shut(sessions: Sessions, *carriers: str) -> None:
    async with sessions.begin() as session:
        for carrier in carriers:
            session.add(GateRow(system=f"carrier/{carrier}", state="holding", changed_at=NOW))


async def rate(sessions: Sessions) -> str:
    telling = TellingActivities(sessions, FakeAdapters(), Gates(sessions))
    return (await telling.rate(ShipmentStep(ShipmentNo("SO-1-1"), 0))).carrier


async def test_the_real_weight_is_paid_between_the_zones_of_both_places(sessions: Sessions) -> None:
    assert await rows(sessions, CHOSEN) == [("zto", "std", 0)]  # what sourcing expected
    assert await rate(sessions) == "zto"
    assert await rows(sessions, CHOSEN) == [("zto", "std", 700)]  # 500 + two started kg
    assert await rate(sessions) == "zto"
    assert await rows(sessions, CHOSEN) == [("zto", "std", 700)]  # rated once


async def test_a_carrier_whose_gate_is_shut_is_taken_only_when_there_is_no_other(
    sessions: Sessions,
) -> None:
    await shut(sessions, "zto")
    assert await rate(sessions) == "sf"
    assert await rows(sessions, CHOSEN) == [("sf", "std", 3800)]


async def test_when_every_gate_is_shut_the_cheapest_waits_for_its_gate(sessions: Sessions) -> None:
    await shut(sessions, "zto", "sf")
    assert await rate(sessions) == "zto"


async def test_of_equal_prices_the_one_that_sourcing_expected_is_taken(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE tariff SET first_minor = 500, step_minor = 100")
    assert await rate(sessions) == "zto"


async def test_a_way_that_no_tariff_covers_waits_for_a_person(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE tariff SET valid_to = '2021-01-01'")
    with pytest.raises(ActionNotAllowed):
        await rate(sessions)


async def test_cash_is_brought_only_by_who_collects_it(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE sales_order SET cash_on_delivery = true")
    await execute(
        sessions,
        "INSERT INTO carrier_account (code, name, base_url, secrets, settings, push_secret, active,"
        " priority) VALUES ('sto', 'STO', '', '', '{}', '', true, 0)",
    )
    await execute(sessions, "UPDATE tariff SET carrier = 'sto', first_minor = 0"
                            " WHERE carrier = 'zto'")  # fmt: skip

    assert await rate(sessions) == "sf"


async def test_a_carrier_collects_cash_by_the_product_of_its_contract(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE sales_order SET cash_on_delivery = true")
    await execute(
        sessions,
        "INSERT INTO carrier_account (code, name, base_url, secrets, settings, push_secret, active,"
        " priority) VALUES ('jdl', 'JDL', '', '', jsonb_build_object('added_products',"
        " jsonb_build_object('cash', CAST('{}' AS jsonb))), '', true, 0)",
    )
    await execute(sessions, "UPDATE tariff SET carrier = 'jdl', first_minor = 0"
                            " WHERE carrier = 'zto'")  # fmt: skip

    assert await rate(sessions) == "jdl"
