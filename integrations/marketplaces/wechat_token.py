"""Access tokens of WeChat: one per app and process, asked for again when refused or nearly over.

The stable token is the same for everybody who asks, so that processes need not share it. It is
kept in memory alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

import httpx
from pydantic import Field

from integrations.access import ShopAccess
from integrations.http import exchange
from integrations.marketplaces.reading import Body, read_answer
from integrations.marketplaces.wechat_errors import WechatHead, codes_of, wechat_error

PATH: Final = "/cgi-bin/stable_token"
_EARLY: Final = timedelta(minutes=5)  # the new one and the old one are both good so long


class _Token(Body):
    access_token: str = Field(min_length=1, repr=False)
    expires_in: int = Field(ge=1, le=86_400)


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


async def access_token(
    access: ShopAccess, now: Callable[[], datetime], *, refused: str = ""
) -> str:
    """A token that is not the `refused` one. Raises the IntegrationError family."""
    apps = _HELD.setdefault(access.http, {})
    held = apps.setdefault((access.base_url, access.external_id), _Held())
    async with held.lock:
        if held.good(now(), refused):
            return held.value
        token = await _ask(access, force=False)
        if token.access_token == refused:
            token = await _ask(access, force=True)
        held.value = token.access_token
        life = timedelta(seconds=token.expires_in)
        held.until = now() + max(life - _EARLY, life / 2)
        return held.value


async def _ask(access: ShopAccess, *, force: bool) -> _Token:
    body = {
        "grant_type": "client_credential",
        "appid": access.external_id,
        "secret": access.secrets["app_secret"],
        "force_refresh": force,
    }
    url = f"{access.base_url.rstrip('/')}{PATH}"
    request = access.http.build_request("POST", url, json=body)
    async with access.pace.call(PATH):
        answer = await exchange(access.http, request, system="wechat", changes=False)
        error = read_answer(WechatHead, answer.body, system="wechat", changes=False)
        if error.errcode:
            raise wechat_error(error, codes_of(access.settings), changes=False)
    return read_answer(_Token, answer.body, system="wechat", changes=False)
