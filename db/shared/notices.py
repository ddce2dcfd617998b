"""Notices of payment providers: kept beside the messages of shops, applied the moment they came."""

import hashlib
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.sql import run
from db.vault import Vault

_LONGEST_ID: Final = 200

# Applied already, so nobody hands it to an order; the body is erased like any other.
_KEEP: Final = """
INSERT INTO inbox (id, source, shop_id, message_id, topic, external_no, sha256, raw, hand_overs,
                   applied_at, outcome, parked_reason)
VALUES (:id, :source, :shop_id, :message_id, :topic, :external_no, :sha256, :raw, 0,
        clock_timestamp(), :outcome, '')
ON CONFLICT (source, shop_id, message_id) DO NOTHING
"""

_HEARD_OF: Final = """
UPDATE payment_account SET last_push_at = clock_timestamp() WHERE id = :account_id
"""


async def keep_notice(
    session: AsyncSession,
    vault: Vault,
    *,
    source: str,
    account_id: str,
    shop_id: str,
    notice_id: str,
    topic: str,
    external_no: str,
    outcome: str,
    raw: bytes,
) -> None:
    """Keep what was told in the transaction that acted on it; a repetition is kept once."""
    inbox_id = new_id("in")
    await run(
        session,
        _KEEP,
        id=inbox_id,
        source=source,
        shop_id=shop_id,
        message_id=notice_id[:_LONGEST_ID],
        topic=topic[:100],
        external_no=external_no[:64],
        sha256=hashlib.sha256(raw).hexdigest(),
        raw=vault.seal(raw, inbox_id),
        outcome=outcome,
    )
    await run(session, _HEARD_OF, account_id=account_id)
