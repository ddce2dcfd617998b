"""What came of trying the connection to an account."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_KEEP: Final = {
    "erp": "UPDATE erp_account SET tried_at = clock_timestamp(), tried_error = :error"
    " WHERE id = :id",
    "invoice": "UPDATE invoice_account SET tried_at = clock_timestamp(), tried_error = :error"
    " WHERE id = :id",
}
_LONGEST: Final = 500


async def keep_trial(session: AsyncSession, system: str, error: str) -> None:
    """Keep what the account at `system` said; an empty error means that it answered."""
    kind, _, account_id = system.partition("/")
    await run(session, _KEEP[kind], error=error[:_LONGEST], id=account_id)
