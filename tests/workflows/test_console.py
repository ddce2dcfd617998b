"""What a person may decide about a parked step, and what goes on meanwhile."""

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from db.inventory.repository import StockRepository
from db.shared.tries import tries_of
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.messages import Accepted, ResolveStep, StepAction
from domain.shared.errors import Rejected
from domain.shared.ids import LocationId, Sku
from tests.people import VAULT
from tests.workflows.test_cancelling import POT, TEA, code, shipment_with
from tests.workflows.world import Company, own_order


async def parked_label(shop: Company) -> str:
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.parked("label")
    return no


async def decide(
    shop: Company, no: str, step: str, action: StepAction, reason: str = "", correction: str = ""
) -> None:
    decision = ResolveStep(step, action, "admin", reason, correction)
    await shop.shipment(no).execute_update("resolve_step", decision, result_type=Accepted)


async def refused(deed: Any) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await deed
    return code(error.value)


async def test_only_what_is_offered_can_be_decided_and_with_a_reason(shop: Company) -> None:
    no = await parked_label(shop)

    assert await refused(decide(shop, no, "hand_over", "retry")) == "StepNotParked"
    assert await refused(decide(shop, no, "label", "skip", "why not")) == "ActionNotAllowed"
    assert await refused(decide(shop, no, "label", "compensate")) == "ActionNotAllowed"
    assert await refused(decide(shop, no, "label", "retry_with")) == "ActionNotAllowed"
    await decide(shop, no, "label", "retry")
    await shop.shipment_is(no, "labelled")
    assert await refused(decide(shop, no, "label", "retry")) == "StepNotParked"
    assert await shop.row("SELECT actor, action FROM audit_log") == ("admin", "step.retry")


async def test_what_was_sent_and_what_they_answered_is_kept_without_the_people(
    shop: Company,
) -> None:
    shop.outside.sf.failures.append(Rejected("王小明 (13800000001): no such street", code="8057"))
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.parked("label")

    assert await shop.row("SELECT code, error FROM attention") == (
        "8057", "*** (***): no such street",
    )  # fmt: skip
    async with shop.sessions.begin() as session:
        [one] = await tries_of(session, VAULT, f"shipment/{no}", "label")
    assert (one.system, one.attempt, one.cause) == ("carrier/sf", 1, "Rejected")
    assert one.sent["carrier"] == "sf"
    assert one.sent["receiver"]["phone"] == "13800000001"
    assert one.sent["order_ref"] == f"{no}-P1"


async def test_taken_back_to_before_the_step_the_order_is_sourced_again(shop: Company) -> None:
    no = await parked_label(shop)

    await decide(shop, no, "label", "compensate", "wrong warehouse")

    await shop.shipment_is(no, "cancelled")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 1)
    assert await shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 2)
    assert await shop.row("SELECT resolution, note FROM attention") == (
        "compensate",
        "wrong warehouse",
    )
    await shop.adds_up()


async def test_a_number_written_down_by_hand_that_cannot_be_one_is_asked_for_again(
    shop: Company,
) -> None:
    no = await parked_label(shop)
    async with shop.sessions.begin() as session:
        await run(
            session, "INSERT INTO correction (id, workflow_id, step_id, data, actor) VALUES"
            """ ('c1', 'w', 'label', '{"waybill_no": "?"}', 'admin'),"""
            """ ('c2', 'w', 'label', '{"waybill_no": "SF900000000001"}', 'admin')""",
        )  # fmt: skip

    await decide(shop, no, "label", "done_by_hand", "ordered by phone", "c1")
    await shop.until("SELECT code FROM attention WHERE resolved_at IS NULL", "waybill_no")
    await decide(shop, no, "label", "done_by_hand", "ordered by phone", "c2")

    await shop.shipment_is(no, "labelled")
    assert shop.outside.sf.creates == 1  # the refused one; nobody ordered another behind our back
    assert await shop.row("SELECT waybill_no FROM parcel") == ("SF900000000001",)


async def test_while_one_shipment_is_parked_the_other_is_sent(shop: Company) -> None:
    line = StockLine(StockKey(Sku("B"), LocationId("SOUTH")), 3)
    async with shop.sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "G-S", "G-S"), [line])
    await shop.hear(own_order("1", lines=[TEA, POT]))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    stuck, fine = await shipment_with(shop, "A"), await shipment_with(shop, "B")
    shop.outside.sf.failures.append(Rejected("no", code="8057"))
    await shop.pick(stuck)
    await shop.pack(stuck)
    await shop.parked("label")

    await shop.ship(fine)
    await shop.shipment_is(fine, "handed_over")
    await shop.deliver(fine)
    await shop.shipment_is(fine, "delivered")

    await shop.shipment_is(stuck, "packed")
    await shop.parked("label")


async def test_a_channel_that_does_not_take_the_number_does_not_stop_the_parcel(
    shop: Company,
) -> None:
    async def refuse(confirmation: object) -> None:
        raise Rejected("already shipped", code="isv.logistics-offline-service-error:B04")

    shop.outside.shop.confirm_shipment = refuse  # type: ignore[method-assign]
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.parked("ship_confirm")

    await shop.deliver(no)
    await shop.shipment_is(no, "delivered")
    await decide(shop, no, "ship_confirm", "skip", "told them by phone")

    await shop.parked()
    assert await shop.shipment(no).result() == "delivered"
