"""Large lists for `onhand import`: read as a stream and applied in one transaction."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from db.engine import create_engine
from db.engine import sessions as sessions_of
from db.shared.importing.bulk import BULK, BulkFile, BulkImport, BulkResult
from db.vault import Vault
from domain.platform.sheet_reading import Fault, SheetRow, UnfitHeader, find_columns, read_row
from domain.platform.sheets import SHEETS, Kind
from domain.shared.errors import InvalidInput
from integrations.spreadsheet import BrokenRow, UnreadableFile, read_rows
from runtime.reach import database_url
from runtime.settings import Settings

LARGE_BYTES: Final = 10 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_MOST_CELLS: Final = 300
_BY: Final = "cli"


def is_large(kind: Kind, file: Path) -> bool:
    """Whether the file goes this way by itself."""
    try:
        return kind in BULK and file.stat().st_size >= LARGE_BYTES
    except OSError:
        return False


async def bring_in(
    settings: Settings, console: Console, kind: Kind, file: Path, *, dry_run: bool, partial: bool
) -> BulkResult:
    """Raises InvalidInput for what cannot be read; nothing is kept of it then."""
    if kind not in BULK:
        raise InvalidInput("only products and stock come in at once: leave --at-once out")
    try:
        sha256, lines = _digest(file)
        rows = read_rows(file)
        header = _header(next(rows, None))
        given = BulkFile(kind, file.name, sha256, header, _BY, partial, dry_run)
        return await _apply(settings, console, given, _understood(kind, header, rows), lines)
    except UnreadableFile as error:
        raise InvalidInput(f"the file cannot be read: {error}") from None
    except UnfitHeader as error:
        if error.twice:
            raise InvalidInput(f"two columns are named {', '.join(error.twice)}") from None
        raise InvalidInput(f"the first row names no column {', '.join(error.missing)}") from None
    except OSError as error:
        raise InvalidInput(f"it cannot be read: {error.strerror or error}") from error


async def _apply(
    settings: Settings,
    console: Console,
    file: BulkFile,
    rows: Iterator[SheetRow],
    lines: int,
) -> BulkResult:
    engine = create_engine(database_url(settings), "onhand_office", pool_size=1)
    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("reading", total=lines)

            def told(what: str, done: int, total: int | None) -> None:
                progress.update(
                    task, description=what, completed=done, total=total or lines
                )  # fmt: skip

            async with sessions_of(engine, vault)() as session:
                result = await BulkImport(session, told).bring_in(file, rows, uuid4().hex)
                if result.applied:
                    told("writing it down", 1, 1)
                    await session.commit()
                else:
                    await session.rollback()
                return result
    finally:
        await engine.dispose()


def _digest(file: Path) -> tuple[str, int]:
    """What makes the same file the same, and about how many rows it has."""
    digest, lines = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), max(lines - 1, 1)


def _header(first: Any) -> tuple[str, ...]:
    if first is None or isinstance(first, BrokenRow) or len(first[1]) > _MOST_CELLS:
        raise InvalidInput("the first row names no columns")
    return tuple(first[1])


def _understood(kind: Kind, header: tuple[str, ...], rows: Iterator[Any]) -> Iterator[SheetRow]:
    """Row by row, so that memory does not grow with the file."""
    sheet, columns = SHEETS[kind], find_columns(SHEETS[kind], header)
    for one in rows:
        if isinstance(one, BrokenRow):
            yield SheetRow(one.row, (), faults=(Fault("", "not_csv"),))
        else:
            row, cells = one
            whole = tuple(cell.replace("\0", "\ufffd") for cell in cells[:_MOST_CELLS])
            yield read_row(sheet, columns, row, whole, len(header))
