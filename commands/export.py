"""`onhand export`: a list as a file, however long it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, cast
from uuid import uuid4

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from api.language import translate
from api.platform.exporting import in_words
from api.platform.import_words import heading
from commands.console import open_console
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.orders.queries import OrderFilter
from db.platform.audit import audit
from db.shared.exporting import slices
from db.vault import Vault
from domain.platform.sheets import SHEETS, Kind
from integrations.sheet_files import SheetWriter, csv_head, csv_line
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused
from web.export import HEADINGS, order_slices

_FORMS: Final = (".csv", ".xlsx")


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


def command(
    kind: Annotated[Kind, typer.Argument(help="Which list")],
    file: Annotated[Path, typer.Argument(help="Where to; .csv or .xlsx")],
    language: Annotated[Language, typer.Option(help="Of the headings")] = Language.ZH,
    people: Annotated[bool, typer.Option(help="Names and phones in full, not masked")] = False,
) -> None:
    """Take a list away. It is written while it is read, and the audit trail knows of it."""
    if file.suffix.lower() not in _FORMS:
        raise StartRefused(f"{file.name} ends neither in .csv nor in .xlsx.")
    settings = Settings.load()
    rows = asyncio.run(_take_away(settings, kind, file, language, people))
    open_console().print(f"{rows} rows in {file}", markup=False, soft_wrap=True)


async def _take_away(
    settings: Settings, kind: Kind, file: Path, language: str, people: bool
) -> int:
    engine = create_engine(database_url(settings), "onhand_office", pool_size=2)
    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    sessions = sessions_of(engine, vault)
    try:
        await _write_down(sessions, kind, file, people)
        headings, read = _list(sessions, vault, kind, language, people)
        with file.open("wb") as target:
            return await _write(cast(BinaryIO, target), file.suffix.lower(), headings, read)
    except OSError as error:
        raise StartRefused(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        await engine.dispose()


def _list(
    sessions: Sessions, vault: Vault, kind: Kind, language: str, people: bool
) -> tuple[list[str], AsyncIterator[list[list[Any]]]]:
    if kind is Kind.ORDERS:
        read = order_slices(sessions, vault, OrderFilter(), "age", datetime.now(UTC), language)
        return [translate(language, one) for one in HEADINGS], read
    columns = SHEETS[kind].columns
    rows = slices(sessions, vault, kind, [column.name for column in columns], people=people)
    return [heading(column, language) for column in columns], in_words(rows, language)


async def _write(
    target: BinaryIO, form: str, headings: Sequence[str], read: AsyncIterator[list[list[Any]]]
) -> int:
    written = 0
    writer = SheetWriter(target, headings) if form == ".xlsx" else None
    if writer is None:
        target.write(csv_head(headings).encode())
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows"))
    with Progress(*columns, console=open_console(), transient=True) as progress:
        task = progress.add_task("", total=None)
        async for rows in read:
            for row in rows:
                if writer is None:
                    target.write(csv_line(row).encode())
                else:
                    writer.write(row)
            written += len(rows)
            progress.update(task, completed=written)
    if writer is not None:
        writer.close()
    return written


async def _write_down(sessions: Sessions, kind: Kind, file: Path, people: bool) -> None:
    async with sessions.begin() as session:
        await audit(
            session, "cli", "list.exported", f"list/{kind}",
            after={"form": file.suffix[1:].lower(), "people": people}, request_id=uuid4().hex,
        )  # fmt: skip
