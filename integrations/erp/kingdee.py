"""Kingdee 云星空: general ledger vouchers over its WebAPI, signed twice (wire-formats §4.1)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from domain.shared.errors import CredentialsRefused, IntegrationError, Unavailable
from integrations.access import FinanceAccess
from integrations.carriers.errors import ErrorTable
from integrations.erp.kingdee_messages import (
    ERROR,
    Refused,
    query_body,
    read_rows,
    read_saved,
    save_body,
)
from integrations.erp.port import ErpVoucher, SavedVoucher
from integrations.erp.signing import (
    kingdee_api_signature,
    kingdee_client_secret,
    kingdee_kd_signature,
)
from integrations.http import exchange
from integrations.payments.reading import lost
from integrations.settings import CODES, Schema, text, yes_no

SECRETS: Final = ("app_id", "app_secret", "account_set", "user_name")
SETTINGS: Final = CODES + Schema(
    (
        text("account_book"),
        text("voucher_group"),
        text("currency"),
        text("currency_number"),
        text("rate_type"),
        text("organisation"),
        text("language"),
        yes_no("audit"),
        yes_no("refuse_repeated"),
    )
)
SYSTEM: Final = "kingdee"
SERVICE: Final = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
SESSION: Final = "kdservice-sessionid"
# Said of a session that is over; the next call makes a new one.
SESSION_OVER: Final = ("会话", "重新登录")
_CREDENTIALS: Final = ("签名", "授权", "AppId", "appid", "应用", "登录用户")
_ERRORS: Final = ErrorTable(SYSTEM)

_SESSIONS: Final[WeakKeyDictionary[httpx.AsyncClient, dict[tuple[str, str], str]]] = (
    WeakKeyDictionary()
)


def open_erp(access: FinanceAccess) -> "Kingdee":
    """Secrets `app_id`, `app_secret`, `account_set` (the id of 账套), `user_name`."""
    return Kingdee(access)


@dataclass(frozen=True, slots=True)
class Kingdee:
    """One account book. Our key stands at the head of every entry's text, which is what a voucher
    is found by: the interface knows no key of its own."""

    access: FinanceAccess
    vendor: str = SYSTEM

    async def save(self, voucher: ErpVoucher) -> SavedVoucher:
        """Enter the voucher; the same content again is refused by Kingdee itself."""
        answer = await self._call("Save", save_body(voucher, self.access.settings), changes=True)
        saved = read_saved(answer)
        if isinstance(saved, Refused):
            raise self._refusal(saved)
        return saved

    async def find(self, voucher: ErpVoucher) -> SavedVoucher | None:
        """The voucher whose entries begin with our key."""
        rows = await self._rows(query_body(voucher.key))
        if not rows:
            return None
        return SavedVoucher(number=rows[0][1], vendor_id=rows[0][0])

    async def check(self) -> None:
        """Ask for a voucher that is not there."""
        await self._rows(query_body("OH-nothing"))

    async def _rows(self, body: Mapping[str, Any]) -> list[tuple[str, ...]]:
        answer = await self._call("ExecuteBillQuery", body, changes=False)
        rows = read_rows(answer)
        if isinstance(rows, Refused):
            raise self._refusal(rows)
        return rows

    async def _call(self, service: str, body: Mapping[str, Any], *, changes: bool) -> bytes:
        url = f"{self.access.base_url.rstrip('/')}/{SERVICE}{service}.common.kdsvc"
        # Never through the client's own cookies: two accounts on one server must not share any.
        request = httpx.Request("POST", url, json=dict(body), headers=self._headers(url))
        async with self.access.pace.call(service):
            answer = await exchange(self.access.http, request, system=SYSTEM, changes=changes)
        self._remember(answer.headers.get("set-cookie", ""))
        plain = answer.body.decode("utf-8", "replace").strip()
        if plain.startswith(ERROR):
            raise self._failure(plain.removeprefix(ERROR).strip(), changes=changes)
        return answer.body

    def _headers(self, url: str) -> dict[str, str]:
        secrets, settings = self.access.secrets, self.access.settings
        app_id = secrets["app_id"]
        client_id, _, hidden = app_id.partition("_")
        now = str(int(self.access.now().timestamp()))
        data = ",".join(
            (
                secrets["account_set"],
                secrets["user_name"],
                str(settings.get("language", "2052")),
                str(settings.get("organisation", "0")),
            )
        )
        headers = {
            "X-Api-ClientID": client_id,
            "X-Api-Auth-Version": "2.0",
            "x-api-timestamp": now,
            "x-api-nonce": now,
            "x-api-signheaders": "x-api-timestamp,x-api-nonce",
            "X-Api-Signature": kingdee_api_signature(
                kingdee_client_secret(hidden), urlsplit(url).path, now, now
            ),
            "X-Kd-Appkey": app_id,
            "X-Kd-Appdata": base64.b64encode(data.encode()).decode(),
            "X-Kd-Signature": kingdee_kd_signature(secrets["app_secret"], app_id, data),
        }
        if session := self._sessions.get(self._key):
            headers[SESSION] = session
            headers["Cookie"] = f"{SESSION}={session}"
        return headers

    def _refusal(self, refused: Refused) -> IntegrationError:
        """An envelope of Kingdee's own: nothing was done."""
        if any(word in refused.text for word in SESSION_OVER):
            self._sessions.pop(self._key, None)
            return Unavailable(refused.text, code=refused.code or "session", system=SYSTEM)
        return _ERRORS.set_by(self.access.settings).error(refused.code, refused.text)

    def _failure(self, told: str, *, changes: bool) -> IntegrationError:
        """`response_error:` is said before the form is reached, or when it fell over."""
        if any(word in told for word in SESSION_OVER):
            self._sessions.pop(self._key, None)
            return Unavailable(told[:500], code="session", system=SYSTEM)
        if any(word in told for word in _CREDENTIALS):
            return CredentialsRefused(told[:500], code="response_error", system=SYSTEM)
        return lost(
            told[:500] or "no reason given", "response_error", system=SYSTEM, changes=changes
        )

    def _remember(self, cookies: str) -> None:
        for part in cookies.replace(";", ",").split(","):
            name, _, value = part.strip().partition("=")
            if name == SESSION and value:
                self._sessions[self._key] = value

    @property
    def _sessions(self) -> dict[tuple[str, str], str]:
        return _SESSIONS.setdefault(self.access.http, {})

    @property
    def _key(self) -> tuple[str, str]:
        return self.access.base_url, self.access.account_id
