"""No activity is added without a story in which its answer is lost."""

from typing import Final

from db.engine import Sessions
from tests.workflows.test_lost_answers import AND_BACK, TO_THE_DOOR
from tests.workflows.test_refunds import ONE_REFUND
from tests.workflows.test_returns_once import STORIES
from worker import World, activities_of

# No story loses their answer.
NOT_TRIED: Final = frozenset({
    "order.change_hold", "order.fetch", "order.carry_out", "shipment.settle",
    "shipment.keep_back", "shipment.load", "shipment.label_anew", "waybill.by_hand",
    "waybill.voided_by_hand", "waybill.ask", "waybill.follow", "attention.resolve",
    "gate.tend", "gate.renewed", "refund.settle", "refund.replace", "channel.look",
    "voucher_export.look", "voucher_export.send", "voucher_export.settle",
})  # fmt: skip


def test_every_activity_of_the_lifecycle_is_tried(sessions: Sessions) -> None:
    world = World(sessions, None, None, None)  # type: ignore[arg-type]
    names = {
        getattr(method, "__temporal_activity_definition").name for method in activities_of(world)
    }
    tried = {*TO_THE_DOOR, *AND_BACK, *ONE_REFUND, *STORIES}

    assert names - tried == NOT_TRIED
    assert tried <= names
