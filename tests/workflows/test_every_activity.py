"""No activity is added without a story in which its answer is lost."""

from typing import Final

from db.engine import Sessions
from tests.workflows.finance.test_invoices import ONE_INVOICE
from tests.workflows.finance.test_voucher_exports import ONE_VOUCHER
from tests.workflows.test_claims import ONE_CLAIM
from tests.workflows.test_counts import ONE_CASE, ONE_COUNT
from tests.workflows.test_intercepting import ASKED_BACK
from tests.workflows.test_lost_answers import AND_BACK, TO_THE_DOOR
from tests.workflows.test_promises import PROMISED
from tests.workflows.test_recall import ONE_RECALL
from tests.workflows.test_refunds import ONE_REFUND
from tests.workflows.test_returns_once import STORIES
from tests.workflows.test_together import CHANGED, GATHERED
from worker import World, activities_of

# No story loses their answer.
NOT_TRIED: Final = frozenset({
    "order.change_hold", "order.fetch", "order.carry_out", "shipment.settle",
    "shipment.keep_back", "shipment.load", "shipment.label_anew", "waybill.by_hand",
    "waybill.voided_by_hand", "waybill.ask", "waybill.follow", "attention.resolve",
    "attention.went_on",
    "gate.tend", "gate.renewed", "refund.settle", "refund.replace", "channel.look",
    "intercept.by_hand", "intercept.give_up",
})  # fmt: skip


def test_every_activity_of_the_lifecycle_is_tried(sessions: Sessions) -> None:
    world = World(sessions, None, None, None)  # type: ignore[arg-type]
    names = {
        getattr(method, "__temporal_activity_definition").name for method in activities_of(world)
    }
    tried = {
        *TO_THE_DOOR, *AND_BACK, *ONE_REFUND, *STORIES, *ONE_INVOICE, *ONE_VOUCHER, *ONE_CLAIM,
        *ONE_RECALL, *ONE_COUNT, *ONE_CASE,
        *ASKED_BACK, CHANGED, GATHERED, PROMISED,
    }  # fmt: skip

    assert names - tried == NOT_TRIED
    assert tried <= names
