"""What Nuonuo is sent and what it answers (wire-formats §4.3)."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from domain.finance.invoices import Back, InvoiceLine
from domain.shared.errors import Rejected, SettingsRefused
from domain.shared.money import Money
from integrations.invoices.port import BlueInvoice, InvoiceNews, RedInvoice, Told
from integrations.payments.reading import Body, Text, write_china_time

SYSTEM: Final = "nuonuo"
CURRENCY: Final = "CNY"
# A fully digital ordinary invoice (pc); a special one (bs) is for whoever deducts its tax.
KIND: Final = "pc"
_PLACES: Final = Decimal("0.00000001")
_LONGEST_NAME: Final = 90
_REASON: Final = {"returned": "1", "mistake": "2", "rebate": "4"}
_ISSUED, _SEALLESS = "2", "24"
_FAILED: Final = frozenset({"22", "3", "31"})
_RED_GOES_ON: Final = frozenset({"01", "02", "03", "04", "15"})


class Answer(Body):
    code: Text = ""
    describe: Text = ""


class Submitted(Body):
    invoiceSerialNum: Text = ""


class SubmitAnswer(Answer):
    result: Submitted | None = None


class Result(Body):
    serialNo: Text = ""
    orderNo: Text = ""
    status: Text = ""
    failCause: Text = ""
    invoiceNo: Text = ""
    allElectronicInvoiceNumber: Text = ""
    pdfUrl: Text = ""

    @property
    def number(self) -> str:
        return self.allElectronicInvoiceNumber or self.invoiceNo


class ResultAnswer(Answer):
    result: tuple[Result, ...] | None = None


class RedAnswer(Answer):
    result: Text = ""


class Confirmation(Body):
    billId: Text = ""
    billStatus: Text = ""
    billMessage: Text = ""
    openStatus: Text = ""
    invoiceSerialNum: Text = ""
    redInvoiceNumber: Text = ""


class Confirmations(Body):
    list: tuple[Confirmation, ...] = ()


class ConfirmationAnswer(Answer):
    result: Confirmations | None = None


def blue_body(invoice: BlueInvoice, tax_no: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Raises SettingsRefused without what the law wants on it, Rejected for another currency."""
    only_yuan(invoice.currency)
    order = {
        "orderNo": invoice.key,
        "invoiceDate": write_china_time(invoice.at),
        "invoiceType": "1",
        "invoiceLine": line_of(settings),
        "salerTaxNum": tax_no,
        "salerTel": _needed(settings, "tel"),
        "salerAddress": _needed(settings, "address"),
        "salerAccount": str(settings.get("account", "")),
        "clerk": _needed(settings, "clerk"),
        "buyerName": invoice.buyer.title,
        "buyerTaxNum": invoice.buyer.tax_no,
        "naturalPersonFlag": "0" if invoice.buyer.tax_no else "1",
        "pushMode": "0" if invoice.buyer.email else "-1",
        "email": invoice.buyer.email,
        "remark": invoice.remark,
        "extensionNumber": str(settings.get("extension_number", "")),
        "invoiceDetail": [_blue_line(line, invoice.currency) for line in invoice.lines],
    }
    return {"order": {name: value for name, value in order.items() if value != ""}}


def red_body(invoice: RedInvoice, tax_no: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The confirmation from which the red invoice is issued by itself."""
    only_yuan(invoice.currency)
    body: dict[str, Any] = {
        "billId": invoice.key,
        "orderNo": invoice.key,
        "blueInvoiceLine": line_of(settings),
        "applySource": "0",
        "blueElecInvoiceNumber": invoice.blue_number,
        "sellerTaxNo": tax_no,
        "sellerName": _needed(settings, "seller_name"),
        "buyerTaxNo": invoice.buyer.tax_no,
        "buyerName": invoice.buyer.title,
        "redReason": _REASON[invoice.reason],
        "extensionNumber": str(settings.get("extension_number", "")),
    }
    if not invoice.whole:
        lines = {line.index: line for line in invoice.lines}
        body["detail"] = [
            _red_line(lines[back.index], back, invoice.currency) for back in invoice.backs
        ]
    return {name: value for name, value in body.items() if value != ""}


def line_of(settings: Mapping[str, Any]) -> str:
    """Which kind of invoice the account issues."""
    return str(settings.get("invoice_line", KIND))


def news_of(result: Result) -> InvoiceNews:
    """What a state of theirs means. One that only lacks its seal is not over."""
    told = Told.PROCESSING
    if result.status == _ISSUED and result.number:
        told = Told.ISSUED
    elif result.status in _FAILED:
        told = Told.FAILED
    cause = result.failCause or (f"status {result.status}" if told is Told.FAILED else "")
    return InvoiceNews(told, result.serialNo, result.number, result.pdfUrl, cause)


def lacks_seal(result: Result) -> bool:
    """It is an invoice, but nobody could sign its file."""
    return result.status == _SEALLESS


def red_news_of(told: Confirmation) -> InvoiceNews:
    """A confirmation that is over without a red invoice failed; others go on."""
    if told.openStatus == "1" and told.redInvoiceNumber:
        return InvoiceNews(Told.ISSUED, told.invoiceSerialNum, told.redInvoiceNumber)
    if told.billStatus in _RED_GOES_ON:
        return InvoiceNews(Told.PROCESSING, told.invoiceSerialNum)
    cause = told.billMessage or f"billStatus {told.billStatus}"
    return InvoiceNews(Told.FAILED, told.invoiceSerialNum, cause=cause)


def only_yuan(currency: str) -> None:
    """Raises Rejected: no document of theirs has another currency."""
    if currency != CURRENCY:
        text = f"the order is in {currency}; invoices are in {CURRENCY}"
        raise Rejected(text, code="currency", system="onhand")


def _blue_line(line: InvoiceLine, currency: str) -> dict[str, str]:
    return {
        "goodsName": line.name[:_LONGEST_NAME],
        "goodsCode": line.goods_code,
        "withTaxFlag": "1",
        "num": str(line.units),
        "price": _price(line.total_minor, line.units, currency),
        "taxRate": _rate(line.rate_bp),
        "taxExcludedAmount": _plain(line.net_minor, currency),
        "tax": _plain(line.tax_minor, currency),
        "taxIncludedAmount": _plain(line.total_minor, currency),
        "invoiceLineProperty": "0",
        "favouredPolicyFlag": "0",
    }


def _red_line(line: InvoiceLine, back: Back, currency: str) -> dict[str, str]:
    told = {
        "blueDetailIndex": str(line.index),
        "goodsName": line.name[:_LONGEST_NAME],
        "taxExcludedAmount": _plain(-back.net_minor, currency),
        "taxAmount": _plain(-back.tax_minor, currency),
        "taxRate": _rate(line.rate_bp),
        "goodsCode": line.goods_code,
        "favouredPolicyFlag": "0",
    }
    if back.units:
        told["num"] = str(-back.units)
        told["taxExcludedPrice"] = _price(back.net_minor, back.units, currency)
    return told


def _price(minor: int, units: int, currency: str) -> str:
    price = Money(minor, currency).major / units
    return f"{price.quantize(_PLACES, ROUND_HALF_UP).normalize():f}"


def _plain(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).major:f}"


def _rate(rate_bp: int) -> str:
    return f"{(Decimal(rate_bp) / 10_000).normalize():f}"


def _needed(settings: Mapping[str, Any], key: str) -> str:
    if not (value := str(settings.get(key, ""))):
        raise SettingsRefused(f"setting {key} is needed", code=f"setting:{key}", system=SYSTEM)
    return value
