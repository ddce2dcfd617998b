"""Lists that come and go as files: which there are, their columns, and what a good cell is."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from domain.shared.clock import COMPANY_ZONE

MOST_ROWS: Final = 200_000
LONGEST_CELL: Final = 2_000
_MOST: Final = 1_000_000_000
_YES: Final = frozenset({"yes", "y", "true", "1", "是", "有效", "启用"})
_NO: Final = frozenset({"no", "n", "false", "0", "否", "无效", "停用"})
_TIMES: Final = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_SPREADSHEET_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 (a day, in the file's zone)
# How the ledger keeps units, and what people call it.
_CONDITIONS: Final = {
    "good": "良品", "quarantine": "待检", "refurbish": "待翻新", "scrap": "报废",
    "to_supplier": "退供应商",
}  # fmt: skip
# Who may do what, as files name it.
_ROLES: Final = {
    "customer_service": "客服", "warehouse": "仓库", "buyer": "采购", "finance": "财务",
    "dealer": "经销商", "manager": "经理", "admin": "管理员",
}  # fmt: skip
_LANGUAGES: Final = {"zh": "中文", "en": "英文"}
_LOG_IN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_BETWEEN: Final = re.compile(r"[\s,;/|，；、]+")
WHOLE_COMPANY: Final = "all"
_GTIN_LENGTHS: Final = (8, 12, 13, 14)

Value = str | int | bool
Read = Callable[[str], Value]


class Kind(StrEnum):
    PRODUCTS = "products"
    STOCK = "stock"
    SUPPLIERS = "suppliers"
    SUPPLIER_ITEMS = "supplier_items"
    SHIP_NOTICES = "ship_notices"
    DEALERS = "dealers"
    ORDERS = "orders"
    USERS = "users"
    CUSTOMERS = "customers"
    DEALER_STOCK = "dealer_stock"


class BadCell(Exception):
    """What is wrong with one cell, as a code."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: in which column (none: the whole row), a code, what it is about."""

    column: str
    code: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is what programs call it; files may use any of the three."""

    name: str
    en: str
    zh: str
    read: Read
    example: str
    needed: bool = False
    unique: bool = False
    hint_en: str = ""
    hint_zh: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of list. `key` names its rows; several rows may share one where they are `grouped`."""

    kind: Kind
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    grouped: bool = False

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was read: cells as they stand in the file, and what they mean when all is good.
    Cells that are empty have no value: they change nothing."""

    row: int
    cells: tuple[str, ...]
    key: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def _text(longest: int) -> Read:
    def read(cell: str) -> str:
        if len(cell) > longest:
            raise BadCell("too_long")
        if not cell.replace("\n", " ").replace("\t", " ").isprintable():
            raise BadCell("not_printable")
        return cell

    return read


def _count(least: int, most: int) -> Read:
    def read(cell: str) -> int:
        number = _number(cell)
        if number != number.to_integral_value():
            raise BadCell("not_whole")
        if not least <= number <= most:
            raise BadCell("out_of_range")
        return int(number)

    return read


def _amount(least: int = 0) -> Read:
    def read(cell: str) -> str:
        number = _number(cell.lstrip("¥￥$€£ "))
        if not least <= number <= _MOST:
            raise BadCell("out_of_range")
        return str(number)

    return read


def _number(cell: str) -> Decimal:
    try:
        number = Decimal(cell.replace(",", ""))
    except InvalidOperation:
        raise BadCell("not_a_number") from None
    if not number.is_finite() or len(cell) > 30:
        raise BadCell("not_a_number")
    return number


def _gtin(cell: str) -> str:
    """Spreadsheets turn long numbers into 6.9E+12; what was lost cannot be found again."""
    if "e+" in cell.lower():
        raise BadCell("shortened_number")
    if not (cell.isascii() and cell.isdigit() and len(cell) in _GTIN_LENGTHS):
        raise BadCell("not_a_gtin")
    weights = (3 if place % 2 == 0 else 1 for place in range(len(cell) - 1))
    total = sum(int(digit) * w for digit, w in zip(reversed(cell[:-1]), weights, strict=True))
    if (10 - total % 10) % 10 != int(cell[-1]):
        raise BadCell("wrong_check_digit")
    return cell


def _flag(cell: str) -> bool:
    word = cell.lower()
    if word not in _YES | _NO:
        raise BadCell("not_yes_or_no")
    return word in _YES


def _currency(cell: str) -> str:
    if not (len(cell) == 3 and cell.isascii() and cell.isalpha()):
        raise BadCell("not_a_currency")
    return cell.upper()


def _choice(known: Mapping[str, str]) -> Read:
    words = {word: code for code, zh in known.items() for word in (code, zh)}

    def read(cell: str) -> str:
        if (found := words.get(cell.lower())) is None:
            raise BadCell("not_among")
        return found

    return read


def _time(cell: str, zone: tzinfo = COMPANY_ZONE) -> str:
    """A time as files write it, or as spreadsheets count it; without a zone it is the company's."""
    found = _read_time(cell)
    if found is None or not 2000 <= found.year < 2200:
        raise BadCell("not_a_time")
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(cell: str) -> str:
    """A day as files write it, or as spreadsheets count it."""
    found = _read_time(cell)
    if found is None or not 2000 <= found.year < 2200:
        raise BadCell("not_a_day")
    return found.date().isoformat()


def _read_time(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        pass
    for form in _TIMES:
        try:
            return datetime.strptime(cell, form)  # noqa: DTZ007
        except ValueError:
            continue
    try:
        return _SPREADSHEET_EPOCH + timedelta(days=float(Decimal(cell)))
    except (InvalidOperation, OverflowError, ValueError):
        return None


def _log_in(cell: str) -> str:
    if not _LOG_IN.fullmatch(cell.lower()):
        raise BadCell("not_a_log_in_name")
    return cell.lower()


def _several(read_one: Read) -> Read:
    """Several in one cell, by any sign that people put between them; in order, each once."""

    def read(cell: str) -> str:
        found = {str(read_one(one)) for one in _BETWEEN.split(cell) if one}
        if not found:
            raise BadCell("missing")
        return ",".join(sorted(found))

    return read


def _places(cell: str) -> str:
    if cell.lower() in (WHOLE_COMPANY, "全公司", "整个公司"):
        return WHOLE_COMPANY
    return str(_several(_text(64))(cell))


_CODE, _NAME = _text(64), _text(200)
_CONTACT: Final = (
    Column("contact", "Contact", "联系人", _text(100), "王芳"),
    Column("phone", "Phone", "电话", _text(30), "0571-88886666"),
    Column("email", "E-mail", "邮箱", _text(200), ""),
    Column("address", "Address", "地址", _text(300), ""),
)
_ACTIVE: Final = Column(
    "active", "Active", "启用", _flag, "是", hint_en="yes / no", hint_zh="是 / 否"
)
_CURRENCY: Final = Column("currency", "Currency", "币种", _currency, "CNY")

_PRODUCTS: Final = Sheet(
    Kind.PRODUCTS,
    (
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True,
               hint_en="Never changes; leading zeros count", hint_zh="不可更改；保留前导零"),
        Column("name", "Name", "商品名称", _NAME, "龙井茶 250 克",
               hint_en="Needed for a new product", hint_zh="新商品必填"),
        Column("gtin", "GTIN", "条码", _gtin, "6901234567892", unique=True,
               hint_en="8, 12, 13 or 14 digits", hint_zh="8、12、13 或 14 位数字"),
        Column("brand", "Brand", "品牌", _NAME, "山间茶事"),
        Column("category", "Category", "品类", _NAME, "茶叶",
               hint_en="Stock is added up by it", hint_zh="库存按品类汇总"),
        Column("weight_g", "Weight g", "重量（克）", _count(0, 10_000_000), "300"),
        Column("length_mm", "Length mm", "长（毫米）", _count(0, 100_000), "120"),
        Column("width_mm", "Width mm", "宽（毫米）", _count(0, 100_000), "80"),
        Column("height_mm", "Height mm", "高（毫米）", _count(0, 100_000), "200"),
        Column("price", "Price", "售价", _amount(), "68.00"),
        Column("cost", "Cost", "成本", _amount(), "31.50",
               hint_en="What one unit stands in the books for", hint_zh="账面单位成本"),
        Column("tracks_serials", "Serial numbers", "管理序列号", _flag, "否",
               hint_en="yes / no: every unit is scanned by its own number",
               hint_zh="是 / 否：逐件扫描序列号"),
        _CURRENCY,
        _ACTIVE,
    ),
    ("sku",),
)  # fmt: skip
_STOCK: Final = Sheet(
    Kind.STOCK,
    (
        Column("location", "Location", "库位", _CODE, "HQ", needed=True),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True),
        Column("lot", "Lot", "批次", _CODE, "",
               hint_en="Empty where lots are not kept", hint_zh="不管批次则留空"),
        Column("condition", "Condition", "品相", _choice(_CONDITIONS), "good",
               hint_en=" / ".join(_CONDITIONS), hint_zh="良品 / 待检 / 待翻新 / 报废 / 退供应商"),
        Column("counted", "Counted", "实盘数", _count(0, _MOST), "120", needed=True,
               hint_en="Units that lie there now", hint_zh="当前实际数量"),
    ),
    ("location", "sku", "lot", "condition"),
)  # fmt: skip
_SUPPLIERS: Final = Sheet(
    Kind.SUPPLIERS,
    (
        Column("code", "Code", "供应商编码", _CODE, "S001", needed=True),
        Column("name", "Name", "供应商名称", _NAME, "杭州茶厂",
               hint_en="Needed for a new one", hint_zh="新供应商必填"),
        *_CONTACT,
        Column("lead_time_days", "Lead time days", "供货周期（天）", _count(0, 730), "14"),
        _CURRENCY,
        _ACTIVE,
    ),
    ("code",),
)  # fmt: skip
_SUPPLIER_ITEMS: Final = Sheet(
    Kind.SUPPLIER_ITEMS,
    (
        Column("supplier", "Supplier", "供应商编码", _CODE, "S001", needed=True),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True),
        Column("supplier_sku", "Supplier's SKU", "供应商货号", _CODE, "LJ-250"),
        Column("price", "Price", "采购单价", _amount(), "41.50",
               hint_en="In the supplier's currency; needed for a new one",
               hint_zh="按供应商币种；新建时必填"),
        Column("moq", "Least quantity", "起订量", _count(1, _MOST), "48"),
        Column("multiple", "Multiple of", "订货倍数", _count(1, _MOST), "12"),
        Column("case_pack", "Units in a case", "每箱数量", _count(1, _MOST), "12"),
        Column("lead_time_days", "Lead time days", "供货周期（天）", _count(0, 730), "14",
               hint_en="Empty: the supplier's", hint_zh="留空则按供应商"),
        Column("min_life_days", "Least life days", "最短剩余效期（天）", _count(0, 36_500), "180",
               hint_en="What must remain when the goods come in", hint_zh="到货时至少还剩的天数"),
        Column("preferred", "Preferred", "首选", _flag, "是",
               hint_en="yes / no; one supplier of a product", hint_zh="是 / 否；每个商品一家"),
        _ACTIVE,
    ),
    ("supplier", "sku"),
)  # fmt: skip
_SHIP_NOTICES: Final = Sheet(
    Kind.SHIP_NOTICES,
    (
        Column("notice", "Ship notice no.", "发货通知单号", _CODE, "ASN-1001", needed=True,
               hint_en="The sender's number; rows of one number are one notice",
               hint_zh="发货方单号；同号各行为一张通知单"),
        Column("sender", "Sender", "发货方", _text(100), "",
               hint_en="Where no order of ours is named", hint_zh="未填我方单号时填写"),
        Column("order", "Our order", "我方单号", _CODE, "",
               hint_en="A purchase order or a transfer", hint_zh="采购单或调拨单"),
        Column("location", "Location", "库位", _CODE, "HQ", needed=True),
        Column("expected_on", "Expected on", "预计到货日", _day, "2026-12-01", needed=True),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True),
        Column("units", "Units", "数量", _count(1, _MOST), "48", needed=True,
               hint_en="Base units of this row", hint_zh="本行基本单位数量"),
        Column("carton", "Carton", "箱号", _text(100), "1"),
        Column("lot", "Lot", "批次", _text(40), "L2611"),
        Column("produced_on", "Produced on", "生产日期", _day, "2026-11-01"),
        Column("expires_on", "Expires on", "有效期至", _day, "2028-10-31"),
        Column("serials", "Serial numbers", "序列号", _several(_CODE), "",
               hint_en="As many as units, with blanks between", hint_zh="与数量相同，以空格分隔"),
        Column("carrier", "Carrier", "承运商", _text(100), "sf"),
        Column("waybill_no", "Waybill no.", "运单号", _text(100), "SF1234567890"),
    ),
    ("sender", "order", "notice"),
    grouped=True,
)  # fmt: skip
_DEALERS: Final = Sheet(
    Kind.DEALERS,
    (
        Column("code", "Code", "经销商编码", _CODE, "D001", needed=True),
        Column("name", "Name", "经销商名称", _NAME, "宁波总经销",
               hint_en="Needed for a new one", hint_zh="新经销商必填"),
        Column("location", "Location", "库位", _CODE, "",
               hint_en="A dealer's location, where it keeps stock", hint_zh="经销商库位，可留空"),
        Column("on_consignment", "On consignment", "代销", _flag, "否",
               hint_en="yes: ours until it is sold", hint_zh="是：售出前货权归我方"),
        Column("credit_limit", "Credit limit", "信用额度", _amount(), "50000"),
        *_CONTACT,
        _CURRENCY,
        _ACTIVE,
    ),
    ("code",),
)  # fmt: skip
_ORDERS: Final = Sheet(
    Kind.ORDERS,
    (
        Column("shop", "Shop", "店铺", _CODE, "mini", needed=True,
               hint_en="A shop of the own channel", hint_zh="自有渠道店铺编号"),
        Column("order_no", "Order no.", "订单号", _CODE, "A-1001", needed=True,
               hint_en="One row per line; repeat it", hint_zh="每行一个商品，订单号重复填写"),
        Column("placed_at", "Ordered at", "下单时间", _time, "2026-03-01 10:30", needed=True),
        Column("paid", "Paid", "已付款", _flag, "是", needed=True),
        Column("sku", "SKU", "商品编码", _text(100), "TEA-001", needed=True),
        Column("title", "Title", "商品名称", _text(500), "龙井茶 250 克"),
        Column("quantity", "Quantity", "数量", _count(1, 1_000_000), "2", needed=True),
        Column("payable", "Payable", "应付金额", _amount(), "136.00", needed=True,
               hint_en="For the whole line", hint_zh="整行金额"),
        Column("freight", "Freight", "运费", _amount(), "0"),
        _CURRENCY,
        Column("receiver", "Receiver", "收货人", _text(100), "张三", needed=True),
        Column("phone", "Phone", "电话", _text(30), "13800000000", needed=True),
        Column("province", "Province", "省", _text(100), "浙江省"),
        Column("city", "City", "市", _text(100), "杭州市"),
        Column("district", "District", "区", _text(100), "余杭区"),
        Column("address", "Address", "详细地址", _text(300), "文一西路 1 号", needed=True),
        Column("buyer_remark", "Buyer's remark", "买家留言", _text(LONGEST_CELL), ""),
        Column("seller_remark", "Seller's remark", "卖家备注", _text(LONGEST_CELL), ""),
    ),
    ("shop", "order_no"),
    grouped=True,
)  # fmt: skip
_USERS: Final = Sheet(
    Kind.USERS,
    (
        Column("login", "Log-in name", "账号", _log_in, "lina", needed=True,
               hint_en="Never changes", hint_zh="不可更改"),
        Column("name", "Name", "姓名", _NAME, "李娜",
               hint_en="Needed for a new person", hint_zh="新人员必填"),
        Column("roles", "Roles", "角色", _several(_choice(_ROLES)), "仓库",
               hint_en=", ".join(_ROLES), hint_zh="、".join(_ROLES.values())),
        Column("places", "Limited to, with all below", "限于（含下级）", _places, "HQ",
               hint_en="Codes of locations, or: all", hint_zh="库位编码，或填：全公司"),
        Column("places_alone", "Limited to, alone", "限于（不含下级）", _several(_CODE), "",
               hint_en="Codes of locations", hint_zh="库位编码"),
        Column("language", "Language", "语言", _choice(_LANGUAGES), "中文",
               hint_en="zh / en", hint_zh="中文 / 英文"),
        _ACTIVE,
    ),
    ("login",),
)  # fmt: skip
_CUSTOMERS: Final = Sheet(
    Kind.CUSTOMERS,
    (
        Column("code", "Customer no.", "客户编号", _CODE, "C001", needed=True,
               hint_en="Your own number, never a name or phone",
               hint_zh="自编编号，勿用姓名或电话"),
        Column("name", "Name", "姓名", _text(100), "张三",
               hint_en="Needed for a new one", hint_zh="新客户必填"),
        Column("phone", "Phone", "电话", _text(30), "13800000000", unique=True,
               hint_en="Needed for a new one", hint_zh="新客户必填"),
        Column("province", "Province", "省", _text(100), "浙江省"),
        Column("city", "City", "市", _text(100), "杭州市"),
        Column("district", "District", "区", _text(100), "余杭区"),
        Column("address", "Address", "详细地址", _text(300), "文一西路 1 号"),
    ),
    ("code",),
)  # fmt: skip
_DEALER_STOCK: Final = Sheet(
    Kind.DEALER_STOCK,
    (
        Column("location", "Location", "库位", _CODE, "D-WH", needed=True,
               hint_en="The dealer's location", hint_zh="经销商库位"),
        Column("day", "Day", "日期", _day, "2026-03-01", needed=True,
               hint_en="What lay there in the evening", hint_zh="当日营业结束时的库存"),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True,
               hint_en="One row per product", hint_zh="每个商品一行"),
        Column("lot", "Lot", "批次", _CODE, "",
               hint_en="Empty where lots are not kept", hint_zh="不管批次则留空"),
        Column("stock", "In stock", "库存数", _count(0, 100_000_000), "36", needed=True),
        Column("sold", "Sold since the last report", "上次上报后销量", _count(0, 100_000_000), "12",
               needed=True),
    ),
    ("location", "day"),
    grouped=True,
)  # fmt: skip
SHEETS: Final[Mapping[Kind, Sheet]] = {
    sheet.kind: sheet
    for sheet in (
        _PRODUCTS,
        _STOCK,
        _SUPPLIERS,
        _SUPPLIER_ITEMS,
        _SHIP_NOTICES,
        _DEALERS,
        _ORDERS,
        _USERS,
        _CUSTOMERS,
        _DEALER_STOCK,
    )
}


class UnfitHeader(Exception):
    """The first row does not name what this list needs: `missing` columns, `twice` named ones."""

    def __init__(self, missing: Sequence[str], twice: Sequence[str] = ()) -> None:
        super().__init__(", ".join((*missing, *twice)))
        self.missing = tuple(missing)
        self.twice = tuple(twice)


def find_columns(sheet: Sheet, header: Sequence[str]) -> dict[str, int]:
    """Where each column of the list stands; others are left alone. Raises UnfitHeader."""
    names = {
        _plain(name): column.name
        for column in sheet.columns
        for name in (column.name, column.en, column.zh)
    }
    found: dict[str, int] = {}
    twice = []
    for place, heading in enumerate(header):
        name = names.get(_plain(heading), "")
        if name in found:
            twice.append(name)
        elif name:
            found[name] = place
    missing = [one.name for one in sheet.columns if one.needed and one.name not in found]
    if missing or twice:
        raise UnfitHeader(missing, twice)
    return found


def read_sheet(
    sheet: Sheet, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> Iterator[SheetRow]:
    """Every row below the header, good or with what is wrong with it. Raises UnfitHeader."""
    columns = find_columns(sheet, header)
    seen: dict[tuple[str, str], int] = {}
    for row, cells in rows:
        read = read_row(sheet, columns, row, tuple(cells), len(header))
        yield _once(sheet, read, seen)


def read_row(
    sheet: Sheet, columns: Mapping[str, int], row: int, cells: tuple[str, ...], width: int
) -> SheetRow:
    """One row by itself; whether another one says the same is not asked."""
    if len(cells) > width and any(cells[width:]):
        return SheetRow(row, cells, faults=(Fault("", "more_cells"),))
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    for column in sheet.columns:
        place = columns.get(column.name, width)
        cell = _unguarded(cells[place].strip()) if place < len(cells) else ""
        if not cell:
            if column.needed:
                faults.append(Fault(column.name, "missing"))
            continue
        try:
            values[column.name] = column.read(cell)
        except BadCell as error:
            faults.append(Fault(column.name, str(error)))
    key = "/".join(str(values.get(name, "")) for name in sheet.key)
    return SheetRow(row, cells, key, values, tuple(faults))


def _once(sheet: Sheet, read: SheetRow, seen: dict[tuple[str, str], int]) -> SheetRow:
    """What names a row stands in one row alone."""
    named = [] if sheet.grouped else [("", read.key)]
    named += [
        (one.name, str(read.values[one.name]))
        for one in sheet.columns
        if one.unique and one.name in read.values
    ]
    faults = list(read.faults)
    for name in named:
        earlier = seen.setdefault(name, read.row)
        if earlier != read.row:
            faults.append(Fault(name[0], "twice", str(earlier)))
    return SheetRow(read.row, read.cells, read.key, read.values, tuple(faults))


def _unguarded(cell: str) -> str:
    """Without the apostrophe that our own exports put before what would run as a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@") else cell


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).casefold()
