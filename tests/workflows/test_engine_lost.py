"""The engine comes up empty, the tables are all there: every life goes on, nothing doubles."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from domain.orders.messages import Accepted, ResolveStep
from domain.shared.errors import Rejected
from runtime.embedded import executable
from runtime.redrive import Redrive, Redriven
from runtime.temporal import plugin
from tests.workflows.world import Company, company, own_order


async def another_engine() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(
        plugins=[plugin()], test_server_existing_path=executable("temporal-test-server")
    )


async def redrive(shop: Company) -> Redriven:
    return await Redrive(shop.sessions, shop.client, timedelta(0)).all()


async def test_a_labelled_and_a_travelling_parcel_go_on_in_a_new_engine(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.pick(no)
        await shop.pack(no)
        await shop.shipment_is(no, "labelled")
    # Nobody hears that the carrier came: the engine is gone.
    await shop.hand_over_unheard(no)

    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        assert await redrive(shop) == Redriven(orders=1, started=2)
        assert await redrive(shop) == Redriven(orders=1, started=0)
        await shop.status("shipped")
        await shop.until("SELECT state FROM effect WHERE kind = 'ship_confirm'", "confirmed")

    # And once more, while the parcel arrives unheard.
    await shop.row("UPDATE parcel SET status = 'delivered' RETURNING id")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        assert await redrive(shop) == Redriven(orders=1, started=2)
        await shop.status("delivered")

    assert shop.outside.sf.creates == 1
    assert len(shop.outside.shop.confirmed) == 1
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (8, 0)
    await shop.adds_up()


async def test_what_was_parked_is_parked_once_again_and_can_be_decided(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        shop.outside.sf.failures.append(Rejected("no", code="8057"))
        await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.pick(no)
        await shop.pack(no)
        await shop.parked("label")

    shop.outside.sf.failures.append(Rejected("still no", code="8057"))
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        await redrive(shop)
        await shop.until("SELECT error FROM attention WHERE resolved_at IS NULL", "still no")
        decision = ResolveStep("label", "retry", "admin")
        handle = shop.shipment(no)
        await handle.execute_update("resolve_step", decision, result_type=Accepted)
        await shop.shipment_is(no, "labelled")
        await shop.parked()
    assert len(shop.outside.sf.waybills) == 1


async def test_an_unpaid_order_still_gives_its_stock_back_in_time(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        await shop.hear(own_order("1", state="unpaid"))
        await shop.until("SELECT reserved FROM stock_balance", 2)

    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        assert (await redrive(shop)).started == 1
        await env.sleep(timedelta(hours=1))
        await shop.until("SELECT reserved FROM stock_balance", 0)
        await shop.adds_up()


async def test_a_workflow_that_somebody_terminated_is_started_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        order = await shop.hear(own_order("1", state="unpaid"))
        await shop.status("on_hold")
        await order.terminate("by mistake")

        assert (await redrive(shop)).started == 1

        again = await shop.hear(own_order("1", 2))
        await shop.status("in_fulfilment")
        assert again.id == order.id
