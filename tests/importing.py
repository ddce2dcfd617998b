"""Files that people bring in, and an import worked through without an engine."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from activities.platform.importing import ImportActivities
from db.engine import Sessions
from db.shared.importing.desk import Given, ImportDesk, Staged, sha256_of
from db.vault import Vault
from domain.platform.importing import ImportRef
from domain.platform.sheet_reading import read_sheet
from domain.platform.sheets import SHEETS, Kind
from integrations.guarded_reading import read_guarded

VAULT = Vault(bytes(32))


def csv_file(*rows: str) -> bytes:
    return "\n".join(rows).encode() + b"\n"


def xlsx_file(rows: Sequence[Sequence[Any]]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, cells in enumerate(rows):
        sheet.write_row(number, 0, cells)
    book.close()
    return content.getvalue()


async def given(
    sessions: Sessions,
    kind: Kind,
    content: bytes,
    *,
    apply: bool = False,
    partial: bool = False,
    by: str = "account:li",
) -> str:
    """A file is taken in by somebody who may; its import's id."""
    read = read_guarded(content, 200_000)
    header = read[0][1] or []
    rows = list(read_sheet(SHEETS[kind], header, [(row, cells or []) for row, cells in read[1:]]))
    file = Given(kind, "list.csv", "csv", sha256_of(content), tuple(header), by, apply, partial)
    async with sessions.begin() as session:
        return (await ImportDesk(session, VAULT).take(file, rows, "r1")).import_id


async def worked(sessions: Sessions, import_id: str) -> str:
    """Slice after slice until nothing is left to do; the state it is in then."""
    work = ImportActivities(sessions, VAULT).work
    while (progress := await work(ImportRef(import_id))).busy:
        pass
    return progress.state


async def decided(
    sessions: Sessions, import_id: str, *, apply: bool = True, partial: bool = False
) -> str:
    async with sessions.begin() as session:
        await ImportDesk(session, VAULT).decide(
            import_id, "account:li", apply=apply, partial=partial, request_id="r2"
        )
    return await worked(sessions, import_id)


async def rows_of(sessions: Sessions, import_id: str) -> list[Staged]:
    async with sessions.begin() as session:
        return await ImportDesk(session, VAULT).rows(import_id)


async def states_of(sessions: Sessions, import_id: str) -> list[str]:
    return [row.state for row in await rows_of(sessions, import_id)]
