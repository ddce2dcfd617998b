"""Waybills: one for each box whatever happens, also when people change the carrier meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.platform.tables import CorrectionRow
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.orders.messages import (
    Accepted,
    Cancel,
    FollowingEnded,
    GateOpened,
    HandedOver,
    ResolveStep,
    StepAction,
)
from domain.shared.errors import AnswerLost, Rejected, Unavailable
from tests.fakes.outside import FakeAggregator
from tests.people import hide_receiver
from tests.workflows.test_order import order_id, plan_hash
from tests.workflows.world import NOW, Company, company, own_order


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        yield shop


async def packed(shop: Company, boxes: int = 1) -> str:
    """An order that is packed and wants its label; the number of its shipment."""
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    for n in range(2, boxes + 1):
        await shop.row(
            "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
            " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
            " VALUES (:id, :no, '', '', '', '', '', 'labelled', 900, 0, 0, 0) RETURNING id",
            id=f"{no}-P{n}", no=no,
        )  # fmt: skip
    await shop.pack(no)
    return no


async def parked(shop: Company, step: str = "label") -> Any:
    await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", step)
    return await shop.row(
        "SELECT cause, code, error, actions FROM attention WHERE resolved_at IS NULL"
    )


async def decide(
    shop: Company, no: str, action: StepAction, step: str = "label", **values: str
) -> None:
    correction = ""
    if values:
        correction = f"cor_{len(values)}_{'_'.join(values.values())}"[:60]
        async with shop.sessions.begin() as session:
            session.add(
                CorrectionRow(
                    id=correction, workflow_id=f"shipment/{no}", step_id=step, data=values,
                    at=NOW,                    actor="admin",
                )
            )  # fmt: skip
    decision = ResolveStep(step, action, "admin", "as agreed", correction)
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)


async def labelled(shop: Company, no: str) -> None:
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")


async def in_time(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not happen in a minute")


async def waits(shop: Company, no: str, long: timedelta) -> None:
    """Wait until the shipment's clock of this length runs."""
    for _ in range(shop.patience):
        history = await shop.shipment(no).fetch_history()
        started = (one.timer_started_event_attributes for one in history.events)
        if any(one.start_to_fire_timeout.ToTimedelta() == long for one in started):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no clock of {long} runs")


async def test_a_masked_receiver_waits_for_the_platform_s_waybill(shop: Company) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await hide_receiver(shop.sessions, "o1")
    await shop.pick(no)
    await shop.pack(no)

    item = await parked(shop)

    assert (item.cause, item.code) == ("NeedsPlatformWaybill", "masked_receiver")
    assert list(item.actions) == ["retry", "done_by_hand", "compensate"]
    assert shop.outside.sf.creates == 0
    await decide(shop, no, "done_by_hand", carrier="zto", waybill_no="73100000000001")
    await labelled(shop, no)
    assert await shop.row("SELECT carrier, waybill_no FROM parcel") == ("zto", "73100000000001")
    assert await shop.row("SELECT carrier FROM shipment") == ("zto",)
    await shop.shipment(no).signal("handed_over", HandedOver())
    await shop.until("SELECT state FROM effect WHERE kind = 'ship_confirm'", "confirmed")
    assert [one.waybill_no for one in shop.outside.shop.confirmed] == ["73100000000001"]


async def test_with_another_carrier_the_step_goes_on_there(shop: Company) -> None:
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    no = await packed(shop)
    await parked(shop)

    await decide(shop, no, "retry_with", carrier="zto", product="standard")
    await labelled(shop, no)

    assert list(shop.outside.sf.waybills) == []
    assert await shop.row("SELECT carrier, product, waybill_no FROM parcel") == (
        "zto",
        "standard",
        "ZTO000000000001",
    )
    assert await shop.row("SELECT state, system FROM effect") == ("confirmed", "carrier/zto")
    assert await shop.row("SELECT carrier, product FROM shipment") == ("zto", "standard")


async def test_a_label_the_first_carrier_may_have_made_is_voided_before_another_is_asked(
    shop: Company,
) -> None:
    shop.outside.sf.lost.append(AnswerLost("no answer"))
    shop.outside.sf.unfindable.append(Rejected("the query is not permitted", code="A1004"))
    no = await packed(shop)
    await parked(shop)
    assert len(shop.outside.sf.waybills) == 1

    await decide(shop, no, "retry_with", carrier="zto")
    await labelled(shop, no)

    assert shop.outside.sf.cancelled == ["SF000000000001"]
    assert await shop.row("SELECT carrier, waybill_no FROM parcel") == ("zto", "ZTO000000000001")


async def test_an_order_cancelled_after_a_change_of_carrier_leaves_no_label_anywhere(
    shop: Company,
) -> None:
    shop.outside.sf.lost.append(AnswerLost("no answer"))
    shop.outside.sf.unfindable.append(Rejected("the query is not permitted", code="A1004"))
    shop.outside.zto.failures.append(Rejected("not there", code="E418"))
    no = await packed(shop)
    await parked(shop)
    await decide(shop, no, "retry_with", carrier="zto")
    await shop.until("SELECT code FROM attention WHERE resolved_at IS NULL", "E418")

    order = shop.client.get_workflow_handle("order/own/mini/1")
    cancel = Cancel(await plan_hash(shop, await order_id(shop)), "changed mind", "kefu")
    await order.execute_update("cancel", cancel, result_type=Accepted)
    await shop.status("cancelled")

    assert shop.outside.sf.cancelled == ["SF000000000001"]
    assert shop.outside.zto.cancelled == []


async def test_boxes_labelled_by_hand_need_a_number_each(shop: Company) -> None:
    shop.outside.sf.failures += [Rejected("no", code="8119")] * 4
    no = await packed(shop, boxes=2)
    await parked(shop)

    await decide(shop, no, "done_by_hand", waybill_no="SF900000000001")
    await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", 1)
    assert await shop.row("SELECT count(*) FROM parcel WHERE waybill_no <> ''") == (0,)
    await decide(shop, no, "done_by_hand", waybill_no="SF900000000001、SF900000000002")
    await labelled(shop, no)

    assert await shop.row(
        "SELECT string_agg(id || ' ' || waybill_no, ', ' ORDER BY id) FROM parcel"
    ) == (f"{no}-P1 SF900000000001, {no}-P2 SF900000000002",)


async def test_a_label_ordered_by_hand_is_voided_by_hand(shop: Company) -> None:
    shop.outside.sf.failures.append(Rejected("no", code="8119"))
    no = await packed(shop)
    await parked(shop)
    await decide(shop, no, "done_by_hand", waybill_no="SF900000000001")
    await labelled(shop, no)

    order = shop.client.get_workflow_handle("order/own/mini/1")
    cancel = Cancel(await plan_hash(shop, await order_id(shop)), "changed mind", "kefu")
    await order.execute_update("cancel", cancel, result_type=Accepted)
    item = await parked(shop, "void_label")
    assert (item.code, list(item.actions)) == (
        "ordered_by_hand",
        ["retry", "done_by_hand", "skip"],
    )
    await decide(shop, no, "done_by_hand", "void_label")
    await shop.status("cancelled")

    assert shop.outside.sf.cancelled == []
    assert await shop.row("SELECT voided_at IS NOT NULL FROM parcel") == (True,)


async def test_a_delivery_whose_push_was_lost_is_heard_by_asking(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    shop.outside.sf.deaf.append(Unavailable("down"))
    no = await packed(shop)
    await labelled(shop, no)
    waybill_no = next(iter(shop.outside.sf.waybills.values()))
    shop.outside.sf.scans = (
        TrackingFact(waybill_no, "sf/1", NOW, ParcelStatus.DELIVERED, "80", "signed"),
    )
    await shop.shipment(no).signal("handed_over", HandedOver())
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "handed_over")

    # Two days pass without a push: the first question finds the carrier down, the second is heard.
    await temporal_env.sleep(timedelta(hours=50))
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "delivered")

    assert await shop.row("SELECT count(*) FROM attention") == (0,)


async def test_back_at_the_first_carrier_the_voided_reference_is_not_used_again(
    shop: Company,
) -> None:
    shop.outside.sf.lost.append(AnswerLost("no answer"))
    shop.outside.sf.unfindable.append(Rejected("the query is not permitted", code="A1004"))
    shop.outside.zto.failures.append(Rejected("no service there", code="E418"))
    no = await packed(shop)
    await parked(shop)
    await decide(shop, no, "retry_with", carrier="zto")
    await shop.until("SELECT code FROM attention WHERE resolved_at IS NULL", "E418")

    await decide(shop, no, "retry_with", carrier="sf")
    await labelled(shop, no)

    first, second = shop.outside.sf.waybills
    assert second == f"{first}-N3"
    assert shop.outside.sf.cancelled == ["SF000000000001"]
    assert await shop.row("SELECT carrier, waybill_no FROM parcel") == ("sf", "SF000000000002")


async def test_a_parcel_of_a_carrier_nobody_has_a_contract_with_is_followed(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    shop.outside.follower = FakeAggregator()
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    no = await packed(shop)
    await parked(shop)
    await decide(shop, no, "done_by_hand", carrier="ems", waybill_no="EA123456789CN")
    await labelled(shop, no)
    await shop.shipment(no).signal("handed_over", HandedOver())

    followed = shop.outside.follower.followed
    await in_time(lambda: followed == [("ems", "EA123456789CN")])
    await shop.shipment(no).signal("following_ended", FollowingEnded("EA123456789CN"))
    await waits(shop, no, timedelta(minutes=30))
    await temporal_env.sleep(timedelta(minutes=29))
    assert len(followed) == 1
    await temporal_env.sleep(timedelta(minutes=1))
    await in_time(lambda: followed == [("ems", "EA123456789CN")] * 2)


async def test_dear_boxes_are_insured_and_a_courier_is_called_by_the_carrier_s_settings(
    shop: Company,
) -> None:
    await shop.row(
        "UPDATE carrier_account SET settings = jsonb_build_object('insure_from_minor', 1,"
        " 'pickup', jsonb_build_object('from', '09:00', 'to', '18:00'))"
        " WHERE code = 'sf' RETURNING code"
    )
    await shop.row(
        "WITH dear AS (UPDATE sku SET price_minor = 150000 RETURNING code)"
        " SELECT count(*) FROM dear"
    )

    no = await packed(shop)
    await labelled(shop, no)

    (request,) = shop.outside.sf.requests
    assert request.insured_minor == 150_000 * sum(item.quantity for item in request.cargo)
    assert request.pickup is not None
    assert await shop.row("SELECT insured_minor, pickup_to FROM parcel") == (
        request.insured_minor,
        request.pickup.end,
    )


async def test_a_parcel_labelled_through_the_aggregator_is_followed_there(shop: Company) -> None:
    shop.outside.follower = FakeAggregator()
    no = await packed(shop)
    await labelled(shop, no)
    await shop.row("UPDATE effect SET system = 'carrier/kuaidi100' RETURNING key")

    await shop.shipment(no).signal("handed_over", HandedOver())

    followed = shop.outside.follower.followed
    await in_time(lambda: followed == [("sf", "SF000000000001")])


async def test_what_a_worker_ordered_before_it_died_for_good_is_void_too(shop: Company) -> None:
    """Its first attempt is the last: nobody heard the carrier's answer."""
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.row(
        "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
        " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
        f" VALUES ('{no}-P1', '{no}', 'sf', '2', '', '', '', 'labelled', 900, 0, 0, 0)"
        " RETURNING id"
    )
    await shop.row(
        "INSERT INTO effect (key, kind, system, subject, state, attempts, result)"
        f" VALUES ('{no}-P1', 'waybill', 'carrier/sf', '{no}', 'intended', 1, '{{}}')"
        " RETURNING key"
    )
    shop.outside.sf.waybills[f"{no}-P1"] = "SF000000000001"

    await shop.cancel(order)
    await shop.status("cancelled")

    assert shop.outside.sf.cancelled == ["SF000000000001"]


async def test_an_order_whose_label_waits_at_a_shut_gate_is_cancelled_at_once(
    shop: Company,
) -> None:
    await shop.row(
        "INSERT INTO gate (system, state, reason, calls, failures, changed_by)"
        " VALUES ('carrier/sf', 'holding', '', 0, 0, 'admin') RETURNING system"
    )
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    for _ in range(2):  # it is tried again in vain
        await shop.until("SELECT step_id FROM gate_wait", "label")
        await shop.row("DELETE FROM gate_wait RETURNING step_id")
        await shop.shipment(no).signal("gate_opened", GateOpened("carrier/sf"))
    await shop.until("SELECT step_id FROM gate_wait", "label")

    await shop.cancel(order)
    await shop.status("cancelled")

    assert shop.outside.sf.creates == 0
