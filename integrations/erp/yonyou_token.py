"""Access tokens of Yonyou: one per application and process, good for two hours.

Kept in memory alone; asked for again when refused or nearly over.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

import httpx
from pydantic import Field

from domain.shared.errors import CredentialsRefused, IntegrationError
from integrations.access import FinanceAccess
from integrations.carriers.errors import ErrorTable
from integrations.erp.signing import yonyou_signature
from integrations.http import exchange
from integrations.payments.reading import Body, Text, read_answer

SYSTEM: Final = "yonyou"
PATH: Final = "/iuap-api-auth/open-auth/selfAppAuth/getAccessToken"
DONE: Final = "00000"
_EARLY: Final = timedelta(minutes=5)


class _Issued(Body):
    access_token: str = Field(min_length=1, max_length=4000, repr=False)
    expire: int = Field(default=7200, ge=1, le=864_000)


class _Answer(Body):
    code: Text = ""
    message: Text = ""
    data: _Issued | None = None


@dataclass(slots=True)
class _Held:
    value: str = field(default="", repr=False)
    until: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def good(self, now: datetime, refused: str) -> bool:
        return self.value not in ("", refused) and self.until is not None and now < self.until


_HELD: Final[WeakKeyDictionary[httpx.AsyncClient, dict[tuple[str, str], _Held]]] = (
    WeakKeyDictionary()
)


async def access_token(access: FinanceAccess, *, refused: str = "") -> str:
    """A token that is not the `refused` one. Raises the IntegrationError family."""
    apps = _HELD.setdefault(access.http, {})
    held = apps.setdefault((access.base_url, access.secrets["app_key"]), _Held())
    async with held.lock:
        if held.good(access.now(), refused):
            return held.value
        issued = await _ask(access)
        held.value = issued.access_token
        life = timedelta(seconds=issued.expire)
        held.until = access.now() + max(life - _EARLY, life / 2)
        return held.value


async def _ask(access: FinanceAccess) -> _Issued:
    signed = {
        "appKey": access.secrets["app_key"],
        "timestamp": str(int(access.now().timestamp() * 1000)),
    }
    signature = yonyou_signature(access.secrets["app_secret"], signed)
    path = str(access.settings.get("token_path", PATH))
    query = "&".join(f"{name}={value}" for name, value in signed.items())
    url = f"{access.base_url.rstrip('/')}{path}?{query}&signature={signature}"
    async with access.pace.call(PATH):
        answer = await exchange(
            access.http, access.http.build_request("GET", url), system=SYSTEM, changes=False
        )
    told = read_answer(_Answer, answer.body, system=SYSTEM, changes=False)
    if told.code != DONE or told.data is None:
        raise _refusal(access, told)
    return told.data


def _refusal(access: FinanceAccess, told: _Answer) -> IntegrationError:
    """Whoever gives out no token refuses who we are, unless a setting says otherwise."""
    table = ErrorTable(SYSTEM).set_by(access.settings)
    if told.code in table.retry or told.code in table.wait_s:
        return table.error(told.code, told.message)
    return CredentialsRefused(told.message or "no token", code=told.code, system=SYSTEM)
