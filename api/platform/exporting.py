"""Lists as files: who may take which, with whose names in it, written down before it leaves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from api.deps import RequestContext
from api.errors import Problem
from api.language import N_, translate
from api.platform.import_words import heading
from api.platform.importing import sent
from db.platform.audit import audit
from db.shared.exporting import LISTS, slices
from domain.platform.permissions import EXPORT_OF, PEOPLE_IN
from domain.platform.sheets import SHEETS, Kind

_YES: Final = (N_("yes"), N_("no"))


def may_export(context: RequestContext, name: str) -> bool:
    """Whether the caller may take this list away."""
    who = context.principal
    if name == Kind.USERS and not who.scope.whole:
        return False
    return name in EXPORT_OF and who.may(EXPORT_OF[name])


def exportable(context: RequestContext) -> list[str]:
    """The lists that the caller may take away."""
    return [name for name in EXPORT_OF if may_export(context, name)]


async def export(context: RequestContext, name: str, form: str, language: str) -> Response:
    """The list as a file, with the headings by which it comes in again.

    People are masked for those who may not change the list. Raises Problem.
    """
    if name not in LISTS:
        raise Problem("NotFound", 404)
    if not may_export(context, name):
        raise Problem("NotAllowed", 403)
    columns = SHEETS[Kind(name)].columns
    people = context.principal.may(PEOPLE_IN[name])
    await write_down(context, name, form, people=people)
    read = slices(
        context.sessions, context.vault, name, [column.name for column in columns], people=people
    )
    headings = [heading(column, language) for column in columns]
    return sent(headings, in_words(read, language), form, file_name(name, form))


async def write_down(context: RequestContext, name: str, form: str, **about: Any) -> None:
    """Who took which list away, before it leaves."""
    async with context.sessions.begin() as session:
        await audit(
            session, context.actor, "list.exported", f"list/{name}",
            after={"form": form, **about}, request_id=context.request_id,
        )  # fmt: skip


def file_name(name: str, form: str) -> str:
    """Lists of different moments lie beside each other."""
    return f"{name}-{datetime.now(UTC):%Y%m%d-%H%M}.{form}"


async def in_words(
    read: AsyncIterator[list[list[Any]]], language: str
) -> AsyncIterator[list[list[Any]]]:
    """Yes and no in the reader's language."""
    yes, no = (translate(language, word) for word in _YES)
    async for rows in read:
        yield [[(yes if cell else no) if isinstance(cell, bool) else cell for cell in row]
               for row in rows]  # fmt: skip
