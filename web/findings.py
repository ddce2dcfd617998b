"""The nightly audit as a page: what was checked, what differs, and what to do about it."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.platform import findings as api_findings
from api.platform.audit_runs import check_now as check_everything
from api.strict import Asked
from db.platform import findings
from db.platform.audit_runs import AuditRuns
from domain.platform.auditing import REPAIRABLE
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)

_MOST: Final = 50
# Where a person puts right what no other row proves, by words in the facts of a finding.
_PLACES: Final = (
    (("sku", "location_id"), "/levels/moves?sku={sku}&location={location_id}"),
    (("no", "captured_minor"), "/orders/{no}"),
    (("no", "returning_minor"), "/orders/{no}"),
    (("no", "status"), "/orders/{no}"),
    (("claim_no", "set_off_minor"), "/finance/goods-claims/{claim_no}"),
    (("claim_no",), "/claims/{claim_no}"),
    (("no", "origin"), "/finance/goods-claims"),
    (("export_no",), "/finance/erp"),
    (("erp_id",), "/finance/erp"),
    (("red_minor",), "/finance/invoices"),
)


@router.get("/audit/findings")
async def overview(
    request: Request, sessions: SessionsOf, state: Asked = "", check: Asked = "",
    cursor: Asked = "",
) -> Response:  # fmt: skip
    """What differs now, or did, and when everything was checked last."""
    gone = state == "gone"
    async with sessions.begin() as session:
        found = await api_findings.findings_page(session, gone, check, cursor, _MOST)
        checks = await findings.checks_made(session)
        last = await AuditRuns(session).latest(1)
    return page(
        request, "findings.html", found=found, checks=checks, state=state, check=check,
        run=last[0] if last else None, repairable=REPAIRABLE, place=place_of,
        made=max((row.made_at for row in checks), default=None),
    )  # fmt: skip


@router.get("/audit/findings/now")
async def now(request: Request, sessions: SessionsOf) -> Response:
    """How far the run is; when it is over the whole page is read again."""
    async with sessions.begin() as session:
        last = await AuditRuns(session).latest(1)
    answer = page(request, "parts/audit_run.html", run=last[0] if last else None, made=None)
    if not last or last[0].ended_at is not None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/audit/findings/now")
async def check_now(context: Context) -> Response:
    """Make every check now."""
    await check_everything(context)
    return RedirectResponse("/audit/findings", 303)


@router.get("/audit/findings/{finding_id}/repair")
async def form(finding_id: str, request: Request, context: Context) -> Response:
    """What a repair would write, said before it is done."""
    finding_id = typed(finding_id)
    plan = await api_findings.plan_repair(finding_id, context.sessions)
    async with context.sessions.begin() as session:
        finding = api_findings.AuditFinding.of(await api_findings.one_finding(session, finding_id))
    return page(
        request, "finding_repair.html", finding=finding, plan=plan,
        address=f"/audit/findings/{finding_id}/repair", place=place_of,
    )  # fmt: skip


@router.post("/audit/findings/{finding_id}/repair")
async def repair(finding_id: str, request: Request, context: Context) -> Response:
    """Put it right."""
    await api_findings.repair_finding(typed(finding_id), context)
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse("/audit/findings", 303)


def place_of(facts: dict[str, Any]) -> str:
    """The page on which a person looks further; none where no page shows it."""
    for names, address in _PLACES:
        if all(facts.get(name) is not None for name in names):
            return address.format_map(facts)
    return ""
