"""An order that is taken up again starts its shipments anew, and its story says so once."""

from activities.orders.deciding import DecidingActivities
from activities.orders.ports import OrderRules
from db.engine import Sessions
from domain.orders.work import Entry, RecordOrder
from domain.shared.ids import OrderId
from tests.activities.orders.network import rows, seed_company, seed_order
from tests.people import VAULT

STORY = "SELECT data ->> 'shipments' FROM order_event ORDER BY seq"


async def test_a_shipment_is_given_to_the_warehouse_once_in_the_story(sessions: Sessions) -> None:
    """After a crash the workflow counts on from the table's number, so that the number does not
    tell it; and by then there may be more to start."""
    await seed_company(sessions)
    await seed_order(sessions, "1", {"A": 1})
    deciding = DecidingActivities(sessions, VAULT, OrderRules())
    seq = 0
    for started in ("S1", "S1", "S2,S1", "S1,S2"):
        entries = (Entry("shipments_started"),)
        request = RecordOrder(OrderId("ord_1"), seq, entries, "shipments_started", started)
        seq = (await deciding.record(request)).seq

    assert await rows(sessions, STORY) == [("S1",), ("S2",)]
