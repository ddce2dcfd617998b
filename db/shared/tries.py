"""Tries of steps at outside systems: kept while they help people to decide, sealed for their order.

Functions take part in the caller's transaction.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.keys import OrderKey, order_key
from db.sql import run
from db.vault import Vault, try_context
from domain.platform.tries import Heard
from domain.shared.errors import PersonErased

MOST_SHOWN: Final = 50

# By which number a lifecycle goes, and the order it is for.
_ORDER_OF: Final = {
    "order": "SELECT id AS order_id FROM sales_order WHERE workflow_id = :workflow_id",
    "shipment": "SELECT order_id FROM shipment WHERE no = :own",
    "refund": "SELECT order_id FROM refund WHERE refund_no = :own",
    "return": "SELECT order_id FROM sales_return WHERE return_no = :own",
    "return-label": "SELECT order_id FROM return_label WHERE no = :own",
    "intercept": "SELECT order_id FROM intercept WHERE parcel_id = :own",
    "invoice": "SELECT order_id FROM invoice WHERE no = :own",
}

_KEEP: Final = """
INSERT INTO step_try (id, workflow_id, step_id, order_id, at, system, attempt, cause, code, calls,
                      sealed)
VALUES (:id, :workflow_id, :step_id, :order_id, :at, :system, :attempt, :cause, :code,
        CAST(:calls AS jsonb), :sealed)
"""

# The latest of them, the first first.
_OF_STEP: Final = """
SELECT * FROM (SELECT * FROM step_try WHERE workflow_id = :workflow_id AND step_id = :step_id
               ORDER BY at DESC, id DESC LIMIT :limit) t ORDER BY at, id
"""

# Of a system that refuses us as a whole: whichever step met it last.
_OF_SYSTEM: Final = """
SELECT * FROM (SELECT * FROM step_try WHERE system = :system
                 AND cause IN ('CredentialsRefused', 'SettingsRefused')
               ORDER BY at DESC, id DESC LIMIT 5) t ORDER BY at, id
"""
_AS_A_WHOLE: Final = ("credentials", "settings")

# What somebody still has to decide about is kept, however old.
_PRUNE: Final = """
DELETE FROM step_try WHERE id IN (
    SELECT t.id FROM step_try t WHERE t.at < clock_timestamp() - CAST(:age AS interval)
      AND NOT EXISTS (SELECT FROM attention a WHERE a.workflow_id = t.workflow_id
                        AND a.step_id = t.step_id AND a.resolved_at IS NULL)
    ORDER BY t.at LIMIT 1000)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Try:
    """One that failed: `sent` is what was asked, `said` their words without people. Of people who
    were erased a kept one tells neither."""

    at: datetime
    system: str
    attempt: int
    cause: str
    code: str
    said: str
    sent: Mapping[str, Any] = field(repr=False)
    calls: Sequence[Heard]


async def keep_try(
    session: AsyncSession, vault: Vault, workflow_id: str, step_id: str, new: Try
) -> None:
    """Write it down. Of a person who was erased nothing is kept but that it failed."""
    try_id, order_id = new_id("try"), await _order_of(session, workflow_id)
    told = json.dumps({"sent": dict(new.sent), "said": new.said}, ensure_ascii=False, default=str)
    try:
        sealed = (await _key(session, vault, order_id)).seal(told.encode(), try_context(try_id))
    except PersonErased:
        sealed = b""
    await run(
        session, _KEEP, id=try_id, workflow_id=workflow_id, step_id=step_id,
        order_id=order_id, at=new.at, system=new.system, attempt=new.attempt, cause=new.cause,
        code=new.code[:100], calls=json.dumps([asdict(one) for one in new.calls], default=str),
        sealed=sealed,
    )  # fmt: skip


async def tries_of(
    session: AsyncSession, vault: Vault, workflow_id: str, step_id: str, system: str = ""
) -> tuple[Try, ...]:
    """The latest tries of a step that failed, the first first."""
    if step_id in _AS_A_WHOLE:
        rows = await run(session, _OF_SYSTEM, system=system)
    else:
        rows = await run(
            session, _OF_STEP, workflow_id=workflow_id, step_id=step_id, limit=MOST_SHOWN
        )  # fmt: skip
    keys = {order_id: await _opens(session, vault, order_id) for order_id in _orders(rows)}
    return tuple(_read(row, keys[row.order_id]) for row in rows)


async def prune_step_tries(session: AsyncSession, age: timedelta) -> int:
    """Forget up to 1,000 of steps that nobody has to decide about any more."""
    return len(await run(session, _PRUNE, age=age))


def _read(row: Any, key: OrderKey | Vault | None) -> Try:
    told: dict[str, Any] = {}
    if key is not None and row.sealed:
        told = json.loads(key.open(bytes(row.sealed), try_context(row.id)))
    calls = [Heard(**one | {"at": datetime.fromisoformat(one["at"])}) for one in row.calls]
    return Try(
        row.at, row.system, row.attempt, row.cause, row.code, told.get("said", ""),
        told.get("sent", {}), calls,
    )  # fmt: skip


async def _order_of(session: AsyncSession, workflow_id: str) -> str | None:
    kind, _, own = workflow_id.partition("/")
    if (query := _ORDER_OF.get(kind)) is None:
        return None
    values = {"workflow_id": workflow_id} if kind == "order" else {"own": unquote(own)}
    rows = await run(session, query, **values)
    return rows[0].order_id if rows else None


def _orders(rows: Sequence[Any]) -> set[str | None]:
    return {row.order_id for row in rows}


async def _opens(
    session: AsyncSession, vault: Vault, order_id: str | None
) -> OrderKey | Vault | None:
    """What opens the tries of an order; None once its people were erased."""
    try:
        return await _key(session, vault, order_id)
    except PersonErased:
        return None


async def _key(session: AsyncSession, vault: Vault, order_id: str | None) -> OrderKey | Vault:
    return await order_key(session, vault, order_id) if order_id else vault
