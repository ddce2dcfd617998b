"""What people call divisions: official names, and the short forms used in their place.

A name counts within a scope: the whole country (the empty code), a province or a city. A name two
divisions of one scope share is dropped there, as guessing would send the parcel to the wrong one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from domain.logistics.divisions.table import Division, Level, all_divisions, children

NATION = ""
# ISO 3166-2:CN; webshops abroad send these, or the name in Latin letters.
_LATIN = {
    "110000": "BJ Beijing", "120000": "TJ Tianjin", "130000": "HE Hebei", "140000": "SX Shanxi",
    "150000": "NM Nei Mongol,Inner Mongolia,Neimenggu", "210000": "LN Liaoning",
    "220000": "JL Jilin",
    "230000": "HL Heilongjiang", "310000": "SH Shanghai", "320000": "JS Jiangsu",
    "330000": "ZJ Zhejiang", "340000": "AH Anhui", "350000": "FJ Fujian", "360000": "JX Jiangxi",
    "370000": "SD Shandong", "410000": "HA Henan", "420000": "HB Hubei", "430000": "HN Hunan",
    "440000": "GD Guangdong", "450000": "GX Guangxi", "460000": "HI Hainan",
    "500000": "CQ Chongqing",
    "510000": "SC Sichuan", "520000": "GZ Guizhou", "530000": "YN Yunnan",
    "540000": "XZ Xizang,Tibet",
    "610000": "SN Shaanxi", "620000": "GS Gansu", "630000": "QH Qinghai", "640000": "NX Ningxia",
    "650000": "XJ Xinjiang", "710000": "TW Taiwan", "810000": "HK Hong Kong,Hongkong",
    "820000": "MO Macao,Macau",
}  # fmt: skip
_PEOPLES = re.compile(
    "(蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇"
    "|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|塔吉克|普米|怒|鄂温克|保安|裕固|独龙|鄂伦春|各)族$"
)
_PEOPLES_WITHOUT_ENDING = ("柯尔克孜", "哈萨克", "蒙古", "维吾尔", "锡伯", "塔吉克")
_RANKS = (
    "维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区",
    "自治州", "自治县", "自治旗",
    "地区", "特区", "林区", "新区", "省", "市", "州", "盟", "区", "县", "旗",
)  # fmt: skip


@dataclass(slots=True)
class Names:
    """Names within one scope to codes: `safe` ones hold in running text, `short` ones alone."""

    safe: dict[str, str] = field(default_factory=dict)
    short: dict[str, str] = field(default_factory=dict)
    longest: int = 0

    def get(self, name: str) -> str:
        """The code of exactly this name, or nothing."""
        return self.safe.get(name) or self.short.get(name, "")


def stem(name: str) -> str:
    """A name without rank and peoples, two signs at least: 余杭区 → 余杭, 大理白族自治州 → 大理."""
    rank = next((each for each in _RANKS if name.endswith(each)), "")
    short = name.removesuffix(rank)
    if rank in {"自治州", "自治县", "自治旗"}:
        for people in _PEOPLES_WITHOUT_ENDING:
            if len(short) > len(people) + 1:
                short = short.removesuffix(people)
        while (match := _PEOPLES.search(short)) and match.start() > 1:
            short = short[: match.start()]
        if len(short) > 2:
            short = short.removesuffix("族")
    return short if len(short) > 1 else name


@lru_cache(maxsize=4096)
def lineage(code: str) -> tuple[Division, ...]:
    """The division and what it lies in, the province first."""
    division = all_divisions()[code]
    return (*lineage(division.parent), division) if division.parent else (division,)


@lru_cache(maxsize=1)
def provinces_in_latin() -> dict[str, str]:
    """Province codes by ISO 3166-2 letters and Latin name, in small letters without blanks."""
    names: dict[str, str] = {}
    for code, words in _LATIN.items():
        letters, latin = words.split(" ", 1)
        names |= {f"cn-{letters}".lower(): code, letters.lower(): code}
        names |= {name.replace(" ", "").lower(): code for name in latin.split(",")}
    return names


@lru_cache(maxsize=512)
def within(scope: str) -> Names:
    """The names that lead further down from this scope."""
    names = Names()
    if scope == NATION:
        provinces = children(NATION)
        cities = [city for province in provinces for city in _cities(province)]
        _add(names.safe, ((province.name, province) for province in provinces))
        _add(names.safe, ((city.name, city) for city in cities))
        _add(names.safe, ((one.name, one) for each in provinces for one in _districts(each)))
        _add(names.short, ((stem(province.name), province) for province in provinces))
        _add(names.short, (name_and_city for city in cities for name_and_city in _shortened(city)))
    elif all_divisions()[scope].level is Level.PROVINCE:
        province = all_divisions()[scope]
        _add(names.safe, ((city.name, city) for city in _cities(province)))
        _add(names.safe, ((one.name, one) for one in _districts(province)))
        _add(names.short, (pair for city in _cities(province) for pair in _shortened(city)))
        _add(names.short, (pair for one in _districts(province) for pair in _shortened(one)))
    else:
        members = children(scope)
        _add(names.safe, ((one.name, one) for one in members))
        _add(names.safe, (pair for one in members for pair in _zone_names(one)))
        _add(names.safe, (pair for one in members for pair in _former_counties(one)))
        _add(names.short, (pair for one in members for pair in _shortened(one)))
        _forget_ancestors(names, scope)
    names.longest = max(map(len, (*names.safe, *names.short)), default=0)
    return names


def _add(known: dict[str, str], names: Iterator[tuple[str, Division]]) -> None:
    """Add names of one rank: those of higher ranks stand, and what two divisions share goes."""
    found: dict[str, set[str]] = {}
    for name, division in names:
        found.setdefault(name, set()).add(division.code)
    for name, codes in found.items():
        if len(codes) == 1:
            known.setdefault(name, *codes)


def _cities(province: Division) -> list[Division]:
    return [city for city in children(province.code) if not city.is_group]


def _districts(province: Division) -> list[Division]:
    return [one for city in children(province.code) for one in children(city.code)]


def _shortened(division: Division) -> Iterator[tuple[str, Division]]:
    """余杭; for autonomous places also 恩施州, 酉阳县, 莫力达瓦旗."""
    short = stem(division.name)
    if short != division.name:
        yield short, division
    if division.name.endswith(("自治州", "自治县", "自治旗")):
        yield short + division.name[-1], division


def _zone_names(zone: Division) -> Iterator[tuple[str, Division]]:
    """What a development zone is called after its city: 工业园区, 高新区, 经开区."""
    *above, _ = lineage(zone.code)
    place = f"({'|'.join(stem(each.name) for each in above)})?"
    rest = re.sub(f"^{place}{place}市?", "", zone.name)
    if rest == zone.name or len(rest) < 3:
        return
    yield rest, zone
    if rest.startswith("高新"):
        yield "高新区", zone
    if rest.startswith("经济"):
        yield "经开区", zone


def _former_counties(division: Division) -> Iterator[tuple[str, Division]]:
    """The county a city or urban district was until lately: 潜山县 for 潜山市."""
    short = stem(division.name)
    if short != division.name and division.name.endswith(("市", "区")):
        yield short + "县", division


def _forget_ancestors(names: Names, scope: str) -> None:
    """Within 岳阳市, '岳阳' means the city, not 岳阳县."""
    for ancestor in lineage(scope):
        names.short.pop(stem(ancestor.name), None)
        names.short.pop(ancestor.name, None)
