"""Past orders out of a file of rows: columns found by their names, each row checked by itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from domain.orders.history import PastLine
from integrations.spreadsheet import BrokenRow, Row, UnreadableFile

# What we look for, and what files call it; compared without case, blanks and punctuation.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (
        "order", "orderno", "ordernumber", "orderid", "invoice", "invoiceno", "invoicenumber",
        "订单", "订单号", "订单编号", "单号", "单据号", "发票号",
    ),
    "sku": (
        "sku", "stockcode", "skucode", "itemcode", "productcode", "itemno", "productid",
        "商品编码", "商品编号", "货号", "商家编码", "规格编码", "物料编码",
    ),
    "title": (
        "title", "description", "name", "product", "productname", "item", "itemname",
        "商品", "商品名称", "品名", "名称", "宝贝标题",
    ),
    "quantity": ("quantity", "qty", "units", "pieces", "数量", "件数", "购买数量"),
    "time": (
        "time", "date", "datetime", "invoicedate", "orderdate", "orderedat", "createdat",
        "placedat", "日期", "时间", "下单时间", "订单日期", "订单创建时间", "付款时间",
    ),
    "price": ("price", "unitprice", "listprice", "单价", "价格", "售价"),
    "customer": (
        "customer", "customerid", "customerno", "buyer", "buyerid", "client", "clientid",
        "客户", "客户编号", "客户编码", "会员号", "买家", "买家id",
    ),
    "country": ("country", "nation", "国家", "国家地区"),
}  # fmt: skip
REQUIRED: Final = ("order", "sku", "quantity", "time", "price")
MOST_ROWS: Final = 1_000_000
_LONGEST: Final = {"order": 64, "sku": 100, "title": 500, "customer": 100, "country": 100}
_MOST_UNITS: Final = 1_000_000
_MOST_PRICE: Final = Decimal(1_000_000_000)
_TIME_FORMATS: Final = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that cannot be used; `order_no` is empty when not even that can be read."""

    row: int
    cause: str
    order_no: str = ""


def past_lines(
    rows: Iterator[Row | BrokenRow], named: Mapping[str, str], zone: tzinfo
) -> Iterator[PastLine | RowError]:
    """Every row of the file as a line or an error; the first row names the columns.

    `named` says which header a column has, where its name does not tell. Times without a zone are
    of `zone`. Raises UnreadableFile when columns are missing.
    """
    header = next(rows, None)
    if header is None or isinstance(header, BrokenRow):
        raise UnreadableFile("The file has no line that names its columns.")
    columns = find_columns(header[1], named)
    reader = _RowReader(columns, len(header[1]), zone)
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise UnreadableFile(f"The file has more than {MOST_ROWS:,} rows; split it.")
        if isinstance(row, BrokenRow):
            yield RowError(row.row, str(row))
        else:
            yield reader.read(*row)


def find_columns(header: Sequence[str], named: Mapping[str, str]) -> dict[str, int]:
    """Where each column is. Raises UnreadableFile, saying what is missing and what there is."""
    if unknown := sorted(set(named) - set(COLUMNS)):
        known = ", ".join(COLUMNS)
        raise UnreadableFile(f"There is no column {', '.join(unknown)}; there are {known}.")
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        places.setdefault(plain_name(name), []).append(place)
    found: dict[str, int] = {}
    for column, aliases in COLUMNS.items():
        wanted = (plain_name(named[column]),) if column in named else aliases
        here = [place for alias in wanted for place in places.get(alias, ())]
        if column in named and not here:
            raise UnreadableFile(
                f"The file has no column {named[column]}; it has {_listed(header)}."
            )
        if here and len(places[plain_name(header[here[0]])]) > 1:
            raise UnreadableFile(f"The file has two columns {header[here[0]]}.")
        if here:
            found[column] = here[0]
    if missing := [column for column in REQUIRED if column not in found]:
        raise UnreadableFile(
            f"No column is recognised as {', '.join(missing)}; the file has {_listed(header)}. "
            f'Say which it is: --column {missing[0]}="…".'
        )
    return found


@dataclass(frozen=True, slots=True)
class _RowReader:
    columns: Mapping[str, int]
    width: int
    zone: tzinfo

    def read(self, row: int, cells: list[str]) -> PastLine | RowError:
        if len(cells) != self.width:
            return RowError(row, f"has {len(cells)} columns instead of {self.width}")
        order_no = cells[self.columns["order"]]
        try:
            return PastLine(
                row,
                _text("order", order_no),
                _text("sku", cells[self.columns["sku"]]),
                _text("title", self._cell(cells, "title")),
                _quantity(cells[self.columns["quantity"]]),
                _price(cells[self.columns["price"]]),
                _time(cells[self.columns["time"]], self.zone),
                _text("customer", self._cell(cells, "customer")),
                _text("country", self._cell(cells, "country")),
            )
        except ValueError as error:
            known = order_no if order_no.isprintable() and len(order_no) <= 64 else ""
            return RowError(row, str(error), known)

    def _cell(self, cells: list[str], column: str) -> str:
        place = self.columns.get(column)
        return "" if place is None else cells[place]


@lru_cache(maxsize=20_000)
def _text(column: str, value: str) -> str:
    if not value and column in REQUIRED:
        raise ValueError(f"{column} is empty")
    if len(value) > _LONGEST[column]:
        raise ValueError(f"{column} is longer than {_LONGEST[column]} characters")
    if not value.isprintable():
        raise ValueError(f"{column} has characters that cannot be printed")
    return value


def _quantity(value: str) -> int:
    try:
        units = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"quantity is not a number: {value[:40]!r}") from None
    if not units.is_finite() or units != units.to_integral_value():
        raise ValueError(f"quantity is not a whole number: {value[:40]!r}")
    if not 0 < abs(units) <= _MOST_UNITS:
        raise ValueError("quantity is zero" if units == 0 else "quantity is over a million")
    return int(units)


@lru_cache(maxsize=20_000)
def _price(value: str) -> Decimal:
    try:
        price = Decimal(value.replace(",", "").lstrip("¥￥£$€ "))
    except InvalidOperation:
        raise ValueError(f"price is not a number: {value[:40]!r}") from None
    if not price.is_finite() or abs(price) > _MOST_PRICE:
        raise ValueError(f"price is out of range: {value[:40]!r}")
    return price


@lru_cache(maxsize=20_000)
def _time(value: str, zone: tzinfo) -> datetime:
    time = read_time(value)
    if time is None:
        raise ValueError(f"time is not a date such as 2011-03-01 08:30:00: {value[:40]!r}")
    if not 2000 <= time.year < 2200:
        raise ValueError(f"time is not between the years 2000 and 2199: {value[:40]!r}")
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def read_time(value: str) -> datetime | None:
    """A time as files write it, without a zone when they give none; None when it is no time."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def plain_name(name: str) -> str:
    """A column's name without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", name).casefold()


def _listed(header: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in header[:20]) + (", …" if len(header) > 20 else "")
