"""Asking for a second person before something is done that one alone may not do."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.deps import RequestContext
from api.errors import ApprovalAsked
from db.platform.approvals import Asked, ask
from db.platform.audit import audit
from domain.platform.approvals import ApprovalKind
from runtime.settings import Settings


def is_above(context: RequestContext, much: int, limit: int) -> bool:
    """Whether this needs a second person, who did not say yes yet. A limit of 0 = never."""
    return not context.approval_id and 0 < limit < much


async def ask_another(
    context: RequestContext,
    settings: Settings,
    kind: ApprovalKind,
    subject: str,
    payload: Mapping[str, Any],
    reason: str,
    *,
    amount_minor: int = 0,
    currency: str = "",
    units: int = 0,
) -> None:
    """Nothing is done; another person with the right finds it on the page Approvals.

    Raises ApprovalAsked, always.
    """
    now, who = datetime.now(UTC), context.principal
    asked = Asked(
        kind, subject, payload, reason, f"{who.kind}/{who.id}", who.actor, who.roles,
        amount_minor, currency, units,
    )  # fmt: skip
    expires_at = now + timedelta(hours=settings.approval_hours)
    async with context.sessions.begin() as session:
        approval_id = await ask(session, asked, now, expires_at)
        await audit(
            session, context.actor, "approval.asked", f"approval/{approval_id}", reason=reason,
            after={"kind": kind, "subject": subject, "amount_minor": amount_minor, "units": units},
            request_id=context.request_id,
        )  # fmt: skip
    raise ApprovalAsked(approval_id)
