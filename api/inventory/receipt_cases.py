"""Cases about goods that came otherwise than agreed: looked at, and ended for a reason."""

from typing import Final, Literal

from fastapi import APIRouter

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.inventory.receiving_bodies import CaseDecided, ReceiptCasePage, ReceiptCaseView
from api.orders.returns import minor
from api.platform.asking import ask_another, correct_alone
from api.platform.docs import WAITS
from api.strict import Asked, Code
from db.inventory import receipt_queries
from db.inventory.receipt_cases import CaseDecision, ReceiptCases
from db.platform.alone import TooMuchAlone
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receiving import Trouble
from domain.platform.approvals import ApprovalKind
from runtime.settings import Settings

router = APIRouter(tags=["receiving"])

_PAGE: Final = 100
State = Literal[
    "", "open", "accepted", "returned", "credited", "replaced", "destroyed", "withdrawn"
]


@router.get("/receipt-cases")
async def cases(
    sessions: SessionsOf, state: State = "", location: Asked = "", receipt: Asked = "",
    before: Asked = "",
) -> ReceiptCasePage:  # fmt: skip
    """Cases, the newest first."""
    async with sessions.begin() as session:
        rows = await receipt_queries.cases(
            session, receipt=receipt, state=state, location=location, before=before,
            limit=_PAGE + 1,
        )  # fmt: skip
    shown = rows[:_PAGE]
    return ReceiptCasePage(
        cases=[ReceiptCaseView.of(row) for row in shown],
        next=shown[-1].no if len(rows) > _PAGE else "",
    )


@router.get("/receipt-cases/{case_no}")
async def case(case_no: Code, sessions: SessionsOf) -> ReceiptCaseView:
    """One case, and how it may end now."""
    async with sessions.begin() as session:
        return ReceiptCaseView.of(await ReceiptCases(session).find(case_no))


@router.post("/receipt-cases/{case_no}/decision", responses=WAITS)
async def decide(
    case_no: Code, body: CaseDecided, context: Context, settings: SettingsOf
) -> ReceiptCaseView:
    """End a case: its goods go on sale, back to their supplier, or away.

    202 when so many units leave quarantine that a second person has to approve it.
    """
    async with context.sessions.begin() as session:
        row = await ReceiptCases(session).find(case_no)
    credited = None if body.amount is None else minor(body.amount, row.currency)
    decision = CaseDecision(
        CaseState(body.decision),
        body.reason,
        body.reference,
        credited,
        tuple(body.serials),
        body.lot,
        body.expires_on,
    )
    try:
        return await _decided(case_no, decision, context, settings)
    except TooMuchAlone:
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"receipt-case/{case_no}",
            {"case_no": case_no, "body": body.model_dump(mode="json")}, body.reason,
            amount_minor=row.value_minor, currency=row.currency, units=row.units,
        )  # fmt: skip
        raise


async def _decided(
    case_no: str, decision: CaseDecision, context: RequestContext, settings: Settings
) -> ReceiptCaseView:
    async with context.sessions.begin() as session:
        found = ReceiptCases(session, context.actor, context.request_id)
        row = await found.decide(case_no, decision)
        if row.trouble != Trouble.SHORT:
            moved = [(row.sku, row.location_id, row.units)]
            await correct_alone(session, context, settings, f"receipt-case/{case_no}", moved)
        return ReceiptCaseView.of(await found.find(case_no))
