"""Cases that channels tell and parcels that come back open returns and move them by themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.shared.after_sales import take_after_sale
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.messages import Accepted, ResolveStep
from domain.orders.returns.model import Disposition
from domain.orders.returns.plan import ReturnAction
from domain.shared.errors import NotOffered
from tests.people import VAULT
from tests.workflows.returning import MONEY, REFUNDS, Returns, stock
from tests.workflows.world import Company, company, own_order

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
CASE = AfterSale(
    "1", "A1", AfterSaleKind.RETURN, AfterSaleStage.REQUESTED, "ASKED", NOW, 2000, "不喜欢", ("1",)
)
RESELL = Disposition.RESELL


async def sold(shop: Company) -> Returns:
    """An order of a marketplace for two of A was delivered; the marketplace has the money."""
    await shop.seed()
    await shop.hear(own_order("1"), "top")
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.deliver(no)
    await shop.status("delivered")
    return await Returns.of(shop)


async def told(shop: Company, case: AfterSale, minutes: int = 0) -> None:
    """The channel tells how the case is now."""
    async with shop.sessions.begin() as session:
        version = replace(case, modified=NOW + timedelta(minutes=minutes))
        await take_after_sale(session, VAULT, "top", "mini", version, asked=True)


async def number_of(shop: Company) -> str:
    return str((await shop.row("SELECT return_no FROM sales_return")).return_no)


async def test_a_case_is_decided_here_and_its_channel_hears_every_answer(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        await shop.until("SELECT origin, waits_for FROM sales_return", "channel", "decision")
        no = await number_of(shop)
        await returns.decide(no, ReturnAction.APPROVE)
        await returns.is_at("approved")
        await shop.until("SELECT to_tell FROM sales_return", "")
        on_its_way = replace(
            CASE, stage=AfterSaleStage.ON_THE_WAY, return_carrier="ZTO", return_waybill_no="Z1"
        )
        await told(shop, on_its_way, 1)
        await returns.is_at("in_transit")
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("refunding")
        await shop.until("SELECT to_tell, rest_minor FROM sales_return", "", 2000)
        assert [one.verdict for one in shop.outside.shop.verdicts] == ["agree", "received"]

        await told(shop, replace(CASE, stage=AfterSaleStage.DONE), 2)
        await returns.is_at("closed", "refunded")
        assert await shop.row(MONEY) == (2000, 0, 0)
        assert await shop.row(REFUNDS) == (0, 0)
        await shop.adds_up()


async def test_what_the_channel_decides_by_itself_is_not_told_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        await told(shop, replace(CASE, stage=AfterSaleStage.AGREED), 1)
        await returns.is_at("approved")
        await told(shop, replace(CASE, stage=AfterSaleStage.CLOSED), 2)
        await returns.is_at("closed", "withdrawn")

        assert shop.outside.shop.verdicts == []
        assert await shop.row("SELECT returned_quantity FROM fulfilment_line") == (0,)
        await shop.adds_up()


async def test_a_sum_smaller_than_the_goods_claims_no_units(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        little = replace(CASE, kind=AfterSaleKind.REFUND, amount_minor=500)
        await told(shop, little)
        await shop.until("SELECT kind, goodwill_minor FROM sales_return", "refund_only", 500)
        await told(shop, replace(little, stage=AfterSaleStage.DONE), 1)
        await returns.is_at("closed", "refunded")

        assert await shop.row(MONEY) == (500, 0, 0)
        assert await shop.row("SELECT returned_quantity FROM fulfilment_line") == (0,)
        await shop.adds_up()


async def test_a_case_about_what_was_not_sent_opens_no_return(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        await shop.hear(own_order("1"), "top")
        await shop.first_shipment()
        await told(shop, CASE)

        assert await shop.row("SELECT count(*) FROM sales_return") == (0,)


async def test_a_channel_without_a_call_is_answered_by_a_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        no = await number_of(shop)
        shop.outside.shop.failures.append(NotOffered("no call", code="not_offered"))
        await returns.decide(no, ReturnAction.REJECT)
        await shop.parked("case_answer")
        assert await shop.row("SELECT outcome FROM sales_return") == ("rejected",)
        handle = shop.client.get_workflow_handle(f"return/{no}")
        done = ResolveStep("case_answer", "done_by_hand", "kefu", "refused over there")
        await handle.execute_update("resolve_step", done, result_type=Accepted)
        await shop.until("SELECT to_tell FROM sales_return", "")
        assert await handle.result() == "rejected"
        told_by = "SELECT actor FROM order_event WHERE kind = 'return_told'"
        assert await shop.row(told_by) == ("kefu",)
        await shop.adds_up()


async def test_a_case_that_was_answered_over_there_is_not_answered_again(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        shop.outside.shop.failures.append(NotOffered("no call", code="not_offered"))
        await returns.decide(await number_of(shop), ReturnAction.APPROVE)
        await shop.parked("case_answer")
        await told(shop, replace(CASE, stage=AfterSaleStage.AGREED), 1)
        await shop.until("SELECT to_tell, waits_for FROM sales_return", "", "buyer_parcel")
        await shop.parked()
        assert shop.outside.shop.verdicts == []


async def test_a_parcel_told_before_the_decision_waits_for_it(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        sent = replace(CASE, return_carrier="ZTO", return_waybill_no="Z1")
        await told(shop, replace(sent, stage=AfterSaleStage.UNKNOWN), 1)
        assert await shop.row("SELECT decision, waybill_no FROM sales_return") == ("", "")
        await told(shop, replace(sent, stage=AfterSaleStage.ON_THE_WAY), 2)
        await returns.is_at("in_transit")
        assert await shop.row("SELECT waybill_no FROM sales_return") == ("Z1",)


async def test_what_no_case_is_about_is_paid_by_a_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        no = await returns.ask(2)
        await returns.is_at("approved")
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await shop.parked("return_refund")
        assert await shop.row("SELECT waits_for FROM sales_return") == ("refund_by_hand",)


async def test_a_case_that_its_channel_closes_unpaid_is_paid_by_a_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await sold(shop)
        await told(shop, CASE)
        await told(shop, replace(CASE, stage=AfterSaleStage.AGREED), 1)
        await returns.is_at("approved")
        no = await number_of(shop)
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await shop.until("SELECT waits_for FROM sales_return", "channel_refund")
        await told(shop, replace(CASE, stage=AfterSaleStage.CLOSED), 2)
        await shop.parked("return_refund")
        assert await shop.row(REFUNDS) == (0, 0)
        await shop.adds_up()


async def test_a_parcel_that_comes_back_opens_its_return(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        await shop.hear(own_order("1"))
        no = await shop.first_shipment()
        await shop.ship(no)
        await shop.status("shipped")
        await shop.row("UPDATE parcel SET incident = 'refused' RETURNING id")
        await shop.deliver(no, "returning")
        await shop.until(
            "SELECT kind, origin, reason, status FROM sales_return",
            "came_back", "tracking", "refused", "in_transit",
        )  # fmt: skip
        await shop.deliver(no, "returned")
        line = await shop.row("SELECT min(id) AS id FROM fulfilment_line")
        returns = Returns(shop, line.id)
        await returns.receive(await number_of(shop), 2)
        await returns.inspect(await number_of(shop), (2, RESELL))
        await shop.until("SELECT waits_for FROM sales_return", "refund_by_hand")

        assert await shop.row(stock()) == (10,)
        assert await shop.row("SELECT count(*) FROM sales_return") == (1,)
        await shop.adds_up()


async def test_a_case_about_some_units_claims_no_more_than_these(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await sold(shop)
        await told(shop, replace(CASE, line_units=(1,)))
        await shop.until("SELECT quantity FROM sales_return_line", 1)
        assert await shop.row("SELECT returned_quantity FROM fulfilment_line") == (1,)
        await shop.adds_up()
