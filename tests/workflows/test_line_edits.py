"""Lines that a person changes before the pick: stock, money and the channel's next message."""

import pytest

from activities.orders.ports import OrderRules
from db.orders.exchanges import pay_difference
from db.shared import line_edits
from domain.orders.messages import Accepted, ChangeByPlan, LineUnits
from domain.shared.errors import ActionNotAllowed
from tests.people import said
from tests.workflows.boxes import Handle, hands_over, order_id, packs, picks, shipment_of
from tests.workflows.world import Company, own_order

TEA = {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"}
POT = {"line_no": "2", "sku": "X-B", "title": "Pot", "quantity": 1, "payable": "9.00"}
USUAL = OrderRules().usual
MONEY = "SELECT payable_minor, captured_minor, refund_due_minor FROM sales_order"
STOCK = "SELECT sum(on_hand)::int, sum(reserved)::int FROM stock_balance"


async def edited(shop: Company, order: Handle, *wanted: LineUnits) -> None:
    async with shop.sessions.begin() as session:
        plan = await line_edits.edit_plan(session, await order_id(shop, "1"), wanted, USUAL)
    command = ChangeByPlan("lines", f"c{plan.hash[:8]}", plan.hash, "asked", "kefu", (), wanted)
    await order.execute_update("change", command, result_type=Accepted)
    await shop.deliver_signals()


async def test_more_goods_wait_for_the_difference_and_go_once_it_is_paid(shop: Company) -> None:
    order = await shop.hear(own_order("1"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    mine = await order_id(shop, "1")

    await edited(shop, order, LineUnits(f"{mine}.1", 3))

    assert await shop.row(STOCK) == (10, 3)  # by the change itself, not by a later step
    assert await shop.row("SELECT count(*), sum(quantity)::int FROM shipment_line") == (1, 3)
    await shop.until("SELECT kind FROM order_hold WHERE released_at IS NULL", "difference")
    await shop.until(MONEY, 3000, 2000, 0)
    await shop.adds_up()
    number = (await shop.row("SELECT no FROM sales_order")).no
    async with shop.sessions.begin() as session:
        await pay_difference(session, number, 1000, "cash-1", "kefu")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    await shop.until(MONEY, 3000, 3000, 0)
    for row in await numbers(shop):
        await picks(shop, row)
        await packs(shop, row)
        await shop.shipment_is(row, "labelled")
        await hands_over(shop, row)
    await shop.status("shipped")
    await shop.until(STOCK, 7, 0)
    await shop.adds_up()


async def test_what_is_not_there_is_refused_with_how_many_there_are(shop: Company) -> None:
    order = await shop.hear(own_order("1"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    mine = await order_id(shop, "1")

    with pytest.raises(ActionNotAllowed, match="of A 8 are free, 9 are needed"):
        await edited(shop, order, LineUnits(f"{mine}.1", 11))

    assert await shop.row(STOCK) == (10, 2)
    assert await shop.row("SELECT quantity FROM order_line") == (2,)


async def test_what_lies_elsewhere_goes_in_a_parcel_of_its_own_as_the_plan_says(
    shop: Company,
) -> None:
    await shop.receive("B", 4, "GRN-B", "SOUTH")
    order = await shop.hear(own_order("1"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    wanted = LineUnits("", 3, "B", 500)
    async with shop.sessions.begin() as session:
        plan, free = await line_edits.edit_preview(
            session, await order_id(shop, "1"), [wanted], USUAL
        )
    assert [(one.shipment_no, one.location_id) for one in plan.added] == [("", "SOUTH")]
    assert [(one.sku, one.units, dict(one.places)) for one in free] == [
        ("B", 3, {"HQ": 0, "SOUTH": 4})
    ]

    await edited(shop, order, wanted)

    held = "SELECT reserved::int FROM stock_balance WHERE sku = 'B' AND location_id = 'SOUTH'"
    assert await shop.row(held) == (3,)
    number = (await shop.row("SELECT no FROM sales_order")).no
    async with shop.sessions.begin() as session:
        await pay_difference(session, number, 1500, "cash-1", "kefu")
    await shop.until(
        "SELECT location_id, status FROM shipment WHERE no LIKE '%-S2'", "SOUTH", "picking"
    )
    assert await shop.row("SELECT count(*) FROM backorder") == (0,)
    await shop.adds_up()


async def numbers(shop: Company) -> list[str]:
    row = await shop.row("SELECT array_agg(no ORDER BY no) AS nos FROM shipment"
                         " WHERE status <> 'cancelled'")  # fmt: skip
    return list(row.nos)


async def test_fewer_goods_are_freed_at_once_and_their_money_goes_back(shop: Company) -> None:
    await shop.receive("B", 2, "GRN-B")
    order = await shop.hear(own_order("1", lines=[TEA, POT]))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    mine = await order_id(shop, "1")

    await edited(shop, order, LineUnits(f"{mine}.1", 1), LineUnits(f"{mine}.2", 0))

    await shop.until(MONEY, 1000, 2900, 1900)
    await shop.until(STOCK, 12, 1)
    await shop.adds_up()
    no = await shipment_of(shop, "1")
    await picks(shop, no)
    await packs(shop, no)
    await shop.shipment_is(no, "labelled")
    await hands_over(shop, no)
    await shop.status("shipped")
    assert shop.outside.sf.creates == 1
    await shop.until(STOCK, 11, 0)
    await shop.adds_up()


async def test_a_replaced_sku_is_sent_instead_and_the_channels_next_message_changes_nothing(
    shop: Company,
) -> None:
    await shop.receive("B", 2, "GRN-B")
    order = await shop.hear(own_order("1"))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    mine = await order_id(shop, "1")

    await edited(shop, order, LineUnits(f"{mine}.1", 2, "B"))  # 10.00 each, as the tea was

    lines = (
        "SELECT string_agg(sku, ',') FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no"
    )
    await shop.until(f"{lines} WHERE s.status = 'picking'", "B")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'cancelled'", 1)
    await shop.hear(own_order("1", 2, buyer_remark="quickly, please"))
    await shop.until("SELECT version_revision FROM sales_order", 2)
    assert (await said(shop.sessions))["buyer_remark"] == "quickly, please"
    await shop.until(f"{lines} WHERE s.status = 'picking'", "B")
    assert await shop.row("SELECT count(*) FROM order_hold") == (0,)
    assert await shop.row(MONEY) == (2000, 2000, 0)
    await shop.until(STOCK, 12, 2)
    await shop.adds_up()
