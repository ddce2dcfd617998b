"""Asking for a second person before something is done that one alone may not do."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import RequestContext
from api.errors import ApprovalAsked
from db.platform.alone import TooMuchAlone, add_alone
from db.platform.approvals import Asked, ask_audited
from domain.platform.approvals import ApprovalKind
from runtime.settings import Settings

_A_DAY: Final = timedelta(days=1)


async def correct_alone(
    session: AsyncSession,
    context: RequestContext,
    settings: Settings,
    act: str,
    moved: Iterable[tuple[str, str, int]],
) -> None:
    """Count units (SKU, location, difference) that somebody corrects: all of this act, and of each
    SKU and location with what he corrected there within a day. A limit of 0 = never.

    Raises TooMuchAlone when a second person has to say yes, who did not yet.
    """
    limit = settings.two_person_stock_units
    if not limit or context.approval_id:
        return
    who = f"stock/{context.principal.kind}/{context.principal.id}"
    units: dict[str, int] = {}
    for sku, location, difference in moved:
        of = f"{who}/{location}/{sku}"
        units[of] = units.get(of, 0) + abs(difference)
    if sum(units.values()) > limit:
        raise TooMuchAlone
    await add_alone(session, who, act, units, limit, _A_DAY)


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
    who = context.principal
    asked = Asked(
        kind, subject, payload, reason, f"{who.kind}/{who.id}", who.actor, who.roles,
        amount_minor, currency, units,
    )  # fmt: skip
    lasts = timedelta(hours=settings.approval_hours)
    async with context.sessions.begin() as session:
        approval_id = await ask_audited(session, asked, lasts, context.request_id)
    raise ApprovalAsked(approval_id)
