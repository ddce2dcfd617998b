"""Parcels of the sandbox's SF that do not arrive: asked back on their way, or lost and claimed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from activities.shared.adapters import Adapters
from db.channels.tables import ChannelSkuRow, ShopRow
from db.engine import Sessions
from db.logistics.repository import record_facts
from db.logistics.tables import CarrierAccountRow, TariffRow
from db.vault import carrier_context, shop_context
from tests.integrations.sandbox.world import World, create_world
from tests.people import VAULT
from tests.seeds import seed_network
from tests.workflows.world import Company, company, own_order


@dataclass
class Journey:
    """A company that sends with the sandbox's SF, and the sandbox's time."""

    company: Company
    world: World
    adapters: Adapters
    waybill_no: str = ""

    async def start(self) -> None:
        """An order is on its way, scanned by the courier."""
        await self.company.hear(own_order("1"))
        await self.company.ship(await self.company.first_shipment())
        await self.company.status("shipped")
        row = await self.company.row("SELECT waybill_no FROM parcel")
        self.waybill_no = row.waybill_no
        await self.world.hand_over(self.waybill_no)
        await self.go_on(hops=1)

    async def go_on(self, hops: int) -> None:
        """Time passes, then the carrier is asked where the parcel is."""
        for _ in range(hops):
            await self.world.pass_time(10)
        carrier = await self.adapters.carrier("sf")
        facts = await carrier.track(self.waybill_no, "0001")
        assert facts
        async with self.company.sessions.begin() as session:
            await record_facts(session, "sf", facts)


@pytest_asyncio.fixture
async def journey(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Journey]:
    world = create_world()
    world.clock = datetime.now(UTC)
    adapters = Adapters(sessions, VAULT, world.vendor_http)
    async with (
        world.vendor_http,
        company(temporal_env.client, sessions, real=adapters) as running,
    ):
        await _seed(sessions, world)
        await running.receive("A", 10, "GRN-1")
        yield Journey(running, world, adapters)
    await world.sandbox.aclose()


async def _seed(sessions: Sessions, world: World) -> None:
    await seed_network(sessions, skus=("A",))
    account = world.sandbox.settings.sf
    secrets = {
        "partner_id": account.partner_id, "checkword": account.checkword,
        "monthly_card": account.monthly_card,
    }  # fmt: skip
    async with sessions.begin() as session:
        sealed = VAULT.seal_secrets({"secret": "c2VjcmV0LW9mLWEtc2hvcA=="}, shop_context("mini"))
        session.add(
            ShopRow(id="mini", channel="own", external_id="mini", name="Mini", secrets=sealed)
        )
        session.add(
            CarrierAccountRow(
                code="sf", name="SF", base_url="http://sandbox/sf/std/service",
                secrets=VAULT.seal_secrets(secrets, carrier_context("sf")),
            )
        )  # fmt: skip
        await session.flush()
        session.add(ChannelSkuRow(shop_id="mini", external_sku="X-A", sku="A"))
        session.add(
            TariffRow(
                id="sf-1", carrier="sf", product="2", first_g=1000, first_minor=1200,
                step_g=500, step_minor=300, valid_from=date(2020, 1, 1),
            )
        )  # fmt: skip


async def test_a_parcel_is_asked_back_in_the_carriers_own_protocol_and_comes_back(
    journey: Journey,
) -> None:
    shop = journey.company
    await journey.start()
    order = shop.client.get_workflow_handle("order/own/mini/1")
    await shop.cancel(order, intercept=True)
    await shop.until("SELECT state FROM intercept", "asked")
    assert len(await journey.world.calls(operation="EXP_RECE_WANTED_INTERCEPT")) == 1

    await journey.go_on(hops=6)
    await shop.until("SELECT state FROM intercept", "came_back")
    await shop.until("SELECT kind, reason FROM sales_return", "came_back", "returned_to_sender")
    await shop.adds_up()


async def test_a_lost_parcel_is_claimed_by_what_the_carrier_says(journey: Journey) -> None:
    shop = journey.company
    await journey.start()
    await journey.world.decide(journey.waybill_no, "lost")
    await journey.go_on(hops=6)
    await shop.until(
        "SELECT kind, origin, waits_for, waybill_no, claimed_minor FROM carrier_claim",
        "lost", "tracking", "filing", journey.waybill_no, 2000 + 1200,
    )  # fmt: skip
    await shop.adds_up()
