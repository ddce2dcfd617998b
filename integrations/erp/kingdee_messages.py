"""What Kingdee is sent and what it answers: untrusted bytes in, values or a refusal out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.shared.errors import AnswerLost, SettingsRefused, Unavailable
from integrations.erp.port import ErpEntry, ErpVoucher, SavedVoucher
from integrations.erp.sums import only_home, plain

FORM: Final = "GL_VOUCHER"
ERROR: Final = "response_error:"
SYSTEM: Final = "kingdee"
_LONGEST_TEXT: Final = 255
_FIELDS: Final = "FVOUCHERID,FBillNo"


@dataclass(frozen=True, slots=True)
class Refused:
    """Kingdee's own envelope said no."""

    code: str
    text: str


def save_body(voucher: ErpVoucher, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The voucher as a form. Raises SettingsRefused without an account book, Rejected for sums
    whose rate nobody told us."""
    if not (book := str(settings.get("account_book", ""))):
        text = "setting account_book is needed: the number of the account book"
        raise SettingsRefused(text, code="setting:account_book", system=SYSTEM)
    only_home(voucher, str(settings.get("currency", "CNY")))
    day = f"{voucher.booked_on.isoformat()} 00:00:00"
    audit = bool(settings.get("audit", False))
    return {
        "formid": FORM,
        "data": {
            "NeedReturnFields": ["FBillNo"],
            "IsDeleteEntry": "true",
            "IsVerifyBaseDataField": "true",
            "IsAutoSubmitAndAudit": _text(audit),
            "ValidateRepeatJson": _text(bool(settings.get("refuse_repeated", True))),
            "Model": {
                "FAccountBookID": {"FNumber": book},
                "FDate": day,
                "FBUSDATE": day,
                "FYEAR": voucher.booked_on.year,
                "FPERIOD": voucher.booked_on.month,
                "FVOUCHERGROUPID": {"FNumber": str(settings.get("voucher_group", "PRE001"))},
                "FDocumentStatus": "Z",
                "FEntity": [_entry(voucher, entry, settings) for entry in voucher.entries],
            },
        },
    }


def query_body(key: str) -> dict[str, Any]:
    """Which vouchers have entries that begin with this key of ours."""
    return {
        "data": {
            "FormId": FORM,
            "FieldKeys": _FIELDS,
            "FilterString": f"FEXPLANATION like '{key.replace(chr(39), '')} %'",
            "OrderString": "FVOUCHERID",
            "TopRowCount": 1,
            "StartRow": 0,
            "Limit": 1,
        }
    }


def read_saved(body: bytes) -> SavedVoucher | Refused:
    """Raises AnswerLost for what nobody can read: it says nothing of what was done."""
    answer = _object(body)
    status = _part(_part(answer, "Result"), "ResponseStatus")
    if not status:
        raise AnswerLost("the answer has no ResponseStatus", code="unreadable", system=SYSTEM)
    if not _is_true(status.get("IsSuccess")):
        return _refused(status)
    done = status.get("SuccessEntitys")
    first = done[0] if isinstance(done, list) and done and isinstance(done[0], dict) else {}
    number = str(first.get("Number") or _part(answer, "Result").get("Number") or "")
    vendor_id = str(first.get("Id") or _part(answer, "Result").get("Id") or "")
    if not number:
        raise AnswerLost("the answer names no voucher", code="unreadable", system=SYSTEM)
    return SavedVoucher(number[:100], vendor_id[:100])


def read_rows(body: bytes) -> list[tuple[str, ...]] | Refused:
    """Rows of a query; Kingdee tells a refusal as the only cell. Raises Unavailable."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list) or not all(isinstance(row, list) for row in told):
        raise Unavailable("the answer is no table", code="unreadable", system=SYSTEM)
    if told and told[0] and isinstance(told[0][0], dict):
        return _refused(_part(_part(told[0][0], "Result"), "ResponseStatus"))
    if any(len(row) < 2 for row in told):
        raise Unavailable("the answer has other columns", code="unreadable", system=SYSTEM)
    return [tuple(str(cell)[:100] for cell in row) for row in told]


def _entry(voucher: ErpVoucher, entry: ErpEntry, settings: Mapping[str, Any]) -> dict[str, Any]:
    amount = entry.debit if entry.debit.minor else entry.credit
    return {
        "FEXPLANATION": f"{voucher.key} {entry.text}"[:_LONGEST_TEXT],
        "FACCOUNTID": {"FNumber": entry.account_code},
        "FCURRENCYID": {"FNumber": str(settings.get("currency_number", "PRE001"))},
        "FEXCHANGERATETYPE": {"FNumber": str(settings.get("rate_type", "HLTX01_SYS"))},
        "FEXCHANGERATE": "1",
        "FAMOUNTFOR": plain(amount),
        "FDEBIT": plain(entry.debit),
        "FCREDIT": plain(entry.credit),
    }


def _refused(status: Mapping[str, Any]) -> Refused:
    errors = status.get("Errors")
    told = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    words = [
        ": ".join(str(part) for part in (one.get("FieldName"), one.get("Message")) if part)
        for one in told
    ]
    code = str(status.get("MsgCode") or status.get("ErrorCode") or "")
    text = "; ".join(word for word in words if word).replace("\x00", "")
    return Refused(code[:100], text[:500] or "no reason given")


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise AnswerLost("the answer cannot be read", code="unreadable", system=SYSTEM)
    return told


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _text(value: bool) -> str:
    return "true" if value else "false"
