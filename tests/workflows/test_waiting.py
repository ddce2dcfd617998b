"""What orders wait for, and what lets them go on by itself."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.orders.blocked import BlockedBuyers
from domain.orders.messages import Accepted, ReleaseHold
from tests.workflows.world import Company, company, own_order

POTS = {"line_no": "1", "sku": "X-B", "title": "Pot", "quantity": 3, "payable": "9.00"}
LEASES = "SELECT array_agg(state ORDER BY state) FROM reservation"


async def test_unpaid_stock_is_given_back_in_time_and_a_late_payment_reserves_anew(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await shop.hear(own_order("1", state="unpaid"))
    await shop.until("SELECT reserved FROM stock_balance", 2)
    await temporal_env.sleep(timedelta(minutes=31))
    await shop.until("SELECT reserved FROM stock_balance", 0)
    await shop.until("SELECT status, waits_for FROM sales_order", "on_hold", "hold:unpaid")

    await shop.hear(own_order("1", 2))

    await shop.status("in_fulfilment")
    assert await shop.row("SELECT reserved FROM stock_balance") == (2,)
    assert await shop.row(LEASES) == (["expired", "held"],)
    await shop.adds_up()


async def test_a_payment_that_comes_with_the_expiry_keeps_the_order(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await shop.hear(own_order("1", state="unpaid"))
    await shop.until("SELECT reserved FROM stock_balance", 2)
    await temporal_env.sleep(timedelta(minutes=29, seconds=59))

    await shop.hear(own_order("1", 2))

    await shop.status("in_fulfilment")
    assert await shop.row("SELECT reserved FROM stock_balance") == (2,)
    assert await shop.row(LEASES) == (["held"],)  # never given back in between
    await shop.adds_up()


async def test_who_never_pays_does_not_keep_a_place_in_the_queue(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await shop.hear(own_order("1", state="unpaid", lines=[POTS]))
    await shop.until("SELECT state FROM backorder", "waiting")
    await temporal_env.sleep(timedelta(minutes=31))
    await shop.until("SELECT state FROM backorder", "cancelled")

    await shop.receive("B", 3, "GRN-B")

    assert await shop.row("SELECT reserved FROM stock_balance WHERE sku = 'B'") == (0,)
    await shop.adds_up()


async def test_a_receipt_serves_the_oldest_payment_first_and_nobody_is_overtaken(
    shop: Company,
) -> None:
    late, early = "2026-11-20T09:00:00+08:00", "2026-11-20T08:00:00+08:00"
    for number, paid, units in (("late", late, 1), ("early", early, 3)):
        line = POTS | {"quantity": units}
        await shop.hear(own_order(number, paid_at=paid, lines=[line]))
        await shop.until(f"SELECT count(*) > 0 FROM backorder WHERE quantity = {units}", True)
    status = "SELECT status FROM sales_order WHERE external_no = '{}'"

    await shop.receive("B", 2, "G-1")  # enough for the later one alone: it waits its turn
    await shop.until(status.format("late"), "backordered")
    await shop.receive("B", 1, "G-2")
    await shop.until(status.format("early"), "in_fulfilment")
    await shop.until(status.format("late"), "backordered")
    await shop.receive("B", 1, "G-3")

    await shop.until(status.format("late"), "in_fulfilment")
    await shop.adds_up()


async def test_a_pre_sale_order_goes_on_when_its_date_comes(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        until = (await temporal_env.get_current_time()) + timedelta(days=20)
        await shop.hear(own_order("1", presale_until=until.isoformat()))
        await shop.until("SELECT waits_for FROM sales_order", "hold:presale")
        assert await shop.row("SELECT count(*) FROM shipment") == (0,)

        await temporal_env.sleep(timedelta(days=21))

        await shop.status("in_fulfilment")


async def test_cash_on_delivery_waits_for_a_call_and_keeps_its_stock(shop: Company) -> None:
    order = await shop.hear(own_order("1", state="unpaid", cash_on_delivery=True))
    await shop.until("SELECT waits_for FROM sales_order", "hold:cash_on_delivery")
    await shop.until("SELECT reserved FROM stock_balance", 2)

    release = ReleaseHold("cash_on_delivery", "buyer confirmed", "kefu")
    await order.execute_update("release", release, result_type=Accepted)

    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    assert [r.cash_on_delivery_minor for r in shop.outside.sf.requests] == [2000]


async def test_a_large_order_and_a_blocked_buyer_are_looked_at_first(shop: Company) -> None:
    line = {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "6000.00"}
    await shop.hear(own_order("large", lines=[line]))
    async with shop.sessions.begin() as session:
        await BlockedBuyers(session).block("own", "b-7", "returns empty boxes")
    order = await shop.hear(own_order("blocked", buyer_ref="b-7"))
    await shop.until(
        "SELECT array_agg(reason ORDER BY reason) FROM order_hold WHERE kind = 'risk'",
        ["blocked buyer: returns empty boxes", "large amount"],
    )

    release = ReleaseHold("risk", "talked to him", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    await shop.hear(own_order("blocked", 2, buyer_ref="b-7"))  # a person's word stands

    await shop.until(
        "SELECT status FROM sales_order WHERE external_no = 'blocked'", "in_fulfilment"
    )


async def test_a_buyer_who_is_blocked_while_his_order_is_picked_is_looked_at_before_the_label(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1", buyer_ref="b-7"))
    no = await shop.first_shipment()
    await shop.shipment_is(no, "picking")
    await shop.status("in_fulfilment")

    async with shop.sessions.begin() as session:
        assert await BlockedBuyers(session).block("own", "b-7", "returns empty boxes") == 1
    await shop.until("SELECT kind FROM order_hold WHERE released_at IS NULL", "risk")
    await shop.pick(no)
    await shop.pack(no)
    await shop.shipment_is(no, "packed")

    release = ReleaseHold("risk", "talked to him", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    await shop.shipment_is(no, "labelled")
    assert await shop.row("SELECT count(*) FROM order_hold") == (1,)


async def test_a_silent_parcel_becomes_attention_and_news_ends_it(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await temporal_env.sleep(timedelta(hours=80))
    await shop.parked("stalled")

    await shop.deliver(no)

    await shop.status("delivered")
    await shop.parked()
    assert await shop.row("SELECT resolution, resolved_by FROM attention") == (
        "interrupted",
        "system",
    )


async def test_a_lost_parcel_that_turns_up_needs_nobody_any_more(shop: Company) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.deliver(no, "lost")
    await shop.parked("parcel:lost")

    await shop.deliver(no)

    await shop.status("delivered")
    await shop.parked()


async def test_a_refused_parcel_comes_back_and_waits_for_a_person(shop: Company) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.status("shipped")
    await shop.deliver(no, "returning")
    await shop.parked("parcel:returned")
    await shop.until("SELECT waits_for FROM sales_order", "parcel")
