"""What people write about an order: sealed on the way in, opened on the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keys import order_key
from db.orders.desk_events import desk_event
from db.sql import run
from db.vault import Vault, note_context
from domain.shared.errors import ActionNotAllowed, NoteNotFound

_WRITE: Final = """
INSERT INTO order_note (id, order_id, sealed, author) VALUES (:id, :order_id, :sealed, :author)
ON CONFLICT (id) DO NOTHING RETURNING at
"""

_NOTES: Final = """
SELECT id, sealed, author, at, removed_at, removed_by FROM order_note
WHERE order_id = :order_id ORDER BY at DESC, id DESC
"""

_FIND: Final = """
SELECT author, removed_at FROM order_note WHERE id = :id AND order_id = :order_id FOR UPDATE
"""

_REMOVE: Final = """
UPDATE order_note SET sealed = '', removed_at = clock_timestamp(), removed_by = :actor
WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is read; the text of one taken back is empty."""

    id: str
    text: str
    author: str
    at: datetime
    removed_at: datetime | None = None
    removed_by: str = ""


async def write_note(
    session: AsyncSession, vault: Vault, order_id: str, note_id: str, text: str, author: str
) -> bool:
    """Keep it and tell the story that there is one; False when it was kept before.

    Raises PersonErased.
    """
    key = await order_key(session, vault, order_id)
    sealed = key.seal(text.encode(), note_context(note_id))
    if not await run(
        session, _WRITE, id=note_id, order_id=order_id, sealed=sealed, author=author
    ):  # fmt: skip
        return False
    await desk_event(session, order_id, "noted", author, note=note_id)
    return True


async def notes_of(session: AsyncSession, vault: Vault, order_id: str) -> Sequence[Note]:
    """Every note of the order, the latest first. Raises CannotOpen."""
    rows = await run(session, _NOTES, order_id=order_id)
    if all(row.removed_at for row in rows):
        return [_emptied(row) for row in rows]
    key = await order_key(session, vault, order_id)
    return [
        _emptied(row)
        if row.removed_at
        else Note(row.id, key.open(row.sealed, note_context(row.id)).decode(), row.author, row.at)
        for row in rows
    ]


async def take_note_back(session: AsyncSession, order_id: str, note_id: str, actor: str) -> None:
    """Forget what it said; only who wrote it may. Doing it twice does nothing.

    Raises NoteNotFound, ActionNotAllowed.
    """
    found = await run(session, _FIND, id=note_id, order_id=order_id)
    if not found:
        raise NoteNotFound("the order has no such note")
    if found[0].author != actor:
        raise ActionNotAllowed("only who wrote a note takes it back")
    if found[0].removed_at is None:
        await run(session, _REMOVE, id=note_id, actor=actor)
        await desk_event(session, order_id, "note_taken_back", actor, note=note_id)


def _emptied(row: Row[Any]) -> Note:
    return Note(row.id, "", row.author, row.at, row.removed_at, row.removed_by)
