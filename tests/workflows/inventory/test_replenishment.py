"""Purchase orders from the draft to the last unit, whatever supplier, floor and machine do."""

import asyncio
import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Final

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from activities.inventory.supplying import SupplyActivities
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.approving import approve_small
from db.inventory.planner import needs_of
from db.inventory.planning_settings import setting_of
from db.inventory.planning_tables import StockPolicyRow
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.inventory.supplier_terms import Terms, save_terms
from db.platform.gates import Gates
from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction as A
from domain.inventory.purchasing.acts import Wish
from domain.inventory.purchasing.messages import PurchaseWork
from domain.shared.errors import ActionNotAllowed, AnswerLost, OverReceipt, Rejected
from integrations.marketplaces.signing import own_headers
from integrations.suppliers.port import SupplierPort
from tests.api.channels.app import client_of
from tests.api.orders.world import seed_order
from tests.fakes.supplier import FakeSupplier
from tests.people import VAULT
from tests.planning import NIGHT, plan_all, seed_company
from tests.purchases import draft_purchase, seed_supplier
from tests.samples import CAMPAIGN
from tests.workflows.inventory.buying import buying
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_worker_dies import Death

ONE_PURCHASE = (
    "purchase.look", "purchase.move_on", "purchase.send", "purchase.remind", "purchase.nudge",
    "purchase.replan", "purchase.close", "purchase.settle",
)  # fmt: skip
JSON: Final = Terms(
    7, "1234567", (), 0, 10, 48, 2, "json", "https://acme.example",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
)  # fmt: skip
LIVE = "SELECT cause, attempts FROM attention WHERE resolved_at IS NULL"


async def test_an_order_goes_out_is_answered_received_and_closed(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.drafted()
        await shop.waits("buyer")
        await shop.decide(A.SUBMIT, limit=1)
        await shop.waits("approval")
        assert shop.supplier.calls == 0
        await shop.decide(A.APPROVE)
        await shop.is_at("sent")
        await shop.waits("answer")
        await shop.decide(A.ANSWER)
        await shop.waits("goods")
        await shop.receive({1: 60}, "GR1")
        await shop.is_at("partly_received")
        await shop.receive({1: 40, 2: 10}, "GR2")
        await shop.waits("corrections")
        await temporal_env.sleep(timedelta(days=4))
        await shop.is_at("closed")

        assert await shop.life.result() == "closed"
        assert list(shop.supplier.placed) == [f"purchase:{shop.no}"]
        assert await shop.row("SELECT state, attempts FROM effect") == ("confirmed", 1)
        assert await shop.row("SELECT supplier_ref FROM purchase_order") == (f"S-{shop.no}",)
        assert await shop.told() == ["drafted", "submitted", "approved", "sent", "answered",
                                     "received", "received", "closed"]  # fmt: skip


async def test_silence_and_lateness_are_reminded_of_louder_and_told_to_backorders(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        await backorder(sessions)
        await shop.waits("answer")
        await temporal_env.sleep(timedelta(hours=49))
        await shop.until(LIVE, "SupplierSilent", 1)
        await shop.decide(A.ANSWER, on=date(2099, 1, 10))
        await shop.waits("goods")
        await shop.until("SELECT expected_on FROM backorder", date(2099, 1, 10))
        await shop.parked("goods_delayed")  # later than was told: somebody tells the buyer
        soon = date.fromisoformat((await shop.row("SELECT (now() + interval '20 days')::date::text"
                                                  ))[0])  # fmt: skip
        await shop.decide(A.EXPECT, on=soon)
        await shop.until("SELECT expected_on FROM backorder", soon)
        await shop.parked()
        await temporal_env.sleep(timedelta(days=19))
        await shop.until("SELECT count(*)::int FROM purchase_event WHERE kind = 'due_soon'", 1)
        await temporal_env.sleep(timedelta(days=5))
        late = LIVE.replace("attempts", "attempts > 1") + " AND step_id = 'purchase_late'"
        await shop.until(late, "PurchaseLate", True)
        await shop.until("SELECT expected_on FROM backorder", None)
        await shop.parked("goods_delayed", "purchase_late")

        assert len(shop.supplier.reminded) >= 3
        told = "SELECT array_agg(kind || coalesce(' ' || (data->>'day'), '') ORDER BY seq)" \
               " FROM order_event WHERE source LIKE 'PO%'"  # fmt: skip
        [days] = await shop.row(told)
        assert days[-3:] == ["goods_expected 2099-01-10", f"goods_expected {soon}", "goods_delayed"]


async def backorder(sessions: Sessions) -> None:
    """An order waits for five of A."""
    async with sessions.begin() as session:
        session.add(ShopRow(id="mini", channel="own", external_id="mini", name="Mini"))
    await seed_order(sessions, "1")
    async with sessions.begin() as session:
        await run(
            session, "INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku,"
            " location_id, quantity, paid_at, adopted, state) SELECT 'b1', f.order_id, f.id, 'w',"
            " 'A', 'HQ', 5, now(), false, 'waiting' FROM fulfilment_line f LIMIT 1",
        )  # fmt: skip


async def test_less_than_ordered_is_heard_of_once_and_closed_short_with_a_notice(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        await shop.waits("answer")
        await shop.decide(A.ANSWER, units={1: 70})
        await shop.until(LIVE, "PurchaseShort", 1)
        await shop.receive({1: 70, 2: 10}, "GR1")
        with pytest.raises(OverReceipt):
            await shop.receive({1: 41}, "GR2")
        await shop.decide(A.CLOSE)
        assert await shop.life.result() == "closed"
        await shop.parked()

        [letter] = shop.supplier.cancelled.values()
        assert (letter.no, letter.reference, letter.reason) == (shop.no, f"S-{shop.no}", "so")
        assert await shop.row("SELECT ordered, received, cancelled FROM purchase_order_line"
                              " WHERE line_no = 1") == (100, 70, 30)  # fmt: skip


async def test_a_refused_order_waits_for_a_decision_and_is_cancelled(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        await shop.waits("answer")
        await shop.decide(A.ANSWER, units={1: 0, 2: 0})
        await shop.waits("decision")
        await shop.until(LIVE, "PurchaseRefused", 1)
        await shop.decide(A.CANCEL)
        assert await shop.life.result() == "cancelled"
        await shop.parked()


async def test_a_lost_answer_is_asked_about_and_nothing_is_ordered_twice(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        shop.supplier.lost = [AnswerLost("no answer", code="timeout")]
        await shop.sent()
        assert (shop.supplier.calls, len(shop.supplier.placed)) == (1, 1)
        assert await shop.row("SELECT state, attempts FROM effect") == ("confirmed", 2)


async def test_what_a_mailbox_may_have_is_sent_again_only_when_a_person_says_so(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        shop.supplier.can_be_asked = False
        shop.supplier.lost = [AnswerLost("broke", code="broken")]
        await shop.drafted("email")
        await shop.decide(A.SUBMIT)
        await shop.parked("purchase_send")
        assert await shop.row("SELECT cause, code, actions FROM attention") == (
            "Rejected", "maybe_sent", ["retry", "done_by_hand"],
        )  # fmt: skip
        assert shop.supplier.calls == 1
        with pytest.raises(ActionNotAllowed):  # it may be there
            await shop.decide(A.TAKE_BACK)
        await shop.resolve("purchase_send", "retry")
        await shop.is_at("sent")
        assert shop.supplier.calls == 2


async def test_who_is_told_by_telephone_is_told_by_the_buyer(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        shop.supplier.by_telephone = True
        await shop.drafted("")
        await shop.decide(A.SUBMIT)
        await shop.parked("purchase_send")
        await shop.resolve("purchase_send", "done_by_hand", {"supplier_ref": "T-7"})
        await shop.is_at("sent")
        await shop.parked()
        assert await shop.row("SELECT supplier_ref FROM purchase_order") == ("T-7",)
        await shop.decide(A.CANCEL)
        await shop.parked("purchase_cancel")
        await shop.resolve("purchase_cancel", "done_by_hand")
        assert await shop.life.result() == "cancelled"


async def test_a_refused_sending_is_taken_back_corrected_and_sent(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        shop.supplier.trouble = [Rejected("unknown item", code="item")]
        await shop.drafted()
        await shop.decide(A.SUBMIT)
        await shop.parked("purchase_send")
        await shop.decide(A.TAKE_BACK)
        await shop.waits("buyer")
        await shop.parked()
        await shop.decide(A.SUBMIT)
        await shop.is_at("sent")
        assert shop.supplier.calls == 2


async def test_an_order_that_was_cancelled_while_it_was_sent_is_cancelled_at_the_supplier(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        held = asyncio.Event()
        send = shop.supplier.send

        async def slow(order: object) -> str:
            answer = await send(order)  # type: ignore[arg-type]
            await held.wait()
            return answer

        shop.supplier.send = slow  # type: ignore[method-assign]
        await shop.drafted()
        await shop.decide(A.SUBMIT)
        for _ in range(200):
            if shop.supplier.placed:
                break
            await shop.deliver()
            await asyncio.sleep(0.05)
        await shop.decide(A.CANCEL)
        held.set()
        assert await shop.life.result() == "cancelled"
        assert len(shop.supplier.cancelled) == 1


async def test_what_never_left_is_cancelled_without_a_word(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        shop.supplier.trouble = [Rejected("no", code="no")]
        await shop.drafted()
        await shop.decide(A.SUBMIT)
        await shop.parked("purchase_send")
        await shop.decide(A.CANCEL)
        assert await shop.life.result() == "cancelled"
        assert shop.supplier.cancelled == {}
        await shop.parked()


async def test_cancelling_that_races_a_receipt_ends_one_way_or_the_other(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        await asyncio.gather(
            shop.receive({1: 100, 2: 10}, "GR1"), shop.decide(A.CANCEL), return_exceptions=True
        )
        state = (await shop.row("SELECT state FROM purchase_order"))[0]
        assert state in ("received", "cancelled")
        if state == "cancelled":
            assert await shop.life.result() == "cancelled"
        assert len(shop.supplier.cancelled) == (state == "cancelled")


async def test_an_answer_that_is_told_twice_counts_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        for _ in range(2):
            async with sessions.begin() as session:
                said = Decision(Wish(A.ANSWER, {1: 50}), reference="S-9", actor="supplier/acme")
                await PurchaseOrders(session).answered(shop.no, "m1", said)
            await shop.deliver()
        await shop.waits("goods")
        assert (await shop.told()).count("answered") == 1
        await shop.until("SELECT count(*)::int FROM attention", 1)


@pytest.mark.parametrize("activity_type", ["purchase.send", "purchase.tell_cancelled"])
async def test_whatever_answer_of_an_activity_is_lost_the_supplier_hears_it_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with buying(temporal_env.client, sessions, loser) as shop:
        await shop.sent()
        await shop.decide(A.CANCEL)
        assert await shop.life.result() == "cancelled"
        assert loser.lost == 1
        assert (shop.supplier.calls, len(shop.supplier.cancelled)) == (1, 1)


@CAMPAIGN
async def test_the_worker_dies_after_every_activity_and_all_is_said_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with buying(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
        await shop.sent()
        await shop.waits("answer")
        await temporal_env.sleep(timedelta(hours=49))
        await shop.until(LIVE, "SupplierSilent", 1)
        await shop.decide(A.ANSWER)
        await shop.waits("goods")
        await shop.receive({1: 100, 2: 10}, "GR1")
        await shop.waits("corrections")
        await temporal_env.sleep(timedelta(days=4))
        assert await shop.life.result() == "closed"

        assert set(death.after) >= set(ONE_PURCHASE)
        assert (shop.supplier.calls, len(shop.supplier.reminded)) == (1, 1)
        told = await shop.told()
        assert len(told) == len(set(told))
        await shop.parked()


async def test_what_the_planner_orders_at_night_reaches_the_supplier_without_anybody(
    temporal_env: WorkflowEnvironment, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await seed_company(owner_sessions, sessions)
    await plan_all(sessions)
    async with sessions.begin() as session:
        await run(session, "UPDATE planning_setting SET auto_approve_minor = 10000000")
        assert await approve_small(session, "HQ", NIGHT, 10**9) == 1
    async with buying(temporal_env.client, sessions) as shop:
        await shop.is_at("sent")
        [order] = shop.supplier.placed.values()
        assert (order.supplier, [line.sku for line in order.lines]) == ("Tea Co", ["tea"])
        assert await shop.told() == ["drafted", "approved", "sent"]


async def test_an_order_that_is_taken_back_at_that_moment_is_not_sent(sessions: Sessions) -> None:
    await seed_supplier(sessions)
    no = await draft_purchase(sessions)

    async def decide(action: A) -> None:
        async with sessions.begin() as session:
            await PurchaseOrders(session).decide(no, Decision(Wish(action), actor="buyer"))

    class TakenBackMeanwhile(FakeSupplier):
        async def supplier(self, code: str) -> SupplierPort:
            await decide(A.TAKE_BACK)
            return self

    await decide(A.SUBMIT)
    supplier = TakenBackMeanwhile()
    supply = SupplyActivities(sessions, supplier, Gates(sessions))

    done = await supply.send(PurchaseWork(no, datetime.now(UTC)))

    assert (done.state, supplier.calls) == ("draft", 0)


async def test_what_is_changed_after_sending_goes_out_once_as_a_revision_and_is_answered_anew(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop:
        await shop.sent()
        await backorder(sessions)
        await shop.waits("answer")
        await shop.decide(A.ANSWER, on=date(2099, 1, 10))
        await shop.waits("goods")
        shop.supplier.lost = [AnswerLost("no answer", code="timeout")]
        await shop.amend({2: 4})
        await shop.until("SELECT told_revision FROM purchase_order", 2)
        await shop.waits("answer")

        first, second = shop.supplier.placed.values()
        assert (first.revision, second.revision, second.key) == (1, 2, f"purchase:{shop.no}:r2")
        assert [(line.line_no, line.units) for line in second.lines] == [(2, 4)]
        assert await shop.row("SELECT state, attempts FROM effect WHERE key LIKE '%r2'") == (
            "confirmed", 2,
        )  # fmt: skip
        await shop.until("SELECT expected_on FROM backorder", None)  # nothing of A comes any more
        await shop.decide(A.ANSWER)
        await shop.receive({2: 4}, "GR1")
        await shop.waits("corrections")
        with pytest.raises(OverReceipt):
            await shop.receive({1: 1}, "GR2")
        assert await shop.told() == ["drafted", "approved", "sent", "answered", "amended",
                                     "amendment_sent", "answered", "received"]  # fmt: skip


async def test_late_and_short_supply_plans_promises_and_the_next_night_anew(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with buying(temporal_env.client, sessions) as shop, client_of(sessions, VAULT) as door:
        await shop.sent(lead_time_days=7)
        await backorder(sessions)
        async with sessions.begin() as session:
            await save_terms(session, VAULT, "acme", JSON)
            session.add(
                StockPolicyRow(
                    location_id="HQ", sku="A", night=NIGHT, known_since=NIGHT, lead_mean=7,
                    reorder_point=100, order_up_to=120,
                )
            )  # fmt: skip
        await shop.waits("answer")
        assert await needed(sessions) == (100, 0)
        soon = NIGHT + timedelta(days=5)
        assert await answered(door, shop.no, "m1", soon, 60) == "kept"
        await shop.until("SELECT expected_on FROM backorder", soon)
        await shop.until(LIVE, "PurchaseShort", 1)
        assert await needed(sessions) == (60, 0)

        late = NIGHT + timedelta(days=40)
        assert await answered(door, shop.no, "m2", late, 60) == "kept"
        assert await answered(door, shop.no, "m2", soon, 60) == "known"
        await shop.until("SELECT expected_on FROM backorder", late)
        assert await needed(sessions) == (0, 60)  # it comes after a new order would

        assert await answered(door, shop.no, "m3", soon, 3) == "kept"  # five are waited for
        await shop.until("SELECT expected_on FROM backorder", None)
        assert await needed(sessions) == (3, 0)
        heard = "SELECT array_agg(kind ORDER BY seq) FROM order_event WHERE source LIKE 'PO%'"
        assert (await shop.row(heard))[0][-3:] == [
            "goods_expected", "goods_expected", "goods_delayed",
        ]  # fmt: skip


async def answered(door: httpx.AsyncClient, no: str, key: str, on: date, units: int) -> str:
    """What the supplier's system says of line 1, signed."""
    data = {"no": no, "expected_on": on.isoformat(), "lines": [{"line_no": 1, "units": units}]}
    body = json.dumps({"type": "purchase_order.acknowledged", "data": data}).encode()
    headers = own_headers(JSON.secret, key, int(time.time()), body)
    answer = await door.post("/webhooks/suppliers/acme", content=body, headers=headers)
    return str(answer.json()["status"])


async def needed(sessions: Sessions) -> tuple[int, int]:
    """Units of A on order as the planner's next night counts them, and those too late to count."""
    async with sessions.begin() as session:
        found = await needs_of(session, "HQ", NIGHT, await setting_of(session))
    row = found.rows["A"]
    return int(row.on_order), int(row.late)
