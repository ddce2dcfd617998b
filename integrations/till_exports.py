"""Tickets out of the file that a till exports: a row a line, columns found by their names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from domain.shared.money import Money
from integrations.marketplaces.own_schema import MOST_LINES
from integrations.marketplaces.pos_ticket import ToldTicket, read_ticket
from integrations.past_orders import plain_name, read_time
from integrations.spreadsheet import BrokenRow, Row, UnreadableFile

# What we look for, and what files call it; compared without case, blanks and punctuation.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "store": (
        "store", "storeid", "shop", "branch", "location", "门店", "门店编码", "门店编号", "店铺",
    ),
    "till": (
        "till", "pos", "posno", "register", "terminal", "收银机", "收银机号", "pos机号", "款台",
    ),
    "number": (
        "number", "ticket", "ticketno", "receipt", "receiptno", "receiptnumber", "小票", "小票号",
        "流水号", "单号", "单据号", "交易号",
    ),
    "sold_at": (
        "soldat", "time", "datetime", "date", "销售时间", "交易时间", "时间", "日期", "收银时间",
    ),
    "sku": (
        "sku", "code", "itemcode", "productcode", "barcode", "gtin", "ean", "商品编码", "商品编号",
        "货号", "条码", "商品条码",
    ),
    "title": ("title", "name", "item", "product", "description", "商品", "商品名称", "品名"),
    "quantity": ("quantity", "qty", "units", "数量", "件数"),
    "unit_price": ("unitprice", "price", "单价", "售价", "价格"),
    "discount": ("discount", "linediscount", "优惠", "折扣", "优惠金额", "折扣金额"),
    "amount": ("amount", "linetotal", "金额", "小计", "实收金额", "成交金额"),
    "payment": (
        "payment", "paymentkind", "paymentmethod", "tender", "支付方式", "付款方式", "结算方式",
    ),
    "paid": ("paid", "paymentamount", "tendered", "支付金额", "付款金额", "收款金额"),
    "reference": ("reference", "transactionid", "支付流水号", "交易流水号"),
}  # fmt: skip
_NAME: Final = ("store", "till", "number")
_REQUIRED: Final = ("number", "sold_at", "sku", "quantity", "unit_price", "payment")
_KINDS: Final = {
    "现金": "cash", "银行卡": "card", "刷卡": "card", "微信": "wechat", "微信支付": "wechat",
    "支付宝": "alipay", "储值卡": "stored_value", "代金券": "voucher", "优惠券": "voucher",
    "credit card": "card", "debit card": "card", "wechat pay": "wechat",
}  # fmt: skip
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MOST_ROWS: Final = 20_000
_CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True)
class ExportedTicket:
    """A ticket of the file; `problems` are (row, what is wrong), none when it can be taken."""

    told: ToldTicket
    row: int
    problems: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class _Gathered:
    """The rows of one ticket so far."""

    row: int
    value: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)
    line_rows: list[int] = field(default_factory=list)
    payments: list[tuple[str, int | None, str]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_export(
    rows: Iterator[Row | BrokenRow], zone: tzinfo, now: datetime, store: str = "", till: str = "1"
) -> list[ExportedTicket]:
    """Every ticket of the file, good and bad. Times without a zone are of `zone`; `store` and
    `till` count where the file does not say. Raises UnreadableFile."""
    header = next(rows, None)
    if header is None or isinstance(header, BrokenRow):
        raise UnreadableFile("The file has no line that names its columns.")
    columns = _columns(header[1], store)
    found: dict[tuple[str, str, str], _Gathered] = {}
    broken: list[ExportedTicket] = []
    for count, row in enumerate(rows, 1):
        if count > _MOST_ROWS:
            raise UnreadableFile(f"The file has more than {_MOST_ROWS:,} rows; split it.")
        if isinstance(row, BrokenRow):
            broken.append(ExportedTicket(ToldTicket(""), row.row, ((row.row, str(row)),)))
            continue
        number, cells = row
        if len(cells) != len(header[1]):
            text = f"has {len(cells)} columns instead of {len(header[1])}"
            broken.append(ExportedTicket(ToldTicket(""), number, ((number, text),)))
            continue
        told = {name: cells[place] for name, place in columns.items()}
        key = (told.get("store") or store, told.get("till") or till, told["number"])
        ticket = found.setdefault(key, _Gathered(number, dict(zip(_NAME, key, strict=True))))
        try:
            _add(ticket, number, told, zone)
        except ValueError as error:
            ticket.problems.append((number, str(error)))
    return [*broken, *(_ticket(one, now) for one in found.values())]


def _columns(header: Sequence[str], store: str) -> dict[str, int]:
    names = [plain_name(name) for name in header]
    found = {
        column: names.index(alias)
        for column, aliases in COLUMNS.items()
        for alias in reversed(aliases)
        if alias in names
    }
    needed = _REQUIRED if store else ("store", *_REQUIRED)
    if missing := [column for column in needed if column not in found]:
        there = ", ".join(name[:40] for name in header[:20])
        raise UnreadableFile(
            f"No column is recognised as {', '.join(missing)}; the file has {there}."
        )
    return found


def _add(ticket: _Gathered, row: int, told: Mapping[str, str], zone: tzinfo) -> None:
    """One row: a line, a payment, or both. Raises ValueError saying what is wrong."""
    if not told["number"]:
        raise ValueError("number is empty")
    if told["sold_at"] and "sold_at" not in ticket.value:
        ticket.value["sold_at"] = _time(told["sold_at"], zone)
    if told["sku"]:
        if len(ticket.lines) == MOST_LINES:
            raise ValueError(f"the ticket has more than {MOST_LINES} lines")
        ticket.lines.append(_line(told))
        ticket.line_rows.append(row)
    if told["payment"]:
        amount = _minor("paid", told["paid"]) if told.get("paid") else None
        kind, reference = _kind(told)
        one = (kind, amount, reference)
        if not told["sku"] or one not in ticket.payments:  # files repeat it with every line
            ticket.payments.append(one)


def _line(told: Mapping[str, str]) -> dict[str, Any]:
    quantity, price = _units(told["quantity"]), _minor("unit_price", told["unit_price"])
    line: dict[str, Any] = {
        "sku": told["sku"],
        "quantity": quantity,
        "unit_price_minor": price,
        "title": told.get("title", ""),
    }
    if told.get("amount"):
        line["discount_minor"] = quantity * price - _minor("amount", told["amount"])
    elif told.get("discount"):
        line["discount_minor"] = abs(_minor("discount", told["discount"]))
    if quantity < 0:
        line["discount_minor"] = 0  # goods that came back: whoever takes them back counts anew
    return line


def _ticket(gathered: _Gathered, now: datetime) -> ExportedTicket:
    lines, payments = gathered.lines, gathered.payments
    if len(payments) == 1 and payments[0][1] is None:
        total = sum(
            line["quantity"] * line["unit_price_minor"] - line.get("discount_minor", 0)
            for line in lines
        )
        payments = [(payments[0][0], total, payments[0][2])] if total else []
    value = {
        **gathered.value,
        "lines": lines,
        "payments": [
            {"kind": kind, "amount_minor": amount or 0, "reference": reference}
            for kind, amount, reference in payments
        ],
    }
    told = read_ticket(value, now)
    problems = list(gathered.problems)
    if not problems:
        problems = [(_row_of(gathered, one.field), _said(one.field, one.problem))
                    for one in told.problems]  # fmt: skip
    return ExportedTicket(told, gathered.row, tuple(problems))


def _row_of(gathered: _Gathered, name: str) -> int:
    parts = name.split(".")
    if len(parts) > 1 and parts[0] == "lines" and int(parts[1]) < len(gathered.line_rows):
        return gathered.line_rows[int(parts[1])]
    return gathered.row


def _said(name: str, problem: str) -> str:
    return f"{name.split('.')[-1]} {problem}" if name else problem


def _kind(told: Mapping[str, str]) -> tuple[str, str]:
    """Our code of a way to pay, and the payment's number; what we do not know keeps its name."""
    name, reference = told["payment"], told.get("reference", "")
    plain = name.strip().casefold()
    known = _KINDS.get(plain) or (plain if _KIND.fullmatch(plain) else "")
    return (known, reference) if known else ("other", reference or name[:100])


def _units(text: str) -> int:
    amount = _number("quantity", text)
    if amount != amount.to_integral_value() or abs(amount) > 1_000_000:
        raise ValueError(f"quantity is not a whole number: {text[:40]}")
    return int(amount)


def _minor(name: str, text: str) -> int:
    amount = _number(name, text)
    money = Money.of(amount, _CURRENCY)
    if money.major != amount:
        raise ValueError(f"{name} has more than two decimal places: {text[:40]}")
    return money.minor


def _number(name: str, text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").lstrip("¥￥ "))
    except InvalidOperation:
        raise ValueError(f"{name} is not a number: {text[:40]}") from None
    if not amount.is_finite() or abs(amount) > Decimal(10) ** 10:
        raise ValueError(f"{name} is out of range: {text[:40]}")
    return amount


def _time(text: str, zone: tzinfo) -> str:
    time = read_time(text)
    if time is None:
        raise ValueError(f"sold_at is not a time such as 2026-05-01 12:00: {text[:40]}")
    return (time if time.tzinfo else time.replace(tzinfo=zone)).isoformat()
