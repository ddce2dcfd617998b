"""Intake: one transaction that keeps a message and makes sure that its order exists once."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import InboxRow
from db.ids import new_id, new_order_no
from db.orders.tables import SalesOrderRow
from db.sql import execute, run
from db.vault import Vault
from domain.shared.errors import IdempotencyMismatch
from domain.shared.ids import order_workflow_id

LONGEST_EXTERNAL_NO: Final = 64
NO_ORDER_NUMBER: Final = "no_order_number"
UNUSABLE_ORDER_NUMBER: Final = "unusable_order_number"
_LONGEST_MESSAGE_ID: Final = 200
_AT_ONCE: Final = {"isolation_level": "AUTOCOMMIT"}


def _defaults(table: Table) -> dict[str, str]:
    """What the table's model puts into columns that nobody names, as SQL."""
    values = {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ScalarElementColumnDefault)
    }
    return {
        name: f"'{value}'" if isinstance(value, str) else str(value).lower()
        for name, value in values.items()
    }


def _text(parameter: str) -> str:
    """Postgres asks for the type of a parameter that stands in several places."""
    return f"CAST(:{parameter} AS text)"


_NEW_ORDER: Final = {
    **_defaults(SalesOrderRow.__table__),  # type: ignore[attr-defined]
    "id": _text("order_id"), "no": _text("no"), "channel": _text("channel"),
    "shop_id": _text("shop_id"), "external_no": _text("external_no"),
    "workflow_id": _text("workflow_id"),
}  # fmt: skip

_NEW_MESSAGE: Final = {
    **_defaults(InboxRow.__table__),  # type: ignore[attr-defined]
    "id": _text("id"), "source": _text("source"), "shop_id": _text("shop_id"),
    "message_id": _text("message_id"), "topic": _text("topic"),
    "external_no": _text("external_no"), "order_id": "its.id", "sha256": _text("sha256"),
    "raw": ":raw",
}  # fmt: skip

# Nothing is returned, and nothing kept, when the message was kept before, when another transaction
# is making the order, or when two orders drew one number: `accept` finds out which.
_KEEP: Final = f"""
WITH made AS (
    INSERT INTO sales_order ({", ".join(_NEW_ORDER)})
    SELECT {", ".join(_NEW_ORDER.values())}
    WHERE NOT EXISTS (SELECT FROM inbox WHERE source = :source AND shop_id = :shop_id
                      AND message_id = :message_id)
    ON CONFLICT DO NOTHING RETURNING id),
its AS (
    SELECT id FROM made UNION ALL
    SELECT id FROM sales_order
    WHERE channel = :channel AND shop_id = :shop_id AND external_no = :external_no)
INSERT INTO inbox ({", ".join(_NEW_MESSAGE)})
SELECT {", ".join(_NEW_MESSAGE.values())} FROM its
ON CONFLICT DO NOTHING RETURNING order_id
"""  # noqa: S608 (made of constants)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that is kept; `order_id` is None while it is parked without an order."""

    inbox_id: str
    order_id: str | None
    duplicate: bool


async def accept_at_once(
    session: AsyncSession,
    vault: Vault,
    *,
    source: str,
    shop_id: str,
    channel: str,
    message_id: str,
    topic: str,
    external_no: str,
    raw: bytes,
) -> Accepted | None:
    """What `accept` does with nearly every message, in one statement that commits itself.

    None, and nothing is kept, for the others: `accept` them. `session` must be a new one.
    """
    if not raw or _why_unusable(external_no):
        return None
    await session.connection(execution_options=_AT_ONCE)
    inbox_id = new_id("in")
    kept = await run(
        session,
        _KEEP,
        order_id=new_id("ord"),
        no=new_order_no(datetime.now(UTC)),
        workflow_id=order_workflow_id(channel, shop_id, external_no),
        id=inbox_id,
        source=source,
        shop_id=shop_id,
        channel=channel,
        message_id=_bounded(message_id),
        topic=topic[:100],
        external_no=external_no,
        sha256=hashlib.sha256(raw).hexdigest(),
        raw=vault.seal(raw, inbox_id),
    )
    return Accepted(inbox_id, kept[0].order_id, duplicate=False) if kept else None


async def accept(
    session: AsyncSession,
    vault: Vault,
    *,
    source: str,
    shop_id: str,
    channel: str,
    message_id: str,
    topic: str,
    external_no: str,
    raw: bytes,
    parked_reason: str = "",
) -> Accepted:
    """Keep a genuine message and make sure that its order exists; acknowledge after the commit.

    A message without a usable order number is kept parked. The same message again changes nothing;
    the same id with another body raises IdempotencyMismatch. `parked_reason` keeps a message that
    is known to be unreadable away from its order until someone has it processed again.
    """
    reason = parked_reason or _why_unusable(external_no)
    order_id = None if reason else await order_of(session, channel, shop_id, external_no)
    inbox_id = new_id("in")
    sha256 = hashlib.sha256(raw).hexdigest()
    message_id = _bounded(message_id)
    kept = await execute(
        session,
        insert(InboxRow)
        .values(
            id=inbox_id,
            source=source,
            shop_id=shop_id,
            message_id=message_id,
            topic=topic[:100],
            external_no=_storable(external_no),
            order_id=order_id,
            sha256=sha256,
            raw=vault.seal(raw, inbox_id) if raw else None,
            parked_reason=reason[:500],
            outcome="parked" if reason else "",
        )
        .on_conflict_do_nothing()
        .returning(col(InboxRow.id)),
    )
    if kept:
        return Accepted(inbox_id, order_id, duplicate=False)
    first = (
        await session.exec(
            select(InboxRow.id, InboxRow.order_id, InboxRow.sha256).where(
                InboxRow.source == source,
                InboxRow.shop_id == shop_id,
                InboxRow.message_id == message_id,
            )
        )
    ).one()
    first_id, first_order_id, first_sha256 = first
    if first_sha256 != sha256:
        raise IdempotencyMismatch("a message with this id and another body was accepted before")
    return Accepted(first_id, first_order_id, duplicate=True)


async def order_of(session: AsyncSession, channel: str, shop_id: str, external_no: str) -> str:
    """The id of the one order with this number in this shop; the row is made when it is new.

    `external_no` must be usable, see `accept`.
    """
    while True:
        made = await execute(
            session,
            insert(SalesOrderRow)
            .values(
                id=new_id("ord"),
                no=new_order_no(datetime.now(UTC)),
                channel=channel,
                shop_id=shop_id,
                external_no=external_no,
                workflow_id=order_workflow_id(channel, shop_id, external_no),
            )
            .on_conflict_do_nothing()
            .returning(col(SalesOrderRow.id)),
        )
        if made:
            new_order_id: str = made[0].id
            return new_order_id
        # The order is known, or another one of today drew the same number.
        known = (
            await session.exec(
                select(SalesOrderRow.id).where(
                    SalesOrderRow.channel == channel,
                    SalesOrderRow.shop_id == shop_id,
                    SalesOrderRow.external_no == external_no,
                )
            )
        ).one_or_none()
        if known is not None:
            return known


async def reprocess(
    session: AsyncSession, inbox_id: str, *, channel: str, external_no: str
) -> str | None:
    """Give a parked message to its order again; returns the order's id, None if it is not parked.

    Raises ValueError when `external_no` is not usable.
    """
    if reason := _why_unusable(external_no):
        raise ValueError(reason)
    row = await session.get(InboxRow, inbox_id, with_for_update=True)
    if row is None or not row.parked_reason:
        return None
    row.order_id = await order_of(session, channel, row.shop_id, external_no)
    row.external_no = external_no
    row.parked_reason = row.outcome = ""
    row.applied_at = row.handed_at = None
    session.add(row)
    return row.order_id


def _why_unusable(external_no: str) -> str:
    if not external_no:
        return NO_ORDER_NUMBER
    if len(external_no) > LONGEST_EXTERNAL_NO or not external_no.isprintable():
        return UNUSABLE_ORDER_NUMBER
    return ""


def _storable(text: str) -> str:
    """What Postgres can keep: no NUL, no lone surrogates, bounded."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:LONGEST_EXTERNAL_NO]


def _bounded(message_id: str) -> str:
    """Vendors choose their ids; a very long one is kept as its digest."""
    text = message_id.encode("utf-8", "replace").decode().replace("\x00", "")
    if len(text) <= _LONGEST_MESSAGE_ID:
        return text
    return hashlib.sha256(text.encode()).hexdigest()
