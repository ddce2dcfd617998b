"""What the sandbox marketplaces sell and to whom, so that their orders look like a real day's."""

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    title: str
    price: Decimal  # yuan
    brand: str
    category: str


@dataclass(frozen=True, slots=True)
class Buyer:
    nick: str
    name: str
    mobile: str
    province: str
    city: str
    district: str
    detail: str
    postcode: str


PRODUCTS: Final = (
    Product("TEA-TGY-250", "安溪铁观音 清香型 250g 罐装", Decimal("128.00"), "山间茶事", "茶叶"),
    Product("TEA-LJ-100", "明前西湖龙井 100g 礼盒", Decimal("268.00"), "山间茶事", "茶叶"),
    Product("TEA-PE-357", "云南普洱熟茶饼 357g", Decimal("89.90"), "云岭", "茶叶"),
    Product("TEA-DHP-200", "武夷山大红袍 200g", Decimal("158.00"), "山间茶事", "茶叶"),
    Product("CUP-GW-150", "白瓷盖碗 150ml", Decimal("45.50"), "素器", "茶具"),
    Product("POT-ZS-220", "宜兴紫砂壶 西施 220ml", Decimal("399.00"), "素器", "茶具"),
    Product("SET-TRAVEL", "旅行茶具套装 一壶四杯", Decimal("139.00"), "行止", "茶具"),
    Product("SNACK-MHG", "茉莉绿豆糕 300g", Decimal("29.80"), "行止", "茶点"),
)
_PLACES: Final = (
    ("广东省", "广州市", "越秀区", "西湖路38号102", "510030"),
    ("广东省", "深圳市", "南山区", "科技园南区高新南一道9号", "518057"),
    ("浙江省", "杭州市", "余杭区", "文一西路969号3号楼", "311121"),
    ("北京市", "北京市", "海淀区", "中关村大街27号1801", "100080"),
    ("上海市", "上海市", "浦东新区", "张江路665号2幢", "201203"),
    ("四川省", "成都市", "武侯区", "天府大道北段1480号", "610042"),
    ("湖北省", "武汉市", "洪山区", "珞喻路1037号", "430074"),
    ("江苏省", "南京市", "玄武区", "中山东路301号", "210016"),
    ("陕西省", "西安市", "雁塔区", "小寨东路91号", "710061"),
    ("福建省", "厦门市", "思明区", "软件园二期观日路26号", "361008"),
    ("黑龙江省", "哈尔滨市", "南岗区", "西大直街92号", "150001"),
    ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", "解放北路55号", "830002"),
)
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙"
_GIVEN: Final = ("伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "梓涵")
REMARKS: Final = ("", "", "", "请尽快发货，谢谢", "工作日白天送货", "送人的，请包装仔细")


def some_buyer(chance: random.Random) -> Buyer:
    """Somebody at a real street; names and numbers are made up."""
    province, city, district, detail, postcode = chance.choice(_PLACES)
    return Buyer(
        nick=f"tb{chance.randrange(10**8):08d}",
        name=chance.choice(_FAMILY) + chance.choice(_GIVEN),
        mobile=f"1{chance.choice('3578')}{chance.randrange(10**9):09d}",
        province=province,
        city=city,
        district=district,
        detail=detail,
        postcode=postcode,
    )


def some_basket(chance: random.Random) -> tuple[tuple[Product, int], ...]:
    """One to three products, mostly one piece of each."""
    products = chance.sample(PRODUCTS, chance.choice((1, 1, 2, 3)))
    return tuple((product, chance.choice((1, 1, 1, 2, 3))) for product in products)
