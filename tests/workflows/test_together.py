"""Orders of one receiver in one parcel, out of it again, and parts of an order sent ahead."""

from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.keys import order_key
from db.orders.receivers import sealed_correction
from db.orders.together import companions, ids_of
from db.platform.tables import CorrectionRow
from db.shared import regrouping
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.messages import Accepted, AddressChanged, ChangeByPlan, LineUnits
from domain.orders.order import HoldKind
from domain.shared.ids import LocationId, Sku
from tests.people import VAULT
from tests.samples import CAMPAIGN
from tests.workflows.boxes import (
    Handle,
    hands_over,
    merge_plan,
    merged,
    order_id,
    packs,
    picks,
    sent_together,
    shipment_of,
    statuses,
    two_orders,
)
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import Company, company, own_order

TEA = {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"}
POT = {"line_no": "2", "sku": "X-B", "title": "Pot", "quantity": 1, "payable": "9.00"}
CHANGED = "order.change"
GATHERED = "order.gather"
ANSWERS = (CHANGED, "shipment.pick_confirmed", "shipment.hand_over", "channel.confirm_shipment")


async def test_two_orders_go_in_one_parcel_and_each_channel_order_hears_the_same_waybill(
    shop: Company,
) -> None:
    first, second = await two_orders(shop)

    plan = await merged(shop, first)

    assert (plan.parcels_before, plan.parcels_after) == (2, 1)
    assert plan.freight_before_minor == 2400
    assert plan.freight_after_minor == 1800  # 2 kg: 1 kg and two steps
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    assert shop.outside.sf.creates == 1
    await hands_over(shop, plan.lead)
    await statuses(shop, {"1": "shipped", "2": "shipped"})
    await shop.until("SELECT count(*) FROM effect WHERE kind = 'ship_confirm'"
                     " AND state = 'confirmed'", 2)  # fmt: skip
    told = await shop.row(
        "SELECT count(*) AS events, count(DISTINCT payload->'data'->>'waybill_no') AS waybills"
        " FROM outbox WHERE kind = 'webhook'"
    )
    assert told.events == 2
    await shop.deliver(plan.lead)
    await shop.deliver_signals()
    await statuses(shop, {"1": "delivered", "2": "delivered"})
    await first.result()
    await second.result()
    await shop.until("SELECT on_hand, reserved FROM stock_balance WHERE sku = 'A'"
                     " AND location_id = 'HQ'", 6, 0)  # fmt: skip
    await shop.adds_up()


async def test_a_cancelled_order_leaves_the_open_box_and_the_other_goes_on(shop: Company) -> None:
    first, second = await two_orders(shop)
    plan = await merged(shop, first)
    await picks(shop, plan.lead)

    await cancel(shop, first, "1")

    await statuses(shop, {"1": "cancelled"})
    rest = await shipment_of(shop, "2")
    await packs(shop, rest)
    await shop.shipment_is(rest, "labelled")
    await hands_over(shop, rest)
    await statuses(shop, {"2": "shipped"})
    await shop.until("SELECT on_hand, reserved FROM stock_balance WHERE sku = 'A'"
                     " AND location_id = 'HQ'", 8, 0)  # fmt: skip
    await shop.adds_up()
    assert await second.query("view")


async def cancel(shop: Company, handle: Handle, external_no: str) -> None:
    from db.orders.cancelling import cancellable
    from db.orders.repository import OrderRepository
    from domain.orders.cancellation import plan_cancellation
    from domain.orders.messages import Cancel

    async with shop.sessions.begin() as session:
        orders = OrderRepository(session)
        plan = plan_cancellation(await cancellable(orders, await order_id(shop, external_no)))
    await handle.execute_update(
        "cancel", Cancel(plan.hash, "bought elsewhere", "kefu"), result_type=Accepted
    )


async def test_cancelling_one_order_of_a_labelled_box_opens_it_and_the_other_is_packed_anew(
    shop: Company,
) -> None:
    first, second = await two_orders(shop)
    plan = await merged(shop, first)
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    rider = {"1": second, "2": first}  # whoever rides is cancelled
    led_by = "1" if plan.lead == await shipment_of(shop, "1") else "2"
    gone = "2" if led_by == "1" else "1"

    await cancel(shop, rider[led_by], gone)

    await statuses(shop, {gone: "cancelled", led_by: "in_fulfilment"})
    again = await shipment_of(shop, led_by)
    assert again not in (plan.lead, *plan.riders)
    await shop.until("SELECT count(*) FROM parcel WHERE voided_at IS NULL", 0)
    await picks(shop, again)
    await packs(shop, again)
    await shop.shipment_is(again, "labelled")
    assert shop.outside.sf.creates == 2
    await shop.adds_up()


async def test_parted_orders_are_packed_one_by_one(shop: Company) -> None:
    first, _ = await two_orders(shop)
    plan = await merged(shop, first)
    async with shop.sessions.begin() as session:
        parting = await regrouping.parting_plan(session, await order_id(shop, "2"))

    command = ChangeByPlan("unmerge", "c2", parting.hash, "no", "kefu")
    other = shop.client.get_workflow_handle("order/own/mini/2")
    await other.execute_update("change", command, result_type=Accepted)
    await shop.deliver_signals()

    assert (parting.parcels_before, parting.parcels_after) == (1, 2)
    for no in (plan.lead, *plan.riders):
        await picks(shop, no)
        await packs(shop, no)
        await shop.shipment_is(no, "labelled")
    assert shop.outside.sf.creates == 2
    await shop.adds_up()


async def test_a_hold_of_one_order_stops_the_whole_box(shop: Company) -> None:
    first, second = await two_orders(shop)
    plan = await merged(shop, first)
    from domain.orders.messages import PlaceHold, ReleaseHold

    led_by = "1" if plan.lead == await shipment_of(shop, "1") else "2"
    rider = second if led_by == "1" else first
    await rider.execute_update("hold", PlaceHold("wait", "kefu"), result_type=Accepted)
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'packed'", 2)
    assert shop.outside.sf.creates == 0

    await rider.execute_update(
        "release", ReleaseHold(str(HoldKind.MANUAL), "", "kefu"), result_type=Accepted
    )

    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)


async def test_what_is_not_found_of_one_order_is_planned_anew_for_that_order_alone(
    shop: Company,
) -> None:
    first, _ = await two_orders(shop)
    plan = await merged(shop, first)

    await picks(shop, plan.lead, {"A": 3})

    await shop.until("SELECT count(*) FROM shipment WHERE status <> 'cancelled'", 3)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    await hands_over(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'handed_over'", 2)
    await shop.adds_up()


async def test_a_plan_that_is_out_of_date_is_refused_and_changes_nothing(shop: Company) -> None:
    first, _ = await two_orders(shop)
    plan = await merge_plan(shop, "1", "2")
    await picks(shop, await shipment_of(shop, "2"))
    other = await order_id(shop, "2")

    with pytest.raises(WorkflowUpdateFailedError):
        await first.execute_update(
            "change",
            ChangeByPlan("merge", "c1", plan.hash, "", "kefu", (other,)),
            result_type=Accepted,
        )

    assert await shop.row("SELECT count(*) FROM shipment WHERE ships_with <> ''") == (0,)
    assert await shop.row("SELECT count(*) FROM order_change") == (0,)


async def test_the_same_change_twice_is_done_once(shop: Company) -> None:
    first, _ = await two_orders(shop)
    plan = await merged(shop, first)
    other = await order_id(shop, "2")

    again = ChangeByPlan("merge", "c1", plan.hash, "", "kefu", (other,))
    await first.execute_update("change", again, result_type=Accepted)

    assert await shop.row("SELECT count(*) FROM order_change") == (1,)
    assert await shop.row("SELECT count(*) FROM order_event WHERE kind = 'merged'") == (2,)


async def test_goods_that_lie_elsewhere_are_reserved_where_all_of_it_goes_from(
    shop: Company,
) -> None:
    await shop.receive("B", 3, "GRN-B")
    line = StockLine(StockKey(Sku("A"), LocationId("SOUTH")), 5)
    async with shop.sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "G-S", "G-S"), [line])
        await run(session, "UPDATE stock_balance SET reserved = 0 WHERE false")
    first = await shop.hear(own_order("1"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    async with shop.sessions.begin() as session:  # it was sent from elsewhere than the second
        ids = await ids_of(session, [(await shop.row("SELECT no FROM sales_order")).no])
        [mine] = (await companions(session, ids[0]))[0].shipments
        await regrouping._move(session, [mine], "SOUTH")
    await shop.hear(own_order("2", lines=[POT]))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)

    plan = await merged(shop, first)

    assert plan.location_id == "HQ"
    assert plan.moved == (await shipment_of(shop, "1"),)
    await shop.until(
        "SELECT on_hand, reserved FROM stock_balance WHERE location_id = 'SOUTH'", 5, 0
    )
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    await hands_over(shop, plan.lead)
    await statuses(shop, {"1": "shipped", "2": "shipped"})
    await shop.adds_up()


async def test_orders_of_a_shop_that_gathers_wait_for_each_other_and_go_together(
    shop: Company,
) -> None:
    async with shop.sessions.begin() as session:
        await run(session, "INSERT INTO merge_rule (shop_id, window_minutes) VALUES ('mini', 30)")
    await shop.hear(own_order("1"))
    await shop.status("allocated")
    await shop.hear(own_order("2"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'allocated'", 2)

    async with shop.sessions.begin() as session:
        await run(session, "UPDATE sales_order SET created_at = created_at - interval '1 hour'")
    await shop.client.get_workflow_handle("order/own/mini/1").signal(
        "state_changed", {"what": "time", "ref": ""}
    )

    await shop.until("SELECT count(*) FROM shipment WHERE ships_with <> ''", 1)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    await shop.adds_up()


async def test_a_new_address_takes_an_order_out_of_the_box(shop: Company) -> None:
    first, _ = await two_orders(shop)
    await merged(shop, first)
    async with shop.sessions.begin() as session:
        key = await order_key(session, VAULT, await order_id(shop, "1"))
        session.add(
            CorrectionRow(
                id="cor_1", workflow_id="order/own/mini/1", step_id="address", actor="kefu",
                data=sealed_correction(key, "cor_1", {"detail": "文三路 1 号"}),
                at=datetime.now(UTC),
            )
        )  # fmt: skip

    await first.execute_update(
        "change_address", AddressChanged("cor_1", "kefu"), result_type=Accepted
    )

    assert await shop.row("SELECT count(*) FROM shipment WHERE ships_with <> ''") == (0,)


async def test_what_is_there_goes_ahead_while_the_rest_waits_for_stock(shop: Company) -> None:
    order = await shop.hear(own_order("1", lines=[TEA, POT]))
    await shop.status("backordered")
    mine = await order_id(shop, "1")
    async with shop.sessions.begin() as session:
        plan = await regrouping.split_plan(session, mine, {f"{mine}.1": 2}, "")

    await order.execute_update(
        "change",
        ChangeByPlan("split", "c1", plan.hash, "", "kefu", (), (LineUnits(f"{mine}.1", 2),)),
        result_type=Accepted,
    )

    assert (plan.units_now, plan.units_later, plan.units_awaited) == (2, 0, 1)
    await shop.deliver_signals()
    ahead = await shipment_of(shop, "1")
    await picks(shop, ahead)
    await packs(shop, ahead)
    await shop.shipment_is(ahead, "labelled")
    await hands_over(shop, ahead)
    await shop.shipment_is(ahead, "handed_over")
    await shop.receive("B", 2, "GRN-B")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    await shop.adds_up()


async def test_a_part_goes_by_itself_and_comes_back_into_one_parcel(shop: Company) -> None:
    order = await shop.hear(own_order("1", lines=[TEA | {"quantity": 3}]))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    mine = await order_id(shop, "1")
    async with shop.sessions.begin() as session:
        plan = await regrouping.split_plan(session, mine, {f"{mine}.1": 1}, "")
    assert (plan.parcels_before, plan.parcels_after) == (1, 2)

    await order.execute_update(
        "change",
        ChangeByPlan("split", "c1", plan.hash, "", "kefu", (), (LineUnits(f"{mine}.1", 1),)),
        result_type=Accepted,
    )
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 3)
    await shop.adds_up()

    async with shop.sessions.begin() as session:
        again = await regrouping.merge_plan(session, mine, [])
    await order.execute_update(
        "change", ChangeByPlan("merge", "c2", again.hash, "", "kefu"), result_type=Accepted
    )
    await shop.deliver_signals()
    await picks(shop, again.lead)
    await packs(shop, again.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    await hands_over(shop, again.lead)
    await shop.status("shipped")
    assert shop.outside.sf.creates == 1
    await shop.adds_up()


async def nothing_lost_or_doubled(shop: Company) -> None:
    """One parcel, told to the channel once for each order; four units left the shelf."""
    assert len(shop.outside.sf.waybills) == 1
    confirmed = {(one.external_no, one.waybill_no) for one in shop.outside.shop.confirmed}
    assert len(confirmed) == 2
    assert len({waybill for _, waybill in confirmed}) == 1
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (6, 0)
    assert await shop.row("SELECT count(*) FROM order_change") == (1,)
    assert await shop.row("SELECT count(*) FROM order_event WHERE kind = 'merged'") == (2,)
    assert await shop.row("SELECT count(*) FROM attention") == (0,)
    await shop.adds_up()


@CAMPAIGN
async def test_a_shared_parcel_arrives_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        await shop.seed()
        shop.patience = 1200

        await sent_together(shop)

        assert "order.change" in death.after
        assert await told_twice(shop) == []
        await nothing_lost_or_doubled(shop)


@pytest.mark.parametrize("activity_type", ANSWERS)
async def test_a_shared_parcel_arrives_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await shop.seed()

        await sent_together(shop)

        assert loser.lost == 1
        await nothing_lost_or_doubled(shop)


async def test_orders_are_gathered_once_though_the_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    loser = LoseAnswer(GATHERED)
    async with company(temporal_env.client, sessions, loser) as shop:
        await shop.seed()
        async with shop.sessions.begin() as session:
            await run(
                session, "INSERT INTO merge_rule (shop_id, window_minutes) VALUES ('mini', 30)"
            )
        await shop.hear(own_order("1"))
        await shop.hear(own_order("2"))
        await shop.until("SELECT count(*) FROM shipment WHERE status = 'allocated'", 2)
        async with shop.sessions.begin() as session:
            await run(session, "UPDATE sales_order SET created_at = created_at - interval '1 hour'")
        news = {"what": "time", "ref": ""}
        await shop.client.get_workflow_handle("order/own/mini/1").signal("state_changed", news)

        await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)

        assert loser.lost == 1
        assert await shop.row("SELECT count(*) FROM shipment WHERE ships_with <> ''") == (1,)
        assert await shop.row("SELECT count(*) FROM order_event WHERE kind = 'merged'") == (2,)
        await shop.adds_up()


async def test_orders_that_are_picked_go_in_one_box_until_it_is_closed(shop: Company) -> None:
    first, _ = await two_orders(shop)
    for number in ("1", "2"):
        await picks(shop, await shipment_of(shop, number))

    plan = await merged(shop, first)

    assert plan.picked
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    assert shop.outside.sf.creates == 1
    await hands_over(shop, plan.lead)
    await statuses(shop, {"1": "shipped", "2": "shipped"})
    await shop.until("SELECT sum(on_hand)::int, sum(reserved)::int FROM stock_balance", 6, 0)
    told = "SELECT count(*) FROM order_event WHERE kind = 'packed'"
    assert await shop.row(told) == (2,)
    await shop.adds_up()
