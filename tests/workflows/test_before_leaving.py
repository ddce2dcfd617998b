"""What happens between the pick and the carrier: refunds, holds, new addresses, stops."""

import json
from dataclasses import replace
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.orders.ports import OrderRules
from db.keys import order_key
from db.orders.receivers import sealed_correction
from db.shared.readdressing import address_plan
from db.sql import run
from domain.orders.messages import Accepted, AddressChanged, PlaceHold, ReleaseHold, ResolveStep
from domain.shared.address import Address
from domain.shared.errors import ActionNotAllowed, Rejected
from tests.people import VAULT, change_receiver, receiver_of
from tests.workflows.world import Company, own_order

REFUND = [
    {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00",
     "refund_in_progress": True}
]  # fmt: skip


async def packed(shop: Company, number: str, channel: str = "own", **changes: Any) -> Any:
    """An order whose only shipment is packed; the label follows at once unless it is stopped."""
    order = await shop.hear(own_order(number, **changes), channel)
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    return order, no


async def correct(shop: Company, correction_id: str, **values: str) -> AddressChanged:
    async with shop.sessions.begin() as session:
        [receiver] = await run(session, "SELECT order_id FROM receiver")
        key = await order_key(session, VAULT, receiver.order_id)
        await run(
            session, "INSERT INTO correction (id, workflow_id, step_id, data, actor)"
            " VALUES (:id, 'o', 'address', CAST(:data AS jsonb), 'kefu')",
            id=correction_id, data=json.dumps(sealed_correction(key, correction_id, values)),
        )  # fmt: skip
    return AddressChanged(correction_id, "kefu")


async def test_a_refund_nobody_pushed_is_seen_before_the_label(shop: Company) -> None:
    await shop.hear(own_order("1"), "top")
    no = await shop.first_shipment()
    await shop.pick(no)
    shop.outside.shop.answers["1"] = own_order("1", 2, lines=REFUND)

    await shop.pack(no)

    await shop.until("SELECT waits_for FROM sales_order", "hold:refund_in_progress")
    assert shop.outside.sf.creates == 0
    await shop.hear(own_order("1", 3), "top")  # the buyer withdrew it
    await shop.shipment_is(no, "labelled")
    assert shop.outside.sf.creates == 1


async def test_a_refund_nobody_pushed_is_seen_before_the_parcel_leaves(shop: Company) -> None:
    _, no = await packed(shop, "2", "top")
    await shop.shipment_is(no, "labelled")
    shop.outside.shop.answers["2"] = own_order("2", 2, lines=REFUND)

    await shop.hand_over(no)

    await shop.until("SELECT waits_for FROM sales_order", "hold:refund_in_progress")
    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'kept_back'", 1)
    assert await shop.row("SELECT handed_over_at, status FROM shipment") == (None, "labelled")
    with pytest.raises(ActionNotAllowed):
        await shop.hand_over(no)
    await shop.hear(own_order("2", 3), "top")
    await shop.until("SELECT count(*) FROM order_hold WHERE released_at IS NULL", 0)
    await shop.hand_over(no)
    await shop.shipment_is(no, "handed_over")
    await shop.adds_up()


async def test_a_cancellation_nobody_pushed_stops_the_label(shop: Company) -> None:
    await shop.hear(own_order("3"), "top")
    no = await shop.first_shipment()
    await shop.pick(no)
    shop.outside.shop.answers["3"] = own_order("3", 2, "cancelled")

    await shop.pack(no)

    await shop.status("cancelled")
    assert shop.outside.sf.creates == 0
    await shop.adds_up()


async def test_a_shop_that_cannot_be_asked_parks_the_step_until_someone_skips_it(
    shop: Company,
) -> None:
    await shop.hear(own_order("4"), "top")
    no = await shop.first_shipment()
    await shop.pick(no)
    shop.outside.shop.failures.append(Rejected("no permission", code="11"))
    await shop.pack(no)
    await shop.parked("look")

    decision = ResolveStep("look", "skip", "admin", "called the buyer")
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)

    await shop.shipment_is(no, "labelled")


async def test_a_parked_label_is_not_ordered_when_a_hold_came_meanwhile(shop: Company) -> None:
    shop.outside.sf.failures.append(Rejected("no", code="8057"))
    order, no = await packed(shop, "5")
    await shop.parked("label")
    hold = PlaceHold("call the buyer", "kefu")
    await order.execute_update("hold", hold, result_type=Accepted)
    await shop.deliver_signals()

    decision = ResolveStep("label", "retry", "admin")
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)
    await shop.parked()
    assert shop.outside.sf.waybills == {}

    release = ReleaseHold("manual", "agreed", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    await shop.shipment_is(no, "labelled")


async def test_a_new_address_voids_the_label_and_orders_another(shop: Company) -> None:
    order, no = await packed(shop, "6")
    await shop.shipment_is(no, "labelled")

    change = await correct(shop, "c1", detail="文二路 1 号")
    await order.execute_update("change_address", change, result_type=Accepted)

    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'labelled'", 2)
    assert shop.outside.sf.cancelled == ["SF000000000001"]
    assert [request.receiver.address.detail for request in shop.outside.sf.requests] == [
        "文一西路 969 号",
        "文二路 1 号",
    ]
    assert await shop.row("SELECT id, waybill_no, carrier FROM parcel WHERE voided_at IS NULL") == (
        f"{no}-P1-R2",
        "SF000000000002",
        "sf",
    )
    assert await shop.row("SELECT freight_minor FROM shipment") == (1200,)
    await shop.hand_over(no)
    await shop.status("shipped")
    await shop.until("SELECT count(*) FROM effect WHERE kind = 'ship_confirm'", 1)
    assert [c.waybill_no for c in shop.outside.shop.confirmed] == ["SF000000000002"]
    await shop.adds_up()


async def test_a_new_address_before_the_label_is_simply_used(shop: Company) -> None:
    order = await shop.hear(own_order("7"))
    no = await shop.first_shipment()
    await shop.pick(no)
    change = await correct(shop, "c1", detail="文二路 1 号")
    await order.execute_update("change_address", change, result_type=Accepted)
    await shop.pack(no)
    await shop.shipment_is(no, "labelled")
    assert [r.receiver.address.detail for r in shop.outside.sf.requests] == ["文二路 1 号"]


async def test_the_channel_may_still_change_the_address_of_a_labelled_order(shop: Company) -> None:
    _, no = await packed(shop, "8")
    await shop.shipment_is(no, "labelled")
    receiver = json.loads(own_order("8"))["receiver"] | {"detail": "文三路 2 号"}

    await shop.hear(own_order("8", 2, receiver=receiver))

    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'labelled'", 2)
    assert shop.outside.sf.requests[-1].receiver.address.detail == "文三路 2 号"
    assert shop.outside.sf.cancelled == ["SF000000000001"]
    await shop.adds_up()


async def test_an_address_is_not_changed_once_the_carrier_has_the_parcel(shop: Company) -> None:
    order, no = await packed(shop, "9")
    await shop.shipment_is(no, "labelled")
    async with shop.sessions.begin() as session:  # scanned; its workflow has not heard of it
        await run(session, "UPDATE shipment SET handed_over_at = now() WHERE no = :no", no=no)

    change = await correct(shop, "c1", detail="文二路 1 号")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await order.execute_update("change_address", change, result_type=Accepted)

    cause: Any = refused.value.cause
    while not isinstance(cause, ApplicationError):
        cause = cause.cause
    assert cause.type == "ActionNotAllowed"
    assert (await receiver_of(shop.sessions)).address.detail == "文一西路 969 号"


async def test_a_parcel_with_an_old_label_does_not_leave(shop: Company) -> None:
    _, no = await packed(shop, "10")
    await shop.shipment_is(no, "labelled")
    await change_receiver(shop.sessions, detail="elsewhere")
    with pytest.raises(ActionNotAllowed, match="new label"):
        await shop.hand_over(no)


async def test_a_line_the_channel_closes_while_it_is_picked_is_not_sent(shop: Company) -> None:
    await shop.receive("B", 5, "GRN-B")
    lines = [
        {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"},
        {"line_no": "2", "sku": "X-B", "title": "Pot", "quantity": 1, "payable": "9.00"},
    ]
    await shop.hear(own_order("12", lines=lines))
    no = await shop.first_shipment()
    await shop.shipment_is(no, "picking")

    await shop.hear(own_order("12", 2, lines=[lines[0], lines[1] | {"cancelled": True}]))

    await shop.shipment_is(no, "cancelled")
    await shop.until(
        "SELECT array_agg(l.sku || l.quantity) FROM shipment s"
        " JOIN shipment_line l ON l.shipment_no = s.no WHERE s.status = 'picking'",
        ["A2"],
    )
    await shop.adds_up()


# From HQ a carrier goes only to Zhejiang, from SOUTH only to Shanghai.
_ANOTHER_NETWORK = (
    "UPDATE location SET division_code = CASE id WHEN 'HQ' THEN '330106' ELSE '440305' END",
    "UPDATE receiver SET division_code = '330106'",
    "UPDATE tariff SET origin_zone = 'south', destination_zone = 'east'",
    "INSERT INTO tariff (id, carrier, product, origin_zone, destination_zone, first_g, first_minor,"
    " step_g, step_minor, volumetric_divisor, surcharge_minor, minimum_minor, currency, valid_from)"
    " SELECT 'home', carrier, product, '*', 'home', first_g, first_minor, step_g, step_minor,"
    " volumetric_divisor, surcharge_minor, minimum_minor, currency, valid_from FROM tariff",
    "INSERT INTO tariff_zone (carrier, province_code, zone) VALUES ('sf', '440000', 'south'),"
    " ('sf', '310000', 'east'), ('sf', '330000', 'home')",
)


async def test_what_its_place_does_not_serve_goes_from_elsewhere_exactly_as_planned(
    shop: Company,
) -> None:
    await shop.receive("A", 5, "GRN-S", "SOUTH")
    order = await shop.hear(own_order("10"))
    no = await shop.first_shipment()
    await shop.until("SELECT status FROM shipment", "picking")
    async with shop.sessions.begin() as session:
        for statement in _ANOTHER_NETWORK:
            await run(session, statement)
    there = {"city": "上海市", "detail": "漕溪北路 18 号", "division_code": "310104"}
    change = await correct(shop, "c1", **there)
    async with shop.sessions.begin() as session:
        [row] = await run(session, "SELECT id FROM sales_order")
        planned = await address_plan(
            session,
            row.id,
            Address(city="上海市", detail="漕溪北路 18 号", division_code="310104"),
            frozenset(),
            OrderRules().usual,
        )
    assert [one.no for one in planned.plan.given] == [no]
    assert [one.location_id for one in planned.plan.sent] == ["SOUTH"]

    confirmed = replace(change, plan_hash=planned.plan.hash)
    await order.execute_update("change_address", confirmed, result_type=Accepted)
    await shop.deliver_signals()

    await shop.until(
        "SELECT location_id, status FROM shipment WHERE status <> 'cancelled'", "SOUTH", "picking"
    )
    held = "SELECT sum(reserved)::int FROM stock_balance WHERE location_id = "
    assert await shop.row(f"{held} 'HQ'") == (0,)
    assert await shop.row(f"{held} 'SOUTH'") == (2,)
    await shop.adds_up()
