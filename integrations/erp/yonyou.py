"""Yonyou YonBIP / YonSuite: vouchers over its open platform (wire-formats §4.2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import Field

from domain.shared.errors import (
    CredentialsRefused,
    IntegrationError,
    SettingsRefused,
)
from integrations.access import FinanceAccess
from integrations.carriers.errors import ErrorTable
from integrations.erp.port import ErpEntry, ErpVoucher, SavedVoucher
from integrations.erp.sums import only_home, plain
from integrations.erp.yonyou_token import access_token
from integrations.http import exchange
from integrations.payments.reading import UNREADABLE, Body, Text, lost, read_answer
from integrations.settings import CODES, Schema, text

SECRETS: Final = ("app_key", "app_secret")
SETTINGS: Final = CODES + Schema(
    (
        text("account_book"),
        text("voucher_type"),
        text("maker_mobile"),
        text("maker_email"),
        text("currency"),
        text("gateway_path"),
        text("token_path"),
    )
)
SYSTEM: Final = "yonyou"
GATEWAY: Final = "/iuap-api-gateway"
ADD: Final = "/yonbip/fi/ficloud/openapi/voucher/addVoucher"
QUERY: Final = "/yonbip/fi/ficloud/openapi/voucher/queryVouchers"
DONE: Final = "200"
# The voucher with our business id is there already.
KNOWN: Final = frozenset({"310504", "310074"})
_PLATFORM: Final = "310"  # codes of the platform, not of the ledger
_LONGEST_TEXT: Final = 255
_PAGE: Final = 100
_MOST_PAGES: Final = 50
_ERRORS: Final = ErrorTable(SYSTEM)

BodyT = TypeVar("BodyT", bound=Body)


class _Head(Body):
    code: Text = ""
    message: Text = ""


class _Added(Body):
    voucherId: Text = ""
    billCode: Text = ""


class _AddAnswer(_Head):
    data: _Added | None = None


class _Header(Body):
    id: Text = ""
    billcode: Text = ""
    description: Text = ""


class _Record(Body):
    header: _Header = _Header()


class _Records(Body):
    recordCount: int = Field(default=0, ge=0)
    recordList: tuple[_Record, ...] = ()


class _QueryAnswer(_Head):
    data: _Records | None = None


def open_erp(access: FinanceAccess) -> "Yonyou":
    """Secrets `app_key` and `app_secret` of an own application; base_url is the data centre."""
    return Yonyou(access)


@dataclass(frozen=True, slots=True)
class Yonyou:
    """One account book. Our key is the voucher's business id, under which Yonyou keeps it once,
    and stands at the head of its text, by which it is found."""

    access: FinanceAccess
    vendor: str = SYSTEM

    async def save(self, voucher: ErpVoucher) -> SavedVoucher:
        """Enter the voucher; one that is there already is looked up."""
        body = _body(voucher, self.access.settings)
        answer = await self._call(_AddAnswer, ADD, body, changes=True)
        if answer.code in KNOWN:
            return await self.find(voucher) or SavedVoucher("")
        if answer.code != DONE:
            raise self._refusal(answer)
        added = answer.data or _Added()
        if not added.voucherId:
            raise lost("the answer names no voucher", UNREADABLE, system=SYSTEM, changes=True)
        return SavedVoucher(added.billCode, added.voucherId)

    async def find(self, voucher: ErpVoucher) -> SavedVoucher | None:
        """The voucher of that month whose text begins with our key. A month too long to be read
        through says nothing: saving again is safe, as the business id is kept once."""
        for page in range(1, _MOST_PAGES + 1):
            answer = await self._page(f"{voucher.booked_on:%Y-%m}", page)
            found = answer.data or _Records()
            for record in found.recordList:
                if record.header.description.startswith(f"{voucher.key} "):
                    return SavedVoucher(record.header.billcode, record.header.id)
            if page * _PAGE >= found.recordCount or not found.recordList:
                return None
        return None

    async def check(self) -> None:
        """Ask for the first voucher of our books."""
        await self._page("2000-01", 1)

    async def _page(self, month: str, page: int) -> _QueryAnswer:
        body = {
            "accbookCode": _needed(self.access.settings, "account_book"),
            "periodStart": month,
            "periodEnd": month,
            "pager": {"pageIndex": page, "pageSize": _PAGE},
        }
        answer = await self._call(_QueryAnswer, QUERY, body, changes=False)
        if answer.code != DONE:
            raise self._refusal(answer)
        return answer

    async def _call(
        self, model: type[BodyT], path: str, body: Mapping[str, Any], *, changes: bool
    ) -> BodyT:
        token = await access_token(self.access)
        answer = await self._once(model, path, body, token, changes=changes)
        if _is_about_token(answer):
            token = await access_token(self.access, refused=token)
            answer = await self._once(model, path, body, token, changes=changes)
            if _is_about_token(answer):
                raise CredentialsRefused(_words(answer), code=_code(answer), system=SYSTEM)
        return answer

    async def _once(
        self, model: type[BodyT], path: str, body: Mapping[str, Any], token: str, *, changes: bool
    ) -> BodyT:
        gateway = str(self.access.settings.get("gateway_path", GATEWAY))
        address = f"{self.access.base_url.rstrip('/')}{gateway}{path}"
        request = self.access.http.build_request(
            "POST",
            f"{address}?access_token={quote(token, safe='')}",
            content=json.dumps(dict(body), ensure_ascii=False).encode(),
            headers={"content-type": "application/json"},
        )
        async with self.access.pace.call(path):
            answer = await exchange(self.access.http, request, system=SYSTEM, changes=changes)
        return read_answer(model, answer.body, system=SYSTEM, changes=changes)

    def _refusal(self, answer: _Head) -> IntegrationError:
        return _ERRORS.set_by(self.access.settings).error(answer.code, answer.message)


def _body(voucher: ErpVoucher, settings: Mapping[str, Any]) -> dict[str, Any]:
    only_home(voucher, str(settings.get("currency", "CNY")))
    maker = {
        name: value
        for name, key in (("makerMobile", "maker_mobile"), ("makerEmail", "maker_email"))
        if (value := str(settings.get(key, "")))
    }
    if not maker:
        raise _missing("maker_mobile or maker_email")
    return {
        "businessId": voucher.key,
        "accbookCode": _needed(settings, "account_book"),
        "voucherTypeCode": str(settings.get("voucher_type", "1")),
        "makeTime": voucher.booked_on.isoformat(),
        "period": f"{voucher.booked_on:%Y-%m}",
        "description": f"{voucher.key} {voucher.text}"[:_LONGEST_TEXT],
        **maker,
        "bodies": [_entry(voucher, entry) for entry in voucher.entries],
    }


def _entry(voucher: ErpVoucher, entry: ErpEntry) -> dict[str, Any]:
    side, money = ("debit", entry.debit) if entry.debit.minor else ("credit", entry.credit)
    return {
        "description": f"{voucher.key} {entry.text}"[:_LONGEST_TEXT],
        "accsubjectCode": entry.account_code,
        "currencyCode": voucher.currency,
        "rateType": "01",
        "rateOrg": "1",
        f"{side}Original": plain(money),
        f"{side}Org": plain(money),
    }


def _needed(settings: Mapping[str, Any], key: str) -> str:
    if not (value := str(settings.get(key, ""))):
        raise _missing(key)
    return value


def _missing(key: str) -> SettingsRefused:
    return SettingsRefused(f"setting {key} is needed", code=f"setting:{key}"[:100], system=SYSTEM)


def _is_about_token(answer: Body) -> bool:
    """The platform's own refusal, in words about the token: it is asked for anew, once."""
    return _code(answer).startswith(_PLATFORM) and "token" in _words(answer).lower()


def _code(answer: Body) -> str:
    return str(getattr(answer, "code", ""))


def _words(answer: Body) -> str:
    return str(getattr(answer, "message", "")) or "no reason given"
