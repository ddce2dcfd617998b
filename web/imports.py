"""Lists that come and go as files: given, looked at, decided about; and lists to take away."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SettingsOf
from api.errors import Problem, language_of
from api.language import N_, translate
from api.platform.exporting import exportable
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
from api.strict import clean
from db.shared.importing.desk import ImportDesk, Staged
from domain.platform.sheets import SHEETS, Kind
from domain.shared.errors import InvalidInput
from domain.shared.money import minor_digits
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 50
_SEE_OTHER: Final = 303
_DECISIONS: Final = ("apply", "apply_partly", "check", "discard")
_BUSY: Final = ("checking", "applying")
_LABEL: Final = {"on_hand": N_("On hand"), "difference": N_("Difference")}
_STATES: Final = ("bad", "failed", "new", "changed", "same", "applied", "staged")


@dataclass(frozen=True, slots=True)
class Changed:
    """One value of a row that differs from what is there."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with what is wrong with it and what it changes, in the reader's language."""

    row: Staged
    faults: list[str]
    changes: list[Changed]


@router.get("/imports")
async def overview(
    request: Request,
    context: Context,
    before: Annotated[str, Query(max_length=100), AfterValidator(clean)] = "",
) -> Response:
    """What may be brought in and taken away, and what was brought in before."""
    kinds = importable(context)
    async with context.sessions.begin() as session:
        desk = ImportDesk(session, context.vault)
        history = await desk.history(kinds, _SHOWN, before, whose(context))
    return page(
        request, "imports.html", kinds=kinds, lists=exportable(context), history=history,
        following=history[-1].id if len(history) == _SHOWN else "",
    )  # fmt: skip


@router.post("/imports")
async def give(request: Request, context: Context, settings: SettingsOf) -> Response:
    """Take a file; its page says what it would change."""
    given = await request.form(max_files=1, max_fields=10)
    file, kind = given.get("file"), str(given.get("kind", ""))
    if kind not in SHEETS:
        raise InvalidInput("there is no such list")
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput("choose a file")
    content = await file.read()
    taken = await take_file(
        context, settings, Kind(kind), file.filename or "", content, apply=False, partial=False
    )
    again = "?again=1" if taken.repeated else ""
    return RedirectResponse(f"/imports/{taken.import_id}{again}", _SEE_OTHER)


@router.get("/imports/templates/{kind}")
async def empty_list(
    kind: str, request: Request, form: Literal["csv", "xlsx"] = "xlsx"
) -> Response:
    """A list to fill in."""
    if kind not in SHEETS:
        raise Problem("NotFound", 404)
    return template(Kind(kind), form, language_of(request))


@router.get("/imports/{import_id}")
async def one(
    import_id: str,
    request: Request,
    context: Context,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[int, Query(ge=0, le=2_000_000_000)] = 0,
    again: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """What a file would change, or changed; the bad rows first."""
    about = await _about(request, context, import_id, state, after)
    return page(request, "import.html", again=bool(again), **about)


@router.get("/imports/{import_id}/now")
async def now(
    import_id: str,
    request: Request,
    context: Context,
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The part of the page that moves while the file is worked through."""
    about = await _about(request, context, import_id, state, 0)
    return page(request, "parts/import_now.html", **about)


@router.get("/imports/{import_id}/file")
async def with_problems(import_id: str, request: Request, context: Context) -> Response:
    """The file as it came, with what is wrong beside each row."""
    return rows_file(context, await found(context, typed(import_id)), language_of(request))


@router.post("/imports/{import_id}/decision")
async def decided(
    import_id: str, request: Request, context: Context, settings: SettingsOf
) -> Response:
    """Apply, compare again, or discard."""
    file = await found(context, typed(import_id))
    decision = str((await request.form()).get("decision", ""))
    if decision not in _DECISIONS:
        raise InvalidInput("there is no such choice")
    await decide(context, settings, file, decision)
    return RedirectResponse(f"/imports/{file.id}", _SEE_OTHER)


async def _about(
    request: Request, context: Context, import_id: str, state: str, after: int
) -> dict[str, Any]:
    file = await found(context, typed(import_id))
    if state and state not in _STATES:
        raise InvalidInput("there is no such status")
    async with context.sessions.begin() as session:
        desk = ImportDesk(session, context.vault)
        live = await desk.counts(file.id)
        counts = live or dict(file.result)
        shown = state or next((one for one in _STATES if counts.get(one)), "")
        rows = await desk.rows(file.id, (shown,) if shown else (), after, _SHOWN)
    language = language_of(request)
    left = counts.get("staged", 0) if file.state == "checking" else _to_apply(counts)
    return {
        "file": file, "counts": counts, "shown": shown, "busy": file.state in _BUSY,
        "rows": [_shown(row, language) for row in rows], "states": _STATES,
        "done": max(file.rows - left, 0), "to_apply": _to_apply(counts), "forgotten": not live,
        "following": rows[-1].row if len(rows) == _SHOWN else 0,
    }  # fmt: skip


def _to_apply(counts: dict[str, int]) -> int:
    return counts.get("new", 0) + counts.get("changed", 0)


def _shown(row: Staged, language: str) -> Shown:
    faults = [fault_in_words(one, language) for one in row.faults]
    before, after = row.before or {}, row.after or {}
    currency = str(after.get("currency") or before.get("currency") or "CNY")
    changes = [
        Changed(
            _label(name, language),
            _plain(name, before.get(name), currency, language) if row.before is not None else "",
            _plain(name, value, currency, language),
        )
        for name, value in after.items()
        if row.before is not None or value not in ("", 0, None)
    ]
    return Shown(row, faults, changes)


def _label(name: str, language: str) -> str:
    if name in _LABEL:
        return translate(language, _LABEL[name])
    plain = name.removesuffix("_minor")
    for sheet in SHEETS.values():
        for column in sheet.columns:
            if column.name == plain:
                return column.zh if language == "zh" else column.en
    return plain


def _plain(name: str, value: Any, currency: str, language: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return translate(language, N_("yes") if value else N_("no"))
    if name.endswith("_minor"):
        return str(Decimal(int(value)).scaleb(-minor_digits(currency)))
    if name == "difference":
        return f"{int(value):+d}"
    return str(value)
