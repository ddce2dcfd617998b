"""Counts and cases of receipts are not forgotten: reminded of, decided about, ended once."""

from datetime import timedelta
from typing import Final

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from domain.inventory.receipt_cases import CaseState
from tests.samples import CAMPAIGN
from tests.workflows import counting
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import Company, company

DAY: Final = timedelta(days=1)
A_WHILE: Final = timedelta(minutes=1)
ONE_COUNT: Final = (
    "count.look", "count.remind", "count.put_off", "count.leave_out", "count.ask", "count.post",
    "count.cancel", "count.again",
)  # fmt: skip
ONE_CASE: Final = (
    "receipt_case.look", "receipt_case.remind", "receipt_case.put_off", "receipt_case.leave",
    "receipt_case.take_back",
)  # fmt: skip
WAITS: Final = "SELECT cause, attempts FROM attention WHERE resolved_at IS NULL"
CAUSE: Final = "SELECT cause FROM attention WHERE resolved_at IS NULL"
NOBODY: Final = "SELECT count(*) FROM attention WHERE resolved_at IS NULL"


async def test_a_count_that_nobody_counts_is_brought_to_people_and_posts_what_was_counted(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        await shop.receive("B", 3, "GRN-B")
        no = await counting.planned(shop, "A", "B")
        await temporal_env.sleep(DAY + A_WHILE)  # the day of the place is over by then
        await shop.until(WAITS, "CountLate", 1)
        await temporal_env.sleep(DAY)
        await shop.until(WAITS, "CountLate", 2)  # and again every day

        await counting.decided(shop, counting.count(shop, no), "count_late", "retry_with", days="3")
        await shop.until(NOBODY, 0)
        await temporal_env.sleep(2 * DAY)
        await shop.until(NOBODY, 0)
        await temporal_env.sleep(DAY + timedelta(hours=1))
        await shop.until(WAITS, "CountLate", 3)

        await counting.seen(shop, no, "A", 8, "anna", "ben")
        await counting.decided(shop, counting.count(shop, no), "count_late", "skip")

        assert await counting.count(shop, no).result() == "posted"
        lines = await counting.rows(
            shop, "SELECT sku, state, posted FROM stock_count_line ORDER BY sku"
        )
        assert lines == [("A", "agreed", -2), ("B", "left_out", 0)]
        assert await shop.row("SELECT sum(on_hand)::int FROM stock_balance") == (11,)
        await shop.until(NOBODY, 0)
        await shop.adds_up()


async def test_many_units_wait_for_a_second_person_or_are_counted_from_the_beginning(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed(stock=3000)
        first = await counting.planned(shop, "A")
        await counting.seen(shop, first, "A", 300, "anna", "ben")
        await shop.until(WAITS, "CountNeedsApproval", 1)
        asked = await shop.row("SELECT payload ->> 'count_no', units, state FROM approval")
        assert asked == (first, 2700, "open")
        assert await shop.row("SELECT on_hand FROM stock_balance") == (3000,)

        await counting.decided(shop, counting.count(shop, first), "count_approval", "compensate")
        assert await counting.count(shop, first).result() == "cancelled"
        await shop.deliver_signals()
        second = (await shop.row("SELECT no FROM stock_count WHERE state = 'open'")).no
        await counting.seen(shop, second, "A", 1200, "anna", "ben")
        await shop.until(WAITS, "CountNeedsApproval", 1)
        await counting.approved(shop, second)

        assert await counting.count(shop, second).result() == "posted"
        await shop.until(NOBODY, 0)
        assert await shop.row("SELECT on_hand FROM stock_balance") == (1200,)
        await shop.adds_up()


async def test_a_case_is_reminded_of_on_itself_then_in_the_inbox_until_it_is_decided(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        _, no = await counting.damaged(shop, 4, "first")
        await temporal_env.sleep(2 * DAY + timedelta(hours=1))
        await shop.until("SELECT reminders FROM receipt_case", 1)
        assert await shop.row(NOBODY) == (0,)
        await temporal_env.sleep(DAY)
        await shop.until(WAITS, "ReceiptCaseWaits", 2)
        await temporal_env.sleep(DAY)
        await shop.until(WAITS, "ReceiptCaseWaits", 3)

        await counting.case_ended(shop, no, CaseState.DESTROYED)
        assert await counting.case(shop, no).result() == "destroyed"
        await shop.until(NOBODY, 0)


@CAMPAIGN
async def test_a_worker_that_dies_after_each_step_does_each_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 600
        await shop.seed(stock=3000)
        await shop.receive("B", 3, "GRN-B")
        await counts_to_their_ends(temporal_env, shop)
        await cases_to_their_ends(temporal_env, shop)

        assert {x for x in death.after if x.startswith("count.")} == set(ONE_COUNT)
        assert {x for x in death.after if x.startswith("receipt_case.")} == set(ONE_CASE)
        twice = "SELECT subject, action FROM audit_log GROUP BY 1, 2 HAVING count(*) > 1"
        assert await counting.rows(shop, twice) == []
        await shop.until(NOBODY, 0)
        await shop.adds_up()


async def counts_to_their_ends(env: WorkflowEnvironment, shop: Company) -> None:
    """One is dropped, one goes on without the rest, one is counted anew and then approved."""
    dropped = await counting.planned(shop, "B")
    await env.sleep(DAY + A_WHILE)
    await shop.until(CAUSE, "CountLate")
    await counting.decided(shop, counting.count(shop, dropped), "count_late", "compensate")
    assert await counting.count(shop, dropped).result() == "cancelled"

    no = await counting.planned(shop, "A", "B")
    await shop.until(CAUSE, "CountLate")  # its day is over already
    handle = counting.count(shop, no)
    await counting.decided(shop, handle, "count_late", "retry")
    await shop.until(NOBODY, 0)
    await env.sleep(DAY + timedelta(hours=1))
    await shop.until(CAUSE, "CountLate")
    await counting.seen(shop, no, "A", 2990, "anna", "ben")
    await counting.decided(shop, handle, "count_late", "skip")
    assert await handle.result() == "posted"
    assert await shop.row("SELECT on_hand FROM stock_balance WHERE sku = 'A'") == (2990,)

    first = await counting.planned(shop, "A")
    await counting.seen(shop, first, "A", 300, "anna", "ben")
    await shop.until(CAUSE, "CountNeedsApproval")
    await counting.decided(shop, counting.count(shop, first), "count_approval", "compensate")
    assert await counting.count(shop, first).result() == "cancelled"
    await shop.deliver_signals()
    again = await counting.rows(shop, "SELECT no FROM stock_count WHERE state = 'open'")
    assert len(again) == 1
    await counting.seen(shop, again[0][0], "A", 1000, "anna", "ben")
    await shop.until(CAUSE, "CountNeedsApproval")
    assert await shop.row("SELECT count(*) FROM approval") == (2,)
    await counting.approved(shop, again[0][0])
    assert await counting.count(shop, again[0][0]).result() == "posted"


async def cases_to_their_ends(env: WorkflowEnvironment, shop: Company) -> None:
    """One is put off, then left alone and destroyed; one is taken back with its receipt."""
    _, no = await counting.damaged(shop, 4, "first")
    handle = counting.case(shop, no)
    await env.sleep(3 * DAY + timedelta(hours=1))
    await shop.until(CAUSE, "ReceiptCaseWaits")
    await counting.decided(shop, handle, "receipt_case", "retry_with", days="5")
    await shop.until(NOBODY, 0)
    await env.sleep(5 * DAY + timedelta(hours=1))
    await shop.until(CAUSE, "ReceiptCaseWaits")
    await counting.decided(shop, handle, "receipt_case", "skip")
    await shop.until("SELECT due_at FROM receipt_case", None)
    await counting.case_ended(shop, no, CaseState.DESTROYED)
    assert await handle.result() == "destroyed"

    receipt, no = await counting.damaged(shop, 2, "second")
    await env.sleep(3 * DAY + timedelta(hours=1))
    await shop.until(CAUSE, "ReceiptCaseWaits")
    await counting.decided(shop, counting.case(shop, no), "receipt_case", "compensate")
    assert await counting.case(shop, no).result() == "withdrawn"
    state = await shop.row("SELECT state, why FROM goods_receipt WHERE no = :no", no=receipt)
    assert state == ("corrected", "as agreed")
