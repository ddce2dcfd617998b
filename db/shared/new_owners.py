"""Whom we begin to speak to: a shop or a payment account, with sealed secrets and a gate."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.shared.credentials import Credentials
from db.shared.owners import Owner
from db.vault import Vault
from domain.orders.messages import GateOpened
from domain.shared.ids import gate_workflow_id


async def add_owner(
    session: AsyncSession,
    vault: Vault,
    system: str,
    row: Owner,
    secrets: Mapping[str, str],
    *,
    told: Mapping[str, Any],
    expires_at: datetime | None,
    by: str,
    request_id: str,
) -> None:
    """Keep it with sealed secrets, and start its gate; `told` is written down with the keys of its
    settings and the names of its secrets alone."""
    session.add(row)
    await session.flush()
    after = {**told, "settings": sorted(row.settings)}
    kind = system.partition("/")[0]
    await audit(session, by, f"{kind}.add", system, after=after, request_id=request_id)
    await Credentials(session, vault, system).change(
        secrets, expires_at=expires_at, now=datetime.now(UTC), by=by, request_id=request_id
    )
    await queue_signal(session, gate_workflow_id(system), "gate_shut", GateOpened(system))
