"""What people of a warehouse say while counts and cases of receipts wait for them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.inventory.receipt_cases import CaseDecision, ReceiptCases, tell_case
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.platform.corrections import keep_correction
from db.sql import run
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receiving import Verdict
from domain.orders.messages import Accepted, ResolveStep
from domain.shared.clock import COMPANY_ZONE
from domain.shared.ids import count_workflow_id, receipt_case_workflow_id
from tests.workflows.world import Company


def today() -> date:
    return datetime.now(COMPANY_ZONE).date()


async def rows(shop: Company, statement: str) -> list[tuple[Any, ...]]:
    async with shop.sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


async def planned(shop: Company, *skus: str, days_ago: int = 0) -> str:
    """The number of a count at HQ."""
    async with shop.sessions.begin() as session:
        plan = CountPlan("HQ", "skus", today() - timedelta(days=days_ago), "boss", skus)
        no = await CountPlanning(session).plan(plan)
    await shop.deliver_signals()
    assert no is not None
    return no


async def seen(shop: Company, no: str, sku: str, units: int, *who: str) -> None:
    """Each of them counts so many units."""
    for by in who:
        async with shop.sessions.begin() as session:
            look = Look(f"{no}-{sku}-{by}-{units}", by, sku, units)
            await CountLooks(session).look(no, look)
    await shop.deliver_signals()


async def approved(shop: Company, no: str) -> None:
    """A second person said yes."""
    async with shop.sessions.begin() as session:
        await CountPosting(session).post(no, "boss")
    await shop.deliver_signals()


async def damaged(shop: Company, units: int, key: str, days_ago: int = 0) -> tuple[str, str]:
    """Broken goods came that nobody had announced: the numbers of receipt and case."""
    async with shop.sessions.begin() as session:
        no = await Receiving(session, "li").open(Opening("HQ", remark=key))
        row = await Receiving(session).lock(no)
        scan = Sent(f"scan-{key}", datetime.now(UTC), "A", units=units, verdict=Verdict.REJECTED)
        await ReceiptScans(session, row, "li").hear([scan])
        posted = await ReceiptPosting(session, "li", f"post-{key}").post(no)
        await run(
            session, "UPDATE receipt_case SET due_at = due_at - CAST(:ago AS interval)"
            " WHERE receipt_no = :no", no=no, ago=timedelta(days=days_ago),
        )  # fmt: skip
    await shop.deliver_signals()
    return no, posted.cases[0]


async def remembered(shop: Company, case: str) -> None:
    """Its next reminder is due now, and its workflow hears that something changed."""
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE receipt_case SET due_at = now() WHERE no = :no", no=case)
        await tell_case(session, case)
    await shop.deliver_signals()


async def case_ended(shop: Company, case: str, state: CaseState) -> None:
    async with shop.sessions.begin() as session:
        await ReceiptCases(session, "li", "end").decide(case, CaseDecision(state, "agreed"))
    await shop.deliver_signals()


def count(shop: Company, no: str) -> WorkflowHandle[Any, Any]:
    return shop.client.get_workflow_handle(count_workflow_id(no), result_type=str)


def case(shop: Company, no: str) -> WorkflowHandle[Any, Any]:
    return shop.client.get_workflow_handle(receipt_case_workflow_id(no), result_type=str)


async def decided(
    shop: Company, handle: WorkflowHandle[Any, Any], step: str, action: Any, **values: str
) -> None:
    """A person decides about a step that waits."""
    correction = ""
    if values:
        async with shop.sessions.begin() as session:
            correction = await keep_correction(
                session, step, handle.id, step, values, by="boss", request_id=handle.id
            )
    told = ResolveStep(step, action, "boss", "as agreed", correction)
    await handle.execute_update("resolve_step", told, result_type=Accepted)
