"""A shop that refuses us, or does not answer for long, is a person's business: one item a loop."""

from typing import Final

from temporalio import activity

from db.engine import Sessions
from db.platform.attention import open_attention, resolve_attention
from db.platform.pausing import credentials_refused
from domain.shared.errors import CredentialsRefused, IntegrationError, Rejected

# From this attempt on silence is told, and what alone cannot be had is left behind.
PATIENT_ATTEMPTS: Final = 3


async def tell_trouble(
    sessions: Sessions, workflow_id: str, step_id: str, shop_id: str, error: IntegrationError
) -> None:
    """Open the loop's item, unless they may be back in a moment; refused credentials stop the shop
    as a whole, with one item for all of it."""
    if isinstance(error, CredentialsRefused):
        async with sessions.begin() as session:
            await credentials_refused(session, f"shop/{shop_id}", error)
        return
    if not isinstance(error, Rejected) and activity.info().attempt < PATIENT_ATTEMPTS:
        return
    async with sessions.begin() as session:
        await open_attention(
            session,
            workflow_id=workflow_id,
            step_id=step_id,
            system=f"shop/{shop_id}",
            cause=type(error).__name__,
            code=error.code,
            error=str(error),
            actions=("retry",),
        )


async def all_well(sessions: Sessions, workflow_id: str, step_id: str) -> None:
    """Close the loop's item, if there is one."""
    async with sessions.begin() as session:
        await resolve_attention(
            session,
            workflow_id=workflow_id,
            step_id=step_id,
            by="system",
            resolution="retry",
            note="the shop answers again",
        )
