"""Approvals: what waits for a second person, with what saying yes would do."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SettingsOf
from api.platform import approvals
from api.platform.approvals import ApprovalDecision, Preview
from domain.shared.errors import DomainError
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)


@router.get("/approvals")
async def approval_list(request: Request, context: Context) -> Response:
    """What one asked for or may decide about; what waits comes first."""
    rows = await approvals.seen_by(context)
    return page(request, "approvals.html", rows=rows, state_of=approvals.state_of)


@router.get("/approvals/{approval_id}")
async def approval_page(
    approval_id: str, request: Request, context: Context, settings: SettingsOf
) -> Response:
    """One of them, with its effects as they would be now."""
    row = await approvals.one(context, approval_id)
    state, refused, shown = approvals.state_of(row), "", Preview()
    if state == "open":
        try:
            shown = await approvals.preview(context, settings, row)
        except DomainError as error:
            refused = str(error)
    return page(
        request, "approval.html", row=row, state=state, preview=shown, refused=refused,
        may_decide=approvals.may_decide(context, row),
        is_mine=row.asked_by_id == f"{context.principal.kind}/{context.principal.id}",
    )  # fmt: skip


@router.post("/approvals/{approval_id}/decide")
async def decide(
    approval_id: str,
    context: Context,
    settings: SettingsOf,
    decision: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Yes or no."""
    body = body_of(ApprovalDecision, decision=decision, reason=reason)
    await approvals.decide(approval_id, body, context, settings)
    return RedirectResponse(f"/approvals/{approval_id}", 303)


@router.post("/approvals/{approval_id}/withdraw")
async def withdraw(approval_id: str, context: Context) -> Response:
    """Whoever asked wants it no more."""
    await approvals.withdraw(approval_id, context)
    return RedirectResponse(f"/approvals/{approval_id}", 303)
