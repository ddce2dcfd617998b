"""`onhand import`: a list out of a file, as the page does it, with progress in the terminal."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.platform.import_words import ROW_STATE
from api.platform.importing import fault_in_words, given_file, read_list
from commands.console import open_console
from commands.import_large import bring_in, is_large
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.shared.importing.desk import ImportDesk, Taken
from db.vault import Vault
from domain.platform.sheets import Kind
from domain.shared.errors import InvalidInput
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_BY: Final = "cli"
_LOOK_S: Final = 0.5
_MOST_FAULTS: Final = 20
_BUSY: Final = ("checking", "applying")


def command(
    kind: Annotated[Kind, typer.Argument(help="Which list the file holds")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX; the first row names columns")],
    dry_run: Annotated[bool, typer.Option(help="Only compare; apply nothing")] = False,
    partial: Annotated[bool, typer.Option(help="Apply good rows though others are bad")] = False,
    at_once: Annotated[
        bool, typer.Option(help="In one transaction by COPY, as files above 10 MB always are")
    ] = False,
) -> None:
    """Bring a list in. Nothing is applied while a row is bad, unless --partial says so.

    A worker of the running Onhand does the work; this shows how far it is. Products and stock out
    of large files are applied here, in one transaction: all rows or, with --partial, the good ones.
    """
    settings = Settings.load()
    console = open_console()
    if at_once or is_large(kind, file):
        _at_once(settings, console, kind, file, dry_run, partial)
        return
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StartRefused(f"{file} cannot be read: {error.strerror or error}.") from error
    try:
        sound = asyncio.run(
            _bring_in(settings, console, kind, file.name, content, dry_run, partial)
        )
    except InvalidInput as error:
        raise StartRefused(f"{file.name}: {error}.") from error
    if not sound:
        raise typer.Exit(1)


def _at_once(
    settings: Settings, console: Console, kind: Kind, file: Path, dry_run: bool, partial: bool
) -> None:
    try:
        result = asyncio.run(
            bring_in(settings, console, kind, file, dry_run=dry_run, partial=partial)
        )
    except InvalidInput as error:
        raise StartRefused(f"{file.name}: {error}.") from error
    if result.repeated:
        console.print("This very file came before; nothing is done a second time.")
        return
    for row, fault in result.faults:
        words = fault_in_words(fault, "en")
        console.print(f"row {row}: {words}", soft_wrap=True, markup=False, highlight=False)
    counts = ", ".join(f"{rows:,} {ROW_STATE[state]}" for state, rows in result.counts.items())
    state = f"{result.import_id}: done" if result.applied else "nothing is applied"
    console.print(f"{state}; {result.rows:,} rows: {counts}", soft_wrap=True, markup=False)
    if result.counts.get("bad") or result.counts.get("failed"):
        raise typer.Exit(1)


async def _bring_in(
    settings: Settings,
    console: Console,
    kind: Kind,
    name: str,
    content: bytes,
    dry_run: bool,
    partial: bool,
) -> bool:
    header, rows = await read_list(kind, content)
    given = given_file(
        kind, name, content, header, _BY, apply=not dry_run, partial=partial and not dry_run
    )
    engine = create_engine(database_url(settings), "onhand_office", pool_size=2)
    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    try:
        sessions = sessions_of(engine, vault)
        taken = await _taken(sessions, vault, given, rows, dry_run, partial)
        if taken.repeated:
            console.print("This very file came before; nothing is done a second time.")
        file = await _follow(sessions, vault, console, taken.import_id)
        return await _tell(sessions, vault, console, file)
    finally:
        await engine.dispose()


async def _taken(
    sessions: Sessions, vault: Vault, given: Any, rows: Any, dry_run: bool, partial: bool
) -> Taken:
    """A file that was only compared before is decided about now."""
    request_id = uuid4().hex
    async with sessions.begin() as session:
        desk = ImportDesk(session, vault)
        taken = await desk.take(given, rows, request_id)
        if taken.repeated and (await desk.find(taken.import_id)).state == "checked":
            await desk.decide(
                taken.import_id, _BY, apply=not dry_run, partial=partial and not dry_run,
                request_id=request_id,
            )  # fmt: skip
            return Taken(taken.import_id, repeated=False)
    return taken


async def _follow(sessions: Sessions, vault: Vault, console: Console, import_id: str) -> Any:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("comparing", total=None)
        while True:
            async with sessions.begin() as session:
                desk = ImportDesk(session, vault)
                file, counts = await desk.find(import_id), await desk.counts(import_id)
            if file.state not in _BUSY:
                return file
            checking = file.state == "checking"
            left = counts.get("staged", 0)
            if not checking:
                left = counts.get("new", 0) + counts.get("changed", 0)
            progress.update(
                task, description="comparing" if checking else "applying", total=file.rows,
                completed=file.rows - left,
            )  # fmt: skip
            await asyncio.sleep(_LOOK_S)


async def _tell(sessions: Sessions, vault: Vault, console: Console, file: Any) -> bool:
    """What became of the rows; whether none is bad."""
    async with sessions.begin() as session:
        bad = await ImportDesk(session, vault).rows(file.id, ("bad", "failed"), 0, _MOST_FAULTS)
    for row in bad:
        faults = "; ".join(fault_in_words(fault, "en") for fault in row.faults)
        console.print(f"row {row.row}: {faults}", soft_wrap=True, markup=False, highlight=False)
    counts = ", ".join(
        f"{count} {ROW_STATE[state]}" for state, count in sorted(file.result.items())
    )
    console.print(f"{file.id}: {file.state}; {counts}", soft_wrap=True, markup=False)
    return not bad
