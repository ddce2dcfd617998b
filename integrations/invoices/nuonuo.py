"""Nuonuo 诺诺: fully digital invoices over its open platform (wire-formats §4.3)."""

import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from domain.finance.invoices import InvoiceKind
from domain.shared.errors import IntegrationError
from integrations.access import FinanceAccess
from integrations.carriers.errors import ErrorTable
from integrations.http import exchange
from integrations.invoices.nuonuo_messages import (
    SYSTEM,
    Answer,
    Confirmation,
    ConfirmationAnswer,
    Confirmations,
    RedAnswer,
    Result,
    ResultAnswer,
    SubmitAnswer,
    blue_body,
    lacks_seal,
    news_of,
    red_body,
    red_news_of,
)
from integrations.invoices.port import BlueInvoice, InvoiceNews, RedInvoice, Told
from integrations.invoices.signing import nuonuo_sign
from integrations.payments.reading import UNREADABLE, lost, read_answer
from integrations.settings import CODES, Schema, choice, text

SECRETS: Final = ("app_key", "app_secret", "access_token", "tax_no")
SETTINGS: Final = CODES + Schema(
    (
        text("seller_name"),
        text("tel"),
        text("address"),
        text("account"),
        text("clerk"),
        text("extension_number"),
        choice("invoice_line", ("pc", "bs")),
    )
)
PATH: Final = "/open/v1/services"
ISSUE: Final = "nuonuo.OpeMplatform.requestBillingNew"
RESULT: Final = "nuonuo.OpeMplatform.queryInvoiceResult"
AGAIN: Final = "nuonuo.OpeMplatform.reInvoice"
RED: Final = "nuonuo.OpeMplatform.saveInvoiceRedConfirm"
RED_RESULT: Final = "nuonuo.OpeMplatform.queryInvoiceRedConfirm"
DONE: Final = "E0000"
KNOWN: Final = "E9106"  # this order number was submitted before
NOBODY: Final = "E9500"  # nothing is known of what was asked for
CREDENTIALS: Final = frozenset({"070101", "070304", "070305", "070306", "070307"})
_ERRORS: Final = ErrorTable(SYSTEM, credentials=CREDENTIALS)

AnswerT = TypeVar("AnswerT", bound=Answer)


def open_issuer(access: FinanceAccess) -> "Nuonuo":
    """Secrets `app_key`, `app_secret`, `access_token` and `tax_no`, under which we issue."""
    return Nuonuo(access)


@dataclass(frozen=True, slots=True)
class Nuonuo:
    """One tax number. Nuonuo takes each of our keys once: orderNo of blue, billId of red ones."""

    access: FinanceAccess
    vendor: str = SYSTEM

    async def issue(self, invoice: BlueInvoice) -> str:
        """Order a blue invoice; one under this key that was ordered before stays the only one."""
        body = blue_body(invoice, self.access.secrets["tax_no"], self.access.settings)
        answer = await self._call(SubmitAnswer, ISSUE, body, changes=True)
        if answer.code == KNOWN:
            return ""
        if answer.code != DONE:
            raise self._refusal(answer)
        if answer.result is None or not answer.result.invoiceSerialNum:
            raise lost("the answer names no invoice", UNREADABLE, system=SYSTEM, changes=True)
        return answer.result.invoiceSerialNum

    async def reverse(self, invoice: RedInvoice) -> str:
        """Order a red invoice; one under this key that was ordered before stays the only one."""
        body = red_body(invoice, self.access.secrets["tax_no"], self.access.settings)
        answer = await self._call(RedAnswer, RED, body, changes=True)
        if answer.code == DONE:
            return answer.result
        # No code is documented for a billId that is known already: it is read back.
        refusal = self._refusal(answer)
        if await self._confirmation(invoice.key) is None:
            raise refusal
        return invoice.key

    async def ask(self, kind: InvoiceKind, key: str, ref: str) -> InvoiceNews | None:
        """How far it is. A blue one that only lacks its seal is sealed again."""
        if kind is InvoiceKind.RED:
            return await self._ask_red(key)
        asked = {"serialNos": [ref]} if ref else {"orderNos": [key]}
        found = await self._result(asked)
        if found is not None and lacks_seal(found):
            body = {"fpqqlsh": found.serialNo, "orderno": key}
            await self._call(Answer, AGAIN, body, changes=False)
        return None if found is None else news_of(found)

    async def check(self) -> None:
        """Ask for an invoice that is not there."""
        await self._result({"orderNos": ["OH-nothing"]})

    async def _ask_red(self, key: str) -> InvoiceNews | None:
        confirmed = await self._confirmation(key)
        if confirmed is None:
            return None
        news = red_news_of(confirmed)
        if news.told is Told.FAILED or not news.ref:
            return news
        found = await self._result({"serialNos": [news.ref]})
        return news if found is None else news_of(found)

    async def _result(self, asked: Mapping[str, Any]) -> Result | None:
        body = {**asked, "isOfferInvoiceDetail": "0"}
        answer = await self._call(ResultAnswer, RESULT, body, changes=False)
        if answer.code == NOBODY:
            return None
        if answer.code != DONE:
            raise self._refusal(answer)
        return answer.result[0] if answer.result else None

    async def _confirmation(self, key: str) -> Confirmation | None:
        body = {"identity": "0", "billId": key}
        answer = await self._call(ConfirmationAnswer, RED_RESULT, body, changes=False)
        if answer.code == NOBODY:
            return None
        if answer.code != DONE:
            raise self._refusal(answer)
        told = (answer.result or Confirmations()).list
        return next((one for one in told if one.billId == key), None)

    async def _call(
        self, model: type[AnswerT], method: str, body: Mapping[str, Any], *, changes: bool
    ) -> AnswerT:
        held = self.access.secrets
        content = json.dumps(dict(body), ensure_ascii=False, separators=(",", ":"))
        senid, nonce = random.token_hex(16), f"{random.randbelow(90_000_000) + 10_000_000}"
        now = str(int(self.access.now().timestamp()))
        signature = nuonuo_sign(
            held["app_secret"], app_key=held["app_key"], senid=senid, nonce=nonce, timestamp=now,
            body=content,
        )  # fmt: skip
        request = self.access.http.build_request(
            "POST",
            f"{self.access.base_url.rstrip('/')}{PATH}",
            params={"senid": senid, "nonce": nonce, "timestamp": now, "appkey": held["app_key"]},
            content=content.encode(),
            headers={
                "content-type": "application/json",
                "X-Nuonuo-Sign": signature,
                "accessToken": held["access_token"],
                "userTax": held["tax_no"],
                "method": method,
            },
        )
        async with self.access.pace.call(method):
            answer = await exchange(self.access.http, request, system=SYSTEM, changes=changes)
        return read_answer(model, answer.body, system=SYSTEM, changes=changes)

    def _refusal(self, answer: Answer) -> IntegrationError:
        return _ERRORS.set_by(self.access.settings).error(answer.code, answer.describe)
