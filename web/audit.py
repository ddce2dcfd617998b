"""The audit trail as a page and as a file."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.deps import Context, RequestContext
from api.errors import language_of
from api.language import N_, translate
from api.platform.audit import read_position, wanted_of
from db.platform.audit_trail import TrailFilter, trail
from domain.shared.clock import COMPANY_ZONE
from integrations.sheet_files import harmless
from web.render import page

router = APIRouter(include_in_schema=False)

PAGE_SIZE: Final = 100
MOST_EXPORTED: Final = 10_000
_HEADINGS: Final = (
    N_("When"), N_("Who"), N_("What"), N_("Subject"), N_("Reason"), N_("Before"), N_("After"),
    N_("Request"), N_("Link"), N_("Hash"),
)  # fmt: skip
Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of the filters; it lives in the address."""

    actor: Text = ""
    action: Text = ""
    subject: Text = ""
    day: Annotated[str, Query(max_length=10)] = ""

    def filter(self, context: RequestContext) -> TrailFilter:
        """Which deeds; a day that is none does not narrow."""
        try:
            day = date.fromisoformat(self.day) if self.day else None
        except ValueError:
            day = None
        return wanted_of(context, self.actor, self.action, self.subject, day)

    def address(self, path: str, **more: str) -> str:
        """The same filters elsewhere."""
        told = {"actor": self.actor, "action": self.action, "subject": self.subject,
                "day": self.day, **more}  # fmt: skip
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{query}" if query else path


ShownOf = Annotated[Shown, Depends()]


@router.get("/audit")
async def audit_page(
    request: Request, shown: ShownOf, context: Context, after: Text = ""
) -> Response:
    """The latest deeds first, a hundred at a time."""
    async with context.sessions.begin() as session:
        rows = await trail(session, shown.filter(context), read_position(after), PAGE_SIZE)
    following = shown.address("/audit", after=str(rows[-1].id)) if len(rows) == PAGE_SIZE else ""
    return page(
        request, "audit.html", shown=shown, rows=rows, following=following,
        export=shown.address("/audit.csv"), dump=_as_text,
    )  # fmt: skip


@router.get("/audit.csv")
async def export_audit(request: Request, shown: ShownOf, context: Context) -> Response:
    """The filtered trail as a file for a spreadsheet, ten thousand rows at most."""
    async with context.sessions.begin() as session:
        rows = await trail(session, shown.filter(context), None, MOST_EXPORTED)
    name = f"audit-{datetime.now(UTC):%Y%m%d-%H%M}.csv"
    return Response(
        _csv_of(request, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv_of(request: Request, rows: Sequence[Any]) -> str:
    text, language = io.StringIO(), language_of(request)
    text.write("\ufeff")  # without it Excel reads Chinese as Latin-1
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([translate(language, heading) for heading in _HEADINGS])
    for row in rows:
        cells = (
            row.at.astimezone(COMPANY_ZONE).isoformat(timespec="seconds"), row.name, row.action,
            row.subject, row.reason, _as_text(row.before), _as_text(row.after), row.request_id,
            str(row.seq or ""), row.hash or "",
        )  # fmt: skip
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def _as_text(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) if told else ""
