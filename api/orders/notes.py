"""What people write about an order."""

import hashlib
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from api.deps import Context, RequestContext, SessionsOf, VaultOf
from api.strict import Code, StrictBody, clean
from db.orders.notes import notes_of, take_note_back, write_note
from db.orders.queries import order_id_of
from domain.orders.desk import LONGEST_NOTE, note_text

router = APIRouter(tags=["desk"])

_Text = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST_NOTE, strip_whitespace=True),
    AfterValidator(clean),
]
_DIGITS: Final = 32


class NewNote(StrictBody):
    """It may name people: it is sealed, and shown to those who may read the order."""

    text: _Text


class NoteView(BaseModel):
    """The text of a note that was taken back is empty."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    text: str
    author: str
    at: datetime
    removed_at: datetime | None
    removed_by: str


class Notes(BaseModel):
    items: list[NoteView]


class NoteKept(BaseModel):
    """Its id; the text is not repeated, so that no answer with it is kept."""

    id: str


@router.get("/orders/{no}/notes")
async def list_notes(no: Code, sessions: SessionsOf, vault: VaultOf) -> Notes:
    """Notes of the order, the latest first."""
    async with sessions.begin() as session:
        notes = await notes_of(session, vault, await order_id_of(session, no))
    return Notes(items=[NoteView.model_validate(note) for note in notes])


@router.post("/orders/{no}/notes")
async def add_note(no: Code, body: NewNote, context: Context) -> NoteKept:
    """Write a note; its author and the time go into the story of the order."""
    note_id = f"note_{digest(context, no)}"
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, no)
        await write_note(
            session, context.vault, order_id, note_id, note_text(body.text), context.actor
        )
    return NoteKept(id=note_id)


@router.post("/orders/{no}/notes/{note_id}/removal")
async def remove_note(no: Code, note_id: Code, context: Context) -> NoteKept:
    """Take one's own note back: nothing of it stays but that there was one."""
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, no)
        await take_note_back(session, order_id, note_id, context.actor)
    return NoteKept(id=note_id)


def digest(context: RequestContext, what: str) -> str:
    """An id that a repeated request finds again."""
    return hashlib.sha256(f"{context.update_id}\x1f{what}".encode()).hexdigest()[:_DIGITS]
