"""What an order does when its channel tells of a refund or return: kept back, told, let go."""

from datetime import UTC, datetime, timedelta

from activities.orders.applying import ApplyingActivities
from activities.orders.ports import OrderRules
from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from db.engine import Sessions
from db.orders.detail import order_detail
from db.orders.tables import SalesOrderRow
from db.shared.after_sales import take_after_sale
from db.shared.hand_over import HandOver
from db.shared.intake import accept
from db.sql import run
from domain.orders.after_sale import (
    AFTER_SALE_TOPIC,
    AfterSale,
    AfterSaleKind,
    AfterSaleStage,
    write_facts,
)
from domain.orders.lifecycle import OrderState
from domain.orders.order import HoldKind, OrderStatus
from domain.orders.work import ApplyMessages
from domain.shared.ids import InboxId, OrderId
from tests.fakes.outside import FakeAdapters
from tests.people import VAULT
from tests.seeds import seed_network
from tests.shops import own_order, seed_shops

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _case(stage: AfterSaleStage, minutes: int) -> AfterSale:
    return AfterSale(
        "A-1", "R-1", AfterSaleKind.REFUND, stage, stage.upper(), AT + timedelta(minutes=minutes),
        amount_minor=2000, reason="不想要了",
    )  # fmt: skip


async def _order(sessions: Sessions) -> str:
    await seed_network(sessions, skus=("SKU-1",))
    await seed_shops(sessions)
    async with sessions.begin() as session:
        kept = await accept(
            session, VAULT, source="top", shop_id="top-1", channel="top", message_id="m-1",
            topic="pulled", external_no="A-1", raw=own_order(),
        )  # fmt: skip
    assert kept.order_id is not None
    return kept.order_id


async def _apply(sessions: Sessions, order_id: str) -> OrderState:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT id FROM inbox WHERE order_id = :order_id AND applied_at IS NULL",
            order_id=order_id,
        )
    activities = ApplyingActivities(sessions, FakeAdapters(), VAULT, OrderRules())
    ids = tuple(InboxId(row.id) for row in rows)
    return await activities.apply(ApplyMessages(OrderId(order_id), ids, 0))


async def _tell(sessions: Sessions, case: AfterSale) -> None:
    async with sessions.begin() as session:
        assert await take_after_sale(session, VAULT, "top", "top-1", case, asked=True)


async def test_a_case_keeps_back_what_has_not_left_until_it_is_closed(sessions: Sessions) -> None:
    order_id = await _order(sessions)
    before = await _apply(sessions, order_id)
    assert HoldKind.REFUND_IN_PROGRESS not in before.holds

    await _tell(sessions, _case(AfterSaleStage.REQUESTED, 0))
    held = await _apply(sessions, order_id)
    await _tell(sessions, _case(AfterSaleStage.CLOSED, 5))
    released = await _apply(sessions, order_id)

    assert HoldKind.REFUND_IN_PROGRESS in held.holds
    assert held.fetch_needed, "the channel is asked how the order stands"
    assert HoldKind.REFUND_IN_PROGRESS not in released.holds
    async with sessions.begin() as session:
        order = await session.get(SalesOrderRow, order_id)
        assert order is not None
        detail = await order_detail(session, VAULT, order.no)
    told = [event.data for event in detail.timeline if event.kind == "after_sale"]
    assert [data["after_sale_stage"] for data in told] == ["closed", "requested"]
    (case,) = detail.after_sales
    assert (case.after_sale_no, case.stage, case.amount_minor) == ("R-1", "closed", 2000)


async def test_what_the_channel_says_about_the_order_does_not_lift_the_hold_of_an_open_case(
    sessions: Sessions,
) -> None:
    order_id = await _order(sessions)
    await _tell(sessions, _case(AfterSaleStage.REQUESTED, 0))

    state = await _apply(sessions, order_id)

    assert state.known
    assert HoldKind.REFUND_IN_PROGRESS in state.holds


async def test_a_case_of_a_closed_order_needs_a_person_while_it_is_open(sessions: Sessions) -> None:
    late = LateFacts(Adapters(sessions, VAULT, None), VAULT)  # type: ignore[arg-type]

    async def needs_person(stage: AfterSaleStage) -> bool:
        message = HandOver(
            "in-1", "ord-1", "top-1", "top", AFTER_SALE_TOPIC, 1,
            VAULT.seal(write_facts(_case(stage, 0)), "in-1"), "top", "order/top/top-1/A-1",
            OrderStatus.COMPLETED, "completed", 0, 0,
        )  # fmt: skip
        return (await late.judge(message)).needs_person

    assert await needs_person(AfterSaleStage.REQUESTED)
    assert not await needs_person(AfterSaleStage.DONE)
    assert not await needs_person(AfterSaleStage.REFUSED)
