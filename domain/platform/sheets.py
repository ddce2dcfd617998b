"""Lists that come and go as files: which there are, and their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.platform.cells import (
    LONGEST_CELL,
    MOST_NUMBER,
    Read,
    amount,
    choice,
    count,
    currency,
    day,
    flag,
    gtin,
    log_in,
    places,
    several,
    text,
    time,
)

MOST_ROWS: Final = 200_000
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


_CODE, _NAME = text(64), text(200)
_CONTACT: Final = (
    Column("contact", "Contact", "联系人", text(100), "王芳"),
    Column("phone", "Phone", "电话", text(30), "0571-88886666"),
    Column("email", "E-mail", "邮箱", text(200), ""),
    Column("address", "Address", "地址", text(300), ""),
)
_ACTIVE: Final = Column(
    "active", "Active", "启用", flag, "是", hint_en="yes / no", hint_zh="是 / 否"
)
_CURRENCY: Final = Column("currency", "Currency", "币种", currency, "CNY")

_PRODUCTS: Final = Sheet(
    Kind.PRODUCTS,
    (
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True,
               hint_en="Never changes; leading zeros count", hint_zh="不可更改；保留前导零"),
        Column("name", "Name", "商品名称", _NAME, "龙井茶 250 克",
               hint_en="Needed for a new product", hint_zh="新商品必填"),
        Column("gtin", "GTIN", "条码", gtin, "6901234567892", unique=True,
               hint_en="8, 12, 13 or 14 digits", hint_zh="8、12、13 或 14 位数字"),
        Column("brand", "Brand", "品牌", _NAME, "山间茶事"),
        Column("category", "Category", "品类", _NAME, "茶叶",
               hint_en="Stock is added up by it", hint_zh="库存按品类汇总"),
        Column("weight_g", "Weight g", "重量（克）", count(0, 10_000_000), "300"),
        Column("length_mm", "Length mm", "长（毫米）", count(0, 100_000), "120"),
        Column("width_mm", "Width mm", "宽（毫米）", count(0, 100_000), "80"),
        Column("height_mm", "Height mm", "高（毫米）", count(0, 100_000), "200"),
        Column("price", "Price", "售价", amount(), "68.00"),
        Column("cost", "Cost", "成本", amount(), "31.50",
               hint_en="What one unit stands in the books for", hint_zh="账面单位成本"),
        Column("tracks_serials", "Serial numbers", "管理序列号", flag, "否",
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
        Column("condition", "Condition", "品相", choice(_CONDITIONS), "good",
               hint_en=" / ".join(_CONDITIONS), hint_zh="良品 / 待检 / 待翻新 / 报废 / 退供应商"),
        Column("counted", "Counted", "实盘数", count(0, MOST_NUMBER), "120", needed=True,
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
        Column("lead_time_days", "Lead time days", "供货周期（天）", count(0, 730), "14"),
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
        Column("price", "Price", "采购单价", amount(), "41.50",
               hint_en="In the supplier's currency; needed for a new one",
               hint_zh="按供应商币种；新建时必填"),
        Column("moq", "Least quantity", "起订量", count(1, MOST_NUMBER), "48"),
        Column("multiple", "Multiple of", "订货倍数", count(1, MOST_NUMBER), "12"),
        Column("case_pack", "Units in a case", "每箱数量", count(1, MOST_NUMBER), "12"),
        Column("lead_time_days", "Lead time days", "供货周期（天）", count(0, 730), "14",
               hint_en="Empty: the supplier's", hint_zh="留空则按供应商"),
        Column("min_life_days", "Least life days", "最短剩余效期（天）", count(0, 36_500), "180",
               hint_en="What must remain when the goods come in", hint_zh="到货时至少还剩的天数"),
        Column("preferred", "Preferred", "首选", flag, "是",
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
        Column("sender", "Sender", "发货方", text(100), "",
               hint_en="Where no order of ours is named", hint_zh="未填我方单号时填写"),
        Column("order", "Our order", "我方单号", _CODE, "",
               hint_en="A purchase order or a transfer", hint_zh="采购单或调拨单"),
        Column("location", "Location", "库位", _CODE, "HQ", needed=True),
        Column("expected_on", "Expected on", "预计到货日", day, "2026-12-01", needed=True),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True),
        Column("units", "Units", "数量", count(1, MOST_NUMBER), "48", needed=True,
               hint_en="Base units of this row", hint_zh="本行基本单位数量"),
        Column("carton", "Carton", "箱号", text(100), "1"),
        Column("lot", "Lot", "批次", text(40), "L2611"),
        Column("produced_on", "Produced on", "生产日期", day, "2026-11-01"),
        Column("expires_on", "Expires on", "有效期至", day, "2028-10-31"),
        Column("serials", "Serial numbers", "序列号", several(_CODE), "",
               hint_en="As many as units, with blanks between", hint_zh="与数量相同，以空格分隔"),
        Column("carrier", "Carrier", "承运商", text(100), "sf"),
        Column("waybill_no", "Waybill no.", "运单号", text(100), "SF1234567890"),
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
        Column("on_consignment", "On consignment", "代销", flag, "否",
               hint_en="yes: ours until it is sold", hint_zh="是：售出前货权归我方"),
        Column("credit_limit", "Credit limit", "信用额度", amount(), "50000"),
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
        Column("placed_at", "Ordered at", "下单时间", time, "2026-03-01 10:30", needed=True),
        Column("paid", "Paid", "已付款", flag, "是", needed=True),
        Column("sku", "SKU", "商品编码", text(100), "TEA-001", needed=True),
        Column("title", "Title", "商品名称", text(500), "龙井茶 250 克"),
        Column("quantity", "Quantity", "数量", count(1, 1_000_000), "2", needed=True),
        Column("payable", "Payable", "应付金额", amount(), "136.00", needed=True,
               hint_en="For the whole line", hint_zh="整行金额"),
        Column("freight", "Freight", "运费", amount(), "0"),
        _CURRENCY,
        Column("receiver", "Receiver", "收货人", text(100), "张三", needed=True),
        Column("phone", "Phone", "电话", text(30), "13800000000", needed=True),
        Column("province", "Province", "省", text(100), "浙江省"),
        Column("city", "City", "市", text(100), "杭州市"),
        Column("district", "District", "区", text(100), "余杭区"),
        Column("address", "Address", "详细地址", text(300), "文一西路 1 号", needed=True),
        Column("buyer_remark", "Buyer's remark", "买家留言", text(LONGEST_CELL), ""),
        Column("seller_remark", "Seller's remark", "卖家备注", text(LONGEST_CELL), ""),
    ),
    ("shop", "order_no"),
    grouped=True,
)  # fmt: skip
_USERS: Final = Sheet(
    Kind.USERS,
    (
        Column("login", "Log-in name", "账号", log_in, "lina", needed=True,
               hint_en="Never changes", hint_zh="不可更改"),
        Column("name", "Name", "姓名", _NAME, "李娜",
               hint_en="Needed for a new person", hint_zh="新人员必填"),
        Column("roles", "Roles", "角色", several(choice(_ROLES)), "仓库",
               hint_en=", ".join(_ROLES), hint_zh="、".join(_ROLES.values())),
        Column("places", "Limited to, with all below", "限于（含下级）", places, "HQ",
               hint_en="Codes of locations, or: all", hint_zh="库位编码，或填：全公司"),
        Column("places_alone", "Limited to, alone", "限于（不含下级）", several(_CODE), "",
               hint_en="Codes of locations", hint_zh="库位编码"),
        Column("language", "Language", "语言", choice(_LANGUAGES), "中文",
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
        Column("name", "Name", "姓名", text(100), "张三",
               hint_en="Needed for a new one", hint_zh="新客户必填"),
        Column("phone", "Phone", "电话", text(30), "13800000000", unique=True,
               hint_en="Needed for a new one", hint_zh="新客户必填"),
        Column("province", "Province", "省", text(100), "浙江省"),
        Column("city", "City", "市", text(100), "杭州市"),
        Column("district", "District", "区", text(100), "余杭区"),
        Column("address", "Address", "详细地址", text(300), "文一西路 1 号"),
    ),
    ("code",),
)  # fmt: skip
_DEALER_STOCK: Final = Sheet(
    Kind.DEALER_STOCK,
    (
        Column("location", "Location", "库位", _CODE, "D-WH", needed=True,
               hint_en="The dealer's location", hint_zh="经销商库位"),
        Column("day", "Day", "日期", day, "2026-03-01", needed=True,
               hint_en="What lay there in the evening", hint_zh="当日营业结束时的库存"),
        Column("sku", "SKU", "商品编码", _CODE, "TEA-001", needed=True,
               hint_en="One row per product", hint_zh="每个商品一行"),
        Column("lot", "Lot", "批次", _CODE, "",
               hint_en="Empty where lots are not kept", hint_zh="不管批次则留空"),
        Column("stock", "In stock", "库存数", count(0, 100_000_000), "36", needed=True),
        Column("sold", "Sold since the last report", "上次上报后销量", count(0, 100_000_000), "12",
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
