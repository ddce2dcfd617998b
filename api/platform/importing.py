"""What programs and pages share about imports: taking a file, who may, and the file's own rows."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, cast

from sqlalchemy.engine import Row
from starlette.responses import Response, StreamingResponse

from api.deps import RequestContext
from api.errors import Problem
from api.language import translate
from api.platform.asking import ask_another, correct_alone
from api.platform.import_words import FAULT, ROW_STATE, heading, told
from db.platform.alone import TooMuchAlone
from db.shared.importing.desk import Given, ImportDesk, Staged, Taken, sha256_of
from domain.platform.approvals import ApprovalKind
from domain.platform.cells import LONGEST_CELL
from domain.platform.permissions import IMPORT_OF, OF_THE_WHOLE
from domain.platform.scopes import Scope
from domain.platform.sheet_reading import Fault, SheetRow, UnfitHeader, read_sheet
from domain.platform.sheets import MOST_ROWS, SHEETS, Kind
from domain.shared.errors import ImportNotFound, InvalidInput
from integrations.guarded_reading import GuardedRow, read_guarded
from integrations.sheet_files import CSV, XLSX, SheetWriter, csv_of, csv_stream
from integrations.spreadsheet import UnreadableFile
from runtime.settings import Settings

_SLICE: Final = 2_000
# The column that says whose a row is, and what is wrong with one that is not the caller's.
_HELD_BY: Final = {
    Kind.STOCK: ("location", "unknown_location"),
    Kind.DEALER_STOCK: ("location", "unknown_location"),
    Kind.SHIP_NOTICES: ("location", "unknown_location"),
    Kind.ORDERS: ("shop", "unknown_shop"),
}
FORMS: Final = ("csv", "xlsx")
_AT_ONCE: Final = asyncio.Semaphore(2)  # files that are read by a process at the same time


def may_import(context: RequestContext, kind: str) -> bool:
    """Whether the caller may bring such a list in; whoever is limited to places, none that is the
    company's."""
    who = context.principal
    if kind in OF_THE_WHOLE and not who.scope.whole:
        return False
    if kind == Kind.USERS and who.only is not None:  # a narrowed key would give more than it has
        return False
    return kind in IMPORT_OF and who.may(IMPORT_OF[kind])


def whose(context: RequestContext) -> str:
    """Whose imports the caller sees: everybody's, or with limits his own."""
    return "" if context.principal.scope.whole else context.actor


def importable(context: RequestContext) -> list[Kind]:
    """The lists that the caller may bring in."""
    return [kind for kind in SHEETS if may_import(context, kind)]


async def take_file(
    context: RequestContext,
    settings: Settings,
    kind: Kind,
    name: str,
    content: bytes,
    *,
    apply: bool,
    partial: bool,
) -> Taken:
    """Read the file and keep its rows; the same file again is the import it was before. Counts wait
    for a decision where large ones need a second person: how large is known when compared.

    Raises Problem when the caller may not, InvalidInput for what cannot be read.
    """
    if not may_import(context, kind):
        raise Problem("NotAllowed", 403)
    if not content:
        raise InvalidInput("choose a file")
    apply = apply and not (kind is Kind.STOCK and settings.two_person_stock_units)
    header, rows = await read_list(kind, content)
    rows = _within(context.principal.scope, kind, rows)
    given = given_file(kind, name, content, header, context.actor, apply=apply, partial=partial)
    async with context.sessions.begin() as session:
        return await ImportDesk(session, context.vault).take(given, rows, context.request_id)


async def found(context: RequestContext, import_id: str) -> Row[Any]:
    """An import of a list that the caller may bring in. Raises ImportNotFound."""
    async with context.sessions.begin() as session:
        file = await ImportDesk(session, context.vault).find(import_id)
    theirs = whose(context)
    if not may_import(context, file.kind) or (theirs and file.given_by != theirs):
        raise ImportNotFound("there is no such import")
    return file


async def decide(
    context: RequestContext, settings: Settings, file: Row[Any], decision: str
) -> None:
    """`apply`, `apply_partly`, `check` it again, or `discard` it.

    Raises ActionNotAllowed; ApprovalAsked for a count that moves so many units that a second
    person has to say yes.
    """
    applies = decision in ("apply", "apply_partly")
    counted: list[Difference] = []
    if applies and file.kind == Kind.STOCK:
        counted = await differences(context, file.id)
    moved = [(line.sku, line.location, line.quantity) for line in counted]
    try:
        async with context.sessions.begin() as session:
            await correct_alone(session, context, settings, f"import/{file.id}", moved)
            desk = ImportDesk(session, context.vault)
            if decision == "discard":
                await desk.discard(file.id, context.actor, request_id=context.request_id)
                return
            await desk.decide(
                file.id, context.actor, apply=applies, partial=decision == "apply_partly",
                request_id=context.request_id,
            )  # fmt: skip
    except TooMuchAlone:
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"import/{file.id}",
            {"import_id": file.id, "decision": decision}, "count",
            units=sum(abs(line.quantity) for line in counted),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """What a counted row would move: below zero it takes away."""

    sku: str
    location: str
    lot: str
    quantity: int


async def differences(context: RequestContext, import_id: str) -> list[Difference]:
    """What a file of counts would move now."""
    found: list[Difference] = []
    after = 0
    while True:
        async with context.sessions.begin() as session:
            desk = ImportDesk(session, context.vault)
            rows = await desk.rows(import_id, ("new", "changed"), after, _SLICE)
        for row in rows:
            quantity = int((row.after or {}).get("difference", 0))
            lot = str(row.values.get("lot", ""))
            place = str(row.values["location"])
            found.append(Difference(str(row.values["sku"]), place, lot, quantity))
        if len(rows) < _SLICE:
            return found
        after = rows[-1].row


def given_file(
    kind: Kind,
    name: str,
    content: bytes,
    header: Sequence[str],
    by: str,
    *,
    apply: bool,
    partial: bool,
) -> Given:
    """What is known of a file beside its rows."""
    form = "xlsx" if content.startswith(b"PK") else "csv"
    return Given(
        kind, _name(name, form), form, sha256_of(content), tuple(header), by, apply=apply,
        partial=partial,
    )  # fmt: skip


async def read_list(kind: Kind, content: bytes) -> tuple[list[str], list[SheetRow]]:
    """The headings, and every row below them. Raises InvalidInput for what cannot be read."""
    try:
        async with _AT_ONCE:
            read = await asyncio.to_thread(read_guarded, content, MOST_ROWS)
            return await asyncio.to_thread(_understand, kind, read)
    except UnreadableFile as error:
        raise InvalidInput(f"the file cannot be read: {error}") from None
    except UnfitHeader as error:
        if error.twice:
            raise InvalidInput(f"two columns are named {', '.join(error.twice)}") from None
        raise InvalidInput(f"the first row names no column {', '.join(error.missing)}") from None


def _within(scope: Scope, kind: Kind, rows: list[SheetRow]) -> list[SheetRow]:
    """What is not his does not exist for somebody with limits, in files as elsewhere."""
    if scope.whole or kind not in _HELD_BY:
        return rows
    column, code = _HELD_BY[kind]
    his = scope.locations if column == "location" else scope.shops
    return [
        row
        if row.faults or row.values.get(column) in his
        else replace(row, faults=(Fault(column, code),))
        for row in rows
    ]


def _understand(kind: Kind, read: list[GuardedRow]) -> tuple[list[str], list[SheetRow]]:
    """Rows in the order of the file; those that are no CSV are bad like others."""
    header = read[0][1]
    if header is None or len(header) > 200:
        raise UnreadableFile("The file has no line that names its columns.")
    sheet = SHEETS[kind]
    whole = [(row, _bounded(cells)) for row, cells in read[1:] if cells is not None]
    rows = list(read_sheet(sheet, header, whole))
    rows += [
        SheetRow(row, (), faults=(Fault("", "not_csv"),)) for row, cells in read[1:] if not cells
    ]  # fmt: skip
    if not rows:
        raise UnreadableFile("The file has no rows below its headings.")
    return header, sorted(rows, key=lambda row: row.row)


def _bounded(cells: list[str]) -> list[str]:
    return [cell[: LONGEST_CELL + 1].replace("\0", "\ufffd") for cell in cells[:300]]


def _name(name: str, form: str) -> str:
    """The name without its folders; it is shown, never used as a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable()).strip()
    return kept[:100] if kept.strip(".") else f"list.{form}"


def template(kind: Kind, form: str, language: str) -> Response:
    """An empty list with its headings, what they mean, and a row as an example."""
    sheet = SHEETS[kind]
    headings = [heading(column, language) for column in sheet.columns]
    rows = [[column.example for column in sheet.columns]]
    name = f"{kind}-template.{form}"
    if form == "csv":
        return _attached("".join(csv_of(headings, rows)).encode(), CSV, name)
    with tempfile.TemporaryFile() as file:
        writer = SheetWriter(cast(BinaryIO, file), headings, [18] * len(headings))
        writer.write(rows[0])
        writer.notes([_hint(column, language) for column in sheet.columns])
        writer.close()
        file.seek(0)
        return _attached(file.read(), XLSX, name)


def _hint(column: Any, language: str) -> str:
    hint = column.hint_zh if language == "zh" else column.hint_en
    needed = translate(language, FAULT["missing"]) if column.needed else ""
    return " · ".join(part for part in (needed, hint) if part)


def rows_file(context: RequestContext, file: Row[Any], language: str) -> Response:
    """The file as it came, with what became of each row in two columns more."""
    headings = [*file.header, *told(language, ("Result", "Problem"))]
    slices = _slices(context, file.id, language, len(file.header))
    name = f"{file.kind}-{file.id[-8:]}.{file.form}"
    return sent(headings, slices, file.form, name)


async def _slices(
    context: RequestContext, import_id: str, language: str, width: int
) -> AsyncIterator[list[list[Any]]]:
    after = 0
    while True:
        async with context.sessions.begin() as session:
            rows = await ImportDesk(session, context.vault).rows(import_id, (), after, _SLICE)
        if not rows:
            return
        yield [_written(row, language, width) for row in rows]
        after = rows[-1].row


def _written(row: Staged, language: str, width: int) -> list[Any]:
    cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
    state = translate(language, ROW_STATE[row.state])
    return [*cells, state, "; ".join(fault_in_words(one, language) for one in row.faults)]


def fault_in_words(fault: Fault, language: str) -> str:
    """`Weight g: is no number`."""
    text = translate(language, FAULT.get(fault.code, fault.code))
    text = text.replace("{about}", fault.about)
    if not fault.column:
        return text
    column = next(
        (c for s in SHEETS.values() for c in s.columns if c.name == fault.column), None
    )  # fmt: skip
    name = fault.column if column is None else (column.zh if language == "zh" else column.en)
    return f"{name}: {text}"


def sent(
    headings: Sequence[str], slices: AsyncIterator[Sequence[Sequence[Any]]], form: str, name: str
) -> Response:
    """A list as a file, written while it is read, in constant memory."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        return StreamingResponse(csv_stream(headings, slices), media_type=CSV, headers=headers)
    return StreamingResponse(_xlsx(headings, slices), media_type=XLSX, headers=headers)


async def _xlsx(
    headings: Sequence[str], slices: AsyncIterator[Sequence[Sequence[Any]]]
) -> AsyncIterator[bytes]:
    """On disk first: an XLSX file is known only when its last row is."""
    with tempfile.TemporaryFile() as file:
        writer = SheetWriter(cast(BinaryIO, file), headings)
        async for rows in slices:
            await asyncio.to_thread(_write_rows, writer, rows)
        await asyncio.to_thread(writer.close)
        file.seek(0)
        while chunk := file.read(256 * 1024):
            yield chunk


def _write_rows(writer: SheetWriter, rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        writer.write(row)


def _attached(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
