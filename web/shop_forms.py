"""What the forms of shops, carriers and payment accounts have in common."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from api.channels import credentials
from api.channels.settings import NewSettings, SettingsView
from db.platform.pausing import BY_CREDENTIALS, BY_SETTINGS
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput
from integrations.settings import Schema
from web.order_actions import body_of

_WHOLE_DIGITS: Final = 7
_YEARS: Final = range(2000, 2101)


def gate_code(row: Any) -> str:
    """Whether we call a system now, and if not, why: a key of `words.GATE`."""
    if not row.active:
        return "switched_off"
    if row.gate != "holding" or row.gate_by == "system":
        return str(row.gate)
    return row.gate_by if row.gate_by in (BY_CREDENTIALS, BY_SETTINGS) else "paused"


async def new_credentials(request: Request) -> credentials.NewCredentials:
    """Only what was filled in. Raises InvalidInput, without a word of it."""
    try:
        return credentials.NewCredentials(**await secrets_in(request))
    except ValueError:
        raise InvalidInput("fill in at least one secret") from None


async def secrets_in(request: Request) -> dict[str, Any]:
    """The secrets that were filled in, and until when they are good."""
    given = await request.form()
    secrets = {
        name.removeprefix("secret."): credentials.hidden(str(value))
        for name, value in given.items()
        if name.startswith("secret.") and str(value).strip()
    }
    until = str(given.get("expires", "")).strip()
    expires_at = midnight(day_of(until) + timedelta(days=1)) if until else None
    return {"secrets": secrets, "expires_at": expires_at}


def day_of(text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise InvalidInput("a day must be a date, such as 2026-03-01")
    return day


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, COMPANY_ZONE).astimezone(UTC)


async def new_settings(request: Request, schema: Schema) -> NewSettings:
    """What was filled in; an empty field is not set, and `""` is a text that is empty."""
    given = await request.form()
    filled = {
        one.key: text
        for one in schema.settings
        if (text := str(given.get(f"setting.{one.key}", "")).strip())
    }
    settings = {
        one.key: "" if filled[one.key] == '""' else one.read(filled[one.key])
        for one in schema.settings
        if one.key in filled
    }
    body: NewSettings = body_of(NewSettings, settings=settings)
    return body


def filled_in(view: SettingsView) -> dict[str, str]:
    """What stands in the fields of the form."""
    return {
        key: (value or '""') if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in view.settings.items()
    }


def whole(text: str) -> int:
    """Raises InvalidInput."""
    if not text.strip().isdecimal() or len(text) > _WHOLE_DIGITS:
        raise InvalidInput("a quantity must be a whole number")
    return int(text)


def done(request: Request, shop_id: str) -> Response:
    """Back to the shop, or to all shops."""
    return done_at(request, f"/shops/{quote(shop_id, safe='')}".rstrip("/"))


def done_at(request: Request, address: str) -> Response:
    """Back to a page; an open dialog closes by itself."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse(address, 303)


def added_at(request: Request, address: str) -> Response:
    """On to the page of what was added, also out of a dialog."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
