"""A network with a million balances: what it is made of, and loading it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from rich.progress import Progress

# A place of every region, with its province; a company has most of its stores in the east.
PROVINCES: Final = (
    ("310000", "上海市"), ("320000", "江苏省"), ("330000", "浙江省"), ("370000", "山东省"),
    ("110000", "北京市"), ("420000", "湖北省"), ("440000", "广东省"), ("510000", "四川省"),
    ("610000", "陕西省"), ("210000", "辽宁省"),
)  # fmt: skip
REGION_HOUSES: Final = 10
BRANDS: Final = 100
CATEGORIES: Final = 25
_CONDITIONS: Final = ("quarantine", "damaged")
_SPECIAL: Final = 0.03  # of the balances are not good, or not ours


@dataclass(frozen=True, slots=True)
class Size:
    """How many balances, of how many SKUs at how many places."""

    balances: int
    skus: int = 20_000
    places: int = 200


def sku_of(number: int) -> str:
    return f"K{number:06d}"


def _places(size: Size) -> Iterator[tuple[Any, ...]]:
    yield ("HQ", "HQ", "hq", None, *PROVINCES[2])
    for n in range(REGION_HOUSES):
        yield (f"R{n}", f"R{n}", "region", "HQ", *PROVINCES[n % len(PROVINCES)])
    for n in range(size.places - 1 - REGION_HOUSES):
        kind, above = ("dealer" if n % 3 == 0 else "store"), n % REGION_HOUSES
        province = PROVINCES[above % len(PROVINCES)]
        yield (f"P{n}", f"P{n}", kind, f"R{above}", *province)


def _skus(size: Size) -> Iterator[tuple[Any, ...]]:
    for n in range(size.skus):
        yield (sku_of(n), f"Product {n}", f"B{n % BRANDS}", f"C{n % CATEGORIES}")


def _balances(size: Size) -> Iterator[tuple[Any, ...]]:
    """In no order, as a company's years write them: neighbours on disk have nothing in common."""
    chance = random.Random(7)
    ids = [row[0] for row in _places(size)]
    each = size.balances // size.skus
    pairs = [(n, p) for n in range(size.skus) for p in chance.sample(range(len(ids)), each)]
    chance.shuffle(pairs)
    for n, place in pairs:
        on_hand = chance.randrange(1, 400)
        condition, owner, reserved = "good", "own", chance.randrange(0, on_hand // 4 + 1)
        if chance.random() < _SPECIAL:
            reserved = 0
            if ids[place].startswith("P") and chance.random() < 0.5:
                owner = ids[place]
            else:
                condition = chance.choice(_CONDITIONS)
        yield (sku_of(n), ids[place], condition, owner, on_hand, reserved)


def fill(url: str, size: Size, progress: Progress) -> None:
    """Write it all by COPY; the tables' own indexes and checks work as always."""
    with psycopg.connect(url) as connection:
        _copy(connection, "location (id, name, kind, parent_id, division_code, province, zone, city"
              ", district, detail, company, contact_name, contact_phone, priority, handling_minor,"
              " ships, active)", [
                  (*row, "Asia/Shanghai", "", "", "", "", "", "", 100, 0, row[2] != "dealer", True)
                  for row in _places(size)])  # fmt: skip
        _copy(connection, "sku (code, name, brand, category, gtin, weight_g, length_mm, width_mm,"
              " height_mm, price_minor, currency, active)", [
                  (*row, "", 0, 0, 0, 0, 0, "CNY", True) for row in _skus(size)])  # fmt: skip
        rows = progress.track(_balances(size), size.balances, description="balances")
        _copy(connection, "stock_balance (sku, location_id, condition, owner, on_hand, reserved,"
              " lot)", ((*row, "") for row in rows))  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _copy(connection: Any, target: str, rows: Any) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def sampled(size: Size, count: int) -> Sequence[int]:
    """Numbers of SKUs of all brands and categories."""
    return random.Random(3).sample(range(size.skus), count)
