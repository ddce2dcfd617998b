"""Short lives of orders whose histories are kept: code that cannot replay them must not be shipped.

Each story uses real tables and a faked outside, and returns the workflows to be recorded.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final

from temporalio.client import WorkflowHandle

from db.inventory.transfers import (
    Decided,
    Received,
    Shipped,
    TransferDraft,
    Transfers,
)
from db.inventory.transfers import DraftLine as TransferLine
from db.keys import order_key
from db.orders.receivers import sealed_correction
from db.platform.campaigns import CampaignRepository, NewCampaign
from db.shared import recall_acts, regrouping
from db.sql import run
from domain.inventory.planning.work import PlanNight
from domain.inventory.purchasing.acts import PurchaseAction
from domain.inventory.recall import End
from domain.inventory.transfers import Arrived, Decision
from domain.logistics.tracking import ParcelStatus
from domain.orders.messages import (
    Accepted,
    AddressChanged,
    ChangeByPlan,
    PlaceHold,
    ReleaseHold,
    ResolveStep,
)
from domain.orders.returns.model import Disposition, ReturnReason
from domain.orders.returns.plan import ReturnAction
from domain.platform.auditing import AuditNight
from domain.platform.campaigns import Chosen, Pace
from domain.platform.gates import TendGate
from domain.shared.errors import AnswerLost, Rejected
from domain.shared.ids import (
    campaign_workflow_id,
    claim_workflow_id,
    export_workflow_id,
    gate_workflow_id,
    invoice_workflow_id,
    planning_workflow_id,
    recall_workflow_id,
    return_workflow_id,
    transfer_workflow_id,
)
from runtime.temporal import TASK_QUEUE
from tests.people import VAULT
from tests.workflows import counting, recalling
from tests.workflows.boxes import (
    merged,
    order_id,
    packs,
    picks,
    sent_together,
    shipment_of,
    two_orders,
)
from tests.workflows.claiming import ACCEPT, FILE, PAY, Claims
from tests.workflows.finance import invoicing
from tests.workflows.finance.exporting import decide, opened, posted
from tests.workflows.inventory.buying import Buying, buying_from
from tests.workflows.returning import Returns
from tests.workflows.world import Company, own_order

Handles = list[WorkflowHandle[Any, Any]]
Story = Callable[[Company], Awaitable[Handles]]

POT = {"line_no": "1", "sku": "X-B", "title": "Pot", "quantity": 2, "payable": "9.00"}
REFUND = [
    {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00",
     "refund_in_progress": True}
]  # fmt: skip


async def _labelled(shop: Company, channel: str = "own") -> tuple[WorkflowHandle[Any, Any], str]:
    order = await shop.hear(own_order("1"), channel)
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.shipment_is(no, "labelled")
    return order, no


async def delivered(shop: Company) -> Handles:
    """Paid, sent, delivered, completed."""
    order, no = await _labelled(shop)
    await shop.hand_over(no)
    await shop.status("shipped")
    await shop.deliver(no)
    await order.result()
    return [order, shop.shipment(no)]


async def paid_late_after_waiting_for_stock(shop: Company) -> Handles:
    """Unpaid and short; paid, the goods come in, and it goes to the warehouse."""
    order = await shop.hear(own_order("1", state="unpaid", lines=[POT]))
    await shop.status("on_hold")
    await shop.hear(own_order("1", 2, lines=[POT]))
    await shop.status("backordered")
    await shop.receive("B", 3, "GRN-B")
    await shop.status("in_fulfilment")
    return [order]


async def cancelled_with_its_label(shop: Company) -> Handles:
    """Taken back from the ramp; the refund is paid by hand."""
    order, no = await _labelled(shop)
    await shop.status("in_fulfilment")
    await shop.cancel(order)
    await shop.parked("refund")
    paid = ResolveStep("refund", "done_by_hand", "kefu", "bank transfer")
    await order.execute_update("resolve_step", paid, result_type=Accepted)
    await order.result()
    return [order, shop.shipment(no)]


async def labelled_after_a_refusal(shop: Company) -> Handles:
    """The carrier refuses, a person tries again; a hold in between is respected."""
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.parked("label")
    hold = PlaceHold("call the buyer", "kefu")
    await order.execute_update("hold", hold, result_type=Accepted)
    retry = ResolveStep("label", "retry", "admin")
    await shop.shipment(no).execute_update("resolve_step", retry, result_type=Accepted)
    release = ReleaseHold("manual", "agreed", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    await shop.shipment_is(no, "labelled")
    return [order, shop.shipment(no)]


async def picked_short(shop: Company) -> Handles:
    """One of two is not found: the rest is sourced again."""
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no, picked=1)
    await shop.until("SELECT count(*) FROM shipment", 2)
    return [order, shop.shipment(no)]


async def addressed_anew_after_the_label(shop: Company) -> Handles:
    """The label is voided, the parcel rated and labelled again, then it leaves."""
    order, no = await _labelled(shop)
    order_id = (await shop.row("SELECT id FROM sales_order")).id
    async with shop.sessions.begin() as session:
        key = await order_key(session, VAULT, order_id)
        await run(
            session, "INSERT INTO correction (id, workflow_id, step_id, data, actor) VALUES"
            " ('c1', 'w', 'address', CAST(:data AS jsonb), 'kefu')",
            data=json.dumps(sealed_correction(key, "c1", {"detail": "x"})),
        )  # fmt: skip
    change = AddressChanged("c1", "kefu")
    await order.execute_update("change_address", change, result_type=Accepted)
    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'labelled'", 2)
    await shop.hand_over(no)
    await shop.status("shipped")
    return [order, shop.shipment(no)]


async def kept_back_for_a_refund_nobody_pushed(shop: Company) -> Handles:
    """The channel is asked before the label and on the ramp; the parcel stays until it is clear."""
    order, no = await _labelled(shop, "top")
    shop.outside.shop.answers["1"] = own_order("1", 2, lines=REFUND)
    await shop.hand_over(no)
    await shop.until("SELECT count(*) FROM order_event WHERE kind = 'kept_back'", 1)
    await shop.hear(own_order("1", 3), "top")
    await shop.until("SELECT count(*) FROM order_hold WHERE released_at IS NULL", 0)
    await shop.hand_over(no)
    await shop.status("shipped")
    return [order, shop.shipment(no)]


async def lost_and_found(shop: Company) -> Handles:
    """A lost parcel waits for a person; news resolves it."""
    order, no = await _labelled(shop)
    await shop.hand_over(no)
    await shop.status("shipped")
    await shop.deliver(no, "lost")
    await shop.parked("parcel:lost")
    await shop.deliver(no)
    await shop.status("delivered")
    return [order, shop.shipment(no)]


async def cancelled_in_the_engine(shop: Company) -> Handles:
    """Somebody cancels the workflow itself: it waits for a person and goes on."""
    order = await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.shipment_is(no, "picking")
    await shop.status("in_fulfilment")
    await order.cancel()
    await shop.parked("run")
    retry = ResolveStep("run", "retry", "admin")
    await order.execute_update("resolve_step", retry, result_type=Accepted)
    await shop.parked()
    return [order]


async def gate_with_nothing_to_do(shop: Company) -> Handles:
    """The singleton of a carrier looks after its gate."""
    gate = await shop.client.start_workflow(
        "Gate", TendGate("carrier/sf"), id=gate_workflow_id("carrier/sf"), task_queue=TASK_QUEUE
    )
    await shop.hear(own_order("1"))
    await shop.status("in_fulfilment")
    return [gate]


async def returned_and_paid_by_hand(shop: Company) -> Handles:
    """A delivered order comes back in part; no payment is known, so a person pays."""
    order, no = await _labelled(shop)
    await shop.hand_over(no)
    await shop.status("shipped")
    await shop.deliver(no)
    await shop.status("delivered")
    returns = await Returns.of(shop)
    number = await returns.ask(2, ReturnReason.OTHER)
    await shop.until("SELECT waits_for, judged_at IS NULL FROM sales_return", "decision", False)
    await returns.decide(number, ReturnAction.APPROVE)
    await returns.is_at("approved")
    await returns.receive(number, 1)
    await returns.is_at("received")
    await returns.inspect(number, (1, Disposition.RESELL))
    await shop.parked("return_refund")
    handle = shop.client.get_workflow_handle(return_workflow_id(number))
    paid = ResolveStep("return_refund", "done_by_hand", "kefu", "cash")
    await handle.execute_update("resolve_step", paid, result_type=Accepted)
    await returns.is_at("closed", "refunded")
    return [order, handle]


async def exported_after_a_refusal(shop: Company) -> Handles:
    """The month is closed in the ERP: a person names another day, and the voucher is entered."""
    await opened(shop)
    shop.outside.ledger.failures.append(Rejected("the month is closed", code="500"))
    await posted(shop)
    await shop.parked("voucher_export")
    await decide(shop, "retry_with", booked_on="2031-02-03")
    await shop.until("SELECT state FROM voucher_export", "confirmed")
    row = await shop.row("SELECT export_no FROM voucher_export")
    return [shop.client.get_workflow_handle(export_workflow_id(row.export_no))]


async def claimed_and_paid(shop: Company) -> Handles:
    """A lost parcel is claimed by itself, filed, accepted and paid in parts."""
    _, no = await _labelled(shop)
    await shop.hand_over(no)
    claims = Claims(shop)
    await claims.left()
    await claims.lost()
    await claims.waits("filing")
    await claims.decide(FILE)
    await claims.is_at("filed")
    await claims.decide(ACCEPT)
    await claims.waits("money")
    await claims.decide(PAY, 1200)
    await claims.decide(PAY, 2000)
    await claims.is_at("closed", "paid")
    return [shop.client.get_workflow_handle(claim_workflow_id(claims.no))]


async def asked_back_on_its_way(shop: Company) -> Handles:
    """Cancelled when it had left: the carrier refuses first, then brings it back."""
    shop.outside.sf.refused_intercepts.append(Rejected("not now", code="8252"))
    order, no = await _labelled(shop)
    await shop.hand_over(no)
    await shop.status("shipped")
    await shop.cancel(order, intercept=True)
    await shop.parked("intercept")
    row = await shop.row("SELECT workflow_id FROM attention WHERE resolved_at IS NULL")
    handle = shop.client.get_workflow_handle(row.workflow_id)
    retry = ResolveStep("intercept", "retry", "kefu")
    await handle.execute_update("resolve_step", retry, result_type=Accepted)
    await shop.until("SELECT state FROM intercept", "asked")
    claims = Claims(shop)
    await claims.left()
    await claims.scanned(ParcelStatus.RETURNED)
    await shop.until("SELECT state FROM intercept", "came_back")
    return [order, shop.shipment(no), handle]


async def invoiced_at_the_second_try(shop: Company) -> Handles:
    """The issuer has no numbers left: a person tries again later, and the invoice is ordered."""
    await invoicing.opened(shop)
    await shop.hear(own_order("1"))
    await shop.ship(await shop.first_shipment())
    await shop.status("shipped")
    shop.outside.nuonuo.failures.append(Rejected("no numbers left", code="E1"))
    no = await invoicing.asked(shop)
    await shop.parked("invoice")
    shop.outside.nuonuo.lost.append(AnswerLost("cut off", code="broken"))
    await invoicing.decide(shop, "retry")
    await shop.until("SELECT state FROM invoice", "issued")
    return [shop.client.get_workflow_handle(invoice_workflow_id(no))]


async def decided_by_a_campaign(shop: Company) -> Handles:
    """A label that was refused is tried again with all that failed alike."""
    shop.outside.sf.failures.append(Rejected("no such product", code="8057"))
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.parked("label")
    row = await shop.row("SELECT system FROM attention")
    wanted = NewCampaign(Chosen(), "retry", "", {}, Pace(), (row.system,))
    async with shop.sessions.begin() as session:
        campaign_id, _ = await CampaignRepository(session).begin(wanted, "admin")
    await shop.deliver_signals()
    handle = shop.client.get_workflow_handle(campaign_workflow_id(campaign_id))
    await handle.result()
    return [handle]


async def together_to_the_door(shop: Company) -> Handles:
    """Two orders in one parcel: the one that rides in the other's."""
    plan = await sent_together(shop)
    rider = plan.riders[0]
    number = "1" if await shipment_of(shop, "1") == rider else "2"
    return [shop.client.get_workflow_handle(f"order/own/mini/{number}"), shop.shipment(rider)]


async def taken_out_of_a_labelled_box(shop: Company) -> Handles:
    """Put together, labelled, parted: the box is opened, and both are planned anew."""
    first, _ = await two_orders(shop)
    plan = await merged(shop, first)
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)
    async with shop.sessions.begin() as session:
        parting = await regrouping.parting_plan(session, await order_id(shop, "1"))
    command = ChangeByPlan("unmerge", "c2", parting.hash, "no", "kefu")
    await first.execute_update("change", command, result_type=Accepted)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    return [first, shop.shipment(plan.lead)]


async def counted_late_and_corrected(shop: Company) -> Handles:
    """One of two products is counted too late, the other never: what was counted is posted."""
    await shop.receive("B", 3, "GRN-B")
    no = await counting.planned(shop, "A", "B", days_ago=1)
    handle = counting.count(shop, no)
    await shop.parked("count_late")
    await counting.seen(shop, no, "A", 8, "anna", "ben")
    await counting.decided(shop, handle, "count_late", "skip")
    await handle.result()
    return [handle]


async def case_forgotten_and_taken_back(shop: Company) -> Handles:
    """Nobody decides about broken goods: reminded of once, then the receipt is taken back."""
    _, no = await counting.damaged(shop, 4, "broken", days_ago=4)
    handle = counting.case(shop, no)
    await shop.until("SELECT reminders FROM receipt_case", 1)
    await counting.remembered(shop, no)
    await shop.parked("receipt_case")
    await counting.decided(shop, handle, "receipt_case", "compensate")
    await handle.result()
    return [handle]


async def recalled_to_the_last_unit(shop: Company) -> Handles:
    """One parcel is on its way, one is being picked: the first is asked back, the other gets other
    units; who is silent is asked again, and all units are accounted for before it is closed."""
    await recalling.lots(shop, L1=5, L2=2)
    moving = await recalling.ordered(shop, "1")
    await shop.ship(moving)
    await shop.shipment_is(moving, "handed_over")
    waiting = await recalling.ordered(shop, "2")
    await shop.shipment_is(waiting, "picking")
    no = await recalling.recalled(shop)
    await shop.until("SELECT state FROM intercept", "asked")
    await shop.until(recalling.EVENTS, 1)
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE recall SET remind_at = clock_timestamp() - interval '1 day'")
        await recall_acts.wake(session, no)
    await shop.deliver_signals()
    await shop.until("SELECT reminders FROM recall", 1)
    await recalling.account(shop, no, "HQ", End.QUARANTINED, 3)
    await recalling.account(shop, no, moving, End.CONFIRMED, 2)
    await shop.until(recalling.OPEN, 0)
    await recalling.close(shop, no)
    handle = shop.client.get_workflow_handle(recall_workflow_id(no))
    await handle.result()
    return [handle]


async def recalled_and_signed_for(shop: Company) -> Handles:
    """Units in hand are exchanged by people; what nobody finds is signed for."""
    await recalling.lots(shop, L1=3, L2=2)
    no = await recalling.ordered(shop, "1")
    await shop.pick(no)
    await shop.until("SELECT waits_for FROM shipment", "packing")
    recall = await recalling.recalled(shop)
    await shop.until(recalling.HELD, 1)
    async with shop.sessions.begin() as session:
        await recall_acts.exchange(session, recall, no, "picker", "x1")
    await shop.deliver_signals()
    await shop.until(recalling.HELD, 0)
    await recalling.close(shop, recall, "the shelf burnt down")
    handle = shop.client.get_workflow_handle(recall_workflow_id(recall))
    await handle.result()
    return [handle]


async def bought_changed_and_received(shop: Company) -> Handles:
    """A purchase order goes out, is answered, changed, answered anew, received and closed."""
    buying = Buying(shop.client, shop.sessions, shop.outside.seller)
    buying.no = await buying_from(shop.sessions)
    await buying.decide(PurchaseAction.SUBMIT)
    await buying.waits("answer")
    await buying.decide(PurchaseAction.ANSWER, units={1: 5})
    await buying.parked("purchase_short")
    await buying.amend({1: 8})
    await buying.until("SELECT told_revision FROM purchase_order", 2)
    await buying.waits("answer")
    await buying.decide(PurchaseAction.ANSWER)
    await buying.waits("goods")
    await buying.parked()
    await buying.receive({1: 8}, "GR1")
    await buying.waits("corrections")
    await buying.decide(PurchaseAction.CLOSE)
    assert await buying.life.result() == "closed"
    return [buying.life]


async def moved_with_a_difference(shop: Company) -> Handles:
    """A transfer is promised and shipped; one unit never arrives and is written off."""
    async with shop.sessions.begin() as session:
        draft = TransferDraft("HQ", "SOUTH", (TransferLine("A", 4),), "buyer")
        no = await Transfers(session).draft(draft)
        await Transfers(session).approve(no, "buyer")
    await shop.until("SELECT state FROM stock_transfer", "reserved")
    async with shop.sessions.begin() as session:
        await Transfers(session).shipped(no, Shipped("s1", "anna"))
    await shop.until("SELECT state FROM stock_transfer", "shipped")
    async with shop.sessions.begin() as session:
        came = Received("r1", "ben", (Arrived(1, 3),), last=True)
        await Transfers(session).received(no, came)
    await shop.until("SELECT count(*)::int FROM stock_transfer_difference", 1)
    async with shop.sessions.begin() as session:
        [one] = await Transfers(session).differences(no)
        told = Decided("d1", "ben", one.id, Decision.LOST, 1, "never found")
        await Transfers(session).decide(no, told)
    await shop.until("SELECT state FROM stock_transfer", "closed")
    transfer = shop.client.get_workflow_handle(transfer_workflow_id(no))
    await transfer.result()
    return [transfer]


async def planned_at_night(shop: Company) -> Handles:
    """A night of the planner, and one of its places."""
    night = date(2026, 3, 2)
    planner = await shop.client.start_workflow(
        "PlanningNight", PlanNight(night), id="night/2026-03-02", task_queue=TASK_QUEUE
    )
    await planner.result()
    place = planning_workflow_id(night.isoformat(), "HQ")
    return [planner, shop.client.get_workflow_handle(place)]


async def audited(shop: Company) -> Handles:
    """Everything is checked; one unit too many stands there, also at the second look."""
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE sku = 'A'")
    night = await shop.client.start_workflow(
        "AuditNight", AuditNight(), id="audit-night", task_queue=TASK_QUEUE
    )
    await night.result()
    return [night]


STORIES: Final[tuple[Story, ...]] = (
    delivered,
    paid_late_after_waiting_for_stock,
    cancelled_with_its_label,
    labelled_after_a_refusal,
    picked_short,
    addressed_anew_after_the_label,
    kept_back_for_a_refund_nobody_pushed,
    lost_and_found,
    cancelled_in_the_engine,
    gate_with_nothing_to_do,
    returned_and_paid_by_hand,
    exported_after_a_refusal,
    invoiced_at_the_second_try,
    claimed_and_paid,
    asked_back_on_its_way,
    decided_by_a_campaign,
    together_to_the_door,
    taken_out_of_a_labelled_box,
    counted_late_and_corrected,
    case_forgotten_and_taken_back,
    recalled_to_the_last_unit,
    recalled_and_signed_for,
    bought_changed_and_received,
    moved_with_a_difference,
    planned_at_night,
    audited,
)
