"""Lists out of files over the API: given, compared, decided about."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context, SettingsOf
from api.errors import language_of
from api.platform.docs import WAITS
from api.platform.importing import (
    decide,
    fault_in_words,
    found,
    importable,
    rows_file,
    take_file,
    template,
    whose,
)
from api.strict import FILES, XLSX, Code, StrictBody, clean
from db.shared.importing.desk import ImportDesk, Staged
from domain.platform.sheets import Kind

router = APIRouter(tags=["imports"])

_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in FILES["/api/v1/imports"]
        },
    }
}
_SHEET: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}, XLSX: {}}, "description": "The file"},
}
_LARGE: Final[dict[int | str, dict[str, Any]]] = {
    413: {"description": "Larger than 20 MB"},
    415: {"description": "Neither CSV nor XLSX"},
}
Form = Literal["csv", "xlsx"]
Name = Annotated[str, Query(max_length=200), AfterValidator(clean)]


class ImportView(StrictBody):
    """`counts` says how many rows are `new`, `changed`, `same`, `bad`, `applied` or `failed`.
    `repeated`: this file came before, and nothing was done again."""

    id: str
    kind: str
    name: str
    state: str
    rows: int
    counts: dict[str, int]
    given_by: str
    at: datetime
    finished_at: datetime | None
    repeated: bool = False


class ImportsView(StrictBody):
    """`following` is given as `before` to get the next page; none at the end."""

    items: list[ImportView]
    following: str | None


class FaultView(StrictBody):
    """`column` is empty when the fault is the whole row's; `text` is in the caller's language."""

    column: str
    code: str
    text: str


class RowView(StrictBody):
    """`row` is where it stands in the file; `before` and `after` hold what differs."""

    row: int
    state: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    faults: list[FaultView]


class RowsView(StrictBody):
    """`following` is given as `after` to get the next page; none at the end."""

    items: list[RowView]
    following: int | None


class Decision(StrictBody):
    """`apply` does nothing while a row is bad; `apply_partly` applies the good ones."""

    decision: Literal["apply", "apply_partly", "check", "discard"]


@router.post("/imports", status_code=201, openapi_extra=_FILE, responses=_LARGE)
async def give(
    kind: Kind,
    request: Request,
    context: Context,
    settings: SettingsOf,
    name: Name = "",
    apply: bool = False,
    partial: bool = False,
) -> ImportView:
    """Give a file, CSV or XLSX. It is compared with what is there; with `apply` it is also applied
    when no row is bad, or with `partial` in any case."""
    taken = await take_file(
        context, settings, kind, name, await request.body(), apply=apply, partial=partial
    )  # fmt: skip
    return await _view(context, await found(context, taken.import_id), repeated=taken.repeated)


@router.get("/imports")
async def list_imports(
    context: Context, before: Annotated[str, Query(max_length=100), AfterValidator(clean)] = ""
) -> ImportsView:
    """Files that were given, the latest first."""
    async with context.sessions.begin() as session:
        desk = ImportDesk(session, context.vault)
        rows = await desk.history(importable(context), 50, before, whose(context))
    items = [_listed(row, dict(row.result), repeated=False) for row in rows]
    return ImportsView(items=items, following=rows[-1].id if len(rows) == 50 else None)


@router.get("/imports/{import_id}")
async def get_import(import_id: Code, context: Context) -> ImportView:
    """One file and where it stands."""
    return await _view(context, await found(context, import_id))


@router.get("/imports/{import_id}/rows")
async def list_rows(
    import_id: Code,
    request: Request,
    context: Context,
    state: Literal["", "staged", "bad", "new", "changed", "same", "applied", "failed"] = "",
    after: Annotated[int, Query(ge=0, le=2_000_000_000)] = 0,
) -> RowsView:
    """Rows of the file, 200 a page, with what they change and what is wrong with them."""
    file = await found(context, import_id)
    async with context.sessions.begin() as session:
        desk = ImportDesk(session, context.vault)
        rows = await desk.rows(file.id, (state,) if state else (), after, 200)
    items = [_row(row, language_of(request)) for row in rows]
    return RowsView(items=items, following=rows[-1].row if len(rows) == 200 else None)


@router.get("/imports/{import_id}/file", response_class=Response, responses=_SHEET)
async def get_file(import_id: Code, request: Request, context: Context) -> Response:
    """The file as it came, with the result and the problems of each row in two more columns."""
    return rows_file(context, await found(context, import_id), language_of(request))


@router.post(
    "/imports/{import_id}/decision",
    responses={**WAITS, 409: {"description": "The import is busy or over"}},
)
async def decide_import(
    import_id: Code, body: Decision, context: Context, settings: SettingsOf
) -> ImportView:
    """Apply what was compared, compare it again, or discard it. A count that moves very many units
    waits for a second person."""
    await decide(context, settings, await found(context, import_id), body.decision)
    return await _view(context, await found(context, import_id))


@router.get("/import-templates/{kind}", response_class=Response, responses=_SHEET)
async def get_template(kind: Kind, request: Request, form: Form = "xlsx") -> Response:
    """An empty list with its headings in the caller's language and an example."""
    return template(kind, form, language_of(request))


async def _view(context: Context, file: Row[Any], *, repeated: bool = False) -> ImportView:
    async with context.sessions.begin() as session:
        counts = await ImportDesk(session, context.vault).counts(file.id)
    return _listed(file, counts or dict(file.result), repeated=repeated)


def _listed(file: Row[Any], counts: dict[str, int], *, repeated: bool) -> ImportView:
    return ImportView(
        id=file.id, kind=file.kind, name=file.name, state=file.state, rows=file.rows,
        counts=counts, given_by=file.given_by, at=file.at, finished_at=file.finished_at,
        repeated=repeated,
    )  # fmt: skip


def _row(row: Staged, language: str) -> RowView:
    def plain(told: Any) -> dict[str, Any] | None:
        return None if told is None else dict(told)

    return RowView(
        row=row.row, state=row.state, key=row.key, before=plain(row.before),
        after=plain(row.after),
        faults=[
            FaultView(column=one.column, code=one.code, text=fault_in_words(one, language))
            for one in row.faults
        ],
    )  # fmt: skip
